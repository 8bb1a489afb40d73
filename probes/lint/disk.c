/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-paths.h"
#include "probes/rule.h"

#include <string.h>

/*
 * How disks are driven: their format, their caches, and what an error does.
 */

static gboolean
is_value(const VitalsXmlNode *node, const char *path, const char *value)
{
    return g_strcmp0(vitals_xml_value(node, path), value) == 0;
}

/* A plain disk, not a drive for media. */
static gboolean
is_disk(const VitalsXmlNode *disk)
{
    const char *device = vitals_xml_attribute(disk, "device");

    return !device || g_str_equal(device, "disk");
}

/* Formats that a file's name tells. */
static const char *
format_of_name(const char *path)
{
    static const char *const formats[][2] = {
        { ".qcow2", "qcow2" }, { ".qcow", "qcow" }, { ".qed", "qed" }, { ".vmdk", "vmdk" },
        { ".vhdx", "vhdx" },   { ".vhd", "vpc" },   { ".vdi", "vdi" },
    };
    g_autofree char *lower = g_ascii_strdown(path, -1);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (g_str_has_suffix(lower, formats[i][0]))
            return formats[i][1];
    }
    return NULL;
}

static void
offer_type(const VitalsXmlNode *disk, VitalsFinding *finding, VitalsFixSafety safety,
           const char *format)
{
    const VitalsXmlNode *driver = vitals_xml_first(disk, "driver");
    g_autofree char *element = g_strdup_printf("<driver name='qemu' type='%s'/>", format);
    VitalsFix *fix;

    if (g_str_equal(format, "vhdx")) /* libvirt has no such type */
        return;
    fix = vitals_finding_offer(finding, safety);
    if (driver)
        vitals_fix_set_attribute(fix, driver, "type", format);
    else
        vitals_fix_add_child(fix, disk, element);
}

/* Raw is what libvirt takes it for, and wrong if the file's first bytes, or at least its name, say
 * something else. */
static void
judge_unsaid(const VitalsDefinition *definition, const VitalsXmlNode *disk, const char *file,
             VitalsFindings *findings)
{
    const VitalsHostPath *found = vitals_host_path(definition, file);
    gboolean is_read = found && found->kind == VITALS_PATH_FILE;
    const char *format = is_read ? found->format : format_of_name(file);
    VitalsFinding *finding;

    if (!format || !*format || g_str_equal(format, "raw")) {
        finding = vitals_findings_add(
            findings, disk, "disk '%s' does not say its format, so libvirt takes it as raw", file);
        offer_type(disk, finding, VITALS_FIX_SAFE, "raw");
        return;
    }
    finding = vitals_findings_add(
        findings, disk,
        "disk '%s' does not say its format, so libvirt takes it as raw, but its %s %s: the guest "
        "sees the container, and one write destroys it",
        file, is_read ? "first bytes say" : "name says", format);
    finding->severity = is_read ? VITALS_SEVERITY_ERROR : VITALS_SEVERITY_WARNING;
    offer_type(disk, finding, VITALS_FIX_UNSAFE, format);
}

static VitalsAnswer
check_dsk001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *disk = disks->pdata[i];
        const char *file = vitals_xml_value(disk, "source/@file");

        if (!is_disk(disk) || !file)
            continue;
        if (!vitals_xml_value(disk, "driver/@type"))
            judge_unsaid(definition, disk, file, findings);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk001 = {
    .id = "DSK001",
    .name = "disk-format-unsaid",
    .title = "disk image without driver type",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "libvirt does not look into an image. Without a type it takes it as raw, and a guest that "
        "writes to a qcow2 image as raw destroys it.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <source file='/img/a.img'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/a.img'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy =
        "add <driver name='qemu' type='…'/> with the image's format; `qemu-img info` tells it",
    .fixes = VITALS_FIXES_SAFE | VITALS_FIXES_UNSAFE,
    .exceptions =
        "Block devices, network disks and volumes of pools are right as they are: only files "
        "are looked at, and no media drives. On Xen it is XEN005. A warning where the file's name "
        "says something else than raw, and an error where its first bytes do.",
    .evidence =
        (const char *const[]){
            "measured: a qcow2 file became type='raw', and the guest started with it", NULL },
    .check = check_dsk001,
};

