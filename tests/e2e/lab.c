/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/lab.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everybody may walk it, it survives a small tmpfs on /tmp, and dumps of guests fit. */
#define LAB_TEMPLATE "/var/tmp/virt-vitals-lab.XXXXXX"

/* How much of each log is shown when a test failed, bytes. */
#define LOG_TAIL 4096

typedef struct {
    char *directory;
    char *uri;
    char *release;
} Lab;

static Lab lab;

/* For the signal handler: who does the work just now; 0 for nobody. */
static volatile sig_atomic_t stage_child;

const char *
vitals_lab_directory(void)
{
    return lab.directory;
}

const char *
vitals_lab_uri(void)
{
    return lab.uri;
}

const char *
vitals_lab_release(void)
{
    return lab.release;
}

double
vitals_lab_since(gint64 monotonic)
{
    return (double)(g_get_monotonic_time() - monotonic) / G_USEC_PER_SEC;
}

gboolean
vitals_lab_wait(gint64 since, double seconds)
{
    if (vitals_lab_since(since) >= seconds)
        return FALSE;
    g_usleep(20 * 1000);
    return TRUE;
}

gboolean
vitals_lab_wait_patiently(gint64 since, double seconds)
{
    return vitals_lab_wait(since, 3 * seconds);
}

char *
vitals_lab_run(const char *const *argv)
{
    g_auto(GStrv) copy = g_strdupv((char **)argv);
    g_autoptr(GError) error = NULL;
    g_autofree char *script = g_build_filename(VITALS_LAB_SCRIPTS, argv[0], NULL);
    g_autofree char *out = NULL;
    int status = 0;

    g_free(copy[0]);
    copy[0] = g_steal_pointer(&script);
    if (!g_spawn_sync(NULL, copy, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error) ||
        !g_spawn_check_wait_status(status, &error)) {
        g_printerr("%s: %s\n", argv[0], error->message);
        return NULL;
    }
    return g_steal_pointer(&out);
}

static char *
run(const char *script, const char *verb, const char *directory)
{
    return vitals_lab_run((const char *const[]){ script, verb, directory, NULL });
}

void
vitals_lab_libvirtd(const char *verb)
{
    g_autofree char *out = run("libvirtd", verb, lab.directory);

    g_assert_nonnull(out);
}

int
vitals_lab_namespace_pid(void)
{
    g_autofree char *path = g_build_filename(lab.directory, "run", "virtlogd.pid", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return atoi(text);
}

/* Why there can be no lab on this machine, or NULL. */
static const char *
missing(void)
{
    static const char *const programs[] = { "libvirtd", "virtlogd", "qemu-system-x86_64",
                                            "unshare",  "nsenter",  "crash" };
    g_autofree char *kernel = NULL;

    if (geteuid() != 0)
        return "the lab needs root";
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = g_find_program_in_path(programs[i]);

        if (!path) {
            g_printerr("# missing: %s\n", programs[i]);
            return "a program is missing";
        }
    }
    kernel = run("image", "--check", NULL);
    return kernel ? NULL : "no kernel to boot";
}

static int
make_lab(void)
{
    g_autofree char *image = g_build_filename(lab.directory, "image", NULL);
    g_autofree char *made = run("image", image, NULL);
    g_autofree char *started = made ? run("libvirtd", "start", lab.directory) : NULL;

    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run_tests(void)
{
    g_autofree char *release = g_build_filename(lab.directory, "image", "release", NULL);

    if (!g_file_get_contents(release, &lab.release, NULL, NULL))
        return EXIT_FAILURE;
    g_strstrip(lab.release);
    lab.uri = g_strstrip(run("libvirtd", "uri", lab.directory));
    return g_test_run();
}

/* The end of each log in the lab: of guests' consoles, of the daemons. */
static void
show_logs(void)
{
    g_autoptr(GDir) directory = g_dir_open(lab.directory, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(lab.directory, name, NULL);
        g_autofree char *text = NULL;
        gsize length = 0;

        if (g_str_has_suffix(name, ".log") && g_file_get_contents(path, &text, &length, NULL))
            g_printerr("=== %s\n%s\n", name, text + (length > LOG_TAIL ? length - LOG_TAIL : 0));
    }
}

static int
take_lab_away(void)
{
    g_autofree char *stopped = run("libvirtd", "stop", lab.directory);
    const char *const argv[] = { "rm", "-rf", lab.directory, NULL };

    if (g_getenv("VITALS_LAB_KEEP"))
        g_printerr("# kept: %s\n", lab.directory);
    else
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                     NULL);
    return stopped ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
end_stage(int signal)
{
    if (stage_child > 0)
        kill((pid_t)stage_child, SIGKILL);
}

/*
 * Runs one stage of the program in a child, so that the next one comes whatever becomes of it, and buries
 * whoever dies meanwhile. The daemons and guests are orphans and become ours: init in a container may be
 * slow to wait for them, or never do it, and libvirtd waits for a QEMU until its process is gone.
 */
static int
run_stage(int (*stage)(void))
{
    int status = 0;
    pid_t dead = 0;
    pid_t pid = fork();

    if (pid < 0)
        return EXIT_FAILURE;
    if (pid == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        exit(stage());
    }
    stage_child = pid;
    while (dead != pid)
        dead = waitpid(-1, &status, 0);
    stage_child = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int
cannot_run(const char *reason)
{
    if (g_getenv("CI")) {
        g_print("Bail out! no lab: %s\n", reason);
        return EXIT_FAILURE;
    }
    g_print("1..0 # SKIP no lab: %s\n", reason);
    return EXIT_SUCCESS;
}

int
vitals_lab_main(int argc, char **argv, void (*add_tests)(void))
{
    const char *reason;
    int status = EXIT_FAILURE;

    g_test_init(&argc, &argv, NULL);
    add_tests();
    reason = missing();
    if (reason)
        return cannot_run(reason);

    lab.directory = g_mkdtemp_full(g_strdup(LAB_TEMPLATE), 0755);
    if (!lab.directory)
        return cannot_run("no directory in /var/tmp");
    /* mkdtemp heeds the umask; QEMU runs as a user of its own. */
    g_chmod(lab.directory, 0755);

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGTERM, end_stage);
    signal(SIGINT, end_stage);
    if (run_stage(make_lab) == EXIT_SUCCESS)
        status = run_stage(run_tests);
    else
        g_print("Bail out! cannot make the lab\n");
    if (status != EXIT_SUCCESS)
        show_logs();
    run_stage(take_lab_away);
    return status;
}
