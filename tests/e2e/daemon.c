/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/lab.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Limits that protect a host from us, out of the way of tests that crash guests in a row. */
#define CONFIG            \
    "[Capture]\n"         \
    "KeepFree=64M\n"      \
    "CaptureCooldown=0\n" \
    "MaxCapturesPerHour=1000\n"

struct VitalsLabDaemon {
    pid_t pid; /* 0 once it was waited for */
    guint port;
    CURL *curl;
};

/* A port that was free just now. */
static guint
free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &length), ==, 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* Between fork and exec: the daemon must not outlive a test that failed. */
static void
set_up_child(gpointer data)
{
    int fd = open(data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
}

static void
spawn(VitalsLabDaemon *daemon, const char *directory)
{
    g_autofree char *log = g_strdup_printf("%s.log", directory);
    g_autofree char *config = g_build_filename(directory, "virt-vitals.conf", NULL);
    g_autofree char *state = g_build_filename(directory, "state", NULL);
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", daemon->port);
    g_autofree char *namespace_pid = g_strdup_printf("%d", vitals_lab_namespace_pid());
    const char *program = g_getenv("VIRT_VITALS");
    const char *const argv[] = {
        "nsenter", "-m",          "-t",  namespace_pid,          "--",
        program,   "monitor",     "-c",  vitals_lab_uri(),       "--config",
        config,    "--state-dir", state, "--web.listen-address", address,
        NULL,
    };
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(program);
    g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                  set_up_child, log, &daemon->pid, &error);
    g_assert_no_error(error);
}

static void
wait_ready(VitalsLabDaemon *daemon)
{
    gint64 start = g_get_monotonic_time();

    while (vitals_lab_daemon_get(daemon, "/-/healthy", NULL, NULL) != 200) {
        if (waitpid(daemon->pid, NULL, WNOHANG) != 0)
            g_error("the daemon ended before it answered");
        if (!vitals_lab_wait(start, 30))
            g_error("the daemon does not answer");
    }
}

VitalsLabDaemon *
vitals_lab_daemon_start(const char *config)
{
    static guint count;
    VitalsLabDaemon *daemon = g_new0(VitalsLabDaemon, 1);
    g_autofree char *directory = g_strdup_printf("%s/daemon-%u", vitals_lab_directory(), ++count);
    g_autofree char *path = g_build_filename(directory, "virt-vitals.conf", NULL);
    g_autofree char *text = g_strconcat(CONFIG, config, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(directory, 0755), ==, 0);
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);

    daemon->curl = curl_easy_init();
    daemon->port = free_port();
    spawn(daemon, directory);
    wait_ready(daemon);
    return daemon;
}

