/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"
#include "monitor/schema.h"
#include "probes/fleet.h"
#include "probes/rule.h"
#include "tests/unit/lint-fixture.h"

#include <string.h>

/*
 * tests/lint/<RULE>/ holds definitions for each rule. bad*.xml gives exactly what its comments
 * "<!-- expect: RULE [SEVERITY] -->" say, each in the line of its comment, and one of them nothing of other rules. good*.xml gives nothing at
 * all. lookalike*.xml gives nothing of that rule. "<!-- starts with the host -->" says that the guest
 * does, which is libvirt's to tell. A rule without all three kinds fails. host.json, if
 * there is one, is the host of all these guests; NAME.host.json is that of NAME.xml. A rule about hosts has *.json instead, each of them
 * a host, with what is expected in its member "expect". other*.xml are the other guests of that host.
 */

typedef enum {
    KIND_BAD,
    KIND_GOOD,
    KIND_LOOKALIKE,
    N_KINDS,
} Kind;

static const char *const kinds[] = { "bad", "good", "lookalike" };

/* What others say of a definition: libvirt's schema, and libvirt, which refuses multicast addresses. */
static void
ask_others(const char *source, const char *text, VitalsDefinition *definition)
{
    g_autoptr(VitalsSchema) schema = NULL;

    if (strstr(source, "XML001")) {
        schema = vitals_schema_load(VITALS_SCHEMA_PATH, NULL);
        g_assert_nonnull(schema);
        definition->violations = vitals_schema_check(schema, definition);
    }
    if (strstr(source, "XML002")) {
        definition->accepted = strstr(text, "01:00:5e") ? VITALS_NO : VITALS_YES;
        definition->refusal = g_strdup("expected unicast mac address");
    }
}

static VitalsDefinition *
define(const char *source, const char *text, const VitalsHostFacts *host)
{
    g_autoptr(GError) error = NULL;
    VitalsDefinition *definition = vitals_definition_new(source, text, strlen(text), host, &error);

    g_assert_no_error(error);
    definition->today = "2026-11-21";
    if (strstr(text, "<!-- starts with the host -->"))
        definition->is_autostart = VITALS_YES;
    ask_others(source, text, definition);
    return definition;
}

/* The other guests that a rule's fixtures are compared with; %NULL for none. */
static VitalsFleet *
fixture_fleet(const char *rule)
{
    g_autofree char *directory = lint_fixture_folder(rule);
    g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
    g_autoptr(VitalsFleet) fleet = vitals_fleet_new(TRUE);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(VitalsDefinition) other = NULL;

        if (!g_str_has_prefix(name, "other"))
            continue;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        other = define(path, text, NULL);
        vitals_fleet_add(fleet, other);
    }
    return vitals_fleet_members(fleet)->len > 0 ? g_steal_pointer(&fleet) : NULL;
}

/* One line for each finding, as expectations are written: "LINE RULE [SEVERITY]". */
static void
describe(GString *out, const VitalsFindings *findings, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];
        const char *severity = vitals_severity_name(finding->severity);
        g_autofree char *said = g_strdup_printf("%s %s -->", finding->rule->id, severity);
        gboolean says_severity = strstr(lines[finding->line - 1], said) != NULL;

        g_string_append_printf(out, "%u %s%s%s\n", finding->line, finding->rule->id,
                               says_severity ? " " : "", says_severity ? severity : "");
    }
}

static void
expect(GString *out, const char *text)
{
    static const char marker[] = "<!-- expect: ";
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        const char *at = lines[i];

        while ((at = strstr(at, marker))) {
            at += strlen(marker);
            g_string_append_printf(out, "%u %.*s\n", i + 1, (int)(strstr(at, " -->") - at), at);
        }
    }
}

/* Every rule, those of a profile too. */
static GPtrArray *
all_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++)
        g_ptr_array_add(rules, (gpointer)*rule);
    return rules;
}

/* A host's findings have no line and stand in a list of their own. */
static void
describe_host(GString *found, GString *expected, const VitalsFindings *findings, const char *text)
{
    json_t *document = json_loads(text, 0, NULL);
    json_t *value;
    size_t index;

    json_array_foreach(json_object_get(document, "expect"), index, value)
        g_string_append_printf(expected, "%s\n", json_string_value(value));
    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];

        g_assert_cmpuint(finding->line, ==, 0);
        g_string_append_printf(found, "%s %s\n", finding->rule->id,
                               vitals_severity_name(finding->severity));
    }
    json_decref(document);
}

