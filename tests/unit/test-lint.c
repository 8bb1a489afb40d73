/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"
#include "tests/unit/lint-fixture.h"

#include <string.h>

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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, host);

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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, host);
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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, host);
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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, host);
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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, NULL);
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
        g_autoptr(GPtrArray) rules = lint_fixture_all_rules();
        g_autoptr(VitalsDefinition) definition = lint_fixture_define("test", text, NULL);
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
    g_autoptr(VitalsDefinition) definition = lint_fixture_define(
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
    g_autoptr(VitalsDefinition) snapshot = lint_fixture_define(
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
