/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

/* One file in a directory of its own, and what the program said about it. */
typedef struct {
    char *directory;
    char *file;
    char *out;
    char *err;
    int status;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("test-check-config-XXXXXX", NULL);
    g_assert_nonnull(fixture->directory);
    fixture->file = g_build_filename(fixture->directory, "v.conf", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_remove(fixture->file);
    g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
    g_free(fixture->directory);
    g_free(fixture->file);
    g_free(fixture->out);
    g_free(fixture->err);
}

/* Runs `virt-vitals check-config` with up to three arguments; "FILE" stands for the file. */
static void
run(Fixture *fixture, const char *first, const char *second, const char *third)
{
    g_autoptr(GError) error = NULL;
    const char *arguments[] = {
        g_getenv("VIRT_VITALS"), "check-config", first, second, third, NULL
    };
    int wait_status;

    for (const char **argument = arguments; *argument; argument++) {
        if (g_str_equal(*argument, "FILE"))
            *argument = fixture->file;
    }
    g_clear_pointer(&fixture->out, g_free);
    g_clear_pointer(&fixture->err, g_free);
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &fixture->out,
                 &fixture->err, &wait_status, &error);
    g_assert_no_error(error);
    g_assert_true(WIFEXITED(wait_status));
    fixture->status = WEXITSTATUS(wait_status);
}

static void
write_text(Fixture *fixture, const char *text)
{
    g_assert_true(g_file_set_contents(fixture->file, text, -1, NULL));
}

static void
test_ok(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = g_strconcat(fixture->file, ": ok\n", NULL);

    write_text(fixture, "[Monitor]\nSamplePeriod=2s\n");
    run(fixture, "FILE", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->out, ==, expected);
    g_assert_cmpstr(fixture->err, ==, "");
}

static void
test_warnings(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = g_strdup_printf(
        "virt-vitals: %s:2: warning: the unknown key 'SamplePeroid' in [Monitor] is "
        "ignored; did you mean SamplePeriod?\n",
        fixture->file);

    write_text(fixture, "[Monitor]\nSamplePeroid=2s\n");
    run(fixture, "FILE", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->err, ==, expected);
    run(fixture, "--strict", "FILE", NULL);
    g_assert_cmpint(fixture->status, ==, 1);
    g_assert_cmpstr(fixture->err, ==, expected);
}

static void
test_errors(Fixture *fixture, gconstpointer data)
{
    g_autofree char *value = g_strdup_printf("virt-vitals: %s:2: Monitor.DryRun: 'x\\x1b[2J' is "
                                             "neither yes nor no: allowed is yes or no\n",
                                             fixture->file);
    g_autofree char *missing = g_strdup_printf(
        "virt-vitals: %s: cannot be read: No such file or directory\n", fixture->file);

    run(fixture, "FILE", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_cmpstr(fixture->err, ==, missing);
    g_assert_cmpstr(fixture->out, ==, "");
    write_text(fixture, "[Monitor]\nDryRun=x\x1b[2J\n");
    run(fixture, "FILE", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_cmpstr(fixture->err, ==, value);
    g_assert_cmpstr(fixture->out, ==, "");
}

static void
test_usage(Fixture *fixture, gconstpointer data)
{
    run(fixture, "FILE", "FILE", NULL);
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: one FILE at a time"));
    run(fixture, "--nonsense", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: "));
    run(fixture, "--help", NULL, NULL);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_nonnull(strstr(fixture->out, "--sample"));
}

static void
test_show(Fixture *fixture, gconstpointer data)
{
    g_autofree char *host =
        g_strdup_printf("# %s:2\nBalloonDeadline=5\n# default\n", fixture->file);
    g_autofree char *guest =
        g_strdup_printf("# %s:4\nBalloonDeadline=7\n# default\n", fixture->file);
    g_autofree char *ok = g_strdup_printf("# %s: ok\n", fixture->file);

    write_text(fixture, "[Verdict]\nBalloonDeadline=5\n[Guest w*]\nBalloonDeadline=7\n");
    run(fixture, "--show", "FILE", NULL);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_true(g_str_has_prefix(fixture->out, ok));
    g_assert_nonnull(strstr(fixture->out, host));
    run(fixture, "--guest=web", "FILE", NULL);
    g_assert_nonnull(strstr(fixture->out, guest));
}

/* What --show and --sample print is a configuration that is right. */
static void
test_round_trip(Fixture *fixture, gconstpointer data)
{
    const char *const flags[] = { "--show", "--sample" };

    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        write_text(fixture, "[Monitor]\nSamplePeriod=7s\n");
        run(fixture, flags[i], "FILE", NULL);
        g_assert_cmpint(fixture->status, ==, 0);
        write_text(fixture, fixture->out);
        run(fixture, "--strict", "FILE", NULL);
        g_assert_cmpstr(fixture->err, ==, "");
        g_assert_cmpint(fixture->status, ==, 0);
    }
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    /* Messages of the C library are compared below. */
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_test_init(&argc, &argv, NULL);
    if (!g_getenv("VIRT_VITALS"))
        g_error("VIRT_VITALS names no program; run this test with meson test");
    ADD("/check-config/ok", test_ok);
    ADD("/check-config/warnings", test_warnings);
    ADD("/check-config/errors", test_errors);
    ADD("/check-config/usage", test_usage);
    ADD("/check-config/show", test_show);
    ADD("/check-config/round-trip", test_round_trip);
    return g_test_run();
}
