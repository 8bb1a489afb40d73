/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * Limits on the memory of the whole QEMU process, which the guest's own is only a part of.
 */

#define GIB_KIB G_GUINT64_CONSTANT(1048576)

static gboolean
has_pages_of_its_own(const VitalsDefinition *definition)
{
    return vitals_xml_first(definition->domain, "memoryBacking/hugepages") != NULL;
}

static gboolean
has_host_device(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);

    return devices->len > 0;
}

static VitalsAnswer
check_mem007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    guint64 limit;
    guint64 total;

    if (devices->len > 0) /* PCI003, which asks for more */
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!vitals_definition_limit(definition, "memtune/hard_limit", &limit) ||
        !vitals_definition_total_memory(definition, &total) || has_pages_of_its_own(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (limit <= total)
        vitals_findings_add(findings, vitals_xml_first(definition->domain, "memtune/hard_limit"),
                            "hard_limit is %" G_GUINT64_FORMAT
                            " MiB for a guest of %" G_GUINT64_FORMAT
                            " MiB: QEMU needs more than the guest's memory and will be killed",
                            limit / 1024, total / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem007 = {
    .id = "MEM007",
    .name = "hard-limit-below-memory",
    .title = "hard_limit is not above the guest's memory",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "The limit is that of the whole QEMU process: guest memory, video memory and overhead. "
           "Once "
           "the guest uses what it was given, the process is killed by its own control group.",
    .bad = "<memory unit='GiB'>4</memory>\n"
           "<memtune>\n"
           "  <hard_limit unit='GiB'>4</hard_limit>\n"
           "</memtune>",
    .good = "<memory unit='GiB'>4</memory>",
    .remedy = "drop hard_limit, or make it the guest's memory and some GiB",
    .exceptions =
        "Huge pages are not counted by the control group, so guests on these are left out. With a "
        "host's PCI device it is PCI003.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#memory-tuning: \"one needs to add up guest RAM, "
            "guest "
            "video RAM, and some memory overhead\"; \"domain may get killed by the kernel\"",
            NULL },
    .check = check_mem007,
};

static VitalsAnswer
check_mem008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    guint64 limit;
    guint64 total;
    guint64 swap;

    if (!vitals_definition_limit(definition, "memtune/hard_limit", &limit))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (vitals_xml_first(definition->domain, "memoryBacking/locked") ||
        has_host_device(definition) ||
        (vitals_definition_total_memory(definition, &total) && limit <= total) ||
        (vitals_definition_limit(definition, "memtune/swap_hard_limit", &swap) && swap <= limit))
        return VITALS_ANSWER_PASS;
    vitals_findings_add(
        findings, vitals_xml_first(definition->domain, "memtune/hard_limit"),
        "hard_limit is set (%" G_GUINT64_FORMAT
        " MiB), and nobody can say how much QEMU needs: the guest may be killed by it",
        limit / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem008 = {
    .id = "MEM008",
    .name = "hard-limit-set",
    .title = "hard_limit is set at all",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "How much QEMU needs besides the guest's memory depends on its devices and its load, and "
        "grows with time. A guess that is too low kills the guest, later than MEM007 but as "
        "surely.",
    .bad = "<memory unit='GiB'>4</memory>\n"
           "<memtune>\n"
           "  <hard_limit unit='GiB'>6</hard_limit>\n"
           "</memtune>",
    .good = "<memory unit='GiB'>4</memory>",
    .remedy = "drop hard_limit; protect the host by a limit of machine.slice",
    .exceptions =
        "With locked memory a limit is recommended (MEM009), and with host devices it sets the "
        "limit of pinned memory (PCI003): silent there, and where MEM007 or MEM010 is found. A "
        "value "
        "that means unlimited is none.",
    .evidence = (const char *const[]){ "https://libvirt.org/formatdomain.html#memory-tuning: users "
                                       "\"are strongly advised not to "
                                       "set this limit\"",
                                       NULL },
    .check = check_mem008,
};

static VitalsAnswer
check_mem009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *locked = vitals_xml_first(definition->domain, "memoryBacking/locked");
    guint64 limit;

    if (!locked)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!vitals_definition_limit(definition, "memtune/hard_limit", &limit))
        vitals_findings_add(findings, locked,
                            "memory is locked without a hard_limit: QEMU may pin the host's memory "
                            "without bound");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem009 = {
    .id = "MEM009",
    .name = "locked-without-limit",
    .title = "memory locked without a hard limit",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "libvirt lifts the limit of locked memory altogether, so the guest can pin the host's "
           "memory "
           "without bound.",
    .bad = "<memoryBacking><locked/></memoryBacking>",
    .good = "<memoryBacking><locked/></memoryBacking>\n"
            "<memtune>\n"
            "  <hard_limit unit='GiB'>10</hard_limit>\n"
            "</memtune>",
    .remedy = "add a hard_limit of the guest's memory and a generous overhead",
    .exceptions = "Hosts of one tenant with real-time guests.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#memory-backing: locked is a \"potential "
            "security "
            "risk\", \"highly recommended to set a hard_limit\"",
            "libvirt src/qemu/qemu_domain.c, qemuDomainGetMemLockLimitBytes: unlimited", NULL },
    .check = check_mem009,
};

