/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * What libvirt's driver for Xen (libxl) takes without a word and does not use.
 */

static VitalsAnswer
check_xen001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *serial = vitals_xml_first(definition->devices, "serial");

    if (definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (serial)
        vitals_findings_add(findings, serial,
                            "a paravirtualised guest has no serial port: what is set up here stays "
                            "empty");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen001 = {
    .id = "XEN001",
    .name = "serial-on-paravirtual",
    .title = "serial port on a PV or PVH guest is ignored",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why = "The guest has no UART. The log or socket set up there stays empty.",
    .bad = "<os>\n"
           "  <type>linux</type>\n"
           "</os>\n"
           "<devices>\n"
           "  <serial type='pty'/>\n"
           "</devices>",
    .good = "<os>\n"
            "  <type>linux</type>\n"
            "</os>\n"
            "<devices>\n"
            "  <console type='pty'><target type='xen' port='0'/></console>\n"
            "</devices>",
    .remedy = "use the Xen console, <target type='xen'/>, which is hvc0 in the guest",
    .exceptions = "None.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_conf.c, "
                                       "libxlMakeDomBuildInfo: serials are used for HVM only",
                                       NULL },
    .check = check_xen001,
};

/* Nothing in libvirt 9.0.0's src/libxl refers to these. An attribute stands behind "@". */
static const char *const ignored[] = {
    "devices/watchdog",
    "devices/panic",
    "devices/rng",
    "devices/tpm",
    "devices/vsock",
    "devices/filesystem",
    "devices/shmem",
    "devices/memory",
    "devices/memballoon/stats",
    "devices/memballoon/@autodeflate",
    "devices/disk/iotune",
    "devices/disk/driver/@cache",
    "devices/disk/driver/@io",
    "devices/disk/driver/@error_policy",
    "devices/disk/source/@startupPolicy",
    "devices/interface/link",
    "devices/interface/mtu",
    "memtune",
    "blkiotune",
    "numatune",
    "memoryBacking",
    "iothreads",
    "features/vmcoreinfo",
    "features/viridian",
    "pm",
};

/* The first element that has what @path names. */
static const VitalsXmlNode *
find_ignored(const VitalsDefinition *definition, const char *path)
{
    const char *attribute = strrchr(path, '@');
    g_autofree char *parent =
        attribute ? g_strndup(path, (gsize)(attribute - path - 1)) : g_strdup(path);
    g_autoptr(GPtrArray) elements = vitals_xml_all(definition->domain, parent);

    for (guint i = 0; i < elements->len; i++) {
        if (!attribute || vitals_xml_attribute(elements->pdata[i], attribute + 1))
            return elements->pdata[i];
    }
    return NULL;
}

static VitalsAnswer
check_xen002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const VitalsXmlNode *first = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(ignored); i++) {
        const VitalsXmlNode *element = find_ignored(definition, ignored[i]);

        if (!element)
            continue;
        g_string_append_printf(names, "%s%s", first ? ", " : "", ignored[i]);
        if (!first || vitals_xml_line(element) < vitals_xml_line(first))
            first = element;
    }
    if (first)
        vitals_findings_add(findings, first, "libvirt's Xen driver ignores without a word: %s",
                            names->str);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen002 = {
    .id = "XEN002",
    .name = "ignored-by-libxl",
    .title = "elements that the Xen driver silently ignores",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why = "The owner believes that there is a watchdog, an error policy or a limit. There is "
           "none, and "
           "no warning.",
    .bad = "<devices>\n"
           "  <watchdog model='i6300esb' action='reset'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no watchdog: something outside looks for signs of life -->\n"
            "</devices>",
    .remedy = "drop them, or use Xen's own means: on_crash, options of xl.cfg",
    .exceptions =
        "Definitions shared between drivers. One finding per guest, at the first such element, "
        "lists all. True of libvirt 9.0.0; later versions may learn some.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl: no reference to any of these; "
                                       "libxl_capabilities.c reports vmcoreinfo "
                                       "as unsupported",
                                       NULL },
    .check = check_xen002,
};

static VitalsAnswer
check_xen003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");
    const char *model = vitals_xml_attribute(balloon, "model");

    if (!model)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!g_str_equal(model, "xen")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, balloon,
            "the balloon is of model '%s'; the Xen driver takes 'xen' only, and the "
            "guest will not start",
            model);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), balloon);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen003 = {
    .id = "XEN003",
    .name = "balloon-not-xen",
    .title = "balloon model is not xen",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why = "Accepted at define, refused at start.",
    .bad = "<devices>\n"
           "  <memballoon model='none'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <memballoon model='xen'/>\n"
            "</devices>",
    .remedy = "drop the element, libvirt adds the right one",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_conf.c: \"unsupported "
                                       "balloon device model '%s'\", \"balloon "
                                       "device cannot be disabled\"",
                                       NULL },
    .check = check_xen003,
};