static void
check_kind(const char *rule, const char *found, const char *expected, Kind kind)
{
    if (kind == KIND_LOOKALIKE)
        g_assert_cmpstr(strstr(found, rule), ==, NULL);
    else
        g_assert_cmpstr(found, ==, expected);
    g_assert_true((kind == KIND_BAD) == (strstr(found, rule) != NULL));
    if (kind == KIND_GOOD)
        g_assert_cmpstr(expected, ==, "");
}

static gboolean
is_alone(const char *rule, const VitalsFindings *findings)
{
    for (guint i = 0; i < findings->found->len; i++) {
        if (!g_str_equal(((VitalsFinding *)findings->found->pdata[i])->rule->id, rule))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_host_file(const char *rule, const char *path, Kind kind)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) rules = all_rules();
    g_autoptr(VitalsHostFacts) host = NULL;
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule);
    g_autoptr(VitalsDefinition) definition = NULL;
    g_autoptr(VitalsFindings) findings = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);

    g_test_message("%s", path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    host = vitals_facts_parse(text, strlen(text));
    g_assert_nonnull(host);
    definition = vitals_definition_new_host(host);
    definition->fleet = fleet;
    findings = vitals_lint(definition, rules);
    describe_host(found, expected, findings, text);
    check_kind(rule, found->str, expected->str, kind);
    return is_alone(rule, findings);
}

/* Returns: whether no other rule found anything in it */
static gboolean
check_file(const char *rule, const char *path, Kind kind)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) rules = all_rules();
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(VitalsHostFacts) host = lint_fixture_host(directory, name);
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule);
    g_autoptr(VitalsDefinition) definition = NULL;
    g_autoptr(VitalsFindings) findings = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);

    g_test_message("%s", path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    definition = define(path, text, host);
    definition->fleet = fleet;
    findings = vitals_lint(definition, rules);

    describe(found, findings, text);
    expect(expected, text);
    check_kind(rule, found->str, expected->str, kind);
    return is_alone(rule, findings);
}

static void
test_fixtures(gconstpointer data)
{
    const char *rule = data;
    g_autofree char *path = lint_fixture_folder(rule);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint counts[N_KINDS] = { 0 };
    guint n_alone = 0;
    const char *name;

    g_assert_nonnull(directory);
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        guint kind = 0;

        if (g_str_has_suffix(name, "host.json") || g_str_has_prefix(name, "other"))
            continue;
        while (kind < N_KINDS && !g_str_has_prefix(name, kinds[kind]))
            kind++;
        g_assert_cmpuint(kind, <, N_KINDS);
        counts[kind]++;
        if (g_str_has_suffix(name, ".json") ? check_host_file(rule, file, (Kind)kind)
                                            : check_file(rule, file, (Kind)kind))
            n_alone += kind == KIND_BAD;
    }
    g_assert_cmpuint(n_alone, >, 0);
    for (guint kind = 0; kind < N_KINDS; kind++)
        g_assert_cmpuint(counts[kind], >, 0);
}

/* The examples that `rules` shows have to be true. */
static void
check_example(const VitalsRule *rule, const char *example, gboolean is_bad)
{
    const char *os = strstr(example, "<os>") ? "" : "<os><type arch='x86_64'>hvm</type></os>";
    g_autofree char *text =
        g_str_has_prefix(example, "<domain")
            ? g_strdup(example)
            : g_strdup_printf("<domain type='%s'><name>n</name>%s%s</domain>",
                              rule->drivers == VITALS_DRIVER_XEN ? "xen" : "kvm", os, example);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autofree char *directory = lint_fixture_folder(rule->id);
    g_autoptr(VitalsHostFacts) host = lint_fixture_host(directory, NULL);
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule->id);
    g_autoptr(VitalsDefinition) definition = define(rule->id, text, host);
    g_autoptr(VitalsFindings) findings = NULL;

    definition->fleet = fleet;
    g_ptr_array_add(only, (gpointer)rule);
    findings = vitals_lint(definition, only);
    g_assert_cmpuint(findings->found->len, ==, is_bad ? 1 : 0);
    g_assert_cmpuint(findings->answers[VITALS_ANSWER_FAIL], ==, is_bad ? 1 : 0);

    /* Without its facts a rule about a host says that it does not know. */
    if (host && is_bad) {
        g_autoptr(VitalsDefinition) anywhere = define(rule->id, text, NULL);
        g_autoptr(VitalsFindings) unsure = vitals_lint(anywhere, only);

        g_assert_nonnull(rule->needs);
        g_assert_cmpuint(unsure->found->len, ==, 0);
        g_assert_cmpuint(unsure->unknown->len, ==, 1);
        g_assert_cmpuint(unsure->answers[VITALS_ANSWER_UNKNOWN], ==, 1);
    }
}