static VitalsAnswer
check_mem010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    guint64 hard;
    guint64 swap;

    if (!vitals_definition_limit(definition, "memtune/swap_hard_limit", &swap) ||
        !vitals_definition_limit(definition, "memtune/hard_limit", &hard))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (swap <= hard)
        vitals_findings_add(
            findings, vitals_xml_first(definition->domain, "memtune/swap_hard_limit"),
            "swap_hard_limit (%" G_GUINT64_FORMAT
            " MiB) is not above hard_limit (%" G_GUINT64_FORMAT " MiB), which it includes",
            swap / 1024, hard / 1024);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem010 = {
    .id = "MEM010",
    .name = "swap-limit-below-limit",
    .title = "swap_hard_limit is not above hard_limit",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "swap_hard_limit counts memory and swap together. libvirt accepts a smaller one at define; "
        "the control group refuses it, or kills.",
    .bad = "<memtune>\n"
           "  <hard_limit unit='GiB'>10</hard_limit>\n"
           "  <swap_hard_limit unit='GiB'>2</swap_hard_limit>\n"
           "</memtune>",
    .good = "<memtune>\n"
            "  <hard_limit unit='GiB'>10</hard_limit>\n"
            "  <swap_hard_limit unit='GiB'>12</swap_hard_limit>\n"
            "</memtune>",
    .remedy = "make swap_hard_limit larger than hard_limit, or drop it",
    .exceptions = "None. Values that mean unlimited are not compared.",
    .evidence = (const char *const[]){ "https://libvirt.org/formatdomain.html#memory-tuning: "
                                       "\"This has to be more than hard_limit "
                                       "value provided\"",
                                       "measured: a smaller one is accepted at define", NULL },
    .check = check_mem010,
};

static VitalsAnswer
check_pci003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    guint64 factor = vitals_xml_first(definition->devices, "iommu") ? devices->len : 1;
    guint64 limit;
    guint64 total;
    guint64 wanted;

    if (devices->len == 0 || !vitals_definition_limit(definition, "memtune/hard_limit", &limit) ||
        !vitals_definition_total_memory(definition, &total) ||
        !g_uint64_checked_mul(&wanted, total, factor) ||
        !g_uint64_checked_add(&wanted, wanted, GIB_KIB))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (limit < wanted) {
        VitalsFinding *finding = vitals_findings_add(
            findings, vitals_xml_first(definition->domain, "memtune/hard_limit"),
            "hard_limit (%" G_GUINT64_FORMAT
            " MiB) is also what may be pinned, and the host devices need %" G_GUINT64_FORMAT " MiB",
            limit / 1024, wanted / 1024);

        if (limit <= total && !has_pages_of_its_own(definition))
            finding->severity = VITALS_SEVERITY_ERROR;
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci003 = {
    .id = "PCI003",
    .name = "hard-limit-with-hostdev",
    .title = "hard_limit too low for a guest with a host device",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .why =
        "libvirt takes hard_limit as the limit of locked memory, instead of its own: the guest's "
        "memory and 1 GiB. Mapping the memory for the device fails at start, or when one is added.",
    .bad = "<memory unit='GiB'>16</memory>\n"
           "<memtune>\n"
           "  <hard_limit unit='GiB'>16</hard_limit>\n"
           "</memtune>\n"
           "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<memory unit='GiB'>16</memory>\n"
            "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy =
        "drop hard_limit, or raise it to the guest's memory and a GiB, per device with a virtual "
        "IOMMU",
    .exceptions = "None. With a virtual IOMMU (<iommu>) the guest's memory counts once for each "
                  "device. A limit "
                  "that not even the guest's memory fits in is an error, as in MEM007.",
    .evidence =
        (const char *const[]){
            "libvirt src/qemu/qemu_domain.c, qemuDomainGetMemLockLimitBytes: \"prefer the hard "
            "limit\"",
            "measured: at start the limit of locked memory is exactly hard_limit", NULL },
    .check = check_pci003,
};