static VitalsAnswer
check_xen004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) channels = vitals_xml_all(definition->devices, "channel");

    if (channels->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < channels->len; i++) {
        const char *type = vitals_xml_value(channels->pdata[i], "target/@type");

        if (g_strcmp0(type, "xen") != 0) {
            VitalsFinding *finding = vitals_findings_add(
                findings, channels->pdata[i],
                "the channel's target is '%s'; the Xen driver takes 'xen' only, and "
                "the guest will not start",
                type ? type : "");

            vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), channels->pdata[i]);
        } else if (!vitals_xml_value(channels->pdata[i], "target/@name"))
            vitals_findings_add(findings, channels->pdata[i],
                                "the channel's target has no name; the guest will not start");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen004 = {
    .id = "XEN004",
    .name = "channel-not-xen",
    .title = "channel target is not xen",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why =
        "The start fails. Mostly it is the channel of QEMU's guest agent pasted in, which Xen does "
        "not use.",
    .bad = "<devices>\n"
           "  <channel type='unix'>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no channel -->\n"
            "</devices>",
    .remedy = "remove the <channel>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None.",
    .evidence =
        (const char *const[]){
            "libvirt 9.0.0 src/libxl/libxl_conf.c, libxlMakeChannel: \"channel target type not "
            "supported\", \"channel target name missing\"",
            NULL },
    .check = check_xen004,
};

static VitalsAnswer
check_xen005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *disk = disks->pdata[i];
        const char *device = vitals_xml_attribute(disk, "device");
        const char *path = vitals_xml_value(disk, "source/@file");
        gboolean is_device = path == NULL;
        VitalsFinding *finding;

        path = path ? path : vitals_xml_value(disk, "source/@dev");
        if (!path || (device && !g_str_equal(device, "disk")))
            continue;
        if (!vitals_xml_first(disk, "driver")) {
            finding = vitals_findings_add(findings, disk,
                                          "disk '%s' has no driver, so libxl takes it as raw and "
                                          "chooses a backend itself",
                                          path);
            if (is_device)
                finding->severity = VITALS_SEVERITY_NOTICE;
        }
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_xen005 = {
    .id = "XEN005",
    .name = "xen-disk-without-driver",
    .title = "disk without driver: raw with an unknown backend",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .why =
        "libxl takes the file as raw and picks a backend itself; a qcow2 image is then read as raw "
        "and destroyed by the first write.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <source file='/img/a.img'/><target dev='xvda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/a.img'/><target dev='xvda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "add <driver name='qemu' type='…'/>, or name='phy' type='raw' for a device",
    .exceptions = "Block devices are raw: a notice. Media drives are left out.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_domain.c, "
                                       "libxlDomainDeviceDefPostParse: \"xl.cfg default "
                                       "format is raw\"",
                                       NULL },
    .check = check_xen005,
};

static VitalsAnswer
check_xen006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *features = vitals_xml_first(definition->domain, "features");
    /* virtual NUMA nodes switch it on by themselves */
    gboolean has_acpi =
        vitals_xml_first(features, "acpi") || vitals_xml_first(definition->domain, "cpu/numa/cell");
    gboolean has_apic = vitals_xml_first(features, "apic") != NULL;

    if (!definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!has_acpi || !has_apic) {
        VitalsFinding *finding =
            vitals_findings_add(findings, features ? features : definition->domain,
                                "%s not in <features>, which the Xen driver takes as switched off",
                                has_apic   ? "acpi is"
                                : has_acpi ? "apic is"
                                           : "acpi and apic are");

        VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);

        if (features) {
            if (!has_acpi)
                vitals_fix_add_child(fix, features, "<acpi/>");
            if (!has_apic)
                vitals_fix_add_child(fix, features, "<apic/>");
        } else {
            vitals_fix_add_child(fix, definition->domain,
                                 "<features>\n  <acpi/>\n  <apic/>\n</features>");
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen006 = {
    .id = "XEN006",
    .name = "xen-without-acpi-or-apic",
    .title = "HVM guest without acpi or apic",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_XEN,
    .why =
        "The driver disables what is absent: without ACPI the guest does not notice a request to "
        "shut down, and without APIC it has one processor and old interrupts.",
    .bad = "<features>\n"
           "  <pae/>\n"
           "</features>",
    .good = "<features>\n"
            "  <acpi/>\n"
            "  <apic/>\n"
            "  <pae/>\n"
            "</features>",
    .remedy = "add <acpi/> and <apic/> to <features>",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Very old guests. Paravirtualised guests have neither.",
    .evidence = (const char *const[]){ "libvirt 9.0.0 src/libxl/libxl_conf.c: libxl_defbool_set() "
                                       "of acpi and apic from <features>",
                                       NULL },
    .check = check_xen006,
};