static void
check_prose(const char *text)
{
    g_assert_nonnull(text);
    g_assert_cmpuint(strlen(text), >, 3);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strstr(text, "  "));
}

/* Of a host that nobody looked at nothing is said to be well. */
static void
check_unknown_host(const VitalsRule *rule)
{
    g_autoptr(VitalsHostFacts) nothing = vitals_host_facts_new();
    g_autoptr(VitalsDefinition) host = vitals_definition_new_host(nothing);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autoptr(VitalsFindings) findings = NULL;

    g_assert_nonnull(rule->needs);
    g_ptr_array_add(only, (gpointer)rule);
    findings = vitals_lint(host, only);
    g_assert_cmpuint(findings->found->len, ==, 0);
    g_assert_cmpuint(findings->answers[VITALS_ANSWER_PASS], ==, 0);
}

static void
test_descriptor(gconstpointer data)
{
    const VitalsRule *rule = vitals_rule_find(data);
    g_autofree char *family = NULL;

    g_assert_nonnull(rule);
    g_assert_true(g_regex_match_simple("^[A-Z]{3}[0-9]{3}$", rule->id, 0, 0));
    g_assert_true(g_regex_match_simple("^[a-z0-9]+(-[a-z0-9]+)+$", rule->name, 0, 0));
    g_assert_true(vitals_rule_find(rule->name) == rule);
    check_prose(rule->title);
    check_prose(rule->why);
    check_prose(rule->remedy);
    check_prose(rule->exceptions);
    g_assert_nonnull(rule->evidence[0]);
    for (const char *const *item = rule->evidence; *item; item++)
        check_prose(*item);
    g_assert_false(g_str_has_suffix(rule->title, "."));
    g_assert_false(g_str_has_suffix(rule->remedy, "."));
    if (rule->drivers == VITALS_DRIVER_HOST) {
        check_prose(rule->bad);
        check_prose(rule->good);
        check_unknown_host(rule);
        return;
    }
    check_example(rule, rule->bad, TRUE);
    check_example(rule, rule->good, FALSE);
}

static void
test_find(void)
{
    const VitalsRule *rule = vitals_rule_find("ser001");

    g_assert_true(vitals_rule_find("NO-serial-port") == rule);
    g_assert_null(vitals_rule_find("SER"));
    g_assert_null(vitals_rule_find(""));
    g_assert_true(vitals_rule_matches(rule, "ser"));
    g_assert_true(vitals_rule_matches(rule, "no-serial-port"));
    g_assert_false(vitals_rule_matches(rule, "no-serial"));
    g_assert_false(vitals_rule_matches(rule, ""));
    g_assert_cmpstr(vitals_rule_nearest("SRE001"), ==, "SER001");
    g_assert_cmpstr(vitals_rule_nearest("no-panic-devise"), ==, "no-panic-device");
    g_assert_null(vitals_rule_nearest("something else altogether"));
}

static VitalsFindings *
lint_with(const char *text, const VitalsHostFacts *host)
{
    g_autoptr(VitalsDefinition) definition = define("test", text, host);

    return vitals_lint(definition, NULL);
}

/* The bad example of PCI001 on a host that is known. */
static void
check_binding(const char *driver, gboolean is_found, gboolean is_unknown)
{
    static const char text[] =
        "<domain type='kvm'><devices><hostdev mode='subsystem' type='pci'><source>"
        "<address domain='0' bus='0x1' slot='0' "
        "function='0'/></source></hostdev></devices></domain>";
    g_autoptr(VitalsHostFacts) host = vitals_host_facts_new();
    VitalsHostPciDevice device = { .driver = (char *)driver,
                                   .group = (char *)"",
                                   .resets = (char *)"" };
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autoptr(VitalsDefinition) definition = define("test", text, host);
    g_autoptr(VitalsFindings) findings = NULL;

    g_ptr_array_add(only, (gpointer)vitals_rule_find("PCI001"));
    host->pci_devices = vitals_host_facts_pci_table();
    if (driver)
        vitals_host_facts_add_pci(host, "0000:01:00.0", &device);
    findings = vitals_lint(definition, only);

    g_assert_cmpuint(findings->found->len, ==, is_found ? 1 : 0);
    g_assert_cmpuint(findings->unknown->len, ==, is_unknown ? 1 : 0);
    if (is_found) {
        const VitalsFinding *finding = findings->found->pdata[0];

        g_assert_cmpint(finding->severity, ==,
                        is_unknown ? VITALS_SEVERITY_NOTICE : VITALS_SEVERITY_ERROR);
    }
}

