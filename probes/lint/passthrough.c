/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * Devices of the host that are handed to the guest.
 */

typedef enum {
    BOUND_TO_VFIO,
    BOUND_ELSEWHERE,
    BOUND_UNKNOWN,
} Binding;

/* Besides vfio-pci there are variants of it for single devices, e.g. mlx5_vfio_pci. */
static Binding
binding_of(const VitalsDefinition *definition, const char *address, const char **ret_driver)
{
    GHashTable *devices = definition->host ? definition->host->pci_devices : NULL;
    const VitalsHostPciDevice *device =
        devices && address ? g_hash_table_lookup(devices, address) : NULL;
    const char *driver = device ? device->driver : NULL;

    *ret_driver = driver;
    if (!driver)
        return BOUND_UNKNOWN;
    return strstr(driver, "vfio") ? BOUND_TO_VFIO : BOUND_ELSEWHERE;
}

static void
judge_unmanaged(const VitalsDefinition *definition, const VitalsXmlNode *device,
                VitalsFindings *findings)
{
    g_autofree char *address = vitals_definition_pci_address(device);
    const char *name = address ? address : "(without an address)";
    const char *driver = NULL;
    Binding binding = binding_of(definition, address, &driver);
    VitalsFinding *finding;

    if (binding == BOUND_TO_VFIO)
        return;
    if (binding == BOUND_ELSEWHERE) {
        finding = vitals_findings_add(findings, device,
                                      "host device %s is not managed and has %s%s%s on this host, "
                                      "not vfio-pci; the guest will "
                                      "not start",
                                      name, *driver ? "driver '" : "no driver", driver,
                                      *driver ? "'" : "");
        finding->severity = VITALS_SEVERITY_ERROR;
    } else {
        finding = vitals_findings_add(findings, device,
                                      "host device %s is not managed: nobody detaches it from its "
                                      "driver before the guest starts",
                                      name);
        if (address)
            vitals_findings_add_unknown(findings, "driver of the host's PCI device %s", address);
    }
    vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), device, "managed",
                             "yes");
}

static VitalsAnswer
check_pci001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < devices->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "managed"), "yes") != 0)
            judge_unmanaged(definition, devices->pdata[i], findings);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci001 = {
    .id = "PCI001",
    .name = "hostdev-not-managed",
    .title = "PCI host device without managed='yes'",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "driver of the host's PCI device",
    .why = "The default is \"no\": nobody detaches the device from its driver before the guest "
           "starts. "
           "If something else has not bound it to vfio-pci by then, the start fails.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "set managed='yes', or bind the device to vfio-pci when the host boots",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "oVirt, KubeVirt and OpenStack detach the device themselves: a notice, as long as the "
        "driver "
        "on the host is not known. Where it is known, a device on vfio-pci (or a variant such as "
        "mlx5_vfio_pci) passes and one on another driver, or on none, is an error. Also looks at "
        "<interface type='hostdev'>. Mediated devices have no such choice.",
    .evidence =
        (const char *const[]){ "measured: without the attribute libvirt fills in managed='no'",
                               "https://libvirt.org/formatdomain.html#host-device-assignment: \"If "
                               "managed is omitted or "
                               "'no', the user is responsible\"",
                               NULL },
    .check = check_pci001,
};

static void
find_ballooning(const VitalsDefinition *definition, const VitalsXmlNode *balloon,
                VitalsFindings *findings)
{
    guint64 memory_kib;
    guint64 current_kib;
    const VitalsXmlNode *current =
        vitals_definition_balloon_gap(definition, &memory_kib, &current_kib);

    if (current) {
        VitalsFinding *finding =
            vitals_findings_add(findings, current,
                                "currentMemory is %" G_GUINT64_FORMAT " MiB of %" G_GUINT64_FORMAT
                                " MiB, but a guest with a host device has all its memory pinned",
                                current_kib / 1024, memory_kib / 1024);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), current);
    }
    if (g_strcmp0(vitals_xml_attribute(balloon, "freePageReporting"), "on") == 0) {
        VitalsFinding *finding = vitals_findings_add(
            findings, balloon,
            "free page reporting is on, but a guest with a host device has all its "
            "memory pinned");

        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE), balloon,
                                 "freePageReporting", "off");
    }
}

