/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"
#include "probes/rule.h"

#include <string.h>

/*
 * What the host does with a guest when it starts and when it goes down.
 */

#define AUTOSTART "whether the guest starts with its host"
#define DEVICES "the host's PCI devices"

/* A driver of the host's that has to let go of the device before a guest gets it. */
static gboolean
is_in_use(const VitalsHostPciDevice *device)
{
    return *device->driver && !strstr(device->driver, "vfio") &&
           !g_str_equal(device->driver, "pci-stub") && !g_str_equal(device->driver, "pciback");
}

static void
judge_owner(const VitalsDefinition *definition, const VitalsXmlNode *node, const char *address,
            const VitalsHostPciDevice *device, VitalsFindings *findings)
{
    const char *hooks = definition->host->words[VITALS_HOST_LIBVIRT_HOOKS];
    VitalsFinding *finding;

    if (!is_in_use(device) && !device->is_boot_display)
        return;
    finding = vitals_findings_add(
        findings, node,
        "the guest starts with its host, and device %s belongs to the host's driver %s%s%s%s: "
        "taking it away may fail or hang",
        address, *device->driver ? device->driver : "(none)",
        device->is_boot_display ? ", the firmware's screen is on it" : "",
        *device->carrier ? ", the network is up on " : "", device->carrier);
    if (hooks && *hooks)
        finding->severity = VITALS_SEVERITY_NOTICE;
}

static VitalsAnswer
check_pci011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    GHashTable *table = definition->host ? definition->host->pci_devices : NULL;

    if (devices->len == 0 || definition->is_autostart == VITALS_NO)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!table)
        vitals_findings_add_unknown(findings, DEVICES);
    else if (definition->is_autostart == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, AUTOSTART);
    for (guint i = 0; table && definition->is_autostart == VITALS_YES && i < devices->len; i++) {
        g_autofree char *address = vitals_definition_pci_address(devices->pdata[i]);
        const VitalsHostPciDevice *device = address ? g_hash_table_lookup(table, address) : NULL;

        /* while the guest runs, the device is on VFIO whatever happened before */
        if (device)
            judge_owner(definition, devices->pdata[i], address, device, findings);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci011 = {
    .id = "PCI011",
    .name = "host-driver-owns-device",
    .title = "host's driver owns the device of a guest that starts by itself",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH | VITALS_PROFILE_AUTOSTART,
    .needs = AUTOSTART,
    .why =
        "The device is torn from a driver that uses it: a screen, a network that is up, a mounted "
        "disk. That may fail or hang, at boot, where nobody looks.",
    .bad = "<!-- starts with the host -->\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<!-- starts with the host -->\n"
            "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='2' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy =
        "bind it to vfio-pci at boot: options vfio-pci ids=… and softdep DRIVER pre: vfio-pci in "
        "/etc/modprobe.d/",
    .exceptions =
        "A notice where libvirt has hooks, as these may free the device on purpose. Needs to "
        "be told by libvirt that the guest starts with its host.",
    .evidence =
        (const char *const[]){ "https://pve.proxmox.com/wiki/PCI_Passthrough: verify \"Kernel "
                               "driver in use: vfio-pci\"",
                               NULL },
    .check = check_pci011,
};

/* Devices that keep a guest from being saved; a transient one of a team is taken out first. */
static const VitalsXmlNode *
unsavable_device(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "*");

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i];
        const char *type = vitals_xml_attribute(device, "type");
        gboolean is_hostdev = g_str_equal(vitals_xml_name(device), "hostdev") &&
                              (g_strcmp0(type, "pci") == 0 || g_strcmp0(type, "mdev") == 0 ||
                               g_strcmp0(type, "scsi") == 0);
        gboolean is_interface =
            g_str_equal(vitals_xml_name(device), "interface") && g_strcmp0(type, "hostdev") == 0;

        if ((is_hostdev || is_interface) &&
            g_strcmp0(vitals_xml_value(device, "teaming/@type"), "transient") != 0)
            return device;
    }
    return NULL;
}

/* What libvirt-guests does to guests at shutdown; %NULL if it is not known, "" if it is off. */
static const char *
shutdown_policy(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *service = vitals_host_fact(definition, VITALS_HOST_GUESTS_SERVICE, findings);

    if (!service)
        return NULL;
    if (!g_str_equal(service, "enabled"))
        return "";
    return vitals_host_fact(definition, VITALS_HOST_GUESTS_ON_SHUTDOWN, findings);
}

static VitalsAnswer
check_pci014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *device = unsavable_device(definition);
    const char *policy;

    if (!device)
        return VITALS_ANSWER_NOT_APPLICABLE;
    policy = shutdown_policy(definition, findings);
    if (g_strcmp0(policy, "suspend") == 0)
        vitals_findings_add(findings, device,
                            "libvirt-guests will try to save this guest when the host goes down, "
                            "which this device forbids: the guest is cut off");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci014 = {
    .id = "PCI014",
    .name = "unsavable-guest-saved",
    .title = "libvirt-guests will try to save a guest that cannot be saved",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "libvirt-guests' ON_SHUTDOWN",
    .why = "managedsave is refused for guests with devices of the host, so at the host's shutdown "
           "they "
           "are cut off as by a power cut.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "set ON_SHUTDOWN=shutdown and a SHUTDOWN_TIMEOUT for libvirt-guests",
    .exceptions = "Looks at what takes effect: Debian's default is shutdown. Interfaces with "
                  "<teaming type='transient'> are let through by libvirt too.",
    .evidence =
        (const char *const[]){
            "libvirt-guests(8): \"suspended using virsh managedsave\", by default",
            "libvirt src/qemu/qemu_migration.c: \"cannot migrate a domain with <hostdev …>\"",
            NULL },
    .check = check_pci014,
};

