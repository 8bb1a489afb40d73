/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-paths.h"
#include "probes/rule.h"

/*
 * What the images of disks say by themselves.
 */

#define FACT "the images that the definition names"

/* The image of a writable disk that pauses the guest when it cannot grow; %NULL for none. */
static const char *
growing_image(const VitalsXmlNode *disk)
{
    const char *policy = vitals_xml_value(disk, "driver/@error_policy");

    if (vitals_xml_first(disk, "readonly") || g_strcmp0(policy, "report") == 0 ||
        g_strcmp0(policy, "ignore") == 0)
        return NULL;
    return vitals_xml_value(disk, "source/@file");
}

/* What each file system is promised beyond what is there, by its source. */
static GHashTable *
add_up(const VitalsDefinition *definition, const GPtrArray *disks, VitalsFindings *findings)
{
    GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

    for (guint i = 0; i < disks->len; i++) {
        const char *path = growing_image(disks->pdata[i]);
        const VitalsHostPath *found = vitals_host_path(definition, path);
        const VitalsHostFilesystem *filesystem =
            found ? vitals_host_facts_filesystem(definition->host, path) : NULL;
        guint64 *sum;

        if (path && *path == '/' && !filesystem)
            vitals_findings_add_unknown(findings, FACT);
        if (!filesystem || found->virtual_kib <= found->allocated_kib)
            continue;
        sum = g_hash_table_lookup(sums, filesystem->source);
        if (!sum) {
            sum = g_new0(guint64, 1);
            g_hash_table_insert(sums, filesystem->source, sum);
        }
        *sum += found->virtual_kib - found->allocated_kib;
    }
    return sums;
}

static VitalsAnswer
check_dsk006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    g_autoptr(GHashTable) sums = add_up(definition, disks, findings);

    for (guint i = 0; i < disks->len; i++) {
        const char *path = growing_image(disks->pdata[i]);
        const VitalsHostFilesystem *filesystem =
            path && *path == '/' ? vitals_host_facts_filesystem(definition->host, path) : NULL;
        const guint64 *sum = filesystem ? g_hash_table_lookup(sums, filesystem->source) : NULL;

        if (!sum || *sum <= filesystem->free_kib)
            continue;
        vitals_findings_add(findings, disks->pdata[i],
                            "the guest's images on %s may grow by %" G_GUINT64_FORMAT
                            " MiB, and %" G_GUINT64_FORMAT
                            " MiB are free there: at the end the guest is paused",
                            filesystem->source, *sum / 1024, filesystem->free_kib / 1024);
        break;
    }
    return disks->len > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_dsk006 = {
    .id = "DSK006",
    .name = "images-outgrow-storage",
    .title = "sparse images can outgrow their file system",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = FACT,
    .why = "When the file system is full, QEMU pauses the guest at its next write, and the guest "
           "looks "
           "hung.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='qcow2'/>\n"
           "    <source file='/img/thin.qcow2'/><target dev='vda' bus='virtio'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/small.qcow2'/><target dev='vda' bus='virtio'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "make room, or watch the space and let the guest give blocks back (discard='unmap')",
    .exceptions =
        "Thin on purpose: ignore the rule there. Only the images of the guest itself are "
        "added up. Disks whose error_policy is report are left out: the guest is not paused.",
    .evidence = (const char *const[]){ "https://www.qemu.org/docs/master/system/invocation.html: "
                                       "\"enospc (pause QEMU only if the "
                                       "host disk is full…)\" is the default",
                                       NULL },
    .check = check_dsk006,
};

static VitalsAnswer
check_dsk013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_xml_value(disks->pdata[i], "source/@file");
        const char *format = vitals_xml_value(disks->pdata[i], "driver/@type");
        const VitalsHostPath *found = vitals_host_path(definition, path);

        /* <backingStore/> spells the chain out, also where it is empty */
        if (!path || g_strcmp0(format, "qcow2") != 0 ||
            vitals_xml_first(disks->pdata[i], "backingStore"))
            continue;
        if (!found)
            vitals_findings_add_unknown(findings, FACT);
        else if (found->has_unnamed_backing)
            vitals_findings_add(findings, disks->pdata[i],
                                "'%s' lies over another image and does not say in which format: "
                                "libvirt refuses to guess, and the guest will not start",
                                path);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk013 = {
    .id = "DSK013",
    .name = "backing-format-unsaid",
    .title = "backing file without a recorded format",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = FACT,
    .why = "libvirt does not look into a backing file to find its format, as a guest could have "
           "written "
           "anything there, and refuses to start the guest.",
    .bad = "<devices>\n"
           "  <disk type='file'>\n"
           "    <driver name='qemu' type='qcow2'/>\n"
           "    <source file='/img/overlay.qcow2'/><target dev='vda' bus='virtio'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='qcow2'/>\n"
            "    <source file='/img/small.qcow2'/><target dev='vda' bus='virtio'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "qemu-img rebase -u -F FORMAT -b BACKING IMAGE, while the guest is off",
    .exceptions = "Definitions that spell the chain out in <backingStore>.",
    .evidence = (const char *const[]){ "https://libvirt.org/kbase/backing_chains.html: \"libvirt "
                                       "will refuse to use backing images "
                                       "of any image whose format was not specified explicitly\"",
                                       NULL },
    .check = check_dsk013,
};
