/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/host-paths.h"
#include "probes/rule.h"

/*
 * What the images of disks say by themselves.
 */

#define FACT "the images that the definition names"

/* What a file system is promised beyond what is there. */
typedef struct {
    guint64 all_kib;
    guint64 own_kib; /* by the guest itself */
} Promise;

/* How much the image may still grow, KiB; nothing where that is not known. */
static guint64
growth(const VitalsDefinition *definition, const char *path)
{
    const VitalsHostPath *found = vitals_host_path(definition, path);

    return found && found->virtual_kib > found->allocated_kib
               ? found->virtual_kib - found->allocated_kib
               : 0;
}

static Promise *
promise_of(GHashTable *promises, const char *source)
{
    Promise *promise = g_hash_table_lookup(promises, source);

    if (!promise) {
        promise = g_new0(Promise, 1);
        g_hash_table_insert(promises, (gpointer)source, promise);
    }
    return promise;
}

/* The guest's own images, by the source of their file system. @own: a set that they are added to */
static GHashTable *
add_up(const VitalsDefinition *definition, const GPtrArray *disks, GHashTable *own,
       VitalsFindings *findings)
{
    GHashTable *promises = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_claim_growing(disks->pdata[i]);
        const VitalsHostFilesystem *filesystem =
            vitals_host_path(definition, path)
                ? vitals_host_facts_filesystem(definition->host, path)
                : NULL;
        Promise *promise;

        if (path && *path == '/' && !filesystem)
            vitals_findings_add_unknown(findings, FACT);
        if (!filesystem || !g_hash_table_add(own, (gpointer)path) || growth(definition, path) == 0)
            continue;
        promise = promise_of(promises, filesystem->source);
        promise->own_kib += growth(definition, path);
        promise->all_kib = promise->own_kib;
    }
    return promises;
}

/* Those of other guests on the same file systems, as far as they are known. */
static void
add_others(const VitalsDefinition *definition, GHashTable *own, GHashTable *promises)
{
    const GPtrArray *images = definition->fleet ? vitals_fleet_images(definition->fleet) : NULL;

    for (guint i = 0; images && i < images->len; i++) {
        const char *path = images->pdata[i];
        const VitalsHostFilesystem *filesystem =
            vitals_host_facts_filesystem(definition->host, path);
        Promise *promise = filesystem ? g_hash_table_lookup(promises, filesystem->source) : NULL;

        if (promise && !g_hash_table_contains(own, path))
            promise->all_kib += growth(definition, path);
    }
}

static void
judge_growth(const VitalsDefinition *definition, const VitalsXmlNode *disk,
             const VitalsHostFilesystem *filesystem, const Promise *promise,
             VitalsFindings *findings)
{
    g_autofree char *others =
        promise->all_kib > promise->own_kib
            ? g_strdup_printf(" (%" G_GUINT64_FORMAT " MiB of it in other guests' images)",
                              (promise->all_kib - promise->own_kib) / 1024)
            : g_strdup("");

    vitals_findings_add(
        findings, disk,
        "images on %s may grow by %" G_GUINT64_FORMAT " MiB%s, and %" G_GUINT64_FORMAT
        " MiB are free there: at the end the guest is paused",
        filesystem->source, promise->all_kib / 1024, others, filesystem->free_kib / 1024);
}

static VitalsAnswer
check_dsk006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    g_autoptr(GHashTable) own = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) promises = add_up(definition, disks, own, findings);

    add_others(definition, own, promises);
    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_claim_growing(disks->pdata[i]);
        const VitalsHostFilesystem *filesystem =
            path && *path == '/' ? vitals_host_facts_filesystem(definition->host, path) : NULL;
        const Promise *promise =
            filesystem ? g_hash_table_lookup(promises, filesystem->source) : NULL;

        if (!promise || promise->all_kib <= filesystem->free_kib)
            continue;
        judge_growth(definition, disks->pdata[i], filesystem, promise, findings);
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
        "Thin on purpose: ignore the rule there. All guests' images on the file system are added "
        "up, "
        "as far as they are known, for guests that have one there that can grow. Disks whose "
        "error_policy is report are left out: the guest is not paused.",
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
