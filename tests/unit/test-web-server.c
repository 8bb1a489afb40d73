/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/page.h"
#include "monitor/web/server.h"

#include "monitor/cli/client.h"
#include "tests/unit/program.h"
#include "tests/unit/views.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    VitalsWebServer *server;
    char *url;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->server = vitals_web_server_new("127.0.0.1:0", "/metrics", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(vitals_web_server_port(fixture->server), >, 0);
    fixture->url = g_strdup_printf("http://127.0.0.1:%u/", vitals_web_server_port(fixture->server));
}

static void
set_up_published(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();

    set_up(fixture, data);
    vitals_web_server_publish(fixture->server, snapshot);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_web_server_free(fixture->server);
    g_free(fixture->url);
}

static void
check_has(Fixture *fixture, const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = vitals_client_get(fixture->url, path, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = g_strndup(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    if (!strstr(text, part))
        g_error("%s lacks '%s': %s", path, part, text);
}

static void
check_status(Fixture *fixture, const char *path, const char *status)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = vitals_client_get(fixture->url, path, &error);

    g_assert_null(body);
    g_assert_error(error, VITALS_CLIENT_ERROR, VITALS_CLIENT_ERROR_STATUS);
    g_assert_nonnull(strstr(error->message, status));
}

static GSocketConnection *
dial(Fixture *fixture)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = NULL;
    GSocketConnection *connection;

    g_socket_client_set_timeout(client, 15);
    connection = g_socket_client_connect_to_host(
        client, "127.0.0.1", vitals_web_server_port(fixture->server), NULL, &error);
    g_assert_no_error(error);
    return connection;
}

static void
say(GSocketConnection *connection, const char *text)
{
    GOutputStream *stream = g_io_stream_get_output_stream(G_IO_STREAM(connection));

    g_output_stream_write_all(stream, text, strlen(text), NULL, NULL, NULL);
}

/* All until the server closes; what it does after the answer is its affair, so errors end it too. */
static char *
hear(GSocketConnection *connection)
{
    GInputStream *stream = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GString *heard = g_string_new(NULL);
    char buffer[4096];
    gssize got;

    while ((got = g_input_stream_read(stream, buffer, sizeof(buffer), NULL, NULL)) > 0)
        g_string_append_len(heard, buffer, got);
    return g_string_free(heard, FALSE);
}

static char *
talk(Fixture *fixture, const char *request)
{
    g_autoptr(GSocketConnection) connection = dial(fixture);

    say(connection, request);
    return hear(connection);
}

static void
test_before_publishing(Fixture *fixture, gconstpointer data)
{
    check_has(fixture, "/-/healthy", "healthy");
    check_status(fixture, "/-/ready", "503");
    check_has(fixture, "/metrics", "virt_vitals_libvirt_connected 0\n");
    check_has(fixture, "/api/v1/guests", "{\"guests\":[]");
}

static void
test_paths(Fixture *fixture, gconstpointer data)
{
    check_has(fixture, "/-/ready", "ready");
    check_has(fixture, "/metrics", "virt_vitals_libvirt_connected 1\n");
    check_has(fixture, "/metrics?name=x", "virt_vitals_libvirt_connected 1\n");
    check_has(fixture, "/api/v1/guests", "\"name\":\"stuck\"");
    check_has(fixture, "/api/v1/guests/00000000-0000-4000-8000-000000000004",
              "\"cause\":\"panic\"");
    check_has(fixture, "/api/v1/incidents", "\"title\":\"The kernel panicked\"");
    check_has(fixture, "/", "<a href=\"/metrics\">");
    check_status(fixture, "/api/v1/guests/nobody", "404");
    check_status(fixture, "/api/v1/guests/", "404");
    check_status(fixture, "/metrics/", "404");
    check_status(fixture, "/../etc/passwd", "404");
}

static void
test_publishing_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(0);

    vitals_web_server_publish(fixture->server, snapshot);
    check_has(fixture, "/api/v1/guests", "{\"guests\":[]");
}

