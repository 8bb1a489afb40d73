/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * Devices and processors that libvirt's driver for Xen cannot use, or uses in another way.
 */

static guint64
boot_order(const VitalsXmlNode *device)
{
    const char *text = vitals_xml_value(device, "boot/@order");
    guint64 order;

    return text && g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT, &order, NULL) ? order : 0;
}

static gint
compare_boot_orders(gconstpointer left, gconstpointer right)
{
    guint64 one = boot_order(*(const VitalsXmlNode *const *)left);
    guint64 other = boot_order(*(const VitalsXmlNode *const *)right);

    return one < other ? -1 : one > other;
}

/* The devices with a <boot order='…'/>, the first to boot from first. */
static GPtrArray *
devices_to_boot(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "*");
    GPtrArray *ordered = g_ptr_array_new();

    for (guint i = 0; i < devices->len; i++) {
        if (boot_order(devices->pdata[i]) > 0)
            g_ptr_array_add(ordered, devices->pdata[i]);
    }
    g_ptr_array_sort(ordered, compare_boot_orders);
    return ordered;
}

/* What <boot dev='…'/> in <os> calls devices like this one; %NULL if it has no word for them. */
static const char *
boot_class(const VitalsXmlNode *device)
{
    const char *kind = vitals_xml_attribute(device, "device");

    if (g_str_equal(vitals_xml_name(device), "interface"))
        return "network";
    if (!g_str_equal(vitals_xml_name(device), "disk"))
        return NULL;
    if (!kind || g_str_equal(kind, "disk"))
        return "hd";
    return g_str_equal(kind, "cdrom") ? "cdrom" : g_str_equal(kind, "floppy") ? "fd" : NULL;
}

/* <os> names classes and means the first device of each, so the order can be said there if each device in
 * it is the first of its class. */
static gboolean
is_first_of_class(const VitalsDefinition *definition, const VitalsXmlNode *device)
{
    const char *class = boot_class(device);
    g_autoptr(GPtrArray) like = vitals_xml_all(definition->devices, vitals_xml_name(device));

    for (guint i = 0; class && i < like->len; i++) {
        if (g_strcmp0(boot_class(like->pdata[i]), class) == 0)
            return like->pdata[i] == device;
    }
    return FALSE;
}

static void
offer_classes(const VitalsDefinition *definition, const GPtrArray *devices, VitalsFinding *finding)
{
    const VitalsXmlNode *os = vitals_xml_first(definition->domain, "os");
    VitalsFix *fix;

    for (guint i = 0; i < devices->len; i++) {
        if (!is_first_of_class(definition, devices->pdata[i]))
            return;
    }
    if (!os || vitals_xml_first(os, "boot"))
        return;
    fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);
    for (guint i = 0; i < devices->len; i++) {
        g_autofree char *boot = g_strdup_printf("<boot dev='%s'/>", boot_class(devices->pdata[i]));

        vitals_fix_add_child(fix, os, boot);
        vitals_fix_drop(fix, vitals_xml_first(devices->pdata[i], "boot"));
    }
}

/* libxl boots from the first disk if nothing else is said. */
static gboolean
is_first_disk(const VitalsDefinition *definition, const VitalsXmlNode *device)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");

    for (guint i = 0; i < disks->len; i++) {
        const char *kind = vitals_xml_attribute(disks->pdata[i], "device");

        if (!kind || g_str_equal(kind, "disk"))
            return disks->pdata[i] == device;
    }
    return FALSE;
}

