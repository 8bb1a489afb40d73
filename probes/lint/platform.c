/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * The guest's processor, firmware and machine.
 */

static VitalsAnswer
check_cpu002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *cpu = vitals_xml_first(definition->domain, "cpu");

    if (g_strcmp0(vitals_xml_attribute(definition->domain, "type"), "kvm") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!vitals_xml_attribute(cpu, "mode") && !vitals_xml_first(cpu, "model") &&
        !vitals_definition_passes(definition, "-cpu")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, cpu ? cpu : definition->domain,
            "the definition names no CPU model, so the guest gets qemu64, without the "
            "features that protect it against flaws of real ones");

        if (cpu)
            vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), cpu, "mode",
                                     "host-model");
        else
            vitals_fix_add_child(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                 definition->domain, "<cpu mode='host-model'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu002 = {
    .id = "CPU002",
    .name = "cpu-model-unsaid",
    .title = "no CPU model: qemu64",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "The guest gets qemu64, a least common denominator without the flags that the guest's "
           "mitigations of processor flaws need, and slow.",
    .bad = "<memory unit='GiB'>4</memory>\n"
           "<!-- no cpu element -->",
    .good = "<memory unit='GiB'>4</memory>\n"
            "<cpu mode='host-passthrough'/>",
    .remedy = "add <cpu mode='host-passthrough'/>, or host-model for guests that migrate",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests of type qemu are emulated anyway and are left out. A <cpu> with a topology "
        "alone names no model either. Holds back where <qemu:commandline> has -cpu.",
    .evidence =
        (const char *const[]){
            "measured: define fills in custom/qemu64",
            "https://www.qemu.org/docs/master/system/i386/cpu.html: default models \"leave the "
            "guest OS "
            "vulnerable to various CPU hardware flaws, so their use is strongly discouraged\"",
            NULL },
    .check = check_cpu002,
};

static VitalsAnswer
check_cpu003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *features = vitals_xml_first(definition->domain, "features");
    const char *machine = vitals_xml_value(definition->domain, "os/type/@machine");

    if (!definition->is_hvm || g_strcmp0(machine, "isapc") == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!vitals_xml_first(features, "acpi")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, features ? features : definition->domain,
            "ACPI is not enabled, so the guest does not notice a request to shut down "
            "and is killed when the host does");

        vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain,
                             "features", "<acpi/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu003 = {
    .id = "CPU003",
    .name = "no-acpi",
    .title = "ACPI is not enabled",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "The guest does not notice `virsh shutdown`; when the host is shut down the guest is "
           "killed "
           "in the end.",
    .bad = "<features>\n"
           "  <apic/>\n"
           "</features>",
    .good = "<features>\n"
            "  <acpi/>\n"
            "  <apic/>\n"
            "</features>",
    .remedy = "add <acpi/> to <features>; needs a cold start",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Appliances that nobody shuts down. The panic device does not need it under SeaBIOS. "
        "isapc machines have none.",
    .evidence = (const char *const[]){ "https://libvirt.org/formatdomain.html#hypervisor-features: "
                                       "acpi \"is required for graceful "
                                       "shutdown to work\"",
                                       "measured: without it QEMU is started with -no-acpi", NULL },
    .check = check_cpu003,
};

/* Machine types that QEMU has removed: pc-0.x in 5.0, pc-1.x in 6.0, pc-i440fx-1.x in 8.2 and pc-q35-1.x
 * in 2.9 (its docs/about/removed-features.rst). */
static gboolean
is_removed(const char *machine)
{
    static const char *const prefixes[] = { "pc-0.", "pc-1.", "pc-i440fx-1.", "pc-q35-1.", NULL };

    for (guint i = 0; prefixes[i]; i++) {
        if (g_str_has_prefix(machine, prefixes[i]))
            return TRUE;
    }
    return FALSE;
}

/* What libvirt's capabilities say of it, where these are known. */
static gboolean
is_deprecated_here(const VitalsDefinition *definition, const char *machine)
{
    GHashTable *machines = definition->host ? definition->host->machines : NULL;
    const char *arch = vitals_xml_value(definition->domain, "os/type/@arch");
    g_autofree char *key = g_strdup_printf("%s %s", arch ? arch : "x86_64", machine);

    return machines && GPOINTER_TO_UINT(g_hash_table_lookup(machines, key)) > 1;
}

static VitalsAnswer
check_cpu004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *type = vitals_xml_first(definition->domain, "os/type");
    const char *machine = vitals_xml_attribute(type, "machine");

    if (!machine)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_deprecated_here(definition, machine))
        vitals_findings_add(
            findings, type,
            "this host's QEMU calls machine type '%s' deprecated: a version to come "
            "will not have it",
            machine);
    else if (is_removed(machine))
        vitals_findings_add(
            findings, type,
            "machine type '%s' is gone from current QEMU: after an upgrade the guest "
            "will not start",
            machine);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu004 = {
    .id = "CPU004",
    .name = "machine-type-removed",
    .title = "deprecated machine type",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "QEMU drops old machine types after some years. The guest starts until the host's QEMU is "
        "upgraded, and not after.",
    .bad = "<os>\n"
           "  <type arch='x86_64' machine='pc-i440fx-1.7'>hvm</type>\n"
           "</os>",
    .good = "<os>\n"
            "  <type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type>\n"
            "</os>",
    .remedy = "plan the change to a current machine type; the guest sees other hardware",
    .exceptions =
        "Where the host's libvirt was not asked, only types that some released QEMU no longer has: "
        "pc-0.x, pc-1.x, pc-i440fx-1.x, pc-q35-1.x.",
    .evidence =
        (const char *const[]){
            "measured: libvirt 9.0.0 with QEMU 7.2 marks eight machine types deprecated='yes'",
            "https://www.qemu.org/docs/master/about/removed-features.html", NULL },
    .check = check_cpu004,
};

