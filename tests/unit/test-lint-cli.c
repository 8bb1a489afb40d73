/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The program's verbs lint and rules: what they print, where, and how they exit. */

static const char clean[] =
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

/* A directory with definitions, and what the program said last. */
typedef struct {
    char *directory;
    char *out;
    char *err;
    int status;
} Fixture;

static void
add_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* @text with the first @from replaced. */
static char *
change(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    g_assert_nonnull(at);
    return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *no_action = change(clean, "  <on_crash>preserve</on_crash>\n", "");
    g_autofree char *notice = change(no_action, "    <panic model='isa'/>\n", "");
    g_autofree char *warning = change(clean, "<stats period='5'/>", "");
    g_autofree char *error = change(clean, "guest_agent.0", "guest_agent.1");
    g_autofree char *unknown = change(clean, "  </devices>",
                                      "<hostdev type='pci'><source><address bus='1' slot='0'/>"
                                      "</source></hostdev></devices>");

    fixture->directory = g_dir_make_tmp("test-lint-cli-XXXXXX", NULL);
    g_assert_nonnull(fixture->directory);
    add_file(fixture, "clean.xml", clean);
    add_file(fixture, "notice.xml", notice);
    add_file(fixture, "warning.xml", warning);
    add_file(fixture, "error.xml", error);
    add_file(fixture, "unknown.xml", unknown);
    add_file(fixture, "broken.xml", "<domain>\n<name>x</domain>\n");
    add_file(fixture, "network.xml", "<network/>");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
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

/* Runs the program in the directory with arguments separated by blanks, and @input on its standard
 * input. Nothing raw may ever come out. */
static void
run(Fixture *fixture, const char *command, const char *input)
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

static void
check(Fixture *fixture, const char *command, int status)
{
    run(fixture, command, NULL);
    if (fixture->status != status)
        g_error("%s: exit status %d, not %d: %s", command, fixture->status, status, fixture->err);
}

static void
test_status(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint clean.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    g_assert_cmpstr(fixture->err, ==, "");

    check(fixture, "lint notice.xml", 0);
    check(fixture, "lint --fail-on notice notice.xml", 1);
    check(fixture, "lint --fail-on warning notice.xml", 0);
    check(fixture, "lint warning.xml", 0);
    check(fixture, "lint --fail-on=warning warning.xml", 1);
    check(fixture, "lint error.xml", 1);
    check(fixture, "lint unknown.xml", 0);
    check(fixture, "lint clean.xml error.xml clean.xml", 1);
    check(fixture, "lint error.xml broken.xml", 2);
}

static void
test_usage(Fixture *fixture, gconstpointer data)
{
    static const char *const wrong[] = {
        "lint",
        "lint --fail-on never clean.xml",
        "lint --format yaml clean.xml",
        "lint --nonsense clean.xml",
        "lint --profile nonsense clean.xml",
        "lint --severity AGT002 clean.xml",
        "lint --severity AGT002=bad clean.xml",
        "lint --select SRE001 clean.xml",
        "lint --diff --fix clean.xml",
        "lint --diff --format json clean.xml",
        "lint --ignore \x1b[31m clean.xml",
        "rules SRE001",
        "rules --format yaml",
        "rules \x1b[31m",
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        check(fixture, wrong[i], 2);
        g_assert_cmpstr(fixture->out, ==, "");
        g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: "));
        g_assert_true(strchr(fixture->err, '\n') == fixture->err + strlen(fixture->err) - 1);
    }
    check(fixture, "rules SER009", 0);
    g_assert_nonnull(strstr(fixture->out, "\nFix: safe: "));
    check(fixture, "rules NET005", 0);
    g_assert_nonnull(strstr(fixture->out, "\nFix: none; "));
    check(fixture, "rules --format json NET005", 0);
    g_assert_nonnull(strstr(fixture->out, "\"fixes\": []"));
    check(fixture, "rules SRE001", 2);
    g_assert_nonnull(strstr(fixture->err, "did you mean 'SER001'?"));
    check(fixture, "lint --help", 0);
    g_assert_nonnull(strstr(fixture->out, "Exit status"));
}

static void
test_text(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint warning.xml", 0);
    g_assert_cmpstr(
        fixture->out, ==,
        "warning.xml:9:5: warning: the balloon (model 'virtio') has no statistics period, so the "
        "guest's memory figures stay empty [MEM004 no-balloon-statistics]\n"
        "     9 |     <memballoon model='virtio'></memballoon>\n"
        "       |     ^\n"
        "       = remedy: add <stats period='10'/> to the <memballoon>; for a running guest: virsh "
        "dommemstat DOMAIN --period 10 --live --config\n"
        "1 definition checked: 0 errors, 1 warning, 0 notices\n"
        "1 can be fixed: --diff shows how, --fix does it\n");

    check(fixture, "lint --select PCI001,PCI005,PCI006,PCI007,PCI013 unknown.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\nnot evaluated, as not known: driver of the "
                                          "host's PCI device 0000:01:00.0 [PCI001"));
    g_assert_nonnull(strstr(fixture->out, "not evaluated for want of 4 facts\n"));
}