static VitalsAnswer
check_xen007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = devices_to_boot(definition);
    VitalsFinding *finding;

    if (devices->len == 0 || !definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_first_disk(definition, devices->pdata[0]))
        return VITALS_ANSWER_PASS;
    finding = vitals_findings_add(
        findings, vitals_xml_first(devices->pdata[0], "boot"),
        "the Xen driver does not know a boot order by device; the guest boots from "
        "its first disk, not from this <%s>",
        vitals_xml_name(devices->pdata[0]));
    offer_classes(definition, devices, finding);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen007 = {
    .id = "XEN007",
    .name = "xen-boot-order-by-device",
    .title = "boot order by device has no effect",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_XEN,
    .why =
        "Only <boot> in <os> is used. With an order by device that is empty, and the guest boots "
        "from its disk: network or CD-ROM first is lost.",
    .bad = "<devices>\n"
           "  <interface type='bridge'>\n"
           "    <source bridge='xenbr0'/>\n"
           "    <boot order='1'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<os>\n"
            "  <type>hvm</type>\n"
            "  <boot dev='network'/>\n"
            "</os>\n"
            "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <source bridge='xenbr0'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "write <boot dev='…'/> in <os>",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Harmless, and silent, where the first disk is the first in the order.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl: no reference to bootIndex; "
                                       "libxl_conf.c: without os/boot the order "
                                       "is \"c\"",
                                       NULL },
    .check = check_xen007,
};

static VitalsAnswer
check_xen008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    /* hostdev becomes a PCI device before the driver sees it. */
    static const char *const usable[] = { "bridge", "network", "ethernet", "hostdev", NULL };
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");

    if (interfaces->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < interfaces->len; i++) {
        const char *type = vitals_xml_attribute(interfaces->pdata[i], "type");
        const char *model = vitals_xml_value(interfaces->pdata[i], "model/@type");

        if (type && !g_strv_contains(usable, type))
            vitals_findings_add(findings, interfaces->pdata[i],
                                "the Xen driver has no interfaces of type '%s'; the guest will not "
                                "start",
                                type);
        else if (!definition->is_hvm && model && !g_str_equal(model, "netfront") &&
                 g_strcmp0(type, "hostdev") != 0)
            vitals_findings_add(
                findings, interfaces->pdata[i],
                "a paravirtualised guest has interfaces of model 'netfront' only, not "
                "'%s'; it will not start",
                model);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen008 = {
    .id = "XEN008",
    .name = "xen-interface-unusable",
    .title = "interface that the Xen driver cannot use",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why = "Accepted at define, refused at start.",
    .bad = "<devices>\n"
           "  <interface type='direct'>\n"
           "    <source dev='eth0'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <source bridge='xenbr0'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "use type bridge, network or ethernet, and netfront or no model on PV and PVH",
    .exceptions = "type='hostdev' is a PCI device to the driver and passes.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_conf.c, libxlMakeNic: "
                                       "\"unsupported interface type %s\", \"only "
                                       "model 'netfront' is supported for Xen PV(H) domains\"",
                                       NULL },
    .check = check_xen008,
};

static VitalsAnswer
check_xen009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) ports = vitals_xml_all(definition->devices, "parallel");

    if (!definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (ports->len > 0) {
        VitalsFinding *finding =
            vitals_findings_add(findings, ports->pdata[0],
                                "the Xen driver has no parallel ports; the guest will not start");
        VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);

        for (guint i = 0; i < ports->len; i++)
            vitals_fix_drop(fix, ports->pdata[i]);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen009 = {
    .id = "XEN009",
    .name = "xen-parallel-port",
    .title = "parallel port on a Xen guest",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_XEN,
    .why = "Accepted at define, refused at start.",
    .bad = "<devices>\n"
           "  <parallel type='pty'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no parallel port -->\n"
            "</devices>",
    .remedy = "remove it",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None. Paravirtualised guests, where the driver does not look, are left out.",
    .evidence =
        (const char *const[]){
            "libvirt 9.0.0 src/libxl/libxl_conf.c: \"Parallel devices are not supported by libxl\"",
            NULL },
    .check = check_xen009,
};

static VitalsAnswer
check_xen010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *cpu = vitals_xml_first(definition->domain, "cpu");
    const VitalsXmlNode *model = vitals_xml_first(cpu, "model");
    const char *mode = vitals_xml_attribute(cpu, "mode");

    if (!cpu)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (model && (!mode || g_str_equal(mode, "custom")))
        vitals_findings_add(findings, model,
                            "the Xen driver ignores CPU model '%s': the guest gets the host's",
                            vitals_xml_text(model));
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen010 = {
    .id = "XEN010",
    .name = "xen-cpu-model-ignored",
    .title = "named CPU model is ignored",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why = "The guest gets the host's CPU. What it sees may change when libvirt learns the mode.",
    .bad = "<cpu mode='custom'>\n"
           "  <model>Skylake-Client</model>\n"
           "</cpu>",
    .good = "<cpu mode='host-passthrough'/>",
    .remedy = "write <cpu mode='host-passthrough'/>",
    .exceptions = "A <cpu> with a topology alone names no model and passes.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_conf.c: \"Ignoring CPU with "
                                       "mode=custom, update your config to "
                                       "mode=host-passthrough\"",
                                       NULL },
    .check = check_xen010,
};

