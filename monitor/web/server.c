/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/server.h"

#include "config/text.h"
#include "monitor/metrics/metric.h"
#include "monitor/output/status-json.h"
#include "monitor/web/exchanges.h"
#include "monitor/web/listen.h"
#include "monitor/web/page.h"
#include "monitor/web/report.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

/* Answers take milliseconds, so two threads serve more scrapers than there are. */
#define THREADS 2u
/* Bounds on what clients can hold: descriptors, and memory of at most their product; see also exchanges.h. */
#define CONNECTIONS 256u
#define CONNECTIONS_PER_ADDRESS 128u
#define CONNECTION_MEMORY ((size_t)16 * 1024)
/* Seconds a connection may be idle, within a request too. */
#define TIMEOUT 10u

struct VitalsWebServer {
    struct MHD_Daemon *daemon;
    VitalsExchanges *exchanges;
    char *telemetry_path;
    guint16 port;

    GMutex mutex; /* of the two below */
    VitalsSnapshot *snapshot;
    gint64 published; /* monotonic, microseconds */
};

/* What a path gives: @body, or @size bytes of the file @fd where it is %NULL; a file is never held in
 * memory. @policy is another than that of all answers, or %NULL. */
typedef struct {
    guint status;
    const char *content_type;
    GBytes *body;
    int fd;
    gsize size;
    const char *policy;
} Answer;

/* What a path is answered from; @rest is what follows it, for those that take more. */
typedef struct {
    const VitalsWebServer *server;
    const VitalsSnapshot *snapshot;
    gint64 age;
    const char *rest;
} Question;

static GBytes *
bytes_of_text(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static Answer
answer_text(guint status, const char *text)
{
    return (Answer){ .status = status,
                     .content_type = "text/plain; charset=utf-8",
                     .body = bytes_of_text(text) };
}

/* Takes over @document. Fifteen digits, so that 1.234 does not come out as 1.2339999999999999. */
static Answer
answer_json(guint status, json_t *document)
{
    char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(15));
    Answer answer = { .status = status, .content_type = "application/json" };

    json_decref(document);
    answer.body = bytes_of_text(text ? text : "{}");
    free(text);
    return answer;
}

static Answer
answer_metrics(const Question *question)
{
    return (Answer){ .status = MHD_HTTP_OK,
                     .content_type = VITALS_EXPOSITION_CONTENT_TYPE,
                     .body = vitals_metrics_render(question->snapshot, question->age) };
}

static Answer
answer_healthy(const Question *question)
{
    return answer_text(MHD_HTTP_OK, "virt-vitals is healthy.\n");
}

static Answer
answer_ready(const Question *question)
{
    if (question->snapshot->ready)
        return answer_text(MHD_HTTP_OK, "virt-vitals is ready.\n");
    return answer_text(MHD_HTTP_SERVICE_UNAVAILABLE,
                       "virt-vitals is not ready: libvirt has not answered yet.\n");
}

static Answer
answer_page(const Question *question)
{
    const char *telemetry_path = question->server->telemetry_path;

    return (Answer){ .status = MHD_HTTP_OK,
                     .content_type = "text/html; charset=utf-8",
                     .body = vitals_page_render(question->snapshot, telemetry_path) };
}

static Answer
answer_guests(const Question *question)
{
    return answer_json(MHD_HTTP_OK, vitals_json_guests(question->snapshot, question->age));
}

static Answer
answer_guest(const Question *question)
{
    json_t *problem;

    for (guint i = 0; i < question->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(question->snapshot->guests, i);

        if (guest->uuid && g_ascii_strcasecmp(guest->uuid, question->rest) == 0)
            return answer_json(MHD_HTTP_OK, vitals_json_guest(guest, question->age));
    }
    problem = json_object();
    json_object_set_new(problem, "error", json_string("no guest has this UUID"));
    return answer_json(MHD_HTTP_NOT_FOUND, problem);
}

static Answer
answer_incidents(const Question *question)
{
    json_t *document = vitals_json_incidents(question->snapshot->incidents);

    vitals_web_report_link(document, question->snapshot);
    return answer_json(MHD_HTTP_OK, document);
}

