/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-program.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

const char lint_clean[] =
    "<domain type='kvm'>\n"
    "  <name>clean</name>\n"
    "  <os><type arch='x86_64' machine='q35'>hvm</type></os>\n"
    "  <features><acpi/><vmcoreinfo state='on'/></features><cpu mode='host-model'/>\n"
    "  <on_crash>preserve</on_crash>\n"
    "  <devices>\n"
    "    <serial type='pty'><log file='/dev/null' append='on'/></serial>\n"
    "    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>\n"
    "    <memballoon model='virtio'><stats period='5'/></memballoon>\n"
    "    <panic model='isa'/>\n"
    "  </devices>\n"
    "</domain>\n";

void
lint_add_file(const LintFixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *
lint_change(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    g_assert_nonnull(at);
    return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void
set_up(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *no_action = lint_change(lint_clean, "  <on_crash>preserve</on_crash>\n", "");
    g_autofree char *notice = lint_change(no_action, "    <panic model='isa'/>\n", "");
    g_autofree char *warning = lint_change(lint_clean, "<stats period='5'/>", "");
    g_autofree char *error = lint_change(lint_clean, "guest_agent.0", "guest_agent.1");
    g_autofree char *unknown = lint_change(lint_clean, "  </devices>",
                                           "<hostdev type='pci'><source><address bus='1' slot='0'/>"
                                           "</source></hostdev></devices>");

    fixture->directory = g_dir_make_tmp("test-lint-cli-XXXXXX", NULL);
    g_assert_nonnull(fixture->directory);
    lint_add_file(fixture, "clean.xml", lint_clean);
    lint_add_file(fixture, "notice.xml", notice);
    lint_add_file(fixture, "warning.xml", warning);
    lint_add_file(fixture, "error.xml", error);
    lint_add_file(fixture, "unknown.xml", unknown);
    lint_add_file(fixture, "broken.xml", "<domain>\n<name>x</domain>\n");
    lint_add_file(fixture, "network.xml", "<network/>");
}

static void
tear_down(LintFixture *fixture, gconstpointer data)
{
    g_autoptr(GDir) directory = g_dir_open(fixture->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(fixture->directory, name, NULL);

        g_remove(path);
    }
    g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
    g_free(fixture->directory);
    g_free(fixture->out);
    g_free(fixture->err);
}

void
lint_run(LintFixture *fixture, const char *command, const char *input)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autofree char *verb =
        g_str_has_prefix(command, "lint ") && !strstr(command, "--schema")
            ? g_strconcat("lint --schema none ", command + strlen("lint "), NULL)
            : g_strdup(command);
    g_autofree char *whole = g_strdup_printf("%s %s", g_getenv("VIRT_VITALS"), verb);
    g_auto(GStrv) arguments = g_strsplit(whole, " ", -1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = NULL;

    g_clear_pointer(&fixture->out, g_free);
    g_clear_pointer(&fixture->err, g_free);
    g_subprocess_launcher_set_cwd(launcher, fixture->directory);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *)arguments, &error);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8(process, input, NULL, &fixture->out, &fixture->err, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_get_if_exited(process));
    fixture->status = g_subprocess_get_exit_status(process);
    g_assert_null(strchr(fixture->out, '\x1b'));
    g_assert_null(strchr(fixture->err, '\x1b'));
}

void
lint_check(LintFixture *fixture, const char *command, int status)
{
    lint_run(fixture, command, NULL);
    if (fixture->status != status)
        g_error("%s: exit status %d, not %d: %s", command, fixture->status, status, fixture->err);
}

char *
lint_content_of(const LintFixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

json_t *
lint_parse_json(const char *text)
{
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);

    if (!document)
        g_error("%s: %s", error.text, text);
    return document;
}

void
lint_add_tests(const LintTest *tests, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_test_add(tests[i].path, LintFixture, NULL, set_up, tests[i].test, tear_down);
}
