/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/rule.h"

#include <net/if.h>
#include <string.h>

/*
 * Network interfaces.
 */

static gboolean
is_any_type(const VitalsXmlNode *interface, const char *const *types)
{
    const char *type = vitals_xml_attribute(interface, "type");

    return type && g_strv_contains(types, type);
}

static VitalsAnswer
check_net001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < interfaces->len; i++) {
        const char *address = vitals_xml_value(interfaces->pdata[i], "mac/@address");
        g_autofree char *lower = g_ascii_strdown(address ? address : "", -1);
        const VitalsXmlNode *owner = g_hash_table_lookup(owners, lower);

        if (!address || vitals_xml_first(interfaces->pdata[i], "teaming"))
            continue;
        if (owner) {
            VitalsFinding *finding = vitals_findings_add(
                findings, interfaces->pdata[i],
                "MAC address %s belongs to the interface in line %u already: packets "
                "will reach one or the other",
                address, vitals_xml_line(owner));

            vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                            vitals_xml_first(interfaces->pdata[i], "mac"));
        } else
            g_hash_table_insert(owners, g_steal_pointer(&lower), interfaces->pdata[i]);
    }
    vitals_fleet_judge(definition, VITALS_CLAIM_MAC, findings);
    return g_hash_table_size(owners) > 0 ? vitals_findings_answer(findings)
                                         : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_net001 = {
    .id = "NET001",
    .name = "mac-address-twice",
    .title = "duplicate MAC address",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "Bridges learn the address on two ports by turns, and the guest loses packets by turns.",
    .bad = "<devices>\n"
           "  <interface type='bridge'>\n"
           "    <mac address='52:54:00:11:22:33'/>\n"
           "    <source bridge='br0'/><model type='virtio'/>\n"
           "  </interface>\n"
           "  <interface type='bridge'>\n"
           "    <mac address='52:54:00:11:22:33'/>\n"
           "    <source bridge='br1'/><model type='virtio'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <mac address='52:54:00:11:22:33'/>\n"
            "    <source bridge='br0'/><model type='virtio'/>\n"
            "  </interface>\n"
            "  <interface type='bridge'>\n"
            "    <mac address='52:54:00:11:22:34'/>\n"
            "    <source bridge='br1'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "drop the <mac> of one of them, libvirt makes a new one",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Interfaces with <teaming> share an address on purpose and are left out. Ports that "
        "the guest bonds: ignore the rule there.",
    .evidence =
        (const char *const[]){
            "measured: libvirt starts a guest with two equal addresses without a word", NULL },
    .check = check_net001,
};

static VitalsAnswer
check_net002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const emulated[] = { "network", "bridge",   "ethernet", "direct",
                                            "user",    "server",   "client",   "mcast",
                                            "udp",     "internal", NULL };
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");

    for (guint i = 0; i < interfaces->len; i++) {
        if (is_any_type(interfaces->pdata[i], emulated) &&
            !vitals_xml_value(interfaces->pdata[i], "model/@type")) {
            VitalsFinding *finding = vitals_findings_add(
                findings, interfaces->pdata[i],
                "the interface has no model, so libvirt takes rtl8139, an emulated "
                "card of 100 Mbit/s");

            const VitalsXmlNode *model = vitals_xml_first(interfaces->pdata[i], "model");

            if (model)
                vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), model,
                                         "type", "virtio");
            else
                vitals_fix_add_child(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                     interfaces->pdata[i], "<model type='virtio'/>");
        }
    }
    return interfaces->len > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_net002 = {
    .id = "NET002",
    .name = "interface-model-unsaid",
    .title = "no model of the network card: rtl8139",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "libvirt then picks rtl8139, an emulated card of 100 Mbit/s, on q35 as well.",
    .bad = "<devices>\n"
           "  <interface type='network'><source network='default'/></interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='network'>\n"
            "    <source network='default'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "add <model type='virtio'/>",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests without virtio drivers: name the card that they have. Devices of the host, "
        "vDPA and vhost-user have no choice and are left out; other machines than x86 have "
        "another default.",
    .evidence = (const char *const[]){ "measured: rtl8139 on both 'pc' and 'q35'", NULL },
    .check = check_net002,
};

