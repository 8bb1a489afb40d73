/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"
#include "probes/host-paths.h"

/*
 * What else libvirt has to find on the host when the guest starts: storage pools, firmware, boot files.
 */

#define POOLS "libvirt's storage pools on the host"
#define FIRMWARE "the firmware that the host's libvirt finds"
#define FILES "the boot files that the definition names"

static void
judge_pool(const VitalsDefinition *definition, const VitalsXmlNode *disk, const char *name,
           VitalsFindings *findings)
{
    const VitalsHostNetwork *pool = g_hash_table_lookup(definition->host->pools, name);
    VitalsFinding *finding;

    if (!pool) {
        vitals_findings_add(
            findings, disk,
            "libvirt on this host has no storage pool '%s': the guest will not start", name);
    } else if (!pool->is_active) {
        vitals_findings_add(findings, disk,
                            "storage pool '%s' is not active: the guest will not start%s", name,
                            pool->is_autostart ? "" : ", nor after the next boot");
    } else if (!pool->is_autostart && definition->is_autostart == VITALS_YES) {
        finding = vitals_findings_add(findings, disk,
                                      "the guest starts with its host, and storage pool '%s' does "
                                      "not: after the next boot the "
                                      "guest stays down",
                                      name);
        finding->severity = VITALS_SEVERITY_WARNING;
    }
}

static VitalsAnswer
check_dsk014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const char *name = vitals_xml_value(disks->pdata[i], "source/@pool");

        if (g_strcmp0(vitals_xml_attribute(disks->pdata[i], "type"), "volume") != 0 || !name)
            continue;
        if (!definition->host || !definition->host->pools)
            vitals_findings_add_unknown(findings, POOLS);
        else
            judge_pool(definition, disks->pdata[i], name, findings);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk014 = {
    .id = "DSK014",
    .name = "pool-not-there",
    .title = "guest needs a storage pool that will not be there",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = POOLS,
    .why =
        "libvirt looks a disk's pool up when the guest starts, not when it is defined. Without the "
        "pool the start fails; where the pool just does not start by itself, only after the next "
        "boot.",
    .bad = "<devices>\n"
           "  <disk type='volume' device='disk'>\n"
           "    <source pool='fast' volume='web-01.qcow2'/><target dev='vda' bus='virtio'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='volume' device='disk'>\n"
            "    <source pool='default' volume='web-01.qcow2'/><target dev='vda' bus='virtio'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "virsh pool-autostart POOL, and virsh pool-start POOL",
    .exceptions =
        "Pools that another program starts first. A warning where the pool is up now and does not "
        "start by itself, for guests that do. Whether the volume is in the pool is not looked at.",
    .evidence =
        (const char *const[]){
            "libvirt src/qemu/qemu_process.c, qemuProcessPrepareHostStorage and before it "
            "virDomainDiskTranslateSourcePool: \"storage pool '%s' containing volume '%s' is not "
            "active\"",
            "https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms: type volume",
            NULL },
    .check = check_dsk014,
};

/* Files that QEMU or libvirt opens when the guest starts. */
static const char *const boot_files[] = { "os/loader", "os/kernel", "os/initrd", "os/dtb", NULL };

static void
judge_firmware(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *os = vitals_xml_first(definition->domain, "os");
    const char *wanted = vitals_xml_attribute(os, "firmware");
    const char *arch = vitals_xml_value(os, "type/@arch");
    const char *known = vitals_host_facts_ability(definition->host, arch, "firmware");

    if (!wanted)
        return;
    if (!known)
        vitals_findings_add_unknown(findings, FIRMWARE);
    else if (!vitals_host_has_word(known, wanted))
        vitals_findings_add(findings, os,
                            "libvirt on this host finds no firmware '%s': the guest will not start",
                            wanted);
}

static VitalsAnswer
check_cpu007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    VitalsAnswer answer = vitals_xml_value(definition->domain, "os/@firmware")
                              ? VITALS_ANSWER_PASS
                              : VITALS_ANSWER_NOT_APPLICABLE;

    judge_firmware(definition, findings);
    for (guint i = 0; boot_files[i]; i++) {
        const VitalsXmlNode *node = vitals_xml_first(definition->domain, boot_files[i]);
        const char *path = node ? vitals_xml_text(node) : "";
        const VitalsHostPath *found = vitals_host_path(definition, path);

        if (*path != '/')
            continue;
        answer = VITALS_ANSWER_PASS;
        if (!found)
            vitals_findings_add_unknown(findings, FILES);
        else if (found->kind == VITALS_PATH_ABSENT)
            vitals_findings_add(findings, node,
                                "there is no '%s' on this host: the guest will not start", path);
    }
    return answer == VITALS_ANSWER_PASS ? vitals_findings_answer(findings) : answer;
}

const VitalsRule vitals_rule_cpu007 = {
    .id = "CPU007",
    .name = "boot-file-missing",
    .title = "firmware, kernel or initrd is missing on the host",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = FIRMWARE ", " FILES,
    .why = "libvirt chooses the firmware and QEMU opens these files when the guest starts, not "
           "when it "
           "is defined. A package that was removed, or a definition from another distribution, is "
           "found out at the next start.",
    .bad = "<os>\n"
           "  <type arch='x86_64' machine='q35'>hvm</type>\n"
           "  <loader readonly='yes' type='pflash'>/usr/share/edk2/ovmf/OVMF_CODE.fd</loader>\n"
           "</os>",
    .good = "<os>\n"
            "  <type arch='x86_64' machine='q35'>hvm</type>\n"
            "  <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>\n"
            "</os>",
    .remedy =
        "install the firmware (ovmf, edk2-ovmf), or correct the path; <os firmware='efi'> lets "
        "libvirt find it",
    .exceptions = "Files that a hook or an installer puts there just before the start.",
    .evidence =
        (const char *const[]){ "libvirt src/qemu/qemu_process.c, qemuProcessPrepareDomain: "
                               "\"Unable to find any firmware "
                               "to satisfy '%s'\" (up to 9.1; later at define)",
                               "https://libvirt.org/formatdomain.html#operating-system-booting",
                               NULL },
    .check = check_cpu007,
};