/* A paravirtualised kernel needs the host's memory map to leave room for devices (xl.cfg, e820_host). */
static void
judge_memory_map(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *map = vitals_xml_first(definition->domain, "features/xen/e820_host");

    if (definition->is_hvm || g_strcmp0(vitals_xml_attribute(map, "state"), "off") != 0)
        return;
    vitals_fix_drop(
        vitals_finding_offer(
            vitals_findings_add(
                findings, map,
                "e820_host is off, but the guest is paravirtualised and is given a host "
                "device: its kernel finds no room for it"),
            VITALS_FIX_SAFE),
        map);
}

static VitalsAnswer
check_xen011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *passthrough =
        vitals_xml_first(definition->domain, "features/xen/passthrough");
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    judge_memory_map(definition, findings);
    if (g_strcmp0(vitals_xml_attribute(passthrough, "state"), "off") == 0) {
        VitalsFinding *finding = vitals_findings_add(
            findings, passthrough,
            "passthrough is off, but the guest is given a host device in line %u",
            vitals_xml_line(devices->pdata[0]));

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), passthrough);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen011 = {
    .id = "XEN011",
    .name = "xen-passthrough-off",
    .title = "PCI devices assigned, but Xen's passthrough switched off",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_PASSTHROUGH,
    .why = "Without mappings in the IOMMU the device cannot be passed.",
    .bad = "<features>\n"
           "  <xen><passthrough state='off'/></xen>\n"
           "</features>\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "remove the <passthrough> element; libxl enables it where devices are listed",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None.",
    .evidence =
        (const char *const[]){
            "libvirt 9.0.0 src/libxl/libxl_conf.c: off is LIBXL_PASSTHROUGH_DISABLED",
            "https://xenbits.xen.org/docs/unstable/man/xl.cfg.5.html: disabled means \"hardware "
            "may not be "
            "passed through\"",
            NULL },
    .check = check_xen011,
};

static VitalsAnswer
check_xen012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) sources = vitals_xml_all(definition->devices, "hostdev/source");

    if (sources->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < sources->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(sources->pdata[i], "writeFiltering"), "no") == 0) {
            VitalsFinding *finding = vitals_findings_add(
                findings, sources->pdata[i],
                "writeFiltering is 'no': the guest may write all of the device's "
                "configuration");

            vitals_fix_drop_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                      sources->pdata[i], "writeFiltering");
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen012 = {
    .id = "XEN012",
    .name = "xen-permissive-passthrough",
    .title = "permissive PCI passthrough",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_PASSTHROUGH,
    .why =
        "The guest may write the whole configuration space of the device, and with it disturb the "
        "bus and the host.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source writeFiltering='no'><address domain='0' bus='1' slot='0' "
           "function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "remove the attribute unless the device does not work without",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Some host bus adapters and graphics cards need it.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#host-device-assignment: "
                               "\"Setting writeFiltering='no' "
                               "will allow all writes\"",
                               NULL },
    .check = check_xen012,
};