/* All of a definition on one line, a long way to the right, behind tabs and wide characters. */
static void
test_text_caret(Fixture *fixture, gconstpointer data)
{
    g_autofree char *one = change(clean, "<stats period='5'/>", "");
    g_autofree char *tabs = change(clean, "    <memballoon model='virtio'><stats period='5'/>",
                                   "\t<!-- 漢 \x1b[2J -->\t<memballoon model='virtio'>");

    g_strdelimit(one, "\n", ' ');
    add_file(fixture, "one.xml", one);
    check(fixture, "lint one.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "     1 | … <memballoon model='virtio'>"));
    g_assert_nonnull(strstr(fixture->out, "\n       |   ^\n"));

    add_file(fixture, "tabs.xml", tabs);
    check(fixture, "lint tabs.xml", 2);
    g_strdelimit(tabs, "\x1b", 'x');
    add_file(fixture, "tabs.xml", tabs);
    check(fixture, "lint tabs.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "     9 |  <!-- 漢 x[2J --> <memballoon"));
    g_assert_nonnull(strstr(fixture->out, "\n       |                   ^\n"));
}

static json_t *
parse_json(const char *text)
{
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);

    if (!document)
        g_error("%s: %s", error.text, text);
    return document;
}

static void
check_json_fix(json_t *fix)
{
    int safe;
    const char *description;
    const char *texts[2];
    int places[4];

    g_assert_cmpint(json_unpack(fix, "{s:b, s:s, s:[{s:s}, {s:i, s:i, s:i, s:i, s:s}]}", "safe",
                                &safe, "description", &description, "edits", "text", &texts[0],
                                "line", &places[0], "column", &places[1], "end_line", &places[2],
                                "end_column", &places[3], "text", &texts[1]),
                    ==, 0);
    g_assert_true(safe);
    g_assert_cmpstr(description, ==,
                    "set type='virtio' on <target>, set name='org.qemu.guest_agent.0' on <target>");
    g_assert_cmpstr(texts[0], ==, "virtio");
    g_assert_cmpstr(texts[1], ==, "org.qemu.guest_agent.0");
    g_assert_cmpint(places[0], ==, 8);
    g_assert_cmpint(places[1], ==, 54);
    g_assert_cmpint(places[2], ==, 8);
    g_assert_cmpint(places[3], ==, 76);
}

static void
test_json(Fixture *fixture, gconstpointer data)
{
    json_t *document;
    json_t *sources;
    json_t *finding;
    const char *rule;
    const char *fact;

    check(fixture, "lint --format json error.xml broken.xml unknown.xml notice.xml", 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: broken.xml:2: "));
    document = parse_json(fixture->out);
    sources = json_object_get(document, "sources");
    g_assert_cmpuint(json_array_size(sources), ==, 4);

    finding = json_array_get(json_object_get(json_array_get(sources, 0), "findings"), 0);
    g_assert_cmpuint(json_object_size(finding), ==, 8);
    g_assert_cmpstr(json_string_value(json_object_get(finding, "rule")), ==, "AGT002");
    g_assert_cmpstr(json_string_value(json_object_get(finding, "name")), ==,
                    "agent-channel-misnamed");
    g_assert_cmpstr(json_string_value(json_object_get(finding, "severity")), ==, "error");
    g_assert_cmpint(json_integer_value(json_object_get(finding, "line")), ==, 8);
    g_assert_cmpint(json_integer_value(json_object_get(finding, "column")), ==, 26);
    g_assert_true(json_is_string(json_object_get(finding, "message")));
    g_assert_true(json_is_string(json_object_get(finding, "remedy")));
    check_json_fix(json_object_get(finding, "fix"));

    g_assert_cmpuint(json_array_size(json_object_get(json_array_get(sources, 1), "findings")), ==,
                     0);
    g_assert_true(json_is_string(json_object_get(json_array_get(sources, 1), "error")));
    g_assert_cmpint(json_unpack(json_array_get(sources, 2), "{s:[{s:s, s:s}]}", "not_evaluated",
                                "rule", &rule, "fact", &fact),
                    ==, 0);
    g_assert_cmpstr(rule, ==, "PCI001");
    finding = json_array_get(json_object_get(json_array_get(sources, 3), "findings"), 0);
    g_assert_true(json_is_false(json_object_get(json_object_get(finding, "fix"), "safe")));
    json_decref(document);
}

static void
test_selection(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint --ignore AGT002 error.xml", 0);
    check(fixture, "lint --ignore=agt error.xml", 0);
    check(fixture, "lint --select SER,cap001 error.xml", 0);
    check(fixture, "lint --select agent-channel-misnamed error.xml", 1);
    check(fixture, "lint --select AGT --ignore AGT002 error.xml", 0);
    check(fixture, "lint --select SER --select AGT error.xml", 1);
}

static void
test_profile(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint --profile crash-capture --fail-on warning notice.xml", 1);
    g_assert_nonnull(strstr(fixture->out, " warning: the guest has no panic device"));
    g_assert_nonnull(strstr(fixture->out, "[CAP009 no-watchdog]"));
    check(fixture, "lint --profile xen,passthrough --fail-on warning notice.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
    check(fixture, "lint --profile default clean.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
    check(fixture, "lint --select CAP009 clean.xml", 0);
    g_assert_nonnull(strstr(fixture->out, " notice: the guest has no watchdog"));
    check(fixture, "lint --profile production --ignore CAP009 clean.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
}

static void
test_severity(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint --severity AGT002=notice error.xml", 0);
    g_assert_nonnull(strstr(fixture->out, " notice: the agent's channel is called"));
    check(fixture, "lint --severity mem=error warning.xml", 1);
    check(fixture, "lint --profile production --severity CAP001=error notice.xml", 1);
}

static void
test_suppressed(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text =
        change(clean, "guest_agent.0'/></channel>", "guest_agent.1'/></channel>");
    g_autofree char *accepted =
        change(text, "  <os>",
               "  <metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'><vitals:ignore "
               "rule='AGT002' reason='a program of ours'/></vitals:lint></metadata>\n  <os>");
    g_autofree char *expired = change(accepted, " reason=", " until='2001-01-01' reason=");
    json_t *document;

    add_file(fixture, "accepted.xml", accepted);
    add_file(fixture, "expired.xml", expired);
    check(fixture, "lint accepted.xml", 0);
    g_assert_cmpstr(fixture->out, ==,
                    "1 definition checked: 0 errors, 0 warnings, 0 notices; 1 suppressed\n");
    check(fixture, "lint expired.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "[LNT001 "));
    check(fixture, "lint --format json accepted.xml", 0);
    document = parse_json(fixture->out);
    g_assert_cmpuint(json_array_size(json_object_get(
                         json_array_get(json_object_get(document, "sources"), 0), "suppressed")),
                     ==, 1);
    json_decref(document);
}

static void
test_schema(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = change(clean, "<panic model='isa'/>", "<panik model='isa'/>");
    static const char schema[] =
        "<element name='domain' xmlns='http://relaxng.org/ns/structure/1.0'>\n"
        "  <attribute name='type'/><text/></element>\n";

    add_file(fixture, "panik.xml", text);
    add_file(fixture, "mine.rng", schema);
    add_file(fixture, "text.xml", "<domain type='kvm'>x</domain>");
    check(fixture, "lint --schema mine.rng --select XML001 text.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    check(fixture, "lint --schema mine.rng --select XML001 --fail-on warning clean.xml", 1);
    check(fixture, "lint --schema absent.rng clean.xml", 2);
    check(fixture, "lint --schema clean.xml clean.xml", 2);
    if (!g_file_test("/usr/share/libvirt/schemas/domain.rng", G_FILE_TEST_EXISTS)) {
        g_test_skip("libvirt's schema is not installed");
        return;
    }
    check(fixture, "lint --schema /usr/share/libvirt/schemas/domain.rng panik.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "panik.xml:10:5: warning: libvirt's schema: this <panik> "
                                          "is not allowed here"));
}

static char *
content_of(const Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
test_diff(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = content_of(fixture, "error.xml");
    g_autofree char *after = NULL;

    check(fixture, "lint --diff error.xml clean.xml", 1);
    g_assert_true(g_str_has_prefix(fixture->out, "--- a/error.xml\n+++ b/error.xml\n@@ -5,7 +5,7"));
    g_assert_nonnull(strstr(fixture->out, "guest_agent.0'/></channel>\n     <mem"));
    g_assert_cmpstr(fixture->err, ==, "Would apply 1 fix in 1 definition\n");
    after = content_of(fixture, "error.xml");
    g_assert_cmpstr(after, ==, before);
    check(fixture, "lint --diff clean.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "");
    check(fixture, "lint --unsafe-fixes notice.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\n+    <panic model='isa'/>\n"));
}

/* The file becomes another, but nothing that it was known by changes. */
static void
test_fix(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->directory, "error.xml", NULL);
    g_autofree char *link = g_build_filename(fixture->directory, "link.xml", NULL);
    g_autofree char *fixed = NULL;
    GStatBuf info;

    g_assert_cmpint(g_chmod(file, 0640), ==, 0);
    g_assert_cmpint(symlink("error.xml", link), ==, 0);
    check(fixture, "lint --fix link.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    g_assert_cmpstr(fixture->err, ==, "Applied 1 fix in 1 definition\n");
    fixed = content_of(fixture, "error.xml");
    g_assert_cmpstr(fixed, ==, clean);
    g_assert_cmpint(g_lstat(link, &info), ==, 0);
    g_assert_true(S_ISLNK(info.st_mode));
    g_assert_cmpint(g_stat(file, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0640);
    check(fixture, "lint --fix link.xml", 0);
    g_assert_cmpstr(fixture->err, ==, "Applied 0 fixes in 0 definitions\n");
}

/* Another name would go on to hold the old text. */
static void
test_fix_refused(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->directory, "error.xml", NULL);
    g_autofree char *name = g_build_filename(fixture->directory, "name.xml", NULL);
    g_autofree char *before = content_of(fixture, "error.xml");
    g_autofree char *after = NULL;

    g_assert_cmpint(link(file, name), ==, 0);
    check(fixture, "lint --fix name.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "name.xml' is left as it is: it has other names"));
    after = content_of(fixture, "name.xml");
    g_assert_cmpstr(after, ==, before);
}

static void
test_fix_stdin(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = content_of(fixture, "error.xml");

    run(fixture, "lint --fix -", text);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->out, ==, clean);
    run(fixture, "lint --fix -", clean);
    g_assert_cmpstr(fixture->out, ==, clean);
}

static void
test_baseline(Fixture *fixture, gconstpointer data)
{
    g_autofree char *twice = change(clean, "guest_agent.0", "guest_agent.2");

    check(fixture, "lint --format json error.xml warning.xml", 1);
    add_file(fixture, "baseline.json", fixture->out);
    check(fixture, "lint --baseline baseline.json error.xml warning.xml", 0);
    g_assert_cmpstr(fixture->out, ==,
                    "2 definitions checked: 0 errors, 0 warnings, 0 notices; 2 in the baseline\n");
    add_file(fixture, "error.xml", twice);
    check(fixture, "lint --baseline baseline.json error.xml warning.xml", 1);
    check(fixture, "lint --baseline missing.json error.xml", 2);
    check(fixture, "lint --baseline error.xml error.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "error.xml: no baseline"));
}

/* A file is for any host unless the user says otherwise. */
static void
test_facts(Fixture *fixture, gconstpointer data)
{
    json_t *document;
    int version;

    add_file(fixture, "facts.json",
             "{\"virt_vitals_facts\": 1, \"iommu\": false, \"pci_devices\": {}}");
    check(fixture, "lint --facts facts.json unknown.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "[PCI007 no-iommu]"));
    g_assert_nonnull(strstr(fixture->out, "host device 0000:01:00.0 does not exist on this host"));
    check(fixture, "lint --facts none unknown.xml", 0);
    check(fixture, "lint unknown.xml", 0);
    g_assert_nonnull(strstr(fixture->out,
                            "not evaluated, as not known: the host's PCI devices [PCI005, PCI006, "
                            "PCI008, PCI010, "));
    g_assert_null(strstr(fixture->out, "unknown.xml: not evaluated"));
    check(fixture, "lint --facts host clean.xml", 0);
    add_file(fixture, "pipe.xml",
             "<domain type='kvm'><devices><serial type='pipe'><source path='/no/such/pipe'/>"
             "</serial></devices></domain>");
    check(fixture, "lint --facts host pipe.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "there is no '/no/such/pipe' on this host"));
    check(fixture, "lint pipe.xml", 0);
    check(fixture, "lint --facts missing.json clean.xml", 2);
    check(fixture, "lint --facts clean.xml clean.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "clean.xml: no facts of a host"));

    check(fixture, "facts", 0);
    document = parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:i}", "virt_vitals_facts", &version), ==, 0);
    g_assert_cmpint(version, ==, 1);
    json_decref(document);
    check(fixture, "facts --root .", 0);
    g_assert_null(strstr(fixture->out, "pci_devices"));
    check(fixture, "facts pipe.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\"/no/such/pipe\": {"));
    add_file(fixture, "facts.json", fixture->out);
    check(fixture, "lint --facts facts.json --select SER014 pipe.xml", 1);
    check(fixture, "facts missing.xml", 2);
    check(fixture, "facts broken.xml", 2);
}

static void
test_statistics(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint --statistics error.xml warning.xml error.xml", 1);
    g_assert_cmpstr(
        fixture->out, ==,
        "     2  AGT002 agent-channel-misnamed    agent channel has the wrong name or target type\n"
        "     1  MEM004 no-balloon-statistics     balloon statistics period not set: no guest "
        "memory figures\n"
        "3 definitions checked: 2 errors, 1 warning, 0 notices\n"
        "3 can be fixed: --diff shows how, --fix does it\n");
}

static void
test_sarif(Fixture *fixture, gconstpointer data)
{
    json_t *document;
    const char *version;
    const char *rule;
    const char *level;
    const char *uri;
    const char *of_index;
    int index;
    int line;
    json_t *rules;
    json_t *results;

    check(fixture, "lint --format sarif error.xml broken.xml", 2);
    document = parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:s, s:[{s:{s:{s:o}}, s:o}]}", "version", &version,
                                "runs", "tool", "driver", "rules", &rules, "results", &results),
                    ==, 0);
    g_assert_cmpstr(version, ==, "2.1.0");
    g_assert_cmpuint(json_array_size(results), ==, 1);
    g_assert_cmpint(json_unpack(json_array_get(results, 0),
                                "{s:s, s:i, s:s, s:[{s:{s:{s:s}, s:{s:i}}}]}", "ruleId", &rule,
                                "ruleIndex", &index, "level", &level, "locations",
                                "physicalLocation", "artifactLocation", "uri", &uri, "region",
                                "startLine", &line),
                    ==, 0);
    g_assert_cmpstr(rule, ==, "AGT002");
    g_assert_cmpstr(level, ==, "error");
    g_assert_cmpstr(uri, ==, "error.xml");
    g_assert_cmpint(line, ==, 8);
    g_assert_cmpint(json_unpack(json_array_get(rules, (size_t)index), "{s:s}", "id", &of_index), ==,
                    0);
    g_assert_cmpstr(of_index, ==, "AGT002");
    json_decref(document);
}

/* What a viewer puts in at a click, as the standard wants it. */
static void
test_sarif_fixes(Fixture *fixture, gconstpointer data)
{
    json_t *document;
    json_t *fixes;
    const char *text;
    const char *uri;
    const char *inserted;
    int line;
    int end_line;
    int safe;

    check(fixture, "lint --format sarif warning.xml", 0);
    document = parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:[{s:[{s:o}]}]}", "runs", "results", "fixes", &fixes),
                    ==, 0);
    g_assert_cmpuint(json_array_size(fixes), ==, 1);
    g_assert_cmpint(json_unpack(json_array_get(fixes, 0),
                                "{s:{s:s}, s:[{s:{s:s}, s:[{s:{s:i, s:i}, s:{s:s}}]}], s:{s:b}}",
                                "description", "text", &text, "artifactChanges", "artifactLocation",
                                "uri", &uri, "replacements", "deletedRegion", "startLine", &line,
                                "endLine", &end_line, "insertedContent", "text", &inserted,
                                "properties", "safe", &safe),
                    ==, 0);
    g_assert_cmpstr(text, ==, "safe: add <stats period='10'/> to <memballoon>");
    g_assert_cmpstr(uri, ==, "warning.xml");
    g_assert_cmpint(line, ==, 9);
    g_assert_cmpint(end_line, ==, 9);
    g_assert_nonnull(strstr(inserted, "<stats period='10'/>"));
    g_assert_true(safe);
    json_decref(document);
}

static void
test_junit(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint --format junit clean.xml error.xml unknown.xml broken.xml", 2);
    g_assert_true(g_str_has_prefix(fixture->out, "<?xml version='1.0' encoding='UTF-8'?>\n"
                                                 "<testsuites>\n  <testsuite name=\"clean.xml\" "
                                                 "tests=\"1\" failures=\"0\""));
    g_assert_nonnull(strstr(fixture->out, "<failure type=\"error\" message=\"the agent&apos;s"));
    g_assert_nonnull(strstr(fixture->out, "<skipped message=\"not known: driver"));
    g_assert_nonnull(strstr(fixture->out, "<error message=\"broken.xml:2: "));
    g_assert_true(g_str_has_suffix(fixture->out, "</testsuites>\n"));
}

/* Of a directory only definitions of guests count; what else is XML is no business of ours. */
static void
test_directory(Fixture *fixture, gconstpointer data)
{
    g_autofree char *inner = g_build_filename(fixture->directory, "inner", NULL);
    g_autofree char *file = g_build_filename(inner, "deep.xml", NULL);
    g_autofree char *broken = g_build_filename(fixture->directory, "broken.xml", NULL);

    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, clean, -1, NULL));
    g_assert_cmpint(g_remove(broken), ==, 0);
    check(fixture, "lint .", 1);
    g_assert_nonnull(strstr(fixture->out, "./error.xml:8:26: error: "));
    g_assert_nonnull(strstr(fixture->out, "6 definitions checked: "));
    check(fixture, "lint inner", 0);
    g_assert_cmpint(g_remove(file), ==, 0);
    check(fixture, "lint inner", 2);
    g_assert_nonnull(strstr(fixture->err, "no file ending in '.xml' in directory 'inner'"));
    g_assert_cmpint(g_rmdir(inner), ==, 0);
}

static void
test_stdin(Fixture *fixture, gconstpointer data)
{
    run(fixture, "lint -", clean);
    g_assert_cmpint(fixture->status, ==, 0);
    run(fixture, "lint -", "<domain type='kvm'>\n<os></domain>");
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: -:2: "));
    run(fixture, "lint -", "");
    g_assert_cmpint(fixture->status, ==, 2);
}

static void
test_unreadable(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint missing.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "'missing.xml': No such file"));
    check(fixture, "lint ./missing", 2);
    check(fixture, "lint /dev/zero", 2);
    g_assert_nonnull(strstr(fixture->err, "larger than 10 MiB"));
    check(fixture, "lint network.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "network.xml:1: <network> is no <domain>"));
    check(fixture, "lint missing.xml warning.xml", 2);
    g_assert_nonnull(strstr(fixture->out, "MEM004"));
    g_assert_nonnull(strstr(fixture->out, "1 definition checked"));
    g_assert_nonnull(strstr(fixture->out, "; 1 not checked\n"));
}

static void
test_undecided(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint -c test:///default no-such-guest", 3);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: "));
    check(fixture, "lint -c test:///default evil\x1b[31m", 3);
    check(fixture, "lint -c test:///default error.xml no-such-guest", 3);
    check(fixture, "lint -c nonsense:///system guest", 3);
    g_assert_nonnull(strstr(fixture->err, "cannot get guest 'guest': "));
}

/* The host itself is judged where it is known: last, once, and without a line. */
static void
test_host(Fixture *fixture, gconstpointer data)
{
    json_t *document;
    const char *source;
    const char *rule;
    int line;

    add_file(fixture, "host.json",
             "{\"virt_vitals_facts\": 1, \"words\": {\"journal_storage\": \"volatile\"}}");
    check(fixture, "lint --facts host.json --select HST007 clean.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\n1 definition and the host checked: 0 errors, 1 warn"));
    g_assert_true(g_str_has_prefix(fixture->out, "host: warning: "));
    check(fixture, "lint --facts host.json --fail-on warning --select HST clean.xml", 1);
    check(fixture, "lint --facts none --host --select HST007", 0);
    g_assert_null(strstr(fixture->out, "host:"));

    check(fixture, "lint --facts host.json --format json --select HST007 clean.xml", 0);
    document = json_loads(fixture->out, 0, NULL);
    g_assert_cmpint(json_unpack(document, "{s:[{s:[*]},{s:s, s:[{s:s, s:i}]}]}", "sources",
                                "findings", "source", &source, "findings", "rule", &rule, "line",
                                &line),
                    ==, 0);
    g_assert_cmpstr(source, ==, "host");
    g_assert_cmpstr(rule, ==, "HST007");
    g_assert_cmpint(line, ==, 0);
    json_decref(document);
    check(fixture, "lint --facts host.json --format junit --host --select HST007", 0);
    check(fixture, "lint --facts host.json --format sarif --host --select HST007", 0);
    g_assert_null(strstr(fixture->out, "\"region\""));
}

/* Several definitions are compared with each other, one with none. */
static void
test_fleet(Fixture *fixture, gconstpointer data)
{
    static const char interface[] = "<interface type='bridge'><mac address='52:54:00:11:22:33'/>"
                                    "<source bridge='br0'/><model type='virtio'/></interface>"
                                    "<panic";
    g_autofree char *one = change(clean, "<panic", interface);
    g_autofree char *other = change(one, "<name>clean</name>", "<name>other</name>");

    add_file(fixture, "one.xml", one);
    add_file(fixture, "other.xml", other);
    check(fixture, "lint --fail-on warning one.xml", 0);
    check(fixture, "lint --fail-on warning one.xml one.xml", 0);
    check(fixture, "lint --fail-on warning one.xml other.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "one.xml:"));
    g_assert_nonnull(strstr(fixture->out, "belongs to guest 'other' too"));
    g_assert_nonnull(strstr(fixture->out, "belongs to guest 'clean' too"));
    add_file(fixture, "web.cfg", "name = \"web\"\nmemory = 512\n");
    check(fixture, "lint web.cfg", 2);
    g_assert_nonnull(strstr(fixture->err, "virt-vitals: web.cfg: this is xl's own format"));
    g_assert_nonnull(strstr(fixture->err, "-c xen:///system"));
    check(fixture, "facts -c test:///default", 0);
    g_assert_nonnull(strstr(fixture->out, "\"networks\""));
    check(fixture, "facts -c nonsense:///system", 3);
    check(fixture, "lint -c test:///default --live --guest test", 0);
}

/* The guest of libvirt's test driver is of no hypervisor that has rules. */
static void
test_domain(Fixture *fixture, gconstpointer data)
{
    check(fixture, "lint -c test:///default test", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    check(fixture, "lint -c test:///default 6695eb01-f6a4-8304-79aa-97f2502e193f test", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "2 definitions checked: "));
    check(fixture, "lint -c test:///default --all", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "1 definition checked: "));
    check(fixture, "lint -c test:///default --all error.xml", 1);
    check(fixture, "lint -c nonsense:///system --all", 3);
    g_assert_nonnull(strstr(fixture->err, "cannot list the guests: "));
}

static void
test_hostile_name(Fixture *fixture, gconstpointer data)
{
    g_autofree char *evil = change(clean, "<stats period='5'/>", "");
    json_t *document;
    const char *source;

    add_file(fixture, "evil\x1b[31m\n.xml", evil);
    check(fixture, "lint evil\x1b[31m\n.xml", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "evil\\x1b[31m\\x0a.xml:9:5: "));
    check(fixture, "lint --format json evil\x1b[31m\n.xml", 0);
    document = parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:[{s:s}]}", "sources", "source", &source), ==, 0);
    g_assert_cmpstr(source, ==, "evil\x1b[31m\n.xml");
    json_decref(document);
    check(fixture, "lint gone\x1b[31m\n.xml", 2);
}

