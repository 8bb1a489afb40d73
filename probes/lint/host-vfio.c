/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"
#include "probes/rule.h"

#include <string.h>

/*
 * Settings of the host that make passing devices unsafe or blind; mediated and USB devices.
 */

#define CMDLINE "the host's kernel command line"

static VitalsAnswer
check_pci012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    VitalsKnown overrides = vitals_host_facts_has_word(definition->host, "pcie_acs_override=");

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (overrides == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, CMDLINE);
    else if (overrides == VITALS_YES)
        vitals_findings_add(
            findings, devices->pdata[0],
            "the host splits IOMMU groups by pcie_acs_override: devices look isolated "
            "and are not");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci012 = {
    .id = "PCI012",
    .name = "acs-override",
    .title = "ACS override patch in use",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = CMDLINE,
    .why = "Groups look isolated, but devices can still reach each other directly: a guest with "
           "one can "
           "read and write what its neighbours do.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "use another slot or board, or assign the whole real group",
    .exceptions =
        "Home labs accept it: ignore the rule there. Reported for guests with a host device "
        "only.",
    .evidence =
        (const char *const[]){
            "https://vfio.blogspot.com/2014/08/iommu-groups-inside-and-out.html",
            "https://cr0x.net/en/proxmox-pci-passthrough-checklist: \"a last resort and a security "
            "trade-off\"",
            NULL },
    .check = check_pci012,
};

static VitalsAnswer
check_pci013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    VitalsKnown is_unsafe = definition->host ? definition->host->unsafe_interrupts : VITALS_UNKNOWN;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_unsafe == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, "allow_unsafe_interrupts of the host's VFIO");
    else if (is_unsafe == VITALS_YES)
        vitals_findings_add(
            findings, devices->pdata[0],
            "the host's VFIO allows unsafe interrupts: the guest can inject interrupts "
            "into the host");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci013 = {
    .id = "PCI013",
    .name = "unsafe-interrupts",
    .title = "unsafe interrupts allowed for VFIO",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "allow_unsafe_interrupts of the host's VFIO",
    .why = "Without interrupt remapping a guest with a device can inject interrupts into the host.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "drop the option, and use a platform with interrupt remapping",
    .exceptions = "None. Reported for guests with a host device only.",
    .evidence = (const char *const[]){ "https://pve.proxmox.com/wiki/PCI_Passthrough: \"this "
                                       "option can make your system unstable\"",
                                       NULL },
    .check = check_pci013,
};

/* What was made by hand is gone after the next boot. */
static void
judge_persistence(const VitalsDefinition *definition, const VitalsXmlNode *device, const char *uuid,
                  VitalsFindings *findings)
{
    const char *lasting = vitals_host_fact(definition, VITALS_HOST_MDEV_AUTOSTART, findings);
    g_auto(GStrv) uuids = g_strsplit(lasting ? lasting : "", " ", -1);
    VitalsFinding *finding;

    if (!lasting || g_strv_contains((const char *const *)uuids, uuid))
        return;
    finding = vitals_findings_add(
        findings, device,
        "mediated device %s is there, but nothing makes it when the host boots: the guest will not "
        "start then",
        uuid);
    finding->severity = VITALS_SEVERITY_NOTICE;
}

static VitalsAnswer
check_pci015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");
    GHashTable *known = definition->host ? definition->host->mediated_devices : NULL;

    if (!vitals_definition_mediated_device(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!known)
        vitals_findings_add_unknown(findings, "the host's mediated devices");
    for (guint i = 0; known && i < devices->len; i++) {
        const char *uuid = vitals_xml_value(devices->pdata[i], "source/address/@uuid");
        g_autofree char *lower = g_ascii_strdown(uuid ? uuid : "", -1);

        if (!uuid || g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "mdev") != 0)
            continue;
        if (g_hash_table_contains(known, lower))
            judge_persistence(definition, devices->pdata[i], lower, findings);
        else
            vitals_findings_add(
                findings, devices->pdata[i],
                "mediated device %s does not exist on this host: the guest will not "
                "start",
                uuid);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci015 = {
    .id = "PCI015",
    .name = "mediated-device-missing",
    .title = "mediated device does not exist",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "the host's mediated devices",
    .why =
        "Mediated devices vanish when the host boots, unless they are defined and set to start by "
        "themselves.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='mdev' model='vfio-pci'>\n"
           "    <source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='mdev' model='vfio-pci'>\n"
            "    <source><address uuid='11111111-2222-3333-4444-555555555555'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "define it with virsh nodedev-define and set nodedev-autostart",
    .exceptions =
        "Devices that a hook makes just before the guest starts. One that is there, but that "
        "mdevctl does not start at boot, is a notice.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/drvnodedev.html#mediated-devices-mdevs: to be "
                               "\"maintained across host "
                               "reboots, use virsh nodedev-define\"",
                               NULL },
    .check = check_pci015,
};

