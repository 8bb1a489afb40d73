/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/host-fact.h"
#include "probes/host-paths.h"

/*
 * Whether a dump that the definition asks for has a place to go to, and can be read there.
 */

#define SPACE "the free space where the host's dumps go"

/* libvirt's Xen driver has no setting for it (libxl_conf.h). */
#define XEN_DUMP_PATH "/var/lib/libvirt/libxl/dump"

/* The ELF of a dump is that much larger than the guest's memory at the most (measured: 0.3 MiB). */
#define HEADERS_KIB (G_GUINT64_CONSTANT(16) * 1024)

/* What makes libvirt dump the guest by itself; %NULL if nothing does. */
static const VitalsXmlNode *
dump_request(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) watchdogs = vitals_xml_all(definition->devices, "watchdog");

    if (g_str_has_prefix(vitals_definition_on_crash(definition), "coredump-"))
        return vitals_xml_first(definition->domain, "on_crash");
    for (guint i = 0; i < watchdogs->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(watchdogs->pdata[i], "action"), "dump") == 0)
            return watchdogs->pdata[i];
    }
    return NULL;
}

/* The file system that takes the dump; says what is missing where it is not known. */
static const VitalsHostFilesystem *
dump_filesystem(const VitalsDefinition *definition, const char *path, VitalsFindings *findings)
{
    const VitalsHostFilesystem *filesystem =
        path ? vitals_host_facts_filesystem(definition->host, path) : NULL;

    if (path && !filesystem)
        vitals_findings_add_unknown(findings, SPACE);
    return filesystem;
}

static gboolean
is_too_small(const VitalsHostFilesystem *filesystem, guint64 memory_kib)
{
    return filesystem->free_kib != VITALS_FREE_UNKNOWN &&
           filesystem->free_kib < memory_kib + HEADERS_KIB;
}