static Answer
answer_report(const Question *question)
{
    Answer answer = { .status = MHD_HTTP_OK, .policy = VITALS_WEB_REPORT_POLICY };

    answer.fd = vitals_web_report_open(question->snapshot, question->rest, &answer.size,
                                       &answer.content_type);
    if (answer.fd < 0)
        return answer_text(MHD_HTTP_NOT_FOUND,
                           "There is no such report; see /api/v1/incidents and ServeReports=.\n");
    return answer;
}

/* Paths that end in "/" take what follows; "/" itself does not. */
static const struct {
    const char *path;
    Answer (*answer)(const Question *question);
} routes[] = {
    { "/", answer_page },
    { "/-/healthy", answer_healthy },
    { "/-/ready", answer_ready },
    { "/api/v1/guests", answer_guests },
    { "/api/v1/guests/", answer_guest },
    { "/api/v1/incidents", answer_incidents },
    { VITALS_WEB_REPORTS, answer_report },
};

static gboolean
route_takes(const char *path, const char *asked)
{
    gsize length = strlen(path);

    if (length > 1 && path[length - 1] == '/')
        return g_str_has_prefix(asked, path) && asked[length] != '\0';
    return g_str_equal(path, asked);
}

static Answer
answer_path(Question *question, const char *path)
{
    if (g_str_equal(path, question->server->telemetry_path))
        return answer_metrics(question);
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
        if (route_takes(routes[i].path, path)) {
            question->rest = path + strlen(routes[i].path);
            return routes[i].answer(question);
        }
    }
    return answer_text(MHD_HTTP_NOT_FOUND, "There is nothing here; see /.\n");
}

static Answer
answer_from_snapshot(VitalsWebServer *server, const char *path)
{
    g_autoptr(VitalsSnapshot) snapshot = NULL;
    Question question = { .server = server };

    g_mutex_lock(&server->mutex);
    snapshot = vitals_snapshot_ref(server->snapshot);
    question.age = g_get_monotonic_time() - server->published;
    g_mutex_unlock(&server->mutex);

    question.snapshot = snapshot;
    return answer_path(&question, path);
}

/* What an answer holds in memory until it is sent. */
typedef struct {
    VitalsExchanges *exchanges;
    GBytes *bytes;
} Body;

static void
free_body(void *data)
{
    Body *body = data;

    vitals_exchanges_give(body->exchanges, g_bytes_get_size(body->bytes));
    g_bytes_unref(body->bytes);
    g_free(body);
}

/* Takes over @bytes. Returns: (nullable): %NULL if too much is held for others */
static Body *
body_new(VitalsExchanges *exchanges, GBytes *bytes)
{
    Body *body;

    if (!vitals_exchanges_take(exchanges, g_bytes_get_size(bytes))) {
        g_bytes_unref(bytes);
        return NULL;
    }
    body = g_new(Body, 1);
    body->exchanges = exchanges;
    body->bytes = bytes;
    return body;
}

/* Takes over the answer's body or file. */
static struct MHD_Response *
response_with(VitalsExchanges *exchanges, const Answer *answer)
{
    struct MHD_Response *response;
    Body *body;
    gsize size;
    void *data;

    if (!answer->body) {
        response = MHD_create_response_from_fd(answer->size, answer->fd);
        if (!response)
            close(answer->fd);
        return response;
    }
    body = body_new(exchanges, answer->body);
    if (!body)
        return NULL;
    /* The library does not write to it, though it takes no const. */
    data = (void *)g_bytes_get_data(body->bytes, &size);
    response = MHD_create_response_from_buffer_with_free_callback_cls(size, data, free_body, body);
    if (!response)
        free_body(body);
    return response;
}

static void
give_time(const VitalsWebServer *server, struct MHD_Connection *connection, guint64 bytes)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    if (info && info->socket_context)
        vitals_exchange_answer(server->exchanges, info->socket_context, bytes);
}

/* The library tells of a connection's end before it closes the descriptor. */
static void
on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
              enum MHD_ConnectionNotificationCode code)
{
    VitalsWebServer *server = closure;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (code == MHD_CONNECTION_NOTIFY_STARTED && info)
        *socket_context = vitals_exchange_begin(server->exchanges, info->connect_fd);
    else if (code == MHD_CONNECTION_NOTIFY_CLOSED && *socket_context)
        vitals_exchange_end(server->exchanges, g_steal_pointer(socket_context));
}

