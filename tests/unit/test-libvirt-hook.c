/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/program.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* libvirt's hook: it tells, it refuses where it is configured to, and it never fails closed. */

static const char bad[] = "<domain type='kvm'><name>web</name><os><type>hvm</type></os><devices>"
                          "<serial type='pty'><target port='0'/></serial>"
                          "<serial type='pty'><target port='0'/></serial></devices></domain>";

/* A directory with a logger that writes to the file "log", and what the hook did last. @hook is the
 * one that is run: as it is, or patient. */
typedef struct {
    char *directory;
    char *config;
    char *hook;
    char *err;
    int status;
    double seconds;
} Fixture;

static void
add_program(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);

    test_write_file(path, text, strlen(text));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
}

/* What stands for virt-vitals: itself with this configuration. */
static void
add_real(const Fixture *fixture, const char *config)
{
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\nverb=$1\nshift\nexec %s \"$verb\" --config %s \"$@\"\n",
                        g_getenv("VIRT_VITALS"), fixture->config);

    test_write_file(fixture->config, config, strlen(config));
    add_program(fixture, "virt-vitals", text);
}

static char *
path_of_hook(void)
{
    return g_build_filename(g_getenv("VITALS_SOURCE_ROOT"), "contrib", "libvirt-hook",
                            "virt-vitals", NULL);
}

/* The hook's patience is what libvirt should wait at most. A busy machine needs more to judge at
 * all, so all tests but the one of that patience run a hook that waits for a minute and a half. */
static void
make_patient(Fixture *fixture)
{
    g_autofree char *path = path_of_hook();
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;
    g_autofree char *patient = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, "\npatience=120 ", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    patient = g_strjoinv("\npatience=9000 ", parts);
    add_program(fixture, "hook", patient);
    fixture->hook = g_build_filename(fixture->directory, "hook", NULL);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *logger = NULL;

    fixture->directory = g_dir_make_tmp("test-hook-XXXXXX", NULL);
    fixture->config = g_build_filename(fixture->directory, "c.conf", NULL);
    logger = g_strdup_printf("#!/bin/sh\ncat >>%s/log\n", fixture->directory);
    add_program(fixture, "logger", logger);
    make_patient(fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->directory);
    g_free(fixture->directory);
    g_free(fixture->config);
    g_free(fixture->hook);
    g_free(fixture->err);
}

static char *
log_of(const Fixture *fixture)
{
    g_autofree char *path = g_build_filename(fixture->directory, "log", NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static void
run(Fixture *fixture, const char *operation, const char *stage, const char *xml, gsize length)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autofree char *path = g_strconcat(fixture->directory, ":", g_getenv("PATH"), NULL);
    g_autoptr(GBytes) input = g_bytes_new(xml, length);
    g_autoptr(GBytes) err = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = NULL;
    gint64 start = g_get_monotonic_time();

    g_subprocess_launcher_setenv(launcher, "PATH", path, TRUE);
    g_subprocess_launcher_unsetenv(launcher, "VIRT_VITALS");
    process = g_subprocess_launcher_spawn(launcher, &error, fixture->hook, "web", operation, stage,
                                          "-", NULL);
    g_assert_no_error(error);
    /* a hook that does not read on breaks the pipe, which libvirt does not mind either */
    if (!g_subprocess_communicate(process, input, NULL, NULL, &err, NULL))
        g_assert_true(g_subprocess_wait(process, NULL, NULL));
    fixture->seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    fixture->status = g_subprocess_get_exit_status(process);
    g_free(fixture->err);
    fixture->err = err && g_bytes_get_size(err) > 0
                       ? g_strndup(g_bytes_get_data(err, NULL), g_bytes_get_size(err))
                       : g_strdup("");
}

static void
prepare(Fixture *fixture, const char *xml)
{
    run(fixture, "prepare", "begin", xml, strlen(xml));
}

static void
check_log(const Fixture *fixture, const char *part)
{
    g_autofree char *log = log_of(fixture);

    if (!strstr(log, part))
        g_error("no '%s' in the log: %s", part, log);
}

static void
test_warns(Fixture *fixture, gconstpointer data)
{
    add_real(fixture, "");
    prepare(fixture, bad);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->err, ==, "");
    check_log(fixture, "[SER004 serial-port-twice]");
}

