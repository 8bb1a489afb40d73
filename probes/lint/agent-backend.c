/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/rule.h"

#include <string.h>

/*
 * What the guest agent's channel is connected to on the host.
 */

#define AGENT_NAME "org.qemu.guest_agent.0"

/* The first channel that libvirt takes for the agent's. */
static const VitalsXmlNode *
agent_channel(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) channels = vitals_xml_all(definition->devices, "channel");

    for (guint i = 0; i < channels->len; i++) {
        const VitalsXmlNode *target = vitals_xml_first(channels->pdata[i], "target");

        if (g_strcmp0(vitals_xml_attribute(target, "type"), "virtio") == 0 &&
            g_strcmp0(vitals_xml_attribute(target, "name"), AGENT_NAME) == 0)
            return channels->pdata[i];
    }
    return NULL;
}

static gboolean
connects(const VitalsXmlNode *channel)
{
    return g_strcmp0(vitals_xml_value(channel, "source/@mode"), "connect") == 0;
}

/* What belongs to the backend that is given up; libvirt makes a socket of its own. */
static void
drop_backend(VitalsFix *fix, const VitalsXmlNode *channel)
{
    static const char *const parts[] = { "source", "protocol" };

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GPtrArray) nodes = vitals_xml_all(channel, parts[i]);

        for (guint k = 0; k < nodes->len; k++)
            vitals_fix_drop(fix, nodes->pdata[k]);
    }
}

static VitalsAnswer
check_agt003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *channel = agent_channel(definition);
    const char *type = vitals_xml_attribute(channel, "type");

    if (!channel)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (type && !g_str_equal(type, "unix")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, channel,
            "the agent's channel is of type '%s'; libvirt talks to the agent over "
            "'unix' only, so every agent call fails",
            type);

        VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);

        vitals_fix_set_attribute(fix, channel, "type", "unix");
        drop_backend(fix, channel);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_agt003 = {
    .id = "AGT003",
    .name = "agent-not-on-unix-socket",
    .title = "agent channel backend is not a unix socket",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "libvirt can only talk to a unix socket. With any other backend the guest starts, and "
           "every "
           "agent call fails.",
    .bad = "<devices>\n"
           "  <channel type='pty'>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "set type='unix' and leave <source> out",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "A program of another maker at the other end, which is rare. Xen has no agent "
                  "(XEN004).",
    .evidence = (const char *const[]){ "measured: with a pty the guest runs and libvirt says "
                                       "\"QEMU guest agent is not connected\"",
                                       NULL },
    .check = check_agt003,
};

static VitalsAnswer
check_agt004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *channel = agent_channel(definition);
    const char *path = vitals_xml_value(channel, "source/@path");

    if (!channel || g_strcmp0(vitals_xml_attribute(channel, "type"), "unix") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (connects(channel)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, channel,
            path ? "the agent's channel connects to '%s' instead of listening; libvirt has "
                   "to be the client, so the guest will not start"
                 : "the agent's channel says mode='connect' and names no socket%s: libvirt makes "
                   "one "
                   "itself, and listens",
            path ? path : "");

        if (!path)
            finding->severity = VITALS_SEVERITY_NOTICE;
        drop_backend(vitals_finding_offer(finding, VITALS_FIX_SAFE), channel);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_agt004 = {
    .id = "AGT004",
    .name = "agent-connects",
    .title = "agent channel in connect mode",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "libvirt must be the client. With QEMU as the client something else has to listen, and the "
        "start fails.",
    .bad = "<devices>\n"
           "  <channel type='unix'>\n"
           "    <source mode='connect' path='/run/ga.sock'/>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "leave <source> out, libvirt makes one",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Management programs that own the socket. Without a path libvirt makes a socket itself and "
        "listens, whatever the mode says.",
    .evidence =
        (const char *const[]){
            "measured: start fails with \"unable to stat: …: No such file or directory\"", NULL },
    .check = check_agt004,
};

/* Where libvirt puts sockets itself, in all its versions and for sessions too
 * (qemuDomainChrDefDropDefaultPath). */
static gboolean
is_generated(const char *path)
{
    return strstr(path, "/channel/target/") || strstr(path, "/qemu/channel/") ||
           strstr(path, "/qemu/run/channel/");
}

static VitalsAnswer
check_agt005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *channel = agent_channel(definition);
    const char *path = vitals_xml_value(channel, "source/@path");

    if (!path || g_strcmp0(vitals_xml_attribute(channel, "type"), "unix") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!connects(channel) && !is_generated(path)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, vitals_xml_first(channel, "source"),
            "the agent's socket '%s' is written by hand: a clone of this guest would "
            "share it",
            path);

        drop_backend(vitals_finding_offer(finding, VITALS_FIX_SAFE), channel);
    }
    vitals_fleet_judge(definition, VITALS_CLAIM_AGENT_SOCKET, findings);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_agt005 = {
    .id = "AGT005",
    .name = "agent-socket-by-hand",
    .title = "agent socket path written by hand",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "Clones share the socket: the second guest cannot start, or talks to the wrong agent.",
    .bad = "<devices>\n"
           "  <channel type='unix'>\n"
           "    <source mode='bind' path='/var/lib/libvirt/qemu/vm.agent'/>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "leave <source> out, libvirt makes one per guest",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "oVirt sets paths of its own: a notice. Paths in libvirt's own directories are those "
        "it made itself. A connecting channel is AGT004's matter.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#channel: \"they should leave "
                               "<source> element out\"",
                               "measured: a generated path is dropped at define, another is kept",
                               NULL },
    .check = check_agt005,
};

static VitalsAnswer
check_agt006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) channels = vitals_xml_all(definition->devices, "channel");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < channels->len; i++) {
        const VitalsXmlNode *target = vitals_xml_first(channels->pdata[i], "target");
        const char *name = vitals_xml_attribute(target, "name");
        const VitalsXmlNode *first = name ? g_hash_table_lookup(seen, name) : NULL;

        if (g_strcmp0(vitals_xml_attribute(target, "type"), "virtio") != 0 || !name)
            continue;
        if (first) {
            VitalsFinding *finding = vitals_findings_add(
                findings, target,
                "a virtio port '%s' is there already in line %u; the guest will not "
                "start",
                name, vitals_xml_line(first));

            vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), channels->pdata[i]);
        } else
            g_hash_table_insert(seen, (gpointer)name, (gpointer)target);
    }
    return g_hash_table_size(seen) > 0 ? vitals_findings_answer(findings)
                                       : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_agt006 = {
    .id = "AGT006",
    .name = "virtio-port-twice",
    .title = "two ports with the same virtio name",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "The definition is accepted, and the start fails.",
    .bad = "<devices>\n"
           "  <channel type='unix'>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "  <channel type='unix'>\n"
           "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
           "  </channel>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <channel type='unix'>\n"
            "    <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
            "  </channel>\n"
            "</devices>",
    .remedy = "keep one of them",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None; ports without a name do not count.",
    .evidence =
        (const char *const[]){
            "measured: start fails with \"virtio-serial-bus: A port already exists by name "
            "org.qemu.guest_agent.0\"",
            NULL },
    .check = check_agt006,
};
