/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * How devices of the host are named and driven, PCI and USB.
 */

static VitalsAnswer
check_pci016(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *driver = vitals_xml_first(devices->pdata[i], "driver");

        if (g_strcmp0(vitals_xml_attribute(driver, "name"), "kvm") == 0) {
            VitalsFinding *finding = vitals_findings_add(
                findings, driver,
                "driver 'kvm' is the old way to assign a device and is gone; the guest "
                "will not start");

            vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), driver);
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci016 = {
    .id = "PCI016",
    .name = "legacy-assignment",
    .title = "legacy KVM device assignment requested",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "Kernels and QEMU have dropped it in favour of VFIO. The definition is accepted, and the "
        "start fails.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <driver name='kvm'/>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <driver name='vfio'/>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "drop the <driver>, or set name='vfio'",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None on libvirt since 1.1 with a current kernel.",
    .evidence =
        (const char *const[]){
            "measured: define accepts it",
            "libvirt src/qemu/qemu_hostdev.c: \"host doesn't support legacy PCI passthrough\"",
            NULL },
    .check = check_pci016,
};

/* The host's USB devices that the guest is given, by their <source>. */
static GPtrArray *
usb_sources(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");
    GPtrArray *sources = g_ptr_array_new();

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *source = vitals_xml_first(devices->pdata[i], "source");

        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "usb") == 0 && source)
            g_ptr_array_add(sources, (gpointer)source);
    }
    return sources;
}

static char *
usb_place(const char *bus, const char *device)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                           g_ascii_strtoull(bus ? bus : "0", NULL, 0),
                           g_ascii_strtoull(device, NULL, 0));
}

/* What is plugged in there now is taken for what is meant, if there is but one of its kind. */
static void
offer_usb_name(const VitalsDefinition *definition, const VitalsXmlNode *source,
               const VitalsXmlNode *address, VitalsFinding *finding)
{
    const VitalsHostFacts *host = definition->host;
    g_autofree char *place =
        usb_place(vitals_xml_attribute(address, "bus"), vitals_xml_attribute(address, "device"));
    const char *id = host && host->usb_places ? g_hash_table_lookup(host->usb_places, place) : NULL;
    g_auto(GStrv) parts = g_strsplit(id ? id : "", ":", 2);
    g_autofree char *vendor = NULL;
    g_autofree char *product = NULL;
    VitalsFix *fix;

    if (!id || g_strv_length(parts) != 2 || !host->usb_devices ||
        GPOINTER_TO_UINT(g_hash_table_lookup(host->usb_devices, id)) != 1 ||
        !g_regex_match_simple("^[0-9a-f]{4}:[0-9a-f]{4}$", id, G_REGEX_DOLLAR_ENDONLY, 0))
        return;
    vendor = g_strdup_printf("<vendor id='0x%s'/>", parts[0]);
    product = g_strdup_printf("<product id='0x%s'/>", parts[1]);
    fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);
    vitals_fix_add_before(fix, address, vendor);
    vitals_fix_add_before(fix, address, product);
    vitals_fix_drop(fix, address);
}

static VitalsAnswer
check_usb001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) sources = usb_sources(definition);

    if (sources->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < sources->len; i++) {
        const VitalsXmlNode *address = vitals_xml_first(sources->pdata[i], "address");
        const char *device = vitals_xml_attribute(address, "device");
        const char *bus = vitals_xml_attribute(address, "bus");

        if (device && !vitals_xml_first(sources->pdata[i], "vendor"))
            offer_usb_name(
                definition, sources->pdata[i], address,
                vitals_findings_add(
                    findings, address,
                    "USB device %s of bus %s: the number changes whenever it is plugged in "
                    "or the host boots",
                    device, bus ? bus : "?"));
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_usb001 = {
    .id = "USB001",
    .name = "usb-by-number",
    .title = "USB host device addressed only by bus and device number",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "Device numbers change whenever a device is plugged in or reset, and at each boot. The "
           "guest "
           "then gets nothing, or another device.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='usb'>\n"
           "    <source><address bus='1' device='7'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='usb'>\n"
            "    <source startupPolicy='optional'>\n"
            "      <vendor id='0x0403'/><product id='0x6001'/>\n"
            "    </source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "name it by <vendor> and <product>; `lsusb` shows them",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Several devices of one kind need the address besides vendor and product. The fix takes "
        "what is plugged in there on this host now, where there is one of its kind.",
    .evidence =
        (const char *const[]){
            "https://github.com/dockur/windows/issues/655: \"not ideal as the values will change\"",
            "https://libvirt.org/formatdomain.html#host-device-assignment", NULL },
    .check = check_usb001,
};

static VitalsAnswer
check_usb003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) sources = usb_sources(definition);

    if (sources->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < sources->len; i++) {
        /* one that is known by its number alone is USB001's */
        if (!vitals_xml_attribute(sources->pdata[i], "startupPolicy") &&
            vitals_xml_first(sources->pdata[i], "vendor")) {
            VitalsFinding *finding = vitals_findings_add(
                findings, sources->pdata[i], "the guest does not start without this USB device");

            finding->is_taste = definition->is_autostart != VITALS_YES;
            vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE),
                                     sources->pdata[i], "startupPolicy", "optional");
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_usb003 = {
    .id = "USB003",
    .name = "usb-has-to-be-there",
    .title = "guest depends on a USB device being plugged in",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .why = "By default the device is mandatory: a dongle that was unplugged keeps the guest down "
           "after "
           "a power cut.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='usb'>\n"
           "    <source><vendor id='0x0403'/><product id='0x6001'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='usb'>\n"
            "    <source startupPolicy='optional'>\n"
            "      <vendor id='0x0403'/><product id='0x6001'/>\n"
            "    </source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "set startupPolicy='optional' on the <source>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Licence dongles that the guest cannot work without. A device that is named by its number "
        "alone is USB001, which comes first. Matters to guests that start by themselves: to those "
        "that "
        "are known to, and to all in the profile autostart.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#host-device-assignment: "
                               "mandatory means \"fail if "
                               "missing for any reason (the default)\"",
                               NULL },
    .check = check_usb003,
};