static void
test_blocks(Fixture *fixture, gconstpointer data)
{
    add_real(fixture, "[Lint]\nHookBlocks=error\n");
    prepare(fixture, bad);
    g_assert_cmpint(fixture->status, ==, 1);
    g_assert_nonnull(strstr(fixture->err, "the definition of 'web' has findings"));
    g_assert_nonnull(strstr(fixture->err, "[SER004 serial-port-twice]"));
    prepare(fixture, "<domain type='kvm'><name>web</name><devices/></domain>");
    g_assert_cmpint(fixture->status, ==, 0);

    /* what this site takes for less */
    add_real(fixture, "[Lint]\nHookBlocks=error\nSeverity=SER004:warning\n");
    prepare(fixture, bad);
    g_assert_cmpint(fixture->status, ==, 0);
}

/* Everything but a start is nobody's business here. */
static void
test_other_stages(Fixture *fixture, gconstpointer data)
{
    g_autofree char *log = NULL;

    add_real(fixture, "[Lint]\nHookBlocks=error\n");
    run(fixture, "release", "end", bad, strlen(bad));
    g_assert_cmpint(fixture->status, ==, 0);
    run(fixture, "migrate", "begin", bad, strlen(bad));
    g_assert_cmpint(fixture->status, ==, 0);
    log = log_of(fixture);
    g_assert_cmpstr(log, ==, "");
}

static void
check_open(Fixture *fixture, const char *reason)
{
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->err, ==, "");
    check_log(fixture, "guest 'web' starts without having been checked: ");
    check_log(fixture, reason);
}

static void
test_broken(Fixture *fixture, gconstpointer data)
{
    add_program(fixture, "virt-vitals", "#!/bin/sh\necho oh no >&2\nexit 139\n");
    prepare(fixture, bad);
    check_open(fixture, "ended with status 139: oh no");
    add_program(fixture, "virt-vitals",
                "\x7f"
                "ELF but not really\n");
    prepare(fixture, bad);
    check_open(fixture, "ended with status 12");
}

static void
test_misconfigured(Fixture *fixture, gconstpointer data)
{
    add_real(fixture, "[Lint]\nHookBlocks=perhaps\n");
    prepare(fixture, bad);
    check_open(fixture, "ended with status 2: virt-vitals: ");
}

/* It holds its standard error and ignores SIGTERM. */
static void
test_hanging(Fixture *fixture, gconstpointer data)
{
    g_free(fixture->hook);
    fixture->hook = path_of_hook();
    add_program(fixture, "virt-vitals", "#!/bin/sh\ntrap '' TERM\nsleep 20\n");
    run(fixture, "prepare", "begin", bad, strlen(bad));
    check_open(fixture, "did not answer in time");
    g_assert_cmpfloat(fixture->seconds, <,
                      15); /* 2 s, and what a busy machine adds; never the 20 s */
}

static void
test_hostile(Fixture *fixture, gconstpointer data)
{
    static const char bomb[] = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"
                               "<domain type='kvm'><name>&b;</name></domain>";
    gsize size = 50 * 1000 * 1000;
    g_autofree char *large = g_malloc(size);

    add_real(fixture, "[Lint]\nHookBlocks=notice\n");
    prepare(fixture, bomb);
    check_open(fixture, "entity declarations are refused");
    memset(large, '<', size);
    run(fixture, "prepare", "begin", large, size);
    check_open(fixture, "larger than 10 MiB");
    prepare(fixture, "");
    check_open(fixture, "ended with status 2");
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        { "/libvirt-hook/warns", test_warns },
        { "/libvirt-hook/blocks", test_blocks },
        { "/libvirt-hook/other-stages", test_other_stages },
        { "/libvirt-hook/broken", test_broken },
        { "/libvirt-hook/misconfigured", test_misconfigured },
        { "/libvirt-hook/hanging", test_hanging },
        { "/libvirt-hook/hostile", test_hostile },
    };

    signal(SIGPIPE, SIG_IGN); /* the hook does not read on beyond what a definition can be */
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