static void
test_host_facts(void)
{
    check_binding(NULL, TRUE, TRUE);
    check_binding("vfio-pci", FALSE, FALSE);
    check_binding("mlx5_vfio_pci", FALSE, FALSE);
    check_binding("nouveau", TRUE, FALSE);
    check_binding("", TRUE, FALSE);
}

static VitalsSeverity
severity_of_format(const char *declared, const char *shown)
{
    g_autofree char *text =
        g_strdup_printf("<domain type='kvm'><devices><disk type='file'><driver type='%s'/>"
                        "<source file='/a.qcow2'/></disk></devices></domain>",
                        declared);
    g_autoptr(VitalsHostFacts) host = vitals_host_facts_new();
    g_autoptr(VitalsDefinition) definition = define("test", text, host);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autoptr(VitalsFindings) findings = NULL;

    g_ptr_array_add(only, (gpointer)vitals_rule_find("DSK002"));
    if (shown)
        vitals_host_facts_add_path(
            host, "/a.qcow2",
            &(VitalsHostPath){ .kind = VITALS_PATH_FILE, .format = (char *)shown });
    findings = vitals_lint(definition, only);
    return findings->found->len > 0 ? ((VitalsFinding *)findings->found->pdata[0])->severity
                                    : VITALS_SEVERITY_NOTICE;
}

/* The first bytes of an image say more than its name. */
static void
test_image_format(void)
{
    g_assert_cmpint(severity_of_format("raw", NULL), ==, VITALS_SEVERITY_WARNING);
    g_assert_cmpint(severity_of_format("raw", "qcow2"), ==, VITALS_SEVERITY_ERROR);
    g_assert_cmpint(severity_of_format("raw", ""), ==, VITALS_SEVERITY_NOTICE);
    g_assert_cmpint(severity_of_format("qcow2", ""), ==, VITALS_SEVERITY_ERROR);
    g_assert_cmpint(severity_of_format("qcow2", "qcow2"), ==, VITALS_SEVERITY_NOTICE);
    g_assert_cmpint(severity_of_format("qcow2", "vmdk"), ==, VITALS_SEVERITY_ERROR);
}

/* What the host's own libvirt says of a machine type is told beside what every QEMU has dropped. */
static void
test_deprecated_machine(void)
{
    static const char text[] =
        "<domain type='kvm'><os><type arch='x86_64' machine='pc-q35-4.0'>hvm</type></os></domain>";
    g_autoptr(VitalsHostFacts) host = vitals_host_facts_new();
    g_autoptr(VitalsDefinition) definition = define("test", text, host);
    g_autoptr(GPtrArray) only = g_ptr_array_new();

    g_ptr_array_add(only, (gpointer)vitals_rule_find("CPU004"));
    for (guint kind = 0; kind <= 2; kind++) {
        g_autoptr(VitalsFindings) findings = NULL;

        if (kind > 0) {
            g_clear_pointer(&host->machines, g_hash_table_unref);
            host->machines = g_hash_table_new(g_str_hash, g_str_equal);
            g_hash_table_insert(host->machines, (gpointer) "x86_64 pc-q35-4.0",
                                GUINT_TO_POINTER(kind));
        }
        findings = vitals_lint(definition, only);
        g_assert_cmpuint(findings->found->len, ==, kind == 2 ? 1 : 0);
    }
}

