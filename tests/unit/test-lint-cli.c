/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-program.h"

#include <glib/gstdio.h>
#include <string.h>

/* The program's verbs lint and rules: what they print, where, and how they exit. */

static void
test_status(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint clean.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    g_assert_cmpstr(fixture->err, ==, "");

    lint_check(fixture, "lint notice.xml", 0);
    lint_check(fixture, "lint --fail-on notice notice.xml", 1);
    lint_check(fixture, "lint --fail-on warning notice.xml", 0);
    lint_check(fixture, "lint warning.xml", 0);
    lint_check(fixture, "lint --fail-on=warning warning.xml", 1);
    lint_check(fixture, "lint error.xml", 1);
    lint_check(fixture, "lint unknown.xml", 0);
    lint_check(fixture, "lint clean.xml error.xml clean.xml", 1);
    lint_check(fixture, "lint error.xml broken.xml", 2);
}

static void
test_usage(LintFixture *fixture, gconstpointer data)
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
        lint_check(fixture, wrong[i], 2);
        g_assert_cmpstr(fixture->out, ==, "");
        g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: "));
        g_assert_true(strchr(fixture->err, '\n') == fixture->err + strlen(fixture->err) - 1);
    }
    lint_check(fixture, "rules SER009", 0);
    g_assert_nonnull(strstr(fixture->out, "\nFix: safe: "));
    lint_check(fixture, "rules NET005", 0);
    g_assert_nonnull(strstr(fixture->out, "\nFix: none; "));
    lint_check(fixture, "rules --format json NET005", 0);
    g_assert_nonnull(strstr(fixture->out, "\"fixes\": []"));
    lint_check(fixture, "rules SRE001", 2);
    g_assert_nonnull(strstr(fixture->err, "did you mean 'SER001'?"));
    lint_check(fixture, "lint --help", 0);
    g_assert_nonnull(strstr(fixture->out, "Exit status"));
}

static void
test_text(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint warning.xml", 0);
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

    lint_check(fixture, "lint --select PCI001,PCI005,PCI006,PCI007,PCI013 unknown.xml", 0);
    g_assert_null(strstr(fixture->out, "not known: "));
    g_assert_true(g_str_has_suffix(
        fixture->out, "\n5 rules not evaluated for want of 4 facts: --facts host takes "
                      "this host's, --facts FILE what 'virt-vitals facts' told of "
                      "another; -v names them\n"));
    lint_check(fixture, "lint -v --select PCI001,PCI005,PCI006,PCI007,PCI013 unknown.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\nnot evaluated, as not known: driver of the "
                                          "host's PCI device 0000:01:00.0 [PCI001"));
    g_assert_true(g_str_has_suffix(fixture->out, "\n5 rules not evaluated for want of 4 facts\n"));
}