/* The worst first, with what it means and what to do. */
static void
test_page_order(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    VitalsGuestView *crashed = g_ptr_array_index(snapshot->guests, VITALS_HEALTH_CRASHED);
    g_autoptr(GBytes) page = NULL;
    const char *text;
    const char *worst;

    crashed->cause = "guest-panicked";
    page = vitals_page_render(snapshot, "/metrics");
    text = g_bytes_get_data(page, NULL);
    worst = strstr(text, ">crashed</a>");
    g_assert_nonnull(worst);
    g_assert_true(worst < strstr(text, ">stuck</a>"));
    g_assert_true(strstr(text, ">degraded</a>") < strstr(text, ">healthy</a>"));
    g_assert_nonnull(strstr(text, "told the host so through its panic device"));
    g_assert_nonnull(strstr(text, "The kernel panicked"));
}

/* What is wrong with the host is told where anything is. */
static void
test_page_host(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autoptr(GBytes) before = vitals_page_render(snapshot, "/metrics");
    g_autoptr(GBytes) after = NULL;

    g_assert_null(strstr(g_bytes_get_data(before, NULL), "This host"));
    snapshot->lint = vitals_lint_report_new();
    g_ptr_array_add(snapshot->lint->host, g_strdup("HST007 journal-volatile: it's in RAM; <b>"));
    after = vitals_page_render(snapshot, "/metrics");
    g_assert_nonnull(strstr(g_bytes_get_data(after, NULL), "HST007 journal-volatile: it"));
    g_assert_null(strstr(g_bytes_get_data(after, NULL), "<b>;"));
}

/* A memory that is not safe is seen in the list. */
static void
test_page_dumps(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *result;
        const char *shown;
    } rows[] = {
        { "ok", "memory saved" },
        { "failed", "class=\"down\">dump failed" },
        { "refused", "no dump" },
    };
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    VitalsIncidentView *incident = g_ptr_array_index(snapshot->incidents, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) page = NULL;

        g_free(incident->capture_result);
        incident->capture_result = g_strdup(rows[i].result);
        page = vitals_page_render(snapshot, "/metrics");
        g_assert_nonnull(strstr(g_bytes_get_data(page, NULL), rows[i].shown));
    }
}

static void
test_page_is_escaped(Fixture *fixture, gconstpointer data)
{
    check_has(fixture, "/", "a\\x0ab&quot;c\\\\d&lt;e&gt;\\x1b[2J\\xff\\u{202e}");
}