int
vitals_lab_daemon_stop(VitalsLabDaemon *daemon)
{
    gint64 start = g_get_monotonic_time();
    int status = 0;

    g_assert_cmpint(kill(daemon->pid, SIGTERM), ==, 0);
    while (waitpid(daemon->pid, &status, WNOHANG) == 0) {
        if (!vitals_lab_wait_patiently(start, 5))
            g_error("the daemon does not end after SIGTERM");
    }
    daemon->pid = 0;
    g_test_message("the daemon ended after %.2f s", vitals_lab_since(start));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
vitals_lab_daemon_free(VitalsLabDaemon *daemon)
{
    if (!daemon)
        return;
    if (daemon->pid > 0) {
        kill(daemon->pid, SIGKILL);
        waitpid(daemon->pid, NULL, 0);
    }
    curl_easy_cleanup(daemon->curl);
    g_free(daemon);
}

static size_t
collect(char *data, size_t size, size_t count, void *user_data)
{
    g_string_append_len(user_data, data, (gssize)(size * count));
    return size * count;
}

long
vitals_lab_daemon_get(VitalsLabDaemon *daemon, const char *path, char **ret_body,
                      double *ret_seconds)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s", daemon->port, path);
    g_autoptr(GString) body = g_string_new(NULL);
    long status = 0;
    double seconds = 0;

    curl_easy_reset(daemon->curl);
    curl_easy_setopt(daemon->curl, CURLOPT_URL, url);
    curl_easy_setopt(daemon->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(daemon->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(daemon->curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(daemon->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(daemon->curl, CURLOPT_WRITEDATA, body);
    if (curl_easy_perform(daemon->curl) != CURLE_OK)
        return 0;

    curl_easy_getinfo(daemon->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(daemon->curl, CURLINFO_TOTAL_TIME, &seconds);
    if (ret_body)
        *ret_body = g_string_free(g_steal_pointer(&body), FALSE);
    if (ret_seconds)
        *ret_seconds = seconds;
    return status;
}

/* The array @member of what @path answers. */
static json_t *
get_array(VitalsLabDaemon *daemon, const char *path, const char *member)
{
    g_autoptr(json_t) root = NULL;
    g_autofree char *body = NULL;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, path, &body, NULL), ==, 200);
    root = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    g_assert_nonnull(root);
    g_assert_true(json_is_array(json_object_get(root, member)));
    return json_incref(json_object_get(root, member));
}

const char *
vitals_lab_json_string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    if (!value)
        g_error("no string \"%s\" in the answer", key);
    return value;
}

json_t *
vitals_lab_daemon_guest(VitalsLabDaemon *daemon, const char *name)
{
    g_autoptr(json_t) guests = get_array(daemon, "/api/v1/guests", "guests");
    json_t *guest;
    size_t i;

    json_array_foreach(guests, i, guest)
    {
        if (g_str_equal(vitals_lab_json_string(guest, "name"), name))
            return json_incref(guest);
    }
    return NULL;
}

double
vitals_lab_daemon_wait_health(VitalsLabDaemon *daemon, const char *name, const char *health,
                              const char *layer, gint64 since, double seconds)
{
    for (;;) {
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);

        if (guest && g_str_equal(vitals_lab_json_string(guest, "health"), health)) {
            if (layer)
                g_assert_cmpstr(vitals_lab_json_string(guest, "layer"), ==, layer);
            g_test_message("%s is %s after %.2f s", name, health, vitals_lab_since(since));
            return vitals_lab_since(since);
        }
        if (!vitals_lab_wait_patiently(since, seconds)) {
            g_autofree char *text = guest ? json_dumps(guest, JSON_COMPACT) : NULL;

            g_error("%s is not %s within %g s: %s", name, health, seconds,
                    text ? text : "not listed");
        }
    }
}

/* Returns: (nullable) (transfer full): the first, hence newest, incident of that guest. */
static json_t *
find_incident(VitalsLabDaemon *daemon, const char *name, guint *ret_count)
{
    g_autoptr(json_t) incidents = get_array(daemon, "/api/v1/incidents", "incidents");
    json_t *incident;
    json_t *found = NULL;
    size_t i;

    *ret_count = 0;
    json_array_foreach(incidents, i, incident)
    {
        if (name && !g_str_equal(vitals_lab_json_string(incident, "domain"), name))
            continue;
        (*ret_count)++;
        if (!found)
            found = json_incref(incident);
    }
    return found;
}

guint
vitals_lab_daemon_incidents(VitalsLabDaemon *daemon, const char *name)
{
    guint count = 0;
    g_autoptr(json_t) incident = find_incident(daemon, name, &count);

    return count;
}

json_t *
vitals_lab_daemon_wait_incident(VitalsLabDaemon *daemon, const char *name, double seconds)
{
    gint64 start = g_get_monotonic_time();
    guint count = 0;

    do {
        g_autoptr(json_t) incident = find_incident(daemon, name, &count);
        const char *result = NULL;

        if (incident)
            result = vitals_lab_json_string(json_object_get(incident, "capture"), "result");
        if (result && !g_str_equal(result, "queued") && !g_str_equal(result, "running")) {
            g_test_message("capture of %s: %s after %.1f s", name, result, vitals_lab_since(start));
            return g_steal_pointer(&incident);
        }
    } while (vitals_lab_wait_patiently(start, seconds));
    g_error("no incident of %s with a finished capture within %g s", name, seconds);
}
