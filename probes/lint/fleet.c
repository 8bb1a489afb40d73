/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/host-fact.h"

/*
 * Rules about several guests of one host.
 */

#define OTHERS "the other guests of the host"

static VitalsAnswer
check_pci009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");
    g_autoptr(GPtrArray) pci = vitals_definition_pci_devices(definition);

    if (devices->len + pci->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!definition->fleet)
        vitals_findings_add_unknown(findings, OTHERS);
    vitals_fleet_judge(definition, VITALS_CLAIM_DEVICE, findings);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci009 = {
    .id = "PCI009",
    .name = "hostdev-assigned-twice",
    .title = "one host device assigned to several guests",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = OTHERS,
    .why = "Whichever guest starts second fails: at boot, at random.",
    .bad = "<!-- another guest of the host has the same device -->\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy = "let one of them have it, or let only one start with the host",
    .exceptions =
        "Copies of a guest that are never started together: a warning. An error where both "
        "run, or both start with the host. A USB device counts by bus and device number.",
    .evidence =
        (const char *const[]){ "libvirt src/hypervisor/virhostdev.c: \"PCI device %s is in use "
                               "by driver %s, domain %s\"",
                               NULL },
    .check = check_pci009,
};

/* What the host keeps for itself: 1 GiB, or a twentieth of a large one's memory. */
static guint64
reserve_kib(guint64 total_kib)
{
    return MAX(total_kib / 20, G_GUINT64_CONSTANT(1024) * 1024);
}

/* QEMU's own memory for each guest, video memory included. */
#define OVERHEAD_KIB (G_GUINT64_CONSTANT(256) * 1024)

static VitalsAnswer
check_mem014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *memory = vitals_host_fact(definition, VITALS_HOST_MEMORY, findings);
    const char *swap = vitals_host_fact(definition, VITALS_HOST_SWAP, findings);
    const GPtrArray *members = definition->fleet ? vitals_fleet_members(definition->fleet) : NULL;
    guint64 total = memory ? g_ascii_strtoull(memory, NULL, 10) : 0;
    guint64 usable = total - MIN(total, reserve_kib(total));
    guint64 sum = 0;
    guint guests = 0;

    if (!members)
        vitals_findings_add_unknown(findings, OTHERS);
    for (guint i = 0; members && i < members->len; i++) {
        const VitalsFleetMember *member = members->pdata[i];

        if (member->is_running != VITALS_YES && member->is_autostart != VITALS_YES)
            continue;
        sum += MIN(member->memory_kib + OVERHEAD_KIB, G_MAXUINT64 - sum);
        guests++;
    }
    if (memory && swap && sum > usable + g_ascii_strtoull(swap, NULL, 10))
        vitals_findings_add(findings, NULL,
                            "%u guests that run or start with the host may take %" G_GUINT64_FORMAT
                            " MiB, and it has %" G_GUINT64_FORMAT
                            " MiB and %s KiB of swap: the kernel will kill one of them",
                            guests, sum / 1024, total / 1024, swap);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem014 = {
    .id = "MEM014",
    .name = "host-memory-overcommitted",
    .title = "guests are promised more memory than the host has",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = OTHERS,
    .why = "The host's OOM killer picks a QEMU process: the guest is gone without a trace inside. "
           "Guests "
           "with devices of the host, with locked memory or huge pages hold all of theirs at once.",
    .bad = "three guests of 32 GiB that start with a host of 64 GiB",
    .good = "three guests of 16 GiB that start with a host of 64 GiB",
    .remedy = "give the guests less, do not start them all, or add swap",
    .exceptions =
        "Hosts that overcommit on purpose, with KSM or balloons: ignore the rule there. 1 GiB or "
        "a twentieth is kept for the host, 256 MiB count for each QEMU; swap counts as memory.",
    .evidence =
        (const char *const[]){
            "https://pve.proxmox.com/pve-docs/chapter-qm.html: \"a good rule of thumb is always to "
            "leave 1GB of RAM available to the host\"",
            NULL },
    .check = check_mem014,
};