static void
on_completed(void *closure, struct MHD_Connection *connection, void **memory,
             enum MHD_RequestTerminationCode code)
{
    give_time(closure, connection, 0);
}

/* Takes over the answer's body or file. */
static enum MHD_Result
send_answer(const VitalsWebServer *server, struct MHD_Connection *connection, Answer answer,
            gboolean last)
{
    gsize size = answer.body ? g_bytes_get_size(answer.body) : answer.size;
    struct MHD_Response *response = response_with(server->exchanges, &answer);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", answer.content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            answer.policy ? answer.policy : VITALS_PAGE_POLICY);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (last)
        MHD_add_response_header(response, "Connection", "close");
    give_time(server, connection, size);
    result = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

/*
 * Called once with the headers, then for each piece of a body, then once more. Other methods are
 * refused at once and the connection closed, so that nobody's body is read; a GET's is thrown away.
 */
static enum MHD_Result
handle(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
       const char *version, const char *upload, size_t *upload_size, void **memory)
{
    static char seen;

    if (!g_str_equal(method, MHD_HTTP_METHOD_GET) && !g_str_equal(method, MHD_HTTP_METHOD_HEAD))
        return send_answer(closure, connection,
                           answer_text(MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n"), TRUE);
    if (!*memory) {
        *memory = &seen;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return send_answer(closure, connection, answer_from_snapshot(closure, url), FALSE);
}

static void log_problem(void *closure, const char *format, va_list arguments) G_GNUC_PRINTF(2, 0);

static void
log_problem(void *closure, const char *format, va_list arguments)
{
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    g_autofree char *printable = vitals_text_printable(g_strchomp(message), -1);

    g_debug("web: %s", printable);
}

/* The library closes the descriptor it listens on, so it gets one of its own. */
static struct MHD_Daemon *
start(VitalsWebServer *server, GSocket *socket, GError **error)
{
    int fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    struct MHD_Daemon *daemon = NULL;

    if (fd >= 0)
        daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, server,
            MHD_OPTION_EXTERNAL_LOGGER, log_problem, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
            MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
            MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
            TIMEOUT, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
    if (!daemon) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "cannot serve HTTP: %s; look at the limits on open files and threads",
                    g_strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return daemon;
}

static gboolean
read_port(GSocket *socket, guint16 *ret_port, GError **error)
{
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, error);

    if (!address)
        return FALSE;
    *ret_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    return TRUE;
}

VitalsWebServer *
vitals_web_server_new(const char *listen, const char *telemetry_path, GError **error)
{
    g_autoptr(GSocket) socket = NULL;
    g_autoptr(VitalsWebServer) server = NULL;

    if (telemetry_path[0] != '/') {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "--web.telemetry-path has to begin with '/', as in '/metrics'");
        return NULL;
    }
    socket = vitals_listen_open(listen, error);
    if (!socket)
        return NULL;
    server = g_new0(VitalsWebServer, 1);
    g_mutex_init(&server->mutex);
    server->telemetry_path = g_strdup(telemetry_path);
    server->snapshot = vitals_snapshot_new(g_get_real_time());
    server->published = g_get_monotonic_time();
    server->exchanges = vitals_exchanges_new();
    if (!read_port(socket, &server->port, error))
        return NULL;
    server->daemon = start(server, socket, error);
    if (!server->daemon)
        return NULL;
    return g_steal_pointer(&server);
}

void
vitals_web_server_free(VitalsWebServer *server)
{
    if (!server)
        return;
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    vitals_exchanges_free(server->exchanges);
    vitals_snapshot_unref(server->snapshot);
    g_mutex_clear(&server->mutex);
    g_free(server->telemetry_path);
    g_free(server);
}

void
vitals_web_server_publish(VitalsWebServer *server, VitalsSnapshot *snapshot)
{
    VitalsSnapshot *before;

    g_mutex_lock(&server->mutex);
    before = server->snapshot;
    server->snapshot = vitals_snapshot_ref(snapshot);
    server->published = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
    vitals_snapshot_unref(before);
}

void
vitals_web_server_expire(VitalsWebServer *server, gint64 now)
{
    vitals_exchanges_expire(server->exchanges, now);
}

guint16
vitals_web_server_port(const VitalsWebServer *server)
{
    return server->port;
}