static void
test_headers(Fixture *fixture, gconstpointer data)
{
    g_autofree char *metrics = talk(fixture, "GET /metrics HTTP/1.1\r\nHost: x\r\n"
                                             "Connection: close\r\n\r\n");
    g_autofree char *guests = talk(fixture, "GET /api/v1/guests HTTP/1.1\r\nHost: x\r\n"
                                            "Connection: close\r\n\r\n");
    g_autofree char *missing = talk(fixture, "GET /api/v1/guests/x HTTP/1.1\r\nHost: x\r\n"
                                             "Connection: close\r\n\r\n");

    g_assert_true(g_str_has_prefix(metrics, "HTTP/1.1 200 OK\r\n"));
    g_assert_nonnull(
        strstr(metrics, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    g_assert_nonnull(strstr(metrics, "\r\nX-Content-Type-Options: nosniff\r\n"));
    g_assert_nonnull(strstr(metrics, "\r\nCache-Control: no-store\r\n"));
    g_assert_nonnull(strstr(metrics, "\r\nContent-Security-Policy: default-src 'none';"));
    g_assert_nonnull(strstr(guests, "\r\nContent-Type: application/json\r\n"));
    g_assert_true(g_str_has_prefix(missing, "HTTP/1.1 404 "));
    g_assert_nonnull(strstr(missing, "\r\n\r\n{\"error\":"));
}

/* ---- reports ---- */

#define REPORT_ID "20260314T150926Z-a-panic"

/* An incident of that name in a directory of its own, with a page; others may not be read. */
static char *
publish_report(Fixture *fixture, gboolean serves)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    VitalsIncidentView *incident = g_ptr_array_index(snapshot->incidents, 0);
    char *root = g_dir_make_tmp("test-web-server-XXXXXX", NULL);
    g_autofree char *page = NULL;

    g_free(incident->path);
    incident->path = g_build_filename(root, REPORT_ID, NULL);
    page = g_build_filename(incident->path, "report.html", NULL);
    g_assert_cmpint(g_mkdir(incident->path, 0700), ==, 0);
    test_write_file(page, "<!DOCTYPE html>the page", 23);
    snapshot->serves_reports = serves;
    vitals_web_server_publish(fixture->server, snapshot);
    return root;
}

static void
test_report(Fixture *fixture, gconstpointer data)
{
    g_autofree char *root = publish_report(fixture, TRUE);
    g_autofree char *heard = talk(fixture, "GET /incidents/" REPORT_ID "/report.html HTTP/1.1\r\n"
                                           "Host: x\r\nConnection: close\r\n\r\n");
    g_autofree char *head = talk(fixture, "HEAD /incidents/" REPORT_ID "/report.html HTTP/1.1\r\n"
                                          "Host: x\r\nConnection: close\r\n\r\n");
    g_autofree char *post = talk(fixture, "POST /incidents/" REPORT_ID "/report.html HTTP/1.1\r\n"
                                          "Host: x\r\nContent-Length: 0\r\n\r\n");

    g_assert_true(g_str_has_prefix(heard, "HTTP/1.1 200 OK\r\n"));
    g_assert_nonnull(strstr(heard, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    g_assert_nonnull(strstr(heard, "\r\nX-Content-Type-Options: nosniff\r\n"));
    g_assert_nonnull(strstr(heard, "\r\nContent-Security-Policy: default-src 'none'; style-src "));
    g_assert_nonnull(strstr(heard, "frame-ancestors 'none'; sandbox\r\n"));
    g_assert_true(g_str_has_suffix(heard, "\r\n\r\n<!DOCTYPE html>the page"));
    g_assert_true(g_str_has_suffix(head, "\r\n\r\n"));
    g_assert_true(g_str_has_prefix(post, "HTTP/1.1 405 "));
    check_has(fixture, "/api/v1/incidents",
              "\"report\":\"/incidents/" REPORT_ID "/report.html\",\"report_text\":\"");
    test_remove_tree(root);
    check_status(fixture, "/incidents/" REPORT_ID "/report.html", "404");
}

/* Nothing is read but what the snapshot names, and only plain files of a bounded size. */
static void
test_report_is_bounded(Fixture *fixture, gconstpointer data)
{
    static const char *const others[] = {
        "/incidents/" REPORT_ID "/vmcore",
        "/incidents/" REPORT_ID "/report.txt", /* is not there */
        "/incidents/" REPORT_ID "/../" REPORT_ID "/report.html",
        "/incidents/" REPORT_ID "/%2e%2e/" REPORT_ID "/report.html",
        "/incidents/" REPORT_ID "%00/report.html",
        "/incidents/" REPORT_ID "//report.html",
        "/incidents/../" REPORT_ID "/report.html",
        "/incidents/" REPORT_ID "/",
        "/incidents/" REPORT_ID,
        "/incidents/",
        "/incidents/x/report.html",
    };
    g_autofree char *root = publish_report(fixture, TRUE);
    g_autofree char *page = g_build_filename(root, REPORT_ID, "report.html", NULL);
    g_autofree char *text = g_build_filename(root, REPORT_ID, "report.txt", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *request =
            g_strdup_printf("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", others[i]);
        g_autofree char *heard = talk(fixture, request);

        if (!g_str_has_prefix(heard, "HTTP/1.1 404 "))
            g_error("%s gave %s", others[i], heard);
    }
    g_assert_cmpint(symlink("/etc/passwd", text), ==, 0);
    check_status(fixture, "/incidents/" REPORT_ID "/report.txt", "404");
    g_assert_cmpint(truncate(page, (off_t)17 * 1024 * 1024), ==, 0);
    check_status(fixture, "/incidents/" REPORT_ID "/report.html", "404");
    test_remove_tree(root);
}

static void
test_report_not_served(Fixture *fixture, gconstpointer data)
{
    g_autofree char *root = publish_report(fixture, FALSE);

    check_status(fixture, "/incidents/" REPORT_ID "/report.html", "404");
    check_has(fixture, "/api/v1/incidents", "\"report\":null");
    test_remove_tree(root);
}

static void
test_head(Fixture *fixture, gconstpointer data)
{
    g_autofree char *heard = talk(fixture, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n"
                                           "Connection: close\r\n\r\n");

    g_assert_true(g_str_has_prefix(heard, "HTTP/1.1 200 OK\r\n"));
    g_assert_true(g_str_has_suffix(heard, "\r\n\r\n"));
    g_assert_nonnull(strstr(heard, "\r\nContent-Length: "));
}

static void
test_other_methods(Fixture *fixture, gconstpointer data)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW" };

    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_autofree char *request = g_strdup_printf(
            "%s /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", methods[i]);
        g_autofree char *heard = talk(fixture, request);

        g_assert_true(g_str_has_prefix(heard, "HTTP/1.1 405 "));
        g_assert_nonnull(strstr(heard, "\r\nAllow: GET, HEAD\r\n"));
    }
}

static void
test_garbage(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_strnfill(1000000, 'a');
    g_autofree char *request = g_strdup_printf("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    g_autofree char *long_answer = talk(fixture, request);
    g_autofree char *noise = talk(fixture, "\x16\x03\x01 hello\r\n\r\n");
    g_autofree char *nul = talk(fixture, "GET /%00metrics HTTP/1.1\r\nHost: x\r\n"
                                         "Connection: close\r\n\r\n");

    g_assert_false(g_str_has_prefix(long_answer, "HTTP/1.1 200"));
    g_assert_false(g_str_has_prefix(noise, "HTTP/1.1 200"));
    g_assert_nonnull(strstr(nul, "HTTP/1.1 "));
    check_has(fixture, "/-/healthy", "healthy");
}

/* Clients that say half a sentence and wait must not keep others from an answer. */
static void
test_slow_clients(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func(g_object_unref);
    gint64 before;

    for (guint i = 0; i < 30; i++) {
        g_ptr_array_add(connections, dial(fixture));
        say(connections->pdata[i], "GET /metr");
    }
    before = g_get_monotonic_time();
    check_has(fixture, "/-/healthy", "healthy");
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * G_USEC_PER_SEC);
}

/* One that says a byte now and then, or takes one of an answer that is larger than what the kernel keeps for it, is
 * not idle; its time is over all the same. */
static void
test_time_is_over(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) large = test_snapshot_of(20000);
    g_autoptr(GSocketConnection) speaker = dial(fixture);
    g_autoptr(GSocketConnection) reader = dial(fixture);
    g_autoptr(GBytes) whole = NULL;
    g_autofree char *nothing = NULL;
    g_autofree char *part = NULL;
    gint64 now = g_get_monotonic_time();

    vitals_web_server_publish(fixture->server, large);
    whole = vitals_client_get(fixture->url, "/metrics", NULL);
    g_assert_cmpuint(g_bytes_get_size(whole), >, 16 << 20);
    say(speaker, "GET /metr");
    say(reader, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    g_socket_condition_wait(g_socket_connection_get_socket(reader), G_IO_IN, NULL, NULL);
    vitals_web_server_expire(fixture->server, now + 29 * G_USEC_PER_SEC);
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpint(
        g_socket_condition_check(g_socket_connection_get_socket(speaker), G_IO_IN | G_IO_HUP), ==,
        0);
    vitals_web_server_expire(fixture->server, now + G_TIME_SPAN_HOUR);
    nothing = hear(speaker);
    part = hear(reader);
    g_assert_false(g_str_has_prefix(nothing, "HTTP/1.1 200"));
    g_assert_true(g_str_has_prefix(part, "HTTP/1.1 200"));
    g_assert_cmpuint(strlen(part), <, g_bytes_get_size(whole));
    check_has(fixture, "/-/healthy", "healthy");
}

static void
test_parallel(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < 100; i++) {
        g_ptr_array_add(connections, dial(fixture));
        say(connections->pdata[i], "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for (guint i = 0; i < connections->len; i++) {
        g_autofree char *heard = hear(connections->pdata[i]);

        g_assert_true(g_str_has_prefix(heard, "HTTP/1.1 200 OK\r\n"));
        g_assert_nonnull(strstr(heard, "virt_vitals_build_info"));
    }
}

static gpointer
publish_often(gpointer data)
{
    for (guint i = 0; i < 200; i++) {
        g_autoptr(VitalsSnapshot) snapshot = test_snapshot_of(5);

        vitals_web_server_publish(data, snapshot);
    }
    return NULL;
}

/* What an answer is made of stays there until it is made, however often there is news. */
static void
test_publishing_while_asked(Fixture *fixture, gconstpointer data)
{
    GThread *publisher = g_thread_new("publisher", publish_often, fixture->server);

    for (guint i = 0; i < 50; i++)
        check_has(fixture, "/api/v1/guests", "{\"guests\":[");
    g_thread_join(publisher);
}

static void
check_refused(const char *listen, const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    VitalsWebServer *server = vitals_web_server_new(listen, path, &error);

    g_assert_null(server);
    g_assert_nonnull(error);
    if (!strstr(error->message, part))
        g_error("'%s' does not say '%s'", error->message, part);
}

static void
test_bad_addresses(void)
{
    check_refused("", "/metrics", "HOST:PORT");
    check_refused("10177", "/metrics", "HOST:PORT");
    check_refused("127.0.0.1", "/metrics", "HOST:PORT");
    check_refused("127.0.0.1:x", "/metrics", "HOST:PORT");
    check_refused("127.0.0.1:65536", "/metrics", "HOST:PORT");
    check_refused("::1:80", "/metrics", "HOST:PORT");
    check_refused("[::1:80", "/metrics", "HOST:PORT");
    check_refused("\x1b[2J", "/metrics", "\\x1b");
    check_refused("no-such-host.invalid:0", "/metrics", "--web.listen-address");
    check_refused("192.0.2.1:0", "/metrics", "--web.listen-address");
    check_refused("127.0.0.1:0", "metrics", "--web.telemetry-path");
}

static void
test_port_in_use(Fixture *fixture, gconstpointer data)
{
    guint port = vitals_web_server_port(fixture->server);
    g_autofree char *listen = g_strdup_printf("127.0.0.1:%u", port);
    g_autofree char *part = g_strdup_printf("port %u ", port);

    check_refused(listen, "/metrics", part);
    check_refused(listen, "/metrics", "--web.listen-address");
}

static void
check_listens(const char *listen)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsWebServer) server = vitals_web_server_new(listen, "/other", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(vitals_web_server_port(server), >, 0);
}