static VitalsAnswer
check_cap005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *request = dump_request(definition);
    const VitalsHostFilesystem *filesystem;
    const char *path;
    guint64 memory;

    if (!request || !vitals_definition_total_memory(definition, &memory))
        return VITALS_ANSWER_NOT_APPLICABLE;
    path = vitals_host_fact(definition, VITALS_HOST_DUMP_PATH, findings);
    filesystem = dump_filesystem(definition, path, findings);
    if (filesystem && filesystem->free_kib == VITALS_FREE_UNKNOWN)
        vitals_findings_add_unknown(findings, SPACE);
    else if (filesystem && is_too_small(filesystem, memory))
        vitals_findings_add(findings, request,
                            "a dump of this guest takes up to %" G_GUINT64_FORMAT
                            " MiB, and %s has %" G_GUINT64_FORMAT
                            " MiB: it fails, and the guest stays paused",
                            memory / 1024, path, filesystem->free_kib / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap005 = {
    .id = "CAP005",
    .name = "dump-has-no-room",
    .title = "dump directory cannot hold the guest's memory",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "auto_dump_path in the host's qemu.conf and the free space there",
    .why =
        "The dump that libvirt makes by itself is as large as the guest's memory. When it fails, "
        "libvirt goes no further: the guest is neither destroyed nor restarted but stays paused, "
        "and the half file is deleted. What was to capture a crash makes an outage of it.",
    .bad = "<memory unit='GiB'>64</memory>\n"
           "<on_crash>coredump-restart</on_crash>\n"
           "<devices>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<memory unit='GiB'>2</memory>\n"
            "<on_crash>coredump-restart</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "move auto_dump_path to a larger file system, free space, or let virt-vitals capture "
              "and use on_crash preserve",
    .exceptions = "File systems that compress may need less.",
    .evidence =
        (const char *const[]){
            "measured: a guest of 192 MiB with 100 MiB free stayed in \"crashed (panicked)\" for "
            "good, "
            "and no file was left",
            "libvirt src/qemu/qemu_driver.c: doCoreDumpToAutoDumpPath() < 0 ends the handling",
            NULL },
    .check = check_cap005,
};

static VitalsAnswer
check_cap015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *memory = vitals_xml_first(definition->domain, "memory");
    const char *limit;

    if (g_strcmp0(vitals_xml_attribute(memory, "dumpCore"), "on") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    limit = vitals_host_fact(definition, VITALS_HOST_MAX_CORE, findings);
    if (g_strcmp0(limit, "0") == 0)
        vitals_findings_add(
            findings, memory,
            "dumpCore is 'on', but max_core of the host's qemu.conf is 0: QEMU leaves "
            "no core at all");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap015 = {
    .id = "CAP015",
    .name = "dump-core-without-core",
    .title = "dumpCore='on' while QEMU's core dumps are disabled",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "max_core in the host's qemu.conf",
    .why = "dumpCore says whether the guest's memory is part of a core of QEMU; whether there is a "
           "core says max_core, which is 0 by default. With both, the guest's secrets are on the "
           "host's disk after a crash of QEMU.",
    .bad = "<memory unit='GiB' dumpCore='on'>4</memory>",
    .good = "<memory unit='GiB'>4</memory>",
    .remedy =
        "set max_core = \"unlimited\" in qemu.conf, or drop dumpCore; for panics of the guest "
        "use a panic device",
    .exceptions = "None.",
    .evidence = (const char *const[]){ "measured: the core limit of a QEMU process is 0 by default",
                                       "https://libvirt.org/kbase/qemu-core-dump.html: \"still "
                                       "necessary to at least set max_core\"",
                                       NULL },
    .check = check_cap015,
};

/* The first disk of the guest on that file system. */
static const char *
disk_on(const VitalsDefinition *definition, const VitalsHostFilesystem *filesystem)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");

    for (guint i = 0; i < disks->len; i++) {
        const char *file = vitals_xml_value(disks->pdata[i], "source/@file");
        const VitalsHostFilesystem *other =
            file && *file == '/' ? vitals_host_facts_filesystem(definition->host, file) : NULL;

        if (other && !vitals_xml_first(disks->pdata[i], "readonly") &&
            g_str_equal(other->source, filesystem->source))
            return file;
    }
    return NULL;
}

/* Likewise of another guest. */
static const char *
image_on(const VitalsDefinition *definition, const VitalsHostFilesystem *filesystem)
{
    const GPtrArray *images = definition->fleet ? vitals_fleet_images(definition->fleet) : NULL;

    for (guint i = 0; images && i < images->len; i++) {
        const VitalsHostFilesystem *other =
            vitals_host_facts_filesystem(definition->host, images->pdata[i]);

        if (other && g_str_equal(other->source, filesystem->source))
            return images->pdata[i];
    }
    return NULL;
}

static VitalsAnswer
check_cap016(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *request = dump_request(definition);
    const VitalsHostFilesystem *filesystem;
    const char *path;
    const char *disk;
    guint64 memory;

    if (!request || !vitals_definition_total_memory(definition, &memory))
        return VITALS_ANSWER_NOT_APPLICABLE;
    path = vitals_host_fact(definition, VITALS_HOST_DUMP_PATH, findings);
    filesystem = dump_filesystem(definition, path, findings);
    if (!filesystem)
        return vitals_findings_answer(findings);
    disk = disk_on(definition, filesystem);
    disk = disk ? disk : image_on(definition, filesystem);
    if (filesystem->is_ram)
        vitals_findings_add(findings, request,
                            "dumps of this guest go to %s, which is in memory (%s)", path,
                            filesystem->source);
    else if (disk && !is_too_small(filesystem, memory) && filesystem->free_kib / 2 < memory)
        vitals_findings_add(findings, request,
                            "dumps of this guest go to %s, the file system of the disk '%s', with "
                            "%" G_GUINT64_FORMAT
                            " MiB free: two dumps fill it, and the guest is paused",
                            path, disk, filesystem->free_kib / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap016 = {
    .id = "CAP016",
    .name = "dumps-beside-disks",
    .title = "dumps share a file system with guests' disks, or are in memory",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "auto_dump_path in the host's qemu.conf and the free space there",
    .why =
        "A dump can fill the file system. Every guest whose image is there is paused at its next "
        "write then, as QEMU does by default. In memory the dump dies with the host.",
    .bad = "<memory unit='GiB'>12</memory>\n"
           "<on_crash>coredump-destroy</on_crash>\n"
           "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source file='/var/lib/libvirt/images/a.raw'/><target dev='vda'/>\n"
           "  </disk>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<memory unit='GiB'>2</memory>\n"
            "<on_crash>coredump-destroy</on_crash>\n"
            "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source file='/var/lib/libvirt/images/a.raw'/><target dev='vda'/>\n"
            "  </disk>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "give dumps a file system, project quota or dataset of their own (auto_dump_path)",
    .exceptions =
        "Holds back while there is room for two dumps of the guest, and where not even one "
        "has room (CAP005 then). Guests that libvirt does not dump by itself are left out.",
    .evidence =
        (const char *const[]){
            "measured: a crash loop with coredump-restart fills the file system in three dumps",
            "https://www.qemu.org/docs/master/system/invocation.html: \"The default setting is "
            "werror=enospc\"",
            NULL },
    .check = check_cap016,
};

static VitalsAnswer
check_cap017(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *request = dump_request(definition);
    const char *format;

    if (!request)
        return VITALS_ANSWER_NOT_APPLICABLE;
    format = vitals_host_fact(definition, VITALS_HOST_DUMP_FORMAT, findings);
    if (format && !g_str_equal(format, "raw"))
        vitals_findings_add(findings, request,
                            "dump_image_format is '%s', but dumps that libvirt makes by itself are "
                            "never compressed: plan for the guest's whole memory",
                            format);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap017 = {
    .id = "CAP017",
    .name = "dump-not-compressed",
    .title = "dump_image_format does not shrink crash dumps",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "dump_image_format in the host's qemu.conf",
    .why = "The compressor is used for the kind of dump that is a migration into a file. What "
           "on_crash and the watchdog's action make is a plain ELF file, as large as the memory.",
    .bad = "<on_crash>coredump-destroy</on_crash>\n"
           "<devices>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<on_crash>preserve</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "plan for the size of the memory, or let virt-vitals capture: it compresses",
    .exceptions = "None.",
    .evidence =
        (const char *const[]){
            "libvirt src/qemu/qemu_driver.c, doCoreDump(): the compressor goes to "
            "qemuMigrationSrcToFile() only",
            "measured: 201.6 MB by itself, 36.6 MB with virsh dump --memory-only --format "
            "kdump-zlib",
            NULL },
    .check = check_cap017,
};

/* The first device that a plain dump is refused for (qemuMigrationSrcIsAllowedHostdev). */
static const VitalsXmlNode *
device_in_the_way(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) pci = vitals_definition_pci_devices(definition);
    g_autoptr(GPtrArray) all = vitals_xml_all(definition->devices, "hostdev");

    for (guint i = 0; i < all->len; i++) {
        const char *type = vitals_xml_attribute(all->pdata[i], "type");

        if (g_strcmp0(type, "mdev") == 0 || g_strcmp0(type, "scsi") == 0)
            return all->pdata[i];
    }
    for (guint i = 0; i < pci->len; i++) {
        if (g_strcmp0(vitals_xml_value(pci->pdata[i], "teaming/@type"), "transient") != 0)
            return pci->pdata[i];
    }
    return NULL;
}

static VitalsAnswer
check_cap019(const VitalsDefinition *definition, VitalsFindings *findings)
{
    gboolean is_host = definition->driver == VITALS_DRIVER_HOST;
    const VitalsXmlNode *device = is_host ? NULL : device_in_the_way(definition);
    const char *scripts;

    if (!is_host && !device)
        return VITALS_ANSWER_NOT_APPLICABLE;
    scripts = vitals_host_fact(definition, VITALS_HOST_PLAIN_DUMPS, findings);
    if (scripts && *scripts)
        vitals_findings_add(findings, device,
                            is_host
                                ? "%s dumps guests without --memory-only: crash cannot read that"
                                : "%s dumps guests without --memory-only: with this device libvirt "
                                  "refuses",
                            scripts);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap019 = {
    .id = "CAP019",
    .name = "plain-dump-refused",
    .title = "plain virsh dump of this guest is unreadable or refused",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "scripts on the host that dump guests",
    .why = "Without --memory-only libvirt writes a stream that QEMU could resume from and crash "
           "cannot "
           "read, and with devices of the host it refuses. The runbook fails when it is needed.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "use virsh dump --memory-only --format kdump-zlib, or virt-vitals capture",
    .exceptions = "Looks at what is in /etc/libvirt/hooks, /etc/cron.*, /usr/local and units of "
                  "systemd's. Under Xen it is the other way round, and the rule is silent.",
    .evidence =
        (const char *const[]){
            "measured: a plain dump is a \"QEMU suspend to disk image\", and crash cannot tell its "
            "release",
            "libvirt src/qemu/qemu_migration.c: \"cannot migrate a domain with <hostdev …>\"",
            "virsh(1): --memory-only is \"very useful if the domain uses host devices directly\"",
            NULL },
    .check = check_cap019,
};

static VitalsAnswer
check_xen013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *request = dump_request(definition);
    const VitalsHostFilesystem *filesystem;
    guint64 memory;

    if (!request || !vitals_definition_total_memory(definition, &memory))
        return VITALS_ANSWER_NOT_APPLICABLE;
    filesystem = dump_filesystem(definition, XEN_DUMP_PATH, findings);
    if (filesystem && filesystem->free_kib == VITALS_FREE_UNKNOWN)
        vitals_findings_add_unknown(findings, SPACE);
    else if (filesystem && is_too_small(filesystem, memory))
        vitals_findings_add(findings, request,
                            "a dump of this guest takes %" G_GUINT64_FORMAT
                            " MiB, and " XEN_DUMP_PATH " has %" G_GUINT64_FORMAT
                            " MiB: it fails without a word, and the evidence is gone",
                            memory / 1024, filesystem->free_kib / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen013 = {
    .id = "XEN013",
    .name = "xen-dump-has-no-room",
    .title = "Xen's crash dump may fail unnoticed",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the free space of " XEN_DUMP_PATH,
    .why =
        "libvirt's Xen driver takes no notice of whether the dump worked, and restarts or destroys "
        "the guest all the same: the evidence is gone, and the log says nothing.",
    .bad = "<memory unit='GiB'>64</memory>\n"
           "<on_crash>coredump-restart</on_crash>",
    .good = "<memory unit='GiB'>2</memory>\n"
            "<on_crash>coredump-restart</on_crash>",
    .remedy = "make room, and look for the file after a crash",
    .exceptions = "The directory is libvirt's own and cannot be set.",
    .evidence =
        (const char *const[]){ "libvirt src/libxl/libxl_domain.c: libxlDomainAutoCoreDump() "
                               "returns 0 always",
                               "measured: the file is as large as the memory and half a MiB",
                               NULL },
    .check = check_xen013,
};