static VitalsAnswer
check_pci002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");

    if (devices->len == 0 && !vitals_definition_mediated_device(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (g_strcmp0(vitals_xml_attribute(balloon, "model"), "none") == 0)
        return VITALS_ANSWER_PASS;

    find_ballooning(definition, balloon, findings);
    for (guint i = findings->found_before; devices->len == 0 && i < findings->found->len; i++)
        ((VitalsFinding *)findings->found->pdata[i])->severity = VITALS_SEVERITY_NOTICE;
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci002 = {
    .id = "PCI002",
    .name = "balloon-with-hostdev",
    .title = "ballooning or free page reporting on a guest with a host device",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .why = "All memory of a guest with an assigned device is pinned, because the device may write "
           "anywhere; QEMU inhibits the balloon. The host never gets the difference back, and may "
           "have been planned as if it did.",
    .bad = "<memory unit='GiB'>32</memory>\n"
           "<currentMemory unit='GiB'>8</currentMemory>\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<memory unit='GiB'>32</memory>\n"
            "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "make <currentMemory> equal to <memory>, and switch free page reporting off",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Mediated devices may be safe for ballooning: with those alone it is a notice. Memory "
        "modules "
        "(<memory> in <devices>) are not counted as a difference. Without a balloon (model='none') "
        "there is no ballooning to inhibit, and currentMemory is MEM006's matter.",
    .evidence = (const char *const[]){ "QEMU commit 238e91728503: \"memory ballooning is "
                                       "necessarily inhibited due to the page "
                                       "pinning\"",
                                       "measured: libvirt accepts the combination", NULL },
    .check = check_pci002,
};

/* QEMU's names of the i440fx machine: "pc", "pc-i440fx-7.2", "pc-1.0", "rhel6.6.0". */
static gboolean
is_i440fx(const char *machine)
{
    return g_str_equal(machine, "pc") || g_str_has_prefix(machine, "pc-i440fx-") ||
           g_str_has_prefix(machine, "pc-0.") || g_str_has_prefix(machine, "pc-1.") ||
           g_str_has_prefix(machine, "rhel6.");
}

/* Whether the host has the device and it is no display, so that a plain PCI slot may well do. */
static gboolean
is_modest(const VitalsDefinition *definition, const VitalsXmlNode *device)
{
    GHashTable *devices = definition->host ? definition->host->pci_devices : NULL;
    g_autofree char *address = vitals_definition_pci_address(device);
    const VitalsHostPciDevice *known =
        devices && address ? g_hash_table_lookup(devices, address) : NULL;

    return known && known->class_code >> 16 != 0x03;
}

static VitalsAnswer
check_pci004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    const char *machine = vitals_xml_value(definition->domain, "os/type/@machine");
    g_autofree char *address = NULL;
    guint n = 0;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!machine || !*machine) {
        vitals_findings_add_unknown(findings,
                                    "machine type that libvirt chooses where none is named");
        return vitals_findings_answer(findings);
    }
    if (!is_i440fx(machine))
        return VITALS_ANSWER_PASS;

    while (n < devices->len && is_modest(definition, devices->pdata[n]))
        n++;
    if (n == devices->len)
        return VITALS_ANSWER_PASS;

    address = vitals_definition_pci_address(devices->pdata[n]);
    vitals_findings_add(findings, devices->pdata[n],
                        "host device %s%s is given to a machine '%s', which has no PCI Express",
                        address ? address : "(without an address)",
                        devices->len > 1 ? ", one of several," : "", machine);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci004 = {
    .id = "PCI004",
    .name = "hostdev-on-i440fx",
    .title = "PCI Express device assigned to an i440fx guest",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "machine type that libvirt chooses where none is named",
    .why =
        "i440fx has no PCI Express. The guest sees a plain PCI device, and some drivers, those of "
        "GPUs above all, expect PCI Express.",
    .bad = "<os>\n"
           "  <type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type>\n"
           "</os>\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<os>\n"
            "  <type arch='x86_64' machine='q35'>hvm</type>\n"
            "</os>\n"
            "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "build the guest anew on a q35 machine; its hardware changes, so not in place",
    .exceptions =
        "Older network cards and host bus adapters work well as plain PCI devices: a notice, and "
        "where the host is known only of displays. One finding per guest, at the first of them. "
        "Without a machine type in the definition it "
        "depends "
        "on libvirt's choice and is not evaluated.",
    .evidence =
        (const char *const[]){
            "https://pve.proxmox.com/wiki/PCI_Passthrough: \"PCIe passthrough is only available on "
            "q35 machines\"",
            NULL },
    .check = check_pci004,
};