/* pci= takes several words with commas. */
static gboolean
silences_aer(const char *cmdline)
{
    g_auto(GStrv) words = g_strsplit_set(cmdline, " \t\n", -1);

    for (guint i = 0; words[i]; i++) {
        g_auto(GStrv) parts = NULL;

        if (!g_str_has_prefix(words[i], "pci="))
            continue;
        parts = g_strsplit(words[i] + strlen("pci="), ",", -1);
        if (g_strv_contains((const char *const *)parts, "noaer"))
            return TRUE;
    }
    return FALSE;
}

static VitalsAnswer
check_hst006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    const char *cmdline = definition->host ? definition->host->cmdline : NULL;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!cmdline)
        vitals_findings_add_unknown(findings, CMDLINE);
    else if (silences_aer(cmdline))
        vitals_findings_add(
            findings, devices->pdata[0],
            "the host runs with pci=noaer: faults of this device and its link are not "
            "reported");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst006 = {
    .id = "HST006",
    .name = "pcie-errors-silenced",
    .title = "PCIe error reporting is switched off",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = CMDLINE,
    .why =
        "It silences the messages that would explain a fault of the link or the device, and cures "
        "nothing.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "drop pci=noaer; limit the rate of the log instead",
    .exceptions =
        "Boards that flood the log with corrected errors. Reported for guests with a host "
        "device only.",
    .evidence =
        (const char *const[]){ "https://www.kernel.org/doc/html/latest/admin-guide/"
                               "kernel-parameters.html: noaer, \"disable "
                               "the use of PCIE advanced error reporting\"",
                               "https://www.dnim.dev/blog/gpu-passthrough-host-reboot", NULL },
    .check = check_hst006,
};

/* "0x0403" or "0403" as sysfs has it; FALSE if it is no number. */
static gboolean
parse_id(const VitalsXmlNode *source, const char *path, guint *ret_id)
{
    const char *text = vitals_xml_value(source, path);
    guint64 id;

    if (!text ||
        !g_ascii_string_to_unsigned(g_ascii_strncasecmp(text, "0x", 2) == 0 ? text + 2 : text, 16,
                                    0, 0xffff, &id, NULL))
        return FALSE;
    *ret_id = (guint)id;
    return TRUE;
}

static VitalsAnswer
check_usb002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");
    GHashTable *known = definition->host ? definition->host->usb_devices : NULL;
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *source = vitals_xml_first(devices->pdata[i], "source");
        g_autofree char *id = NULL;
        guint vendor;
        guint product;

        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "usb") != 0 ||
            vitals_xml_first(source, "address") || !parse_id(source, "vendor/@id", &vendor) ||
            !parse_id(source, "product/@id", &product))
            continue;
        id = g_strdup_printf("%04x:%04x", vendor, product);
        if (!known)
            vitals_findings_add_unknown(findings, "the host's USB devices");
        else if (GPOINTER_TO_UINT(g_hash_table_lookup(known, id)) > 1)
            vitals_findings_add(findings, source,
                                "this host has %u USB devices %s, and the definition does not say "
                                "which: the guest will not start",
                                GPOINTER_TO_UINT(g_hash_table_lookup(known, id)), id);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_usb002 = {
    .id = "USB002",
    .name = "usb-ambiguous",
    .title = "USB vendor and product match several host devices",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "the host's USB devices",
    .why = "libvirt refuses to choose, so the start fails.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='usb'>\n"
           "    <source startupPolicy='optional'>\n"
           "      <vendor id='0x0403'/><product id='0x6001'/>\n"
           "    </source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='usb'>\n"
            "    <source startupPolicy='optional'>\n"
            "      <vendor id='0x0403'/><product id='0x6001'/>\n"
            "      <address bus='1' device='7'/>\n"
            "    </source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "add <address bus=… device=…/> beside vendor and product, or pass a whole controller",
    .exceptions = "None.",
    .evidence = (const char *const[]){ "libvirt src/hypervisor/virhostdev.c: \"Multiple USB "
                                       "devices for %x:%x, use <address> to "
                                       "specify one\"",
                                       "https://github.com/dockur/windows/issues/655", NULL },
    .check = check_usb002,
};