/* All of a definition on one line, a long way to the right, behind tabs and wide characters. */
static void
test_text_caret(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *one = lint_change(lint_clean, "<stats period='5'/>", "");
    g_autofree char *tabs =
        lint_change(lint_clean, "    <memballoon model='virtio'><stats period='5'/>",
                    "\t<!-- 漢 \x1b[2J -->\t<memballoon model='virtio'>");

    g_strdelimit(one, "\n", ' ');
    lint_add_file(fixture, "one.xml", one);
    lint_check(fixture, "lint one.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "     1 | … <memballoon model='virtio'>"));
    g_assert_nonnull(strstr(fixture->out, "\n       |   ^\n"));

    lint_add_file(fixture, "tabs.xml", tabs);
    lint_check(fixture, "lint tabs.xml", 2);
    g_strdelimit(tabs, "\x1b", 'x');
    lint_add_file(fixture, "tabs.xml", tabs);
    lint_check(fixture, "lint tabs.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "     9 |  <!-- 漢 x[2J --> <memballoon"));
    g_assert_nonnull(strstr(fixture->out, "\n       |                   ^\n"));
}

static void
test_selection(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint --ignore AGT002 error.xml", 0);
    lint_check(fixture, "lint --ignore=agt error.xml", 0);
    lint_check(fixture, "lint --select SER,cap001 error.xml", 0);
    lint_check(fixture, "lint --select agent-channel-misnamed error.xml", 1);
    lint_check(fixture, "lint --select AGT --ignore AGT002 error.xml", 0);
    lint_check(fixture, "lint --select SER --select AGT error.xml", 1);
}

static void
test_profile(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint --profile crash-capture --fail-on warning notice.xml", 1);
    g_assert_nonnull(strstr(fixture->out, " warning: the guest has no panic device"));
    g_assert_nonnull(strstr(fixture->out, "[CAP009 no-watchdog]"));
    lint_check(fixture, "lint --profile xen,passthrough --fail-on warning notice.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
    lint_check(fixture, "lint --profile default clean.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
    lint_check(fixture, "lint --select CAP009 clean.xml", 0);
    g_assert_nonnull(strstr(fixture->out, " notice: the guest has no watchdog"));
    lint_check(fixture, "lint --profile production --ignore CAP009 clean.xml", 0);
    g_assert_null(strstr(fixture->out, "CAP009"));
}

static void
test_severity(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint --severity AGT002=notice error.xml", 0);
    g_assert_nonnull(strstr(fixture->out, " notice: the agent's channel is called"));
    lint_check(fixture, "lint --severity mem=error warning.xml", 1);
    lint_check(fixture, "lint --profile production --severity CAP001=error notice.xml", 1);
}

static void
test_suppressed(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *text =
        lint_change(lint_clean, "guest_agent.0'/></channel>", "guest_agent.1'/></channel>");
    g_autofree char *accepted =
        lint_change(text, "  <os>",
                    "  <metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'><vitals:ignore "
                    "rule='AGT002' reason='a program of ours'/></vitals:lint></metadata>\n  <os>");
    g_autofree char *expired = lint_change(accepted, " reason=", " until='2001-01-01' reason=");
    json_t *document;

    lint_add_file(fixture, "accepted.xml", accepted);
    lint_add_file(fixture, "expired.xml", expired);
    lint_check(fixture, "lint accepted.xml", 0);
    g_assert_cmpstr(fixture->out, ==,
                    "1 definition checked: 0 errors, 0 warnings, 0 notices; 1 suppressed\n");
    lint_check(fixture, "lint expired.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "[LNT001 "));
    lint_check(fixture, "lint --format json accepted.xml", 0);
    document = lint_parse_json(fixture->out);
    g_assert_cmpuint(json_array_size(json_object_get(
                         json_array_get(json_object_get(document, "sources"), 0), "suppressed")),
                     ==, 1);
    json_decref(document);
}

static void
test_schema(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *text = lint_change(lint_clean, "<panic model='isa'/>", "<panik model='isa'/>");
    static const char schema[] =
        "<element name='domain' xmlns='http://relaxng.org/ns/structure/1.0'>\n"
        "  <attribute name='type'/><text/></element>\n";

    lint_add_file(fixture, "panik.xml", text);
    lint_add_file(fixture, "mine.rng", schema);
    lint_add_file(fixture, "text.xml", "<domain type='kvm'>x</domain>");
    lint_check(fixture, "lint --schema mine.rng --select XML001 text.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    lint_check(fixture, "lint --schema mine.rng --select XML001 --fail-on warning clean.xml", 1);
    lint_check(fixture, "lint --schema absent.rng clean.xml", 2);
    lint_check(fixture, "lint --schema clean.xml clean.xml", 2);
    if (!g_file_test("/usr/share/libvirt/schemas/domain.rng", G_FILE_TEST_EXISTS)) {
        g_test_skip("libvirt's schema is not installed");
        return;
    }
    lint_check(fixture, "lint --schema /usr/share/libvirt/schemas/domain.rng panik.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "panik.xml:10:5: warning: libvirt's schema: this <panik> "
                                          "is not allowed here"));
}

static void
test_baseline(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *twice = lint_change(lint_clean, "guest_agent.0", "guest_agent.2");

    lint_check(fixture, "lint --format json error.xml warning.xml", 1);
    lint_add_file(fixture, "baseline.json", fixture->out);
    lint_check(fixture, "lint --baseline baseline.json error.xml warning.xml", 0);
    g_assert_cmpstr(fixture->out, ==,
                    "2 definitions checked: 0 errors, 0 warnings, 0 notices; 2 in the baseline\n");
    lint_add_file(fixture, "error.xml", twice);
    lint_check(fixture, "lint --baseline baseline.json error.xml warning.xml", 1);
    lint_check(fixture, "lint --baseline missing.json error.xml", 2);
    lint_check(fixture, "lint --baseline error.xml error.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "error.xml: no baseline"));
}

/* A file is for any host unless the user says otherwise. */
static void
test_facts(LintFixture *fixture, gconstpointer data)
{
    json_t *document;
    int version;

    lint_add_file(fixture, "facts.json",
                  "{\"virt_vitals_facts\": 1, \"iommu\": false, \"pci_devices\": {}}");
    lint_check(fixture, "lint --facts facts.json unknown.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "[PCI007 no-iommu]"));
    g_assert_nonnull(strstr(fixture->out, "host device 0000:01:00.0 does not exist on this host"));
    lint_check(fixture, "lint --facts none unknown.xml", 0);
    lint_check(fixture, "lint -v unknown.xml", 0);
    g_assert_nonnull(strstr(fixture->out,
                            "not evaluated, as not known: the host's PCI devices [PCI005, PCI006, "
                            "PCI008, PCI010, "));
    g_assert_null(strstr(fixture->out, "unknown.xml: not evaluated"));
    lint_check(fixture, "lint --facts host clean.xml", 0);
    lint_add_file(fixture, "pipe.xml",
                  "<domain type='kvm'><devices><serial type='pipe'><source path='/no/such/pipe'/>"
                  "</serial></devices></domain>");
    lint_check(fixture, "lint --facts host pipe.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "there is no '/no/such/pipe' on this host"));
    lint_check(fixture, "lint pipe.xml", 0);
    lint_check(fixture, "lint --facts missing.json clean.xml", 2);
    lint_check(fixture, "lint --facts clean.xml clean.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "clean.xml: no facts of a host"));

    lint_check(fixture, "facts", 0);
    document = lint_parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:i}", "virt_vitals_facts", &version), ==, 0);
    g_assert_cmpint(version, ==, 1);
    json_decref(document);
    lint_check(fixture, "facts --root .", 0);
    g_assert_null(strstr(fixture->out, "pci_devices"));
    lint_check(fixture, "facts pipe.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\"/no/such/pipe\": {"));
    lint_add_file(fixture, "facts.json", fixture->out);
    lint_check(fixture, "lint --facts facts.json --select SER014 pipe.xml", 1);
    lint_check(fixture, "facts missing.xml", 2);
    lint_check(fixture, "facts --root missing", 2);
    g_assert_nonnull(strstr(fixture->err, "is no directory"));
    lint_check(fixture, "facts broken.xml", 2);
}

/* Of a directory only definitions of guests count; what else is XML is no business of ours. */
static void
test_directory(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *inner = g_build_filename(fixture->directory, "inner", NULL);
    g_autofree char *file = g_build_filename(inner, "deep.xml", NULL);
    g_autofree char *broken = g_build_filename(fixture->directory, "broken.xml", NULL);

    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, lint_clean, -1, NULL));
    g_assert_cmpint(g_remove(broken), ==, 0);
    lint_check(fixture, "lint .", 1);
    g_assert_nonnull(strstr(fixture->out, "./error.xml:8:26: error: "));
    g_assert_nonnull(strstr(fixture->out, "6 definitions checked: "));
    lint_check(fixture, "lint inner", 0);
    g_assert_cmpint(g_remove(file), ==, 0);
    lint_check(fixture, "lint inner", 2);
    g_assert_nonnull(strstr(fixture->err, "no file ending in '.xml' in directory 'inner'"));
    g_assert_cmpint(g_rmdir(inner), ==, 0);
}

static void
test_stdin(LintFixture *fixture, gconstpointer data)
{
    lint_run(fixture, "lint -", lint_clean);
    g_assert_cmpint(fixture->status, ==, 0);
    lint_run(fixture, "lint -", "<domain type='kvm'>\n<os></domain>");
    g_assert_cmpint(fixture->status, ==, 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: -:2: "));
    lint_run(fixture, "lint -", "");
    g_assert_cmpint(fixture->status, ==, 2);
}

static void
test_unreadable(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint missing.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "'missing.xml': No such file"));
    lint_check(fixture, "lint ./missing", 2);
    lint_check(fixture, "lint /dev/zero", 2);
    g_assert_nonnull(strstr(fixture->err, "larger than 10 MiB"));
    lint_check(fixture, "lint network.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "network.xml:1: <network> is no <domain>"));
    lint_check(fixture, "lint missing.xml warning.xml", 2);
    g_assert_nonnull(strstr(fixture->out, "MEM004"));
    g_assert_nonnull(strstr(fixture->out, "1 definition checked"));
    g_assert_nonnull(strstr(fixture->out, "; 1 not checked\n"));
}

static void
test_undecided(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint -c test:///default no-such-guest", 3);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: "));
    lint_check(fixture, "lint -c test:///default evil\x1b[31m", 3);
    lint_check(fixture, "lint -c test:///default error.xml no-such-guest", 3);
    lint_check(fixture, "lint -c nonsense:///system guest", 3);
    g_assert_nonnull(strstr(fixture->err, "cannot get guest 'guest': "));
}

/* What matters to guests that start by themselves is told where somebody says that they do, or asks. */
static void
test_taste(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *media = lint_change(lint_clean, "<devices>",
                                         "<devices><disk type='file' device='cdrom'><source "
                                         "file='/no/such.iso'/><target dev='sda'/></disk>");

    lint_add_file(fixture, "media.xml", media);
    lint_check(fixture, "lint media.xml", 0);
    g_assert_null(strstr(fixture->out, "DSK008"));
    lint_check(fixture, "lint --profile autostart media.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "warning: medium '/no/such.iso' has to be there"));
    lint_check(fixture, "lint --select DSK008 media.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "notice: medium '/no/such.iso' has to be there"));
    lint_check(fixture, "lint --facts host --select DSK media.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "error: medium '/no/such.iso' is not on this host"));
}

/* The host itself is judged where it is known: last, once, and without a line. */
static void
test_host(LintFixture *fixture, gconstpointer data)
{
    json_t *document;
    const char *source;
    const char *rule;
    int line;

    lint_add_file(fixture, "host.json",
                  "{\"virt_vitals_facts\": 1, \"words\": {\"journal_storage\": \"volatile\"}}");
    lint_check(fixture, "lint --facts host.json --select HST007 clean.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\n1 definition and the host checked: 0 errors, 1 warn"));
    g_assert_true(g_str_has_prefix(fixture->out, "host: warning: "));
    lint_check(fixture, "lint --facts host.json --fail-on warning --select HST clean.xml", 1);
    lint_check(fixture, "lint --facts none --host --select HST007", 0);
    g_assert_null(strstr(fixture->out, "host:"));

    lint_check(fixture, "lint --facts host.json --format json --select HST007 clean.xml", 0);
    document = json_loads(fixture->out, 0, NULL);
    g_assert_cmpint(json_unpack(document, "{s:[{s:[*]},{s:s, s:[{s:s, s:i}]}]}", "sources",
                                "findings", "source", &source, "findings", "rule", &rule, "line",
                                &line),
                    ==, 0);
    g_assert_cmpstr(source, ==, "host");
    g_assert_cmpstr(rule, ==, "HST007");
    g_assert_cmpint(line, ==, 0);
    json_decref(document);
    lint_check(fixture, "lint --facts host.json --format junit --host --select HST007", 0);
    lint_check(fixture, "lint --facts host.json --format sarif --host --select HST007", 0);
    /* code-scanning wants a file and a place in it */
    g_assert_nonnull(strstr(fixture->out, "\"uri\": \"host.json\""));
    g_assert_nonnull(strstr(fixture->out, "\"startLine\": 1"));
}

/* Several definitions are compared with each other, one with none. */
static void
test_fleet(LintFixture *fixture, gconstpointer data)
{
    static const char interface[] = "<interface type='bridge'><mac address='52:54:00:11:22:33'/>"
                                    "<source bridge='br0'/><model type='virtio'/></interface>"
                                    "<panic";
    g_autofree char *one = lint_change(lint_clean, "<panic", interface);
    g_autofree char *other = lint_change(one, "<name>clean</name>", "<name>other</name>");

    lint_add_file(fixture, "one.xml", one);
    lint_add_file(fixture, "other.xml", other);
    lint_check(fixture, "lint --fail-on warning one.xml", 0);
    lint_check(fixture, "lint --fail-on warning one.xml one.xml", 0);
    lint_check(fixture, "lint --fail-on warning one.xml other.xml", 1);
    g_assert_nonnull(strstr(fixture->out, "one.xml:"));
    g_assert_nonnull(strstr(fixture->out, "belongs to guest 'other' too"));
    g_assert_nonnull(strstr(fixture->out, "belongs to guest 'clean' too"));
    lint_add_file(fixture, "web.cfg", "name = \"web\"\nmemory = 512\n");
    lint_check(fixture, "lint web.cfg", 2);
    g_assert_nonnull(strstr(fixture->err, "virt-vitals: web.cfg: this is xl's own format"));
    g_assert_nonnull(strstr(fixture->err, "-c xen:///system"));
    lint_check(fixture, "facts -c test:///default", 0);
    g_assert_nonnull(strstr(fixture->out, "\"networks\""));
    lint_check(fixture, "facts -c nonsense:///system", 3);
    lint_check(fixture, "lint -c test:///default --live --guest test", 0);
}

/* The guest of libvirt's test driver is of no hypervisor that has rules. */
static void
test_domain(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint -c test:///default test", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    lint_check(fixture, "lint -c test:///default 6695eb01-f6a4-8304-79aa-97f2502e193f test", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "2 definitions checked: "));
    lint_check(fixture, "lint -c test:///default --all", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "1 definition checked: "));
    lint_check(fixture, "lint -c test:///default --all error.xml", 1);
    lint_check(fixture, "lint -c nonsense:///system --all", 3);
    g_assert_nonnull(strstr(fixture->err, "cannot list the guests: "));
}

static void
test_rules(LintFixture *fixture, gconstpointer data)
{
    static const char *const headings[] = { "Problem\n", "Why\n",    "Example\n",    "  Bad:\n",
                                            "  Good:\n", "Remedy\n", "Exceptions\n", "Evidence\n" };
    json_t *document;
    const char *id;

    lint_check(fixture, "rules", 0);
    g_assert_nonnull(strstr(fixture->out, "SER001  notice   no-serial-port "));
    g_assert_nonnull(strstr(fixture->out, "AGT002  error    agent-channel-misnamed "));

    lint_check(fixture, "rules no-panic-device", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "CAP001 no-panic-device\n"));
    for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
        g_assert_nonnull(strstr(fixture->out, headings[i]));

    lint_check(fixture, "rules --format json cap", 0);
    document = lint_parse_json(fixture->out);
    g_assert_cmpuint(json_array_size(json_object_get(document, "rules")), ==, 20);
    g_assert_cmpint(json_unpack(document, "{s:[{s:s}]}", "rules", "id", &id), ==, 0);
    g_assert_cmpstr(id, ==, "CAP001");
    json_decref(document);
}

int
main(int argc, char **argv)
{
    static const LintTest tests[] = {
        { "/lint-cli/status", test_status },
        { "/lint-cli/usage", test_usage },
        { "/lint-cli/text", test_text },
        { "/lint-cli/text/caret", test_text_caret },
        { "/lint-cli/selection", test_selection },
        { "/lint-cli/profile", test_profile },
        { "/lint-cli/severity", test_severity },
        { "/lint-cli/suppressed", test_suppressed },
        { "/lint-cli/schema", test_schema },
        { "/lint-cli/baseline", test_baseline },
        { "/lint-cli/facts", test_facts },
        { "/lint-cli/host", test_host },
        { "/lint-cli/taste", test_taste },
        { "/lint-cli/fleet", test_fleet },
        { "/lint-cli/directory", test_directory },
        { "/lint-cli/stdin", test_stdin },
        { "/lint-cli/unreadable", test_unreadable },
        { "/lint-cli/undecided", test_undecided },
        { "/lint-cli/domain", test_domain },
        { "/lint-cli/rules", test_rules },
    };

    g_test_init(&argc, &argv, NULL);
    lint_add_tests(tests, G_N_ELEMENTS(tests));
    return g_test_run();
}