/* A <target> may say more than the name. */
static void
drop_name(VitalsFix *fix, const VitalsXmlNode *target)
{
    if (vitals_xml_attribute(target, "managed"))
        vitals_fix_drop_attribute(fix, target, "dev");
    else
        vitals_fix_drop(fix, target);
}

static VitalsAnswer
check_net003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const taps[] = { "network", "bridge", "ethernet", "direct", NULL };
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < interfaces->len; i++) {
        const VitalsXmlNode *target = vitals_xml_first(interfaces->pdata[i], "target");
        const char *name = vitals_xml_attribute(target, "dev");

        if (!name || !is_any_type(interfaces->pdata[i], taps))
            continue;
        if (strlen(name) >= IFNAMSIZ) {
            VitalsFinding *finding = vitals_findings_add(
                findings, target,
                "interface name '%s' has more than %d characters; the guest will not "
                "start",
                name, IFNAMSIZ - 1);

            drop_name(vitals_finding_offer(finding, VITALS_FIX_SAFE), target);
        }
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_net003 = {
    .id = "NET003",
    .name = "interface-name-too-long",
    .title = "interface name longer than 15 characters",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "Linux has no longer names of interfaces. The definition is accepted, and the start fails.",
    .bad =
        "<devices>\n"
        "  <interface type='bridge'>\n"
        "    <source bridge='br0'/><target dev='averyveryverylongname0'/><model type='virtio'/>\n"
        "  </interface>\n"
        "</devices>",
    .good = "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <source bridge='br0'/><target dev='vm7-lan'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "shorten it, or leave <target> out",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "None on Linux. Types without an interface on the host, such as user, are left out.",
    .evidence =
        (const char *const[]){
            "measured: \"Network interface name '…' is too long: Numerical result out of range\"",
            NULL },
    .check = check_net003,
};

/* libvirt's own names: a prefix and a number. */
static gboolean
is_reserved(const char *name, gboolean is_xen)
{
    static const char *const qemu[] = { "vnet", "macvtap", "macvlan", NULL };
    static const char *const xen[] = { "vif", NULL };
    const char *const *prefixes = is_xen ? xen : qemu;

    for (guint i = 0; prefixes[i]; i++) {
        const char *rest = name + strlen(prefixes[i]);

        if (g_str_has_prefix(name, prefixes[i]) && *rest &&
            strspn(rest, is_xen ? "0123456789." : "0123456789") == strlen(rest))
            return TRUE;
    }
    return FALSE;
}

static VitalsAnswer
check_net004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) targets = vitals_xml_all(definition->devices, "interface/target");

    if (vitals_definition_is_live(definition) || targets->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < targets->len; i++) {
        const char *name = vitals_xml_attribute(targets->pdata[i], "dev");

        if (name && is_reserved(name, definition->driver == VITALS_DRIVER_XEN)) {
            VitalsFinding *finding = vitals_findings_add(
                findings, targets->pdata[i],
                "interface name '%s' is of the kind that libvirt makes itself, so it "
                "is thrown away at define",
                name);

            drop_name(vitals_finding_offer(finding, VITALS_FIX_SAFE), targets->pdata[i]);
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_net004 = {
    .id = "NET004",
    .name = "interface-name-reserved",
    .title = "interface name with a reserved prefix is thrown away",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "The interface gets another name at the start. Rules of a firewall and graphs made for the "
        "name in the definition never match.",
    .bad = "<devices>\n"
           "  <interface type='bridge'>\n"
           "    <source bridge='br0'/><target dev='vnet7'/><model type='virtio'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <source bridge='br0'/><target dev='web-lan'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "choose another name, or leave <target> out",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "A running guest's definition shows the names that libvirt made (it has an id) and is "
        "left out.",
    .evidence = (const char *const[]){ "measured: vnet7 is gone after define",
                                       "libvirt src/util/virnetdev.h: the prefixes", NULL },
    .check = check_net004,
};
