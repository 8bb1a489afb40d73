/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/host-paths.h"
#include "probes/rule.h"

#include <string.h>

/*
 * Where disks come from on the host.
 */

static gboolean
is_media(const VitalsXmlNode *disk)
{
    const char *device = vitals_xml_attribute(disk, "device");

    return device && (g_str_equal(device, "cdrom") || g_str_equal(device, "floppy"));
}

static gboolean
is_type(const VitalsXmlNode *disk, const char *type)
{
    const char *own = vitals_xml_attribute(disk, "type");

    return g_str_equal(own ? own : "file", type);
}

/* Whether the guest starts without it. */
static gboolean
is_optional(const VitalsXmlNode *source)
{
    return g_strcmp0(vitals_xml_attribute(source, "startupPolicy"), "optional") == 0;
}

static void
judge_medium(const VitalsDefinition *definition, const VitalsXmlNode *source, const char *path,
             VitalsFindings *findings)
{
    const VitalsHostPath *found = vitals_host_path(definition, path);
    gboolean is_absent = found && found->kind == VITALS_PATH_ABSENT;
    VitalsFinding *finding;

    /* a drive of the host's stays, an image may go */
    if (!is_absent &&
        (vitals_xml_attribute(source, "startupPolicy") || !vitals_xml_attribute(source, "file")))
        return;
    finding = vitals_findings_add(
        findings, source,
        is_absent ? "medium '%s' is not on this host: the guest will not start"
                  : "medium '%s' has to be there at each start; once it is deleted the "
                    "guest no longer starts",
        path);
    if (is_absent)
        finding->severity = VITALS_SEVERITY_ERROR;
    finding->is_taste = !is_absent && definition->is_autostart != VITALS_YES;
    vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE), source,
                             "startupPolicy", "optional");
}

static VitalsAnswer
check_dsk008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *source = vitals_xml_first(disks->pdata[i], "source");
        const char *path = vitals_xml_attribute(source, "file");

        path = path ? path : vitals_xml_attribute(source, "dev");
        if (!is_media(disks->pdata[i]) || !path)
            continue;
        if (!is_optional(source))
            judge_medium(definition, source, path, findings);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk008 = {
    .id = "DSK008",
    .name = "medium-may-go-missing",
    .title = "image in a CD-ROM or floppy drive that may go missing",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .why = "An installer's image left in the drive and deleted later keeps the guest from starting "
           "after the host's next reboot.",
    .bad = "<devices>\n"
           "  <disk type='file' device='cdrom'>\n"
           "    <source file='/iso/debian.iso'/><target dev='sda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file' device='cdrom'>\n"
            "    <source file='/iso/debian.iso' startupPolicy='optional'/><target dev='sda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "eject it, or set startupPolicy='optional'",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "An error where the image is missing on the host. That it may go missing matters to guests "
        "that "
        "start by themselves: to those that are known to, and to all in the profile autostart. A "
        "cloud-init seed has to be there.",
    .evidence = (const char *const[]){ "measured: \"Cannot access storage file …: No such file or "
                                       "directory\"; with 'optional' the "
                                       "guest starts with an empty drive",
                                       NULL },
    .check = check_dsk008,
};

/* Files that live in memory under /dev. */
static gboolean
is_file_under_dev(const char *path)
{
    return g_str_has_prefix(path, "/dev/shm/") || g_str_has_prefix(path, "/dev/hugepages/") ||
           g_str_has_prefix(path, "/dev/fd/");
}

/* By what is there on the host, where that is known; else by its name. */
static gboolean
is_device(const VitalsDefinition *definition, const char *path)
{
    const VitalsHostPath *found = vitals_host_path(definition, path);

    if (found && found->kind != VITALS_PATH_ABSENT)
        return found->kind == VITALS_PATH_DEVICE;
    return g_str_has_prefix(path, "/dev/") && !is_file_under_dev(path);
}

static VitalsAnswer
check_dsk009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const char *file = vitals_xml_value(disks->pdata[i], "source/@file");

        if (!file || !is_type(disks->pdata[i], "file"))
            continue;
        if (is_device(definition, file)) {
            VitalsFinding *finding = vitals_findings_add(
                findings, disks->pdata[i],
                "'%s' is a device, but the disk is of type 'file': QEMU refuses it and "
                "the guest will not start",
                file);

            VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);

            vitals_fix_set_attribute(fix, disks->pdata[i], "type", "block");
            vitals_fix_rename_attribute(fix, vitals_xml_first(disks->pdata[i], "source"), "file",
                                        "dev");
        }
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk009 = {
    .id = "DSK009",
    .name = "device-as-file",
    .title = "block device declared as a file",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "QEMU's driver for files refuses a device, so the guest does not start.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source file='/dev/vg0/vm'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='block'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/vg0/vm'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "use <disk type='block'> and <source dev=…/>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "Files in /dev/shm and /dev/hugepages are files.",
    .evidence =
        (const char *const[]){
            "measured: \"'file' driver requires '/dev/loop0' to be a regular file\"", NULL },
    .check = check_dsk009,
};