/* What a guest says of itself makes certain what is otherwise likely. */
static void
test_guest_facts(void)
{
    static const char text[] = "<domain type='kvm'><devices><watchdog model='i6300esb' "
                               "action='inject-nmi'/></devices></domain>";
    static const struct {
        const char *cmdline;
        const char *nmi;
        guint errors;
        guint notices;
        guint unknown;
    } cases[] = {
        { NULL, NULL, 0, 1, 1 },
        { "quiet console=ttyS0\n", "0", 1, 1, 0 },
        { "quiet", "1", 0, 1, 0 },
    };
    g_autoptr(VitalsDefinition) definition = define("test", text, NULL);
    g_autoptr(GPtrArray) only = g_ptr_array_new();

    g_ptr_array_add(only, (gpointer)vitals_rule_find("SER001"));
    g_ptr_array_add(only, (gpointer)vitals_rule_find("CAP012"));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VitalsFindings) findings = NULL;
        guint errors = 0;

        definition->guest_cmdline = cases[i].cmdline;
        definition->guest_nmi = cases[i].nmi;
        findings = vitals_lint(definition, only);
        for (guint k = 0; k < findings->found->len; k++)
            errors +=
                ((VitalsFinding *)findings->found->pdata[k])->severity == VITALS_SEVERITY_ERROR;
        g_assert_cmpuint(errors, ==, cases[i].errors);
        g_assert_cmpuint(findings->found->len - errors, ==, cases[i].notices);
        g_assert_cmpuint(findings->unknown->len, ==, cases[i].unknown);
    }
}

static void
test_severity_of_wanted_port(void)
{
    g_autoptr(VitalsFindings) findings =
        lint_with("<domain type='kvm'><os><type>hvm</type><kernel>k</kernel>"
                  "<cmdline>console=ttyS1</cmdline></os><devices>"
                  "<serial type='pty'><target port='1'/></serial></devices></domain>",
                  NULL);
    guint seen = 0;

    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];

        g_assert_cmpstr(finding->rule->id, !=, "SER002");
        if (g_str_equal(finding->rule->id, "SER003")) {
            g_assert_cmpint(finding->severity, ==, VITALS_SEVERITY_NOTICE);
            seen++;
        }
    }
    g_assert_cmpuint(seen, ==, 1);
}

/* Every rule gives one answer, and none is about a definition of another driver. */
static void
test_answers(void)
{
    static const char *const types[] = { "lxc", "bhyve", "vmware", "test", "hyperv", "vz" };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *text = g_strdup_printf(
            "<domain type='%s'><os><type>hvm</type></os><devices/></domain>", types[i]);
        g_autoptr(GPtrArray) rules = all_rules();
        g_autoptr(VitalsDefinition) definition = define("test", text, NULL);
        g_autoptr(VitalsFindings) findings = vitals_lint(definition, rules);

        g_assert_cmpuint(findings->found->len, ==, 0);
        g_assert_cmpuint(findings->answers[VITALS_ANSWER_NOT_APPLICABLE], ==, rules->len);
    }
}

static void
test_suppression(void)
{
    static const char text[] =
        "<domain type='kvm'><metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>"
        "<vitals:ignore rule='no-serial-port' reason='appliance' until='2026-11-22'/>"
        "<vitals:ignore rule='AGT' reason='appliance'/>"
        "<vitals:ignore rule='CAP001' reason='appliance' until='2026-11-21'/>"
        "<vitals:ignore rule='CAP007'/></vitals:lint></metadata>"
        "<os><type>hvm</type></os><devices/></domain>";
    g_autoptr(VitalsFindings) findings = lint_with(text, NULL);
    g_autoptr(GString) found = g_string_new(NULL);

    for (guint i = 0; i < findings->found->len; i++)
        g_string_append_printf(found, "%s ",
                               ((VitalsFinding *)findings->found->pdata[i])->rule->id);
    g_assert_cmpuint(findings->suppressed->len, ==, 2);
    g_assert_null(strstr(found->str, "SER001"));
    g_assert_null(strstr(found->str, "AGT"));
    g_assert_nonnull(strstr(found->str, "CAP001"));
    g_assert_nonnull(strstr(found->str, "CAP007"));
    g_assert_nonnull(strstr(found->str, "LNT001 LNT001"));
}

static guint
count_at(const VitalsFindings *findings, VitalsSeverity severity)
{
    guint count = 0;

    for (guint i = 0; i < findings->found->len; i++)
        count += ((VitalsFinding *)findings->found->pdata[i])->severity == severity;
    return count;
}

