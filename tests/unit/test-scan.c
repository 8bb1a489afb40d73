/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *
fixture(const char *name)
{
    const char *root = g_getenv("VITALS_SOURCE_ROOT");

    return g_build_filename(root ? root : ".", "tests", "console", name, NULL);
}

static void
test_statuses(void)
{
    g_autofree char *healthy = fixture("healthy.log");
    g_autofree char *warning = fixture("hung-tasks.log");
    static const char *const none = NULL;
    g_auto(TestRun) clean = test_run_program("scan", healthy, none);
    g_auto(TestRun) found = test_run_program("scan", warning, none);
    g_auto(TestRun) spared = test_run_program("scan", "--fail-on", "critical", warning, none);
    g_auto(TestRun) missing = test_run_program("scan", "/nowhere/at/all", warning, none);
    g_auto(TestRun) wrong = test_run_program("scan", "--format", "sonnet", warning, none);
    g_auto(TestRun) nothing = test_run_program("scan", none);

    g_assert_cmpint(clean.status, ==, 0);
    g_assert_cmpstr(clean.out, ==, "");
    g_assert_cmpint(found.status, ==, 1);
    g_assert_nonnull(strstr(found.out, "INFO: task hung in gizmo_lock_doors (2 times)"));
    g_assert_cmpint(spared.status, ==, 0);
    g_assert_cmpint(missing.status, ==, 2);
    g_assert_true(g_str_has_prefix(missing.err, "virt-vitals: /nowhere/at/all: "));
    g_assert_cmpint(wrong.status, ==, 2);
    g_assert_cmpint(nothing.status, ==, 2);
}

static void
test_json(void)
{
    g_autofree char *log = fixture("use-after-free.log");
    g_auto(TestRun) run = test_run_program("scan", "--format", "json", log, NULL);
    json_t *root = json_loads(run.out, 0, NULL);
    const char *kind;
    const char *title;
    const char *function;
    const char *severity;
    int line_start;
    int line_end;
    int corrupted;
    int count;

    g_assert_nonnull(root);
    g_assert_cmpint(
        json_unpack(root, "{s:[{s:s, s:s, s:s, s:i, s:i, s:s, s:b, s:i}], s:[], s:{s:i}}",
                    "reports", "kind", &kind, "title", &title, "function", &function, "line_start",
                    &line_start, "line_end", &line_end, "severity", &severity, "corrupted",
                    &corrupted, "count", &count, "loops", "stats", "lines", &line_end),
        ==, 0);
    g_assert_cmpstr(kind, ==, "KASAN-USE-AFTER-FREE-READ");
    g_assert_cmpstr(title, ==, "KASAN: slab-use-after-free Read in gizmo_close_door");
    g_assert_cmpstr(function, ==, "gizmo_close_door");
    g_assert_cmpstr(severity, ==, "critical");
    g_assert_cmpint(line_start, ==, 3);
    g_assert_false(corrupted);
    g_assert_cmpint(count, ==, 1);
    json_decref(root);
}

/* ---- hostile logs ---- */

/* A log of its own. */
static char *
write_log(const char *bytes, gsize length)
{
    char *path = NULL;
    int fd = g_file_open_tmp("test-scan-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    test_write_file(path, bytes, length);
    return path;
}

/* Whatever a terminal may act on, in every place that is shown: a title, a function, a task, taint, a
 * trace, a loop's line. Half of it is no UTF-8, or UTF-8 for control characters and changes of direction. */
#define EVIL                                                                                      \
    "\033[2J\033]0;owned\a\033P1;2|x\033\\\x9b"                                                   \
    "31m\x9d"                                                                                     \
    "0;x\x07\xc2\x9b\xc2\x85\xe2\x80\xae\xe2\x80\xa8\x01\x7f\x0b\x0c\x08\xff\xc0\x8a\xed\xa0\x80" \
    "\"},{\"kind\":\"forged"
#define HOSTILE                                                                       \
    "[    1.000000] BUG: kernel NULL pointer dereference, address: 00" EVIL "\n"      \
    "[    1.000100] CPU: 0 PID: 99 Comm: " EVIL " Tainted: G " EVIL " 6.1 #1\n"       \
    "[    1.000200] RIP: 0010:widget_" EVIL "open+0x12/0x80\n"                        \
    "[    1.000300] Call Trace:\n"                                                    \
    "[    1.000400]  gizmo_" EVIL "close+0x1/0x2\n"                                   \
    "[    2.000000] Kernel panic - not syncing: " EVIL "\rKernel panic - not syncing" \
    ": again\033]8;;http://x\a\n"

static char *
hostile_log(void)
{
    g_autoptr(GString) text = g_string_new(HOSTILE);

    for (guint i = 0; i < 12; i++)
        g_string_append_printf(text,
                               "[  %u.000000] getty[%u]: " EVIL ": could not get terminal name\n",
                               100 + i * 10, i);
    return write_log(text->str, text->len);
}

/* Printable UTF-8 in lines, and nothing else. */
static void
check_printable(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);

        if (!g_unichar_isprint(character) && character != '\n')
            g_error("U+%04X in: %.60s", character, at);
    }
}

