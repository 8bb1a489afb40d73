/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * Memory and its balloon.
 */

/* Whether libvirt adds a virtio balloon to a definition without one. */
static gboolean
gets_balloon(const VitalsDefinition *definition)
{
    const char *arch = vitals_xml_value(definition->domain, "os/type/@arch");

    return definition->machine == VITALS_MACHINE_X86 ||
           (arch && (g_str_has_prefix(arch, "s390") || g_str_has_prefix(arch, "ppc64")));
}

static void
offer_period(const VitalsDefinition *definition, const VitalsXmlNode *balloon, VitalsFix *fix)
{
    const VitalsXmlNode *stats = vitals_xml_first(balloon, "stats");

    if (stats)
        vitals_fix_set_attribute(fix, stats, "period", "10");
    else if (balloon)
        vitals_fix_add_child(fix, balloon, "<stats period='10'/>");
    else
        vitals_fix_add_below(fix, definition->domain, "devices",
                             "<memballoon model='virtio'><stats period='10'/></memballoon>");
}

static VitalsAnswer
check_mem004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");
    const char *model = vitals_xml_attribute(balloon, "model");
    const char *period = vitals_xml_value(balloon, "stats/@period");
    guint64 seconds;
    VitalsFinding *finding;

    if (balloon ? !model || !g_str_has_prefix(model, "virtio") : !gets_balloon(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (period && g_ascii_string_to_unsigned(period, 10, 1, G_MAXINT, &seconds, NULL))
        return VITALS_ANSWER_PASS;

    finding =
        balloon ? vitals_findings_add(findings, balloon,
                                      "the balloon (model '%s') has no statistics period, so the "
                                      "guest's memory figures stay empty",
                                      model)
                : vitals_findings_add(findings, definition->devices,
                                      "libvirt will add a balloon without a statistics period, so "
                                      "the guest's memory figures stay empty");
    offer_period(definition, balloon, vitals_finding_offer(finding, VITALS_FIX_SAFE));
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem004 = {
    .id = "MEM004",
    .name = "no-balloon-statistics",
    .title = "balloon statistics period not set: no guest memory figures",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "Without a period QEMU never asks the guest's balloon driver. Monitoring sees a flat line "
        "until the guest runs out of memory, and the driver's answers are missing as a sign of "
        "life.",
    .bad = "<devices>\n"
           "  <memballoon model='virtio'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <memballoon model='virtio'>\n"
            "    <stats period='10'/>\n"
            "  </memballoon>\n"
            "</devices>",
    .remedy = "add <stats period='10'/> to the <memballoon>; for a running guest: "
              "virsh dommemstat DOMAIN --period 10 --live --config",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Guests without the balloon driver gain nothing. A definition without a <memballoon> is "
        "reported on x86, s390x and ppc64 only, where libvirt adds one; elsewhere that depends on "
        "the "
        "machine. model='none' is another matter (MEM005).",
    .evidence =
        (const char *const[]){
            "measured: without a period dommemstat shows actual, rss and last_update 0",
            "https://libvirt.org/formatdomain.html#memory-balloon-device: \"By default, collection "
            "is "
            "not enabled\"",
            NULL },
    .check = check_mem004,
};

static gboolean
has_huge_pages(const VitalsDefinition *definition)
{
    return vitals_xml_first(definition->domain, "memoryBacking/hugepages") != NULL;
}

static VitalsAnswer
check_mem005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");

    guint64 total;
    guint64 current;

    if (g_strcmp0(vitals_xml_attribute(balloon, "model"), "none") == 0 &&
        !vitals_definition_balloon_gap(definition, &total, &current)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, balloon,
            "the balloon is switched off, so the host sees nothing of the guest's "
            "memory and can take none back");

        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), balloon, "model",
                                 "virtio");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem005 = {
    .id = "MEM005",
    .name = "balloon-disabled",
    .title = "balloon disabled: the host cannot see or reclaim guest memory",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "Without a balloon there is only the size of QEMU's process: nothing of what the guest "
           "uses, "
           "and nothing to reclaim.",
    .bad = "<devices>\n"
           "  <memballoon model='none'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <memballoon model='virtio'>\n"
            "    <stats period='10'/>\n"
            "  </memballoon>\n"
            "</devices>",
    .remedy =
        "use model='virtio' with statistics; with a host device keep currentMemory equal to memory",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Real-time guests, which go without on purpose, and guests whose agent gives the "
                  "figures. Silent where the guest was to be kept small by the balloon: that is "
                  "MEM006.",
    .evidence =
        (const char *const[]){ "measured: with model none dommemstat shows rss only", NULL },
    .check = check_mem005,
};