static void
test_profiles(void)
{
    g_autoptr(VitalsFindings) findings =
        lint_with("<domain type='kvm'><features><acpi/></features><cpu mode='host-model'/>"
                  "<devices><memballoon model='none'/></devices></domain>",
                  NULL);
    guint profiles = 0;

    g_assert_cmpuint(count_at(findings, VITALS_SEVERITY_WARNING), ==, 0);
    g_assert_true(vitals_profile_parse("xen", &profiles));
    vitals_findings_raise(findings, profiles);
    g_assert_cmpuint(count_at(findings, VITALS_SEVERITY_WARNING), ==, 0);
    g_assert_true(vitals_profile_parse("crash-capture", &profiles));
    vitals_findings_raise(findings, profiles);
    g_assert_cmpuint(count_at(findings, VITALS_SEVERITY_WARNING), ==, 4);
    g_assert_cmpuint(count_at(findings, VITALS_SEVERITY_NOTICE), ==, 1);
    g_assert_false(vitals_profile_parse("crash", &profiles));
}

static void
test_unknown(void)
{
    g_autoptr(VitalsDefinition) definition = define(
        "test",
        "<domain type='kvm'><devices><hostdev type='pci' managed='yes'/></devices></domain>", NULL);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autoptr(VitalsFindings) findings = NULL;
    const VitalsUnknown *unknown;

    g_ptr_array_add(only, (gpointer)vitals_rule_find("PCI004"));
    findings = vitals_lint(definition, only);
    g_assert_cmpuint(findings->answers[VITALS_ANSWER_UNKNOWN], ==, 1);
    g_assert_cmpuint(findings->unknown->len, ==, 1);
    unknown = findings->unknown->pdata[0];
    g_assert_cmpstr(unknown->rule->id, ==, "PCI004");
}

static void
test_hostile_values(void)
{
    g_autoptr(VitalsFindings) findings =
        lint_with("<domain type='kvm'><os><cmdline>console=ttyS&#x9b;31m console=ttyS99999999999"
                  " console= console=hvc&#x202e;</cmdline></os><devices>"
                  "<channel><target name='qemu.guest_agent&#x7f;'/></channel>"
                  "<serial type='&#x9b;2J'/><console type='&#10;x'/>"
                  "<memballoon model='virtio&#10;forged'/></devices></domain>",
                  NULL);

    g_assert_cmpuint(findings->found->len, >, 4);
    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];

        g_assert_null(strpbrk(finding->message, "\n\x7f"));
        g_assert_null(strstr(finding->message, "\xc2\x9b"));
        g_assert_null(strstr(finding->message, "\xe2\x80\xae"));
    }
}

static void
check_root(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsDefinition) definition =
        vitals_definition_new("x.xml", text, strlen(text), NULL, &error);

    g_assert_null(definition);
    g_assert_cmpstr(error->message, ==, expected);
}

static void
test_root(void)
{
    g_autoptr(VitalsDefinition) snapshot = define(
        "s.xml", "<domainsnapshot><name>s</name><domain type='xen'/></domainsnapshot>", NULL);

    g_assert_cmpint(snapshot->driver, ==, VITALS_DRIVER_XEN);
    check_root("\n<network/>", "x.xml:2: <network> is no <domain>: only definitions of guests are "
                               "checked");
    check_root("<domainsnapshot/>", "x.xml:1: <domainsnapshot> is no <domain>: only definitions of "
                                    "guests are checked");
    check_root("<domain/>", "x.xml:1: <domain> has no type: libvirt accepts no definition without");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        g_autofree char *fixtures = g_strdup_printf("/lint/fixtures/%s", (*rule)->id);
        g_autofree char *descriptor = g_strdup_printf("/lint/descriptor/%s", (*rule)->id);

        if (g_str_equal((*rule)->id, "XML001") &&
            !g_file_test(VITALS_SCHEMA_PATH, G_FILE_TEST_EXISTS))
            continue; /* libvirt is not installed here */
        g_test_add_data_func(fixtures, (*rule)->id, test_fixtures);
        g_test_add_data_func(descriptor, (*rule)->id, test_descriptor);
    }
    g_test_add_func("/lint/find", test_find);
    g_test_add_func("/lint/host-facts", test_host_facts);
    g_test_add_func("/lint/image-format", test_image_format);
    g_test_add_func("/lint/deprecated-machine", test_deprecated_machine);
    g_test_add_func("/lint/guest-facts", test_guest_facts);
    g_test_add_func("/lint/severity/wanted-port", test_severity_of_wanted_port);
    g_test_add_func("/lint/answers", test_answers);
    g_test_add_func("/lint/suppression", test_suppression);
    g_test_add_func("/lint/profiles", test_profiles);
    g_test_add_func("/lint/unknown", test_unknown);
    g_test_add_func("/lint/hostile-values", test_hostile_values);
    g_test_add_func("/lint/root", test_root);
    return g_test_run();
}