/* The file was looked at: its first bytes tell, whatever its name. */
static void
judge_header(const VitalsXmlNode *disk, const char *file, const VitalsHostPath *found,
             VitalsFindings *findings)
{
    static const char *const marked[] = { "qcow2", "qcow", "qed", "vmdk", "vhdx", "vdi", NULL };
    const char *used = vitals_xml_value(disk, "driver/@type");
    VitalsFinding *finding;

    if (*found->format ? g_str_equal(used, found->format) : !g_strv_contains(marked, used))
        return;
    finding =
        vitals_findings_add(findings, disk, "disk '%s' is used as %s, but its first bytes say %s",
                            file, used, *found->format ? found->format : "that it is not");
    finding->severity = VITALS_SEVERITY_ERROR;
    if (*found->format)
        offer_type(disk, finding, VITALS_FIX_UNSAFE, found->format);
}

static VitalsAnswer
check_dsk002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *disk = disks->pdata[i];
        const char *file = vitals_xml_value(disk, "source/@file");
        const char *named = file ? format_of_name(file) : NULL;
        const char *type = vitals_xml_value(disk, "driver/@type");
        const VitalsHostPath *found = vitals_host_path(definition, file);

        if (!type) /* DSK001, on Xen XEN005 */
            continue;
        if (found && found->kind == VITALS_PATH_FILE)
            judge_header(disk, file, found, findings);
        else if (!named)
            continue;
        else if (g_str_equal(type, "raw"))
            vitals_findings_add(
                findings, disk,
                "disk '%s' is used as raw, but its name says %s: the guest sees the "
                "container, and one write destroys it",
                file, named);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk002 = {
    .id = "DSK002",
    .name = "disk-format-differs",
    .title = "declared image format differs from the file",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the files of the host that the definition names",
    .why = "qcow2 opened as raw: the guest sees the container instead of its disk, and one write "
           "destroys the image.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "declare the format that `qemu-img info` tells",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Judged by the file's name alone, a raw image that is called .qcow2 is reported wrongly: a "
        "warning; names such as .img and .raw say nothing. Where the host's files were looked "
        "at, the first bytes decide, and it is an error; a raw disk whose guest keeps a qcow2 "
        "image at its very beginning looks the same. A disk without any format is DSK001's.",
    .evidence = (const char *const[]){ "measured: qcow2 as raw starts; raw as qcow2 does not "
                                       "(\"Image is not in qcow2 format\")",
                                       NULL },
    .check = check_dsk002,
};

static VitalsAnswer
check_dsk003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");

    for (guint i = 0; i < disks->len; i++) {
        if (is_value(disks->pdata[i], "driver/@cache", "unsafe") &&
            !vitals_xml_first(disks->pdata[i], "transient") &&
            !vitals_xml_first(disks->pdata[i], "readonly")) {
            VitalsFinding *finding = vitals_findings_add(
                findings, vitals_xml_first(disks->pdata[i], "driver"),
                "cache is 'unsafe': the guest's flushes are ignored, and a crash of "
                "the host destroys its file system");

            vitals_fix_drop_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                      vitals_xml_first(disks->pdata[i], "driver"), "cache");
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_dsk003 = {
    .id = "DSK003",
    .name = "disk-cache-unsafe",
    .title = "disk cache is unsafe",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "The guest's requests to flush are ignored, so a crash of the host leaves its file system "
        "broken, journal or not.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='qcow2' cache='unsafe'/>\n"
           "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2' cache='none'/>\n"
            "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "drop the attribute, or use none or writeback",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Disks that are thrown away. Silent with <transient/> and <readonly/>.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms: \"sync "
            "requests from "
            "guest are ignored\"",
            "measured: QEMU is started with \"no-flush\":true", NULL },
    .check = check_dsk003,
};

