/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"
#include "probes/host-paths.h"

#include <string.h>

/*
 * What libvirt on the host knows: networks, emulators and machine types, NUMA nodes; and what it says of
 * the guest that runs.
 */

#define NETWORKS "libvirt's networks on the host"
#define CAPABILITIES "the emulators and machine types of the host's libvirt"
#define NODES "the host's NUMA nodes"

static void
judge_network(const VitalsDefinition *definition, const VitalsXmlNode *interface, const char *name,
              VitalsFindings *findings)
{
    const VitalsHostNetwork *network = g_hash_table_lookup(definition->host->networks, name);
    VitalsFinding *finding;

    if (!network) {
        vitals_findings_add(findings, interface,
                            "libvirt on this host has no network '%s': the guest will not start",
                            name);
    } else if (!network->is_active) {
        vitals_findings_add(findings, interface,
                            "network '%s' is not active: the guest will not start%s", name,
                            network->is_autostart ? "" : ", nor after the next boot");
    } else if (!network->is_autostart && definition->is_autostart == VITALS_YES) {
        finding =
            vitals_findings_add(findings, interface,
                                "the guest starts with its host, and network '%s' does not: after "
                                "the next boot the guest stays down",
                                name);
        finding->severity = VITALS_SEVERITY_WARNING;
    }
}

static VitalsAnswer
check_net005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < interfaces->len; i++) {
        const char *name = vitals_xml_value(interfaces->pdata[i], "source/@network");

        if (g_strcmp0(vitals_xml_attribute(interfaces->pdata[i], "type"), "network") != 0 || !name)
            continue;
        if (!definition->host || !definition->host->networks)
            vitals_findings_add_unknown(findings, NETWORKS);
        else
            judge_network(definition, interfaces->pdata[i], name, findings);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_net005 = {
    .id = "NET005",
    .name = "network-not-there",
    .title = "guest needs a libvirt network that will not be there",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = NETWORKS,
    .why = "The start fails; where the network just does not start by itself, only after the next "
           "boot.",
    .bad = "<devices>\n"
           "  <interface type='network'>\n"
           "    <source network='lan'/><model type='virtio'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='network'>\n"
            "    <source network='default'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "virsh net-autostart NETWORK, and virsh net-start NETWORK",
    .exceptions =
        "Networks that another program starts first. A warning where the network is up now "
        "and does not start by itself, for guests that do.",
    .evidence =
        (const char *const[]){ "measured: \"network 'default' is not active\"",
                               "https://github.com/vagrant-libvirt/vagrant-libvirt/issues/116",
                               "https://github.com/dmacvicar/terraform-provider-libvirt/issues/248",
                               NULL },
    .check = check_net005,
};

/* Whether libvirt knows any machine type of that architecture. */
static gboolean
knows_arch(GHashTable *machines, const char *arch)
{
    g_autofree char *prefix = g_strconcat(arch, " ", NULL);
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, machines);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (g_str_has_prefix(key, prefix))
            return TRUE;
    }
    return FALSE;
}

/* What is there for an architecture may be emulation alone. */
static void
judge_type(const VitalsDefinition *definition, const char *arch, VitalsFindings *findings)
{
    const char *type = vitals_xml_attribute(definition->domain, "type");
    const char *types = vitals_host_facts_ability(definition->host, arch, "types");

    if (type && types && *types && !vitals_host_has_word(types, type))
        vitals_findings_add(
            findings, definition->domain,
            "libvirt on this host has no guests of type '%s' (it has: %s): the guest "
            "will not start",
            type, types);
}

static void
judge_machine(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *type = vitals_xml_first(definition->domain, "os/type");
    const char *machine = vitals_xml_attribute(type, "machine");
    const char *arch = vitals_xml_attribute(type, "arch");
    const char *host_arch = definition->host->arch;
    g_autofree char *key = g_strdup_printf("%s %s",
                                           arch        ? arch
                                           : host_arch ? host_arch
                                                       : "",
                                           machine ? machine : "");

    if (!arch && !host_arch)
        return;
    judge_type(definition, arch, findings);
    if (!knows_arch(definition->host->machines, arch ? arch : host_arch))
        vitals_findings_add(findings, type ? type : definition->domain,
                            "libvirt on this host has no emulator for '%s'",
                            arch ? arch : host_arch);
    else if (machine && !g_hash_table_contains(definition->host->machines, key))
        vitals_findings_add(
            findings, type,
            "no emulator of this host knows the machine type '%s': the guest will not "
            "start",
            machine);
}

