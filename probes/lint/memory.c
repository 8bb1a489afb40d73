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
    finding->fix =
        g_strdup(balloon ? "<stats period='10'/>"
                         : "<memballoon model='virtio'><stats period='10'/></memballoon>");
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