static VitalsAnswer
check_dsk004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) drivers = vitals_xml_all(definition->devices, "disk/driver");

    for (guint i = 0; i < drivers->len; i++) {
        gboolean writes = is_value(drivers->pdata[i], "@error_policy", "ignore");

        if (writes || is_value(drivers->pdata[i], "@rerror_policy", "ignore")) {
            VitalsFinding *finding =
                vitals_findings_add(findings, drivers->pdata[i],
                                    "%s is 'ignore': what failed is reported to the guest as done",
                                    writes ? "error_policy" : "rerror_policy");

            VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);

            if (writes)
                vitals_fix_drop_attribute(fix, drivers->pdata[i], "error_policy");
            if (is_value(drivers->pdata[i], "@rerror_policy", "ignore"))
                vitals_fix_drop_attribute(fix, drivers->pdata[i], "rerror_policy");
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_dsk004 = {
    .id = "DSK004",
    .name = "disk-errors-ignored",
    .title = "disk errors are ignored",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "Writes that failed are reported to the guest as done, and its data is lost without a "
           "word.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='qcow2' error_policy='ignore'/>\n"
           "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2' error_policy='stop'/>\n"
            "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "use stop, report or enospace",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "None that is credible for writes.",
    .evidence =
        (const char *const[]){
            "libvirt commit 43dc3b690b: \"ignore (ignore the error and try to continue)\"",
            "measured: QEMU is started with \"werror\":\"ignore\"", NULL },
    .check = check_dsk004,
};

static VitalsAnswer
check_dsk005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) drivers = vitals_xml_all(definition->devices, "disk/driver");

    for (guint i = 0; i < drivers->len; i++) {
        if (!is_value(drivers->pdata[i], "@error_policy", "stop"))
            continue;
        vitals_findings_add(
            findings, drivers->pdata[i],
            "error_policy is 'stop': any failure of the storage pauses the guest until "
            "somebody resumes it");
        break;
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_dsk005 = {
    .id = "DSK005",
    .name = "disk-error-pauses-guest",
    .title = "error_policy is stop, and somebody has to resume the guest",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "A short failure of the path to the storage pauses the guest until someone resumes it: a "
        "hang by design.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='qcow2' error_policy='stop'/>\n"
           "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/a.qcow2'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy =
        "keep stop where something watches for I/O errors and resumes the guest; else leave it out",
    .exceptions =
        "oVirt and KubeVirt set it and resume the guest themselves: a notice. One finding per "
        "guest.",
    .evidence =
        (const char *const[]){
            "libvirt commit 43dc3b690b: \"stop (suspend/pause the domain on error)\"", NULL },
    .check = check_dsk005,
};

static VitalsAnswer
check_dsk007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *disk = disks->pdata[i];
        const char *cache = vitals_xml_value(disk, "driver/@cache");
        const char *device = vitals_xml_attribute(disk, "device");

        if (!vitals_xml_first(disk, "shareable") || vitals_xml_first(disk, "readonly") ||
            g_strcmp0(device, "cdrom") == 0)
            continue;
        if (!cache || !(g_str_equal(cache, "none") || g_str_equal(cache, "directsync"))) {
            VitalsFinding *finding = vitals_findings_add(
                findings, disk,
                "the disk is shareable and its cache is '%s': two guests, two caches "
                "of the host, and neither sees what the other wrote",
                cache ? cache : "default");

            const VitalsXmlNode *driver = vitals_xml_first(disk, "driver");

            if (driver)
                vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), driver,
                                         "cache", "none");
        }
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk007 = {
    .id = "DSK007",
    .name = "shared-disk-cached",
    .title = "shared disk with host caching",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "Two guests go through two caches of their hosts: cluster file systems break, and "
           "migration "
           "is refused.",
    .bad = "<devices>\n"
           "  <disk type='block'>\n"
           "    <driver name='qemu' type='raw' cache='writeback'/>\n"
           "    <source dev='/dev/vg0/shared'/><target dev='vda'/>\n"
           "    <shareable/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='block'>\n"
            "    <driver name='qemu' type='raw' cache='none'/>\n"
            "    <source dev='/dev/vg0/shared'/><target dev='vda'/>\n"
            "    <shareable/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "set cache='none'",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Media that nobody writes: silent with <readonly/> and for CD-ROMs.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms: shareable, "
            "\"caching "
            "should be deactivated for that device\"",
            "measured: libvirt accepts writeback", NULL },
    .check = check_dsk007,
};