static VitalsAnswer
check_cpu005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *emulator = vitals_xml_first(definition->devices, "emulator");
    const char *path = emulator ? vitals_xml_text(emulator) : "";
    const char *machine = vitals_xml_value(definition->domain, "os/type/@machine");
    const VitalsHostPath *found = vitals_host_path(definition, path);
    GHashTable *emulators = definition->host ? definition->host->emulators : NULL;

    if (*path == '/' && !found && !(emulators && g_hash_table_contains(emulators, path)))
        vitals_findings_add_unknown(findings, CAPABILITIES);
    else if (found && found->kind == VITALS_PATH_ABSENT)
        vitals_findings_add(findings, emulator,
                            "there is no emulator '%s' on this host: the guest will not start",
                            path);
    /* every emulator of its architecture has "pc" and "q35", "virt": names without a version */
    if (definition->host && definition->host->machines)
        judge_machine(definition, findings);
    else if (machine && strpbrk(machine, "0123456789") && !g_str_equal(machine, "q35"))
        vitals_findings_add_unknown(findings, CAPABILITIES);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu005 = {
    .id = "CPU005",
    .name = "emulator-missing",
    .title = "emulator missing, or machine type unknown to it",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = CAPABILITIES,
    .why = "Definitions that come from another host or from before an upgrade name emulators and "
           "machine "
           "types that this host does not have.",
    .bad = "<os><type arch='x86_64' machine='pc-q35-99.0'>hvm</type></os>",
    .good = "<os><type arch='x86_64' machine='q35'>hvm</type></os>",
    .remedy =
        "drop <emulator> so that libvirt chooses; name a machine type of `virsh capabilities`",
    .exceptions =
        "libvirt itself refuses a missing emulator at define, so this is about definitions "
        "from elsewhere and upgrades since.",
    .evidence =
        (const char *const[]){
            "https://github.com/stackhpc/ansible-role-libvirt-vm/issues/25: kvm and kvm-spice",
            NULL },
    .check = check_cpu005,
};

/* "0-3,^2": libvirt's way to name nodes (virBitmapParse). FALSE if it is none of that. */
static gboolean
has_node(const char *set, guint64 node)
{
    g_auto(GStrv) parts = g_strsplit(set, ",", -1);
    gboolean is_in = FALSE;

    for (guint i = 0; parts[i]; i++) {
        gboolean is_out = *g_strstrip(parts[i]) == '^';
        char *end = NULL;
        guint64 first = g_ascii_strtoull(parts[i] + is_out, &end, 10);
        guint64 last = *end == '-' ? g_ascii_strtoull(end + 1, NULL, 10) : first;

        if (node >= first && node <= last)
            is_in = !is_out;
    }
    return is_in;
}

static guint64
available_on(const VitalsHostFacts *host, const char *set)
{
    guint64 sum = 0;
    GHashTableIter iter;
    gpointer number;
    gpointer value;

    g_hash_table_iter_init(&iter, host->nodes);
    while (g_hash_table_iter_next(&iter, &number, &value)) {
        const VitalsHostNode *node = value;

        if (has_node(set, g_ascii_strtoull(number, NULL, 10)))
            sum += MIN(node->available_kib, G_MAXUINT64 - sum);
    }
    return sum;
}

/* What the guest wants of the nodes of @tuning: a cell's memory, or all of it. */
static gboolean
wanted_kib(const VitalsDefinition *definition, const VitalsXmlNode *tuning, guint64 *ret_kib)
{
    const char *wanted = vitals_xml_attribute(tuning, "cellid");
    g_autoptr(GPtrArray) cells = vitals_xml_all(definition->domain, "cpu/numa/cell");

    if (!wanted)
        return vitals_definition_total_memory(definition, ret_kib);
    for (guint i = 0; i < cells->len; i++) {
        g_autofree char *place = g_strdup_printf("%u", i);
        const char *id = vitals_xml_attribute(cells->pdata[i], "id");

        if (g_str_equal(id ? id : place, wanted))
            return vitals_definition_size(vitals_xml_attribute(cells->pdata[i], "memory"),
                                          vitals_xml_attribute(cells->pdata[i], "unit"), ret_kib);
    }
    return FALSE;
}