/* "/dev/sda", "/dev/nvme0n1p2", "/dev/vdb1": names that the kernel gives in the order it finds disks. */
static gboolean
is_kernel_name(const char *device)
{
    static const char *const letters[] = { "/dev/sd", "/dev/vd" };

    for (guint i = 0; i < G_N_ELEMENTS(letters); i++) {
        const char *at = device + strlen(letters[i]);

        if (g_str_has_prefix(device, letters[i]) && g_ascii_islower(*at)) {
            while (g_ascii_islower(*at))
                at++;
            return strspn(at, "0123456789") == strlen(at);
        }
    }
    return g_str_has_prefix(device, "/dev/nvme") && g_ascii_isdigit(device[strlen("/dev/nvme")]) &&
           !strchr(device + strlen("/dev/"), '/');
}

static VitalsAnswer
check_dsk011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const VitalsXmlNode *source = vitals_xml_first(disks->pdata[i], "source");
        const char *device = vitals_xml_attribute(source, "dev");

        if (!device || !is_type(disks->pdata[i], "block"))
            continue;
        if (is_kernel_name(device))
            vitals_findings_add(
                findings, source,
                "'%s' is a name that the kernel may give to another disk at the next "
                "boot, even to the host's own",
                device);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk011 = {
    .id = "DSK011",
    .name = "disk-by-kernel-name",
    .title = "kernel device name used as disk source",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH | VITALS_PROFILE_AUTOSTART,
    .why = "These names are given in the order in which disks are found, and change between boots. "
           "The "
           "guest then gets another disk, possibly the host's.",
    .bad = "<devices>\n"
           "  <disk type='block'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source dev='/dev/sdb'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='block'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/disk/by-id/wwn-0x5000c500a1b2c3d4'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "use a name below /dev/disk/by-id/",
    .exceptions =
        "None. Names below /dev/mapper and /dev/disk, and of logical volumes, are stable and "
        "pass.",
    .evidence =
        (const char *const[]){ "https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/"
                               "9/html/managing_file_"
                               "systems/persistent-naming-attributes_managing-file-systems: names "
                               "\"are subject to change\"",
                               NULL },
    .check = check_dsk011,
};

/* Of two domains that serve disks (Xen's driver domains) each has a device of that name of its own. */
static char *
source_key(const VitalsXmlNode *disk)
{
    const char *path = vitals_claim_disk(disk);
    const char *server = vitals_xml_value(disk, "backenddomain/@name");

    return path ? g_strdup_printf("%s %s", server ? server : "", path) : NULL;
}

static VitalsAnswer
check_dsk012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < disks->len; i++) {
        g_autofree char *key = source_key(disks->pdata[i]);
        const VitalsXmlNode *owner = key ? g_hash_table_lookup(owners, key) : NULL;

        if (owner)
            vitals_findings_add(
                findings, disks->pdata[i],
                "'%s' is attached for writing in line %u already: QEMU's lock keeps "
                "the guest from starting, and without a lock data is lost",
                vitals_claim_disk(disks->pdata[i]), vitals_xml_line(owner));
        else if (key)
            g_hash_table_insert(owners, g_steal_pointer(&key), disks->pdata[i]);
    }
    vitals_fleet_judge(definition, VITALS_CLAIM_DISK, findings);
    return g_hash_table_size(owners) > 0 ? vitals_findings_answer(findings)
                                         : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_dsk012 = {
    .id = "DSK012",
    .name = "disk-attached-twice",
    .title = "image is attached for writing twice",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "QEMU's lock stops the second that opens it. On block devices, and on storage without "
           "locks, "
           "nothing does, and data is lost.",
    .bad = "<devices>\n"
           "  <disk type='block'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source dev='/dev/vg0/a'/><target dev='vda'/>\n"
           "  </disk>\n"
           "  <disk type='block'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source dev='/dev/vg0/a'/><target dev='vdb'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='block'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/vg0/a'/><target dev='vda'/>\n"
            "  </disk>\n"
            "  <disk type='block'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source dev='/dev/vg0/b'/><target dev='vdb'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy =
        "give each disk an image of its own, or mark both <shareable/> for a cluster file system",
    .exceptions =
        "Disks with <readonly/>, <shareable/> or <transient/>, media drives, /dev/null, and "
        "slices of one file.",
    .evidence = (const char *const[]){ "measured: start fails with \"Failed to get \"write\" lock. "
                                       "Is another process using the "
                                       "image\"",
                                       NULL },
    .check = check_dsk012,
};