static gboolean
has_agent(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) targets = vitals_xml_all(definition->devices, "channel/target");

    for (guint i = 0; i < targets->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(targets->pdata[i], "name"), "org.qemu.guest_agent.0") ==
            0)
            return TRUE;
    }
    return FALSE;
}

static VitalsAnswer
check_hst016_host(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *policy = shutdown_policy(definition, findings);
    const char *timeout;

    if (g_strcmp0(policy, "shutdown") != 0)
        return policy ? VITALS_ANSWER_NOT_APPLICABLE : VITALS_ANSWER_UNKNOWN;
    timeout = vitals_host_fact(definition, VITALS_HOST_GUESTS_TIMEOUT, findings);
    if (g_strcmp0(timeout, "0") == 0)
        vitals_findings_add(
            findings, NULL,
            "libvirt-guests has SHUTDOWN_TIMEOUT=0: one guest that does not shut down "
            "keeps the host up for ever");
    return vitals_findings_answer(findings);
}

static VitalsAnswer
check_hst016(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *policy;

    if (definition->driver == VITALS_DRIVER_HOST)
        return check_hst016_host(definition, findings);
    if (definition->machine != VITALS_MACHINE_X86 || has_agent(definition) ||
        vitals_xml_first(definition->domain, "features/acpi"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    policy = shutdown_policy(definition, findings);
    if (g_strcmp0(policy, "shutdown") == 0)
        vitals_findings_add(
            findings, definition->devices,
            "libvirt-guests will ask this guest to shut down, and it has neither an "
            "agent nor ACPI to hear it: the host waits for the whole time-out");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst016 = {
    .id = "HST016",
    .name = "shutdown-policy-contradicts-guest",
    .title = "libvirt-guests' policy contradicts the guest",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = "libvirt-guests' ON_SHUTDOWN",
    .why =
        "The host's shutdown hangs for the whole time-out, 300 s for each guest and one after the "
        "other by default, or for ever with SHUTDOWN_TIMEOUT=0.",
    .bad = "<features><apic/></features>\n"
           "<devices>\n"
           "  <!-- no agent -->\n"
           "</devices>",
    .good = "<features><acpi/></features>\n"
            "<devices>\n"
            "  <!-- no agent -->\n"
            "</devices>",
    .remedy =
        "give the guest an agent or ACPI; set PARALLEL_SHUTDOWN and a finite SHUTDOWN_TIMEOUT",
    .exceptions = "Other machines than x86 have ways of their own to shut down and are left out.",
    .evidence =
        (const char *const[]){
            "libvirt-guests(8): \"no way to distinguish between a guest which is stuck or ignores "
            "shutdown requests\"; a time-out of 0 is none",
            NULL },
    .check = check_hst016,
};

/* Whether the device's link, or that of the port above it, may sleep. */
static const char *
sleeping_link(GHashTable *table, const VitalsHostPciDevice *device)
{
    const VitalsHostPciDevice *parent = g_hash_table_lookup(table, device->parent);

    if (device->aspm && *device->aspm)
        return device->aspm;
    return parent && parent->aspm ? parent->aspm : device->aspm;
}

static void
judge_links(const VitalsDefinition *definition, const GPtrArray *devices, VitalsFindings *findings)
{
    GHashTable *table = definition->host->pci_devices;

    for (guint i = 0; i < devices->len; i++) {
        g_autofree char *address = vitals_definition_pci_address(devices->pdata[i]);
        const VitalsHostPciDevice *device =
            address && table ? g_hash_table_lookup(table, address) : NULL;
        const char *states = device ? sleeping_link(table, device) : NULL;

        if (!states)
            vitals_findings_add_unknown(findings, "the power states of the device's link");
        else if (*states)
            vitals_findings_add(
                findings, devices->pdata[i],
                "the host runs with pcie_aspm=off, and the firmware left %s on for the "
                "link of %s: the option only keeps the kernel's hands off",
                states, address);
    }
}

static VitalsAnswer
check_hst005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    VitalsKnown is_off = vitals_host_facts_has_word(definition->host, "pcie_aspm=off");
    VitalsFinding *finding;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_off == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, "the host's kernel command line");
    if (vitals_host_facts_has_word(definition->host, "pcie_aspm=force") == VITALS_YES) {
        finding = vitals_findings_add(findings, devices->pdata[0],
                                      "the host runs with pcie_aspm=force, which may lock it up");
        finding->severity = VITALS_SEVERITY_ERROR;
    } else if (is_off == VITALS_YES) {
        judge_links(definition, devices, findings);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst005 = {
    .id = "HST005",
    .name = "aspm-left-on",
    .title = "pcie_aspm=off is set but firmware left ASPM on",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "the host's kernel command line and the links of its PCI devices",
    .why =
        "The option tells the kernel to leave ASPM as the firmware set it. Where that was on, the "
        "supposed cure for a device that falls off the bus does nothing.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "switch ASPM off in the firmware, or use pcie_aspm.policy=performance without "
              "pcie_aspm=off; look at LnkCtl of lspci -vv either way",
    .exceptions =
        "Devices of the definition and the ports above them only. pcie_aspm=force is an error: "
        "\"may cause system lockups\".",
    .evidence =
        (const char *const[]){ "Linux, \"PCI/ASPM: Clarify that pcie_aspm=off means leave ASPM "
                               "untouched\" (B. Helgaas, "
                               "2024)",
                               "field story: a hard lock-up with pcie_aspm=off in effect", NULL },
    .check = check_hst005,
};