static void
check_value(const json_t *value)
{
    const char *key;
    const json_t *inner;
    size_t index;

    if (json_is_string(value)) {
        check_printable(json_string_value(value));
        g_assert_null(strchr(json_string_value(value), '\n'));
    }
    json_object_foreach((json_t *)value, key, inner) check_value(inner);
    json_array_foreach(value, index, inner) check_value(inner);
}

static void
test_smuggling(void)
{
    g_autofree char *log = hostile_log();
    g_auto(TestRun) text = test_run_program("scan", log, NULL);
    g_auto(TestRun) json = test_run_program("scan", "--format", "json", log, NULL);
    json_t *root = json_loads(json.out, JSON_REJECT_DUPLICATES, NULL);
    g_auto(GStrv) lines = g_strsplit(text.out, "\n", -1);

    g_assert_cmpint(text.status, ==, 1);
    g_assert_cmpstr(text.err, ==, "");
    g_assert_cmpint(json.status, ==, 1);
    check_printable(text.out);
    /* no line is the guest's own: each begins with the log's name, or is an explanation */
    for (guint i = 0; lines[i]; i++)
        g_assert_true(!*lines[i] || g_str_has_prefix(lines[i], log) ||
                      g_str_has_prefix(lines[i], "    "));
    g_assert_nonnull(root);
    check_printable(json.out);
    check_value(root);
    g_assert_cmpuint(json_array_size(json_object_get(root, "reports")), >, 0);
    g_assert_cmpuint(json_array_size(json_object_get(root, "loops")), ==, 1);
    json_decref(root);
    unlink(log);
}

/* KiB of address space: enough for the program, and not for a line of that length */
#define MEMORY "81920"

/* A line without an end, of nothing but beginnings of reports. */
static void
test_long_line(void)
{
    enum { LENGTH = 50 * 1024 * 1024 };
    g_autofree char *bytes = g_malloc(LENGTH);
    const char *piece = "Kernel panic - not syncing: \033";
    g_autofree char *path = NULL;
    g_autofree char *command = NULL;
    g_autofree char *out = NULL;
    json_t *root;
    int status;

    for (gsize at = 0; at < LENGTH; at++)
        bytes[at] = piece[at % strlen(piece)];
    path = write_log(bytes, LENGTH);
    /* sanitizers reserve address space that they do not use */
    command = g_strdup_printf("sh -c '%s exec \"$VIRT_VITALS\" scan --format json %s'",
                              g_getenv("ASAN_OPTIONS") ? "" : "ulimit -v " MEMORY ";", path);
    g_assert_true(g_spawn_command_line_sync(command, &out, NULL, &status, NULL));
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    root = json_loads(out, 0, NULL);
    check_value(root);
    g_assert_cmpint(
        json_integer_value(json_object_get(json_object_get(root, "stats"), "cut_lines")), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(root, "reports")), ==, 1);
    json_decref(root);
    unlink(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/statuses", test_statuses);
    g_test_add_func("/scan/json", test_json);
    g_test_add_func("/scan/smuggling", test_smuggling);
    g_test_add_func("/scan/long-line", test_long_line);
    return g_test_run();
}