static VitalsAnswer
check_mem011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");
    const char *model = vitals_xml_attribute(balloon, "model");
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    guint64 total;
    guint64 current;
    VitalsFix *fix;

    if ((balloon ? !model || !g_str_has_prefix(model, "virtio") : !gets_balloon(definition)) ||
        !vitals_definition_balloon_gap(definition, &total, &current))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (g_strcmp0(vitals_xml_attribute(balloon, "autodeflate"), "on") == 0 || devices->len > 0 ||
        vitals_definition_mediated_device(definition) || has_huge_pages(definition))
        return VITALS_ANSWER_PASS;
    fix = vitals_finding_offer(
        vitals_findings_add(
            findings, balloon ? balloon : definition->devices,
            "the guest has %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " MiB, and its out-of-memory killer strikes before the balloon gives any back",
            current / 1024, total / 1024),
        VITALS_FIX_UNSAFE);
    if (balloon)
        vitals_fix_set_attribute(fix, balloon, "autodeflate", "on");
    else
        vitals_fix_add_below(fix, definition->domain, "devices",
                             "<memballoon model='virtio' autodeflate='on'/>");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem011 = {
    .id = "MEM011",
    .name = "balloon-without-autodeflate",
    .title = "guest held small by its balloon, without autodeflate",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "Under pressure the guest's out-of-memory killer strikes while memory sits in the balloon.",
    .bad = "<memory unit='GiB'>4</memory>\n"
           "<currentMemory unit='GiB'>2</currentMemory>\n"
           "<devices>\n"
           "  <memballoon model='virtio'/>\n"
           "</devices>",
    .good = "<memory unit='GiB'>4</memory>\n"
            "<currentMemory unit='GiB'>2</currentMemory>\n"
            "<devices>\n"
            "  <memballoon model='virtio' autodeflate='on'/>\n"
            "</devices>",
    .remedy = "set autodeflate='on' on the <memballoon>; needs a cold start",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Hosts that promise more memory than they have want the balloon to hold: a notice. "
        "Silent with a host device (PCI002) and on huge pages (MEM012).",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#memory-balloon-device: autodeflate releases "
            "memory \"at "
            "the last moment before a guest's process get killed by Out of Memory killer\"",
            NULL },
    .check = check_mem011,
};

static VitalsAnswer
check_mem012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *balloon = vitals_xml_first(definition->devices, "memballoon");
    const VitalsXmlNode *gap;
    guint64 total;
    guint64 current;

    if (!has_huge_pages(definition) ||
        g_strcmp0(vitals_xml_attribute(balloon, "model"), "none") == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    gap = vitals_definition_balloon_gap(definition, &total, &current);
    if (gap) {
        VitalsFinding *finding =
            vitals_findings_add(findings, gap,
                                "currentMemory is %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                " MiB, but pages of a balloon free no huge page",
                                current / 1024, total / 1024);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), gap);
    } else if (g_strcmp0(vitals_xml_attribute(balloon, "freePageReporting"), "on") == 0) {
        VitalsFinding *finding = vitals_findings_add(
            findings, balloon, "free page reporting is on, but its pages free no huge page");

        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE), balloon,
                                 "freePageReporting", "off");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem012 = {
    .id = "MEM012",
    .name = "balloon-on-huge-pages",
    .title = "ballooning on huge pages",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "A page of 4 KiB in the balloon does not free a page of 2 MiB or 1 GiB on the host.",
    .bad = "<memory unit='GiB'>4</memory>\n"
           "<currentMemory unit='GiB'>2</currentMemory>\n"
           "<memoryBacking><hugepages/></memoryBacking>",
    .good = "<memory unit='GiB'>4</memory>\n"
            "<currentMemory unit='GiB'>4</currentMemory>\n"
            "<memoryBacking><hugepages/></memoryBacking>",
    .remedy = "make <currentMemory> equal to <memory>, and switch free page reporting off",
    .fixes = VITALS_FIXES_SAFE | VITALS_FIXES_UNSAFE,
    .exceptions = "None. Without a balloon it is MEM006's matter.",
    .evidence = (const char *const[]){ "QEMU hw/virtio/virtio-balloon.c: \"Balloon used with "
                                       "backing page size > 4kiB, this may not "
                                       "be reliable\"",
                                       NULL },
    .check = check_mem012,
};