static VitalsAnswer
check_mem015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) tunings = vitals_xml_all(definition->domain, "numatune/*");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    /* what a running guest has is not free any more; huge pages are MEM013's */
    if (definition->is_running == VITALS_YES ||
        vitals_xml_first(definition->domain, "memoryBacking/hugepages"))
        return answer;
    for (guint i = 0; i < tunings->len; i++) {
        const char *set = vitals_xml_attribute(tunings->pdata[i], "nodeset");
        const char *mode = vitals_xml_attribute(tunings->pdata[i], "mode");
        guint64 wanted;

        if (!set || g_strcmp0(mode ? mode : "strict", "strict") != 0 ||
            !wanted_kib(definition, tunings->pdata[i], &wanted))
            continue;
        if (!definition->host || !definition->host->nodes)
            vitals_findings_add_unknown(findings, NODES);
        else if (available_on(definition->host, set) < wanted)
            vitals_findings_add(findings, tunings->pdata[i],
                                "the guest has to have %" G_GUINT64_FORMAT
                                " MiB of NUMA node %s, where %" G_GUINT64_FORMAT
                                " MiB are to be had: it will not start, or be killed",
                                wanted / 1024, set, available_on(definition->host, set) / 1024);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_mem015 = {
    .id = "MEM015",
    .name = "numa-node-too-small",
    .title = "strict NUMA placement on nodes that cannot hold the guest",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = NODES,
    .why =
        "The start fails, or the guest is killed for want of memory while other nodes have plenty.",
    .bad = "<memory unit='GiB'>64</memory>\n"
           "<numatune>\n"
           "  <memory mode='strict' nodeset='0'/>\n"
           "</numatune>",
    .good = "<memory unit='GiB'>64</memory>\n"
            "<numatune>\n"
            "  <memory mode='strict' nodeset='0-1'/>\n"
            "</numatune>",
    .remedy = "widen the nodeset, or use mode='preferred'",
    .exceptions =
        "Free memory and what the kernel gives back (page cache, slab) count. Guests that run "
        "have theirs and are left out, and so are guests on huge pages.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#numa-node-tuning", NULL },
    .check = check_mem015,
};

static VitalsAnswer
check_agt007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) channels = vitals_xml_all(definition->devices, "channel");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < channels->len; i++) {
        const VitalsXmlNode *target = vitals_xml_first(channels->pdata[i], "target");
        const char *state = vitals_xml_attribute(target, "state");

        if (!vitals_definition_is_live(definition) ||
            g_strcmp0(vitals_xml_attribute(target, "name"), "org.qemu.guest_agent.0") != 0)
            continue;
        if (!state)
            vitals_findings_add_unknown(findings, "whether the agent in the guest is connected");
        else if (g_str_equal(state, "disconnected"))
            vitals_findings_add(findings, channels->pdata[i],
                                "nobody in the guest has the agent's channel open: shutting down, "
                                "freezing and asking for life by the agent do not work");
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_agt007 = {
    .id = "AGT007",
    .name = "agent-does-not-answer",
    .title = "agent channel is configured but nobody answers in the guest",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PRODUCTION,
    .needs = "whether the agent in the guest is connected",
    .why = "The agent is not installed, or is dead. Where it was connected before, that is an "
           "early sign "
           "of a hang.",
    .bad = "<domain type='kvm' id='1'>\n"
           "  <devices>\n"
           "    <channel type='unix'>\n"
           "      <target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/>\n"
           "    </channel>\n"
           "  </devices>\n"
           "</domain>",
    .good = "<domain type='kvm' id='1'>\n"
            "  <devices>\n"
            "    <channel type='unix'>\n"
            "      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>\n"
            "    </channel>\n"
            "  </devices>\n"
            "</domain>",
    .remedy = "install qemu-guest-agent in the guest and enable it",
    .exceptions = "Guests that are still booting. Only the live definition tells: `lint --live`.",
    .evidence =
        (const char *const[]){ "measured: the live definition has state='disconnected'",
                               "https://libvirt.org/formatdomain.html#channel (since 1.2.11)",
                               NULL },
    .check = check_agt007,
};
