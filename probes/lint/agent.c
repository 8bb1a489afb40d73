/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * The channel of QEMU's guest agent.
 */

/* The one name that libvirt looks for (qemuFindAgentConfig in its qemu_domain.c). */
#define AGENT_NAME "org.qemu.guest_agent.0"

static gboolean
is_virtio(const VitalsXmlNode *target)
{
    return g_strcmp0(vitals_xml_attribute(target, "type"), "virtio") == 0;
}

static gboolean
is_agent(const VitalsXmlNode *target)
{
    return is_virtio(target) && g_strcmp0(vitals_xml_attribute(target, "name"), AGENT_NAME) == 0;
}

/* Whether it was meant to be the agent's: "guest_agent" or "guest-agent" in a name of QEMU's or of
 * nobody's. Other products have agents with names of their own ("ovirt-guest-agent.0"). */
static gboolean
is_meant_for_agent(const VitalsXmlNode *target)
{
    const char *name = vitals_xml_attribute(target, "name");
    g_autofree char *plain = g_ascii_strdown(name ? name : "", -1);

    g_strdelimit(plain, "-", '_');
    return strstr(plain, "guest_agent") &&
           (strstr(plain, "qemu") || g_str_has_prefix(plain, "guest_agent"));
}

/* The channel target that is, or was meant to be, the agent's. */
static const VitalsXmlNode *
find_target(const VitalsDefinition *definition, gboolean (*matches)(const VitalsXmlNode *target))
{
    g_autoptr(GPtrArray) targets = vitals_xml_all(definition->devices, "channel/target");

    for (guint i = 0; i < targets->len; i++) {
        if (matches(targets->pdata[i]))
            return targets->pdata[i];
    }
    return NULL;
}

static VitalsAnswer
check_agt001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (!find_target(definition, is_agent) && !find_target(definition, is_meant_for_agent) &&
        !vitals_definition_passes(definition, AGENT_NAME)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, definition->devices,
            "the guest has no agent channel: no clean agent shutdown, no freeze for "
            "snapshots, no answer that tells hung from idle");

        vitals_fix_add_below(
            vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain, "devices",
            "<channel type='unix'><target type='virtio' name='" AGENT_NAME "'/></channel>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_agt001 = {
    .id = "AGT001",
    .name = "no-agent-channel",
    .title = "no guest agent channel",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why = "Without the channel there is no clean shutdown through the agent, no freeze of file "
           "systems for a snapshot, and no answer from user space that tells a hung guest from an "
           "idle one.",
    .bad = "<devices>\n"
           "  <!-- no channel -->\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "add <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>"
              "</channel> and install qemu-guest-agent in the guest",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "Guests without an agent package. Most definitions have no channel: a notice. A "
                  "channel whose "
                  "name or target is wrong is AGT002's finding, not this one's. Holds back where "
                  "<qemu:commandline> makes the port.",
    .evidence =
        (const char *const[]){
            "measured: \"QEMU guest agent is not configured\", also for shutdown --mode agent",
            "https://libvirt.org/formatdomain.html#channel", NULL },
    .check = check_agt001,
};

static VitalsAnswer
check_agt002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *target = find_target(definition, is_meant_for_agent);
    VitalsFinding *finding;
    VitalsFix *fix;
    const char *name;
    const char *type;

    if (!target)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (find_target(definition, is_agent))
        return VITALS_ANSWER_PASS;

    name = vitals_xml_attribute(target, "name");
    type = vitals_xml_attribute(target, "type");
    if (g_str_equal(name, AGENT_NAME))
        finding = vitals_findings_add(findings, target,
                                      "the agent's channel has target type '%s'; libvirt finds the "
                                      "agent on 'virtio' only",
                                      type ? type : "");
    else
        finding = vitals_findings_add(findings, target,
                                      "the agent's channel is called '%s'; libvirt finds the agent "
                                      "only by '%s'",
                                      name, AGENT_NAME);
    fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);
    vitals_fix_set_attribute(fix, target, "type", "virtio");
    vitals_fix_set_attribute(fix, target, "name", AGENT_NAME);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_agt002 = {
    .id = "AGT002",
    .name = "agent-channel-misnamed",
    .title = "agent channel has the wrong name or target type",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "libvirt recognises the exact name on a virtio port only. Everything looks configured, and "
        "no agent call works.",
    .bad = "<devices>\n"
           "  <channel type='unix'>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.1'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "write <target type='virtio' name='org.qemu.guest_agent.0'/>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "A second agent port under another name is fine beside the right one. Agents of other "
        "products "
        "have names of their own (ovirt-guest-agent.0, com.redhat.spice.0) and are not taken for "
        "QEMU's; org.qemu.guest-agent.0 is.",
    .evidence =
        (const char *const[]){
            "measured: with org.qemu.guest_agent.1 the guest runs and libvirt says "
            "\"QEMU guest agent is not configured\"",
            NULL },
    .check = check_agt002,
};