static void
test_rules(Fixture *fixture, gconstpointer data)
{
    static const char *const headings[] = { "Problem\n", "Why\n",    "Example\n",    "  Bad:\n",
                                            "  Good:\n", "Remedy\n", "Exceptions\n", "Evidence\n" };
    json_t *document;
    const char *id;

    check(fixture, "rules", 0);
    g_assert_nonnull(strstr(fixture->out, "SER001  notice   no-serial-port "));
    g_assert_nonnull(strstr(fixture->out, "AGT002  error    agent-channel-misnamed "));

    check(fixture, "rules no-panic-device", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "CAP001 no-panic-device\n"));
    for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
        g_assert_nonnull(strstr(fixture->out, headings[i]));

    check(fixture, "rules --format json cap", 0);
    document = parse_json(fixture->out);
    g_assert_cmpuint(json_array_size(json_object_get(document, "rules")), ==, 20);
    g_assert_cmpint(json_unpack(document, "{s:[{s:s}]}", "rules", "id", &id), ==, 0);
    g_assert_cmpstr(id, ==, "CAP001");
    json_decref(document);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        { "/lint-cli/status", test_status },
        { "/lint-cli/usage", test_usage },
        { "/lint-cli/text", test_text },
        { "/lint-cli/text/caret", test_text_caret },
        { "/lint-cli/json", test_json },
        { "/lint-cli/selection", test_selection },
        { "/lint-cli/profile", test_profile },
        { "/lint-cli/severity", test_severity },
        { "/lint-cli/suppressed", test_suppressed },
        { "/lint-cli/schema", test_schema },
        { "/lint-cli/diff", test_diff },
        { "/lint-cli/fix", test_fix },
        { "/lint-cli/fix/refused", test_fix_refused },
        { "/lint-cli/fix/stdin", test_fix_stdin },
        { "/lint-cli/baseline", test_baseline },
        { "/lint-cli/statistics", test_statistics },
        { "/lint-cli/facts", test_facts },
        { "/lint-cli/host", test_host },
        { "/lint-cli/fleet", test_fleet },
        { "/lint-cli/sarif", test_sarif },
        { "/lint-cli/sarif/fixes", test_sarif_fixes },
        { "/lint-cli/junit", test_junit },
        { "/lint-cli/directory", test_directory },
        { "/lint-cli/stdin", test_stdin },
        { "/lint-cli/unreadable", test_unreadable },
        { "/lint-cli/undecided", test_undecided },
        { "/lint-cli/domain", test_domain },
        { "/lint-cli/hostile-name", test_hostile_name },
        { "/lint-cli/rules", test_rules },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