/* Buses of a PCI topology have numbers of eight bits; 0 is the root. */
#define N_BUSES 256

typedef enum {
    BUS_UNKNOWN, /* no controller for it */
    BUS_ROOT_PORT,
    BUS_OTHER,
} Bus;

/* The buses that the controllers make, by their indices. */
static void
read_buses(const GPtrArray *controllers, Bus *buses)
{
    for (guint i = 0; i < controllers->len; i++) {
        const char *type = vitals_xml_attribute(controllers->pdata[i], "type");
        const char *index = vitals_xml_attribute(controllers->pdata[i], "index");
        const char *model = vitals_xml_attribute(controllers->pdata[i], "model");
        guint64 number;

        if (g_strcmp0(type, "pci") == 0 && index &&
            g_ascii_string_to_unsigned(index, 10, 0, N_BUSES - 1, &number, NULL))
            buses[number] = g_strcmp0(model, "pcie-root-port") == 0 ? BUS_ROOT_PORT : BUS_OTHER;
    }
}

/* The buses that a device of the guest is on. */
static void
read_taken(const VitalsDefinition *definition, gboolean *taken)
{
    g_autoptr(GPtrArray) addresses = vitals_xml_all(definition->devices, "*/address");

    for (guint i = 0; i < addresses->len; i++) {
        const char *type = vitals_xml_attribute(addresses->pdata[i], "type");
        const char *bus = vitals_xml_attribute(addresses->pdata[i], "bus");
        guint64 number = bus ? g_ascii_strtoull(bus, NULL, 0) : N_BUSES;

        if (g_strcmp0(type, "pci") == 0 && number < N_BUSES)
            taken[number] = TRUE;
    }
}

static const VitalsXmlNode *
last_port(const GPtrArray *controllers)
{
    const VitalsXmlNode *last = NULL;

    for (guint i = 0; i < controllers->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(controllers->pdata[i], "model"), "pcie-root-port") == 0)
            last = controllers->pdata[i];
    }
    return last;
}

static void
offer_port(const GPtrArray *controllers, guint index, VitalsFinding *finding)
{
    g_autofree char *xml =
        g_strdup_printf("<controller type='pci' index='%u' model='pcie-root-port'/>", index);

    vitals_fix_add_before(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), controllers->pdata[0],
                          xml);
}

static VitalsAnswer
check_cpu006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) controllers = vitals_xml_all(definition->devices, "controller");
    const char *machine = vitals_xml_value(definition->domain, "os/type/@machine");
    Bus buses[N_BUSES] = { BUS_UNKNOWN };
    gboolean taken[N_BUSES] = { FALSE };
    guint n_ports = 0;
    guint end = N_BUSES;

    if (!machine || !strstr(machine, "q35"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    read_buses(controllers, buses);
    read_taken(definition, taken);
    while (end > 1 && buses[end - 1] == BUS_UNKNOWN && !taken[end - 1])
        end--;
    for (guint i = 1; i < end; i++)
        n_ports += buses[i] == BUS_ROOT_PORT;
    if (n_ports == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;

    /* libvirt makes a root port of each number that is left out below the highest */
    for (guint i = 1; i < end; i++) {
        if (buses[i] != BUS_OTHER && !taken[i])
            return VITALS_ANSWER_PASS;
    }
    offer_port(controllers, end,
               vitals_findings_add(findings, last_port(controllers),
                                   "all %u PCIe root ports are taken, so nothing can be plugged in "
                                   "while the guest runs",
                                   n_ports));
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu006 = {
    .id = "CPU006",
    .name = "no-free-root-port",
    .title = "no free PCIe root port",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why =
        "On q35 a device is plugged in behind a root port of its own. Without a free one adding a "
        "disk, an interface or the guest agent's controller needs a cold start.",
    .bad = "<os><type arch='x86_64' machine='q35'>hvm</type></os>\n"
           "<devices>\n"
           "  <controller type='pci' index='1' model='pcie-root-port'/>\n"
           "  <memballoon model='virtio'>\n"
           "    <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n"
           "  </memballoon>\n"
           "</devices>",
    .good = "<os><type arch='x86_64' machine='q35'>hvm</type></os>\n"
            "<devices>\n"
            "  <controller type='pci' index='1' model='pcie-root-port'/>\n"
            "  <controller type='pci' index='2' model='pcie-root-port'/>\n"
            "  <memballoon model='virtio'>\n"
            "    <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>\n"
            "  </memballoon>\n"
            "</devices>",
    .remedy =
        "add <controller type='pci' model='pcie-root-port'/> while the guest is shut off, one for "
        "each device to come",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests to which nothing is ever plugged in. A definition that libvirt has not given "
        "addresses yet has free ports by this rule, as libvirt adds what is missing.",
    .evidence = (const char *const[]){ "https://libvirt.org/pci-hotplug.html", NULL },
    .check = check_cpu006,
};