static void
test_addresses(void)
{
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV6);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocket) probe =
        g_socket_new(G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

    check_listens(":0");
    check_listens("localhost:0");
    if (probe && g_socket_bind(probe, address, FALSE, NULL))
        check_listens("[::1]:0");
}

#define ADD(path, set_up_function, test) \
    g_test_add("/web-server/" path, Fixture, NULL, set_up_function, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("before-publishing", set_up, test_before_publishing);
    ADD("paths", set_up_published, test_paths);
    ADD("publishing-again", set_up_published, test_publishing_again);
    ADD("page-order", set_up_published, test_page_order);
    ADD("page-host", set_up_published, test_page_host);
    ADD("page-dumps", set_up_published, test_page_dumps);
    ADD("page-is-escaped", set_up_published, test_page_is_escaped);
    ADD("headers", set_up_published, test_headers);
    ADD("report", set_up, test_report);
    ADD("report-is-bounded", set_up, test_report_is_bounded);
    ADD("report-not-served", set_up, test_report_not_served);
    ADD("head", set_up_published, test_head);
    ADD("other-methods", set_up_published, test_other_methods);
    ADD("garbage", set_up_published, test_garbage);
    ADD("slow-clients", set_up_published, test_slow_clients);
    ADD("time-is-over", set_up_published, test_time_is_over);
    ADD("parallel", set_up_published, test_parallel);
    ADD("publishing-while-asked", set_up_published, test_publishing_while_asked);
    ADD("port-in-use", set_up, test_port_in_use);
    g_test_add_func("/web-server/bad-addresses", test_bad_addresses);
    g_test_add_func("/web-server/addresses", test_addresses);
    return g_test_run();
}
