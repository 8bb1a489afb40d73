/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

/*
 * What else a guest needs to find on its host: interfaces, huge pages, KVM.
 */

static VitalsAnswer
check_net006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");
    GHashTable *known = definition->host ? definition->host->interfaces : NULL;
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < interfaces->len; i++) {
        const VitalsXmlNode *interface = interfaces->pdata[i];
        const char *type = vitals_xml_attribute(interface, "type");
        const char *name =
            g_strcmp0(type, "bridge") == 0   ? vitals_xml_value(interface, "source/@bridge")
            : g_strcmp0(type, "direct") == 0 ? vitals_xml_value(interface, "source/@dev")
                                             : NULL;

        if (!name)
            continue;
        if (!known)
            vitals_findings_add_unknown(findings, "the host's network interfaces");
        else if (!g_hash_table_contains(known, name))
            vitals_findings_add(findings, interface,
                                "there is no interface '%s' on this host: the guest will not start",
                                name);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_net006 = {
    .id = "NET006",
    .name = "bridge-does-not-exist",
    .title = "bridge or parent device does not exist",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = "the host's network interfaces",
    .why = "The start fails.",
    .bad = "<devices>\n"
           "  <interface type='bridge'>\n"
           "    <source bridge='br9'/><model type='virtio'/>\n"
           "  </interface>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <interface type='bridge'>\n"
            "    <source bridge='br0'/><model type='virtio'/>\n"
            "  </interface>\n"
            "</devices>",
    .remedy = "create it, or correct the name",
    .exceptions =
        "Bridges that a hook makes just before the guest starts. Bridges of Open vSwitch are "
        "interfaces too and are seen.",
    .evidence =
        (const char *const[]){
            "measured: \"Cannot get interface MTU on 'nosuchbr': No such device\"", NULL },
    .check = check_net006,
};

/* Adds up what the host has of the sizes that the guest may use. */
static guint64
reserved_kib(const VitalsDefinition *definition, const VitalsHostFacts *host)
{
    g_autoptr(GPtrArray) pages = vitals_xml_all(definition->domain, "memoryBacking/hugepages/page");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    guint64 sum = 0;

    for (guint i = 0; i < MAX(pages->len, 1); i++) {
        const VitalsXmlNode *page = pages->len > 0 ? pages->pdata[i] : NULL;
        guint64 size = host->default_page_kib;
        const guint64 *reserved;

        if (page && !vitals_definition_size(vitals_xml_attribute(page, "size"),
                                            vitals_xml_attribute(page, "unit"), &size))
            continue;
        reserved = g_hash_table_lookup(host->huge_pages, &size);
        if (reserved && g_hash_table_add(seen, g_memdup2(&size, sizeof size)))
            sum += MIN(*reserved, G_MAXUINT64 - sum);
    }
    return sum;
}

/* Memory of memfd needs no mount; any other is a file on one (qemuGetDomainHupageMemPath). */
static void
judge_mounts(const VitalsDefinition *definition, const VitalsXmlNode *huge,
             VitalsFindings *findings)
{
    const char *mounted = definition->host->words[VITALS_HOST_HUGETLBFS];
    const char *source = vitals_xml_value(definition->domain, "memoryBacking/source/@type");
    const VitalsXmlNode *page = vitals_xml_first(huge, "page");
    guint64 size = definition->host->default_page_kib;
    g_autofree char *wanted = NULL;

    if (!mounted || g_strcmp0(source, "memfd") == 0)
        return;
    if (page && !vitals_definition_size(vitals_xml_attribute(page, "size"),
                                        vitals_xml_attribute(page, "unit"), &size))
        return;
    wanted = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    if (!vitals_host_has_word(mounted, wanted))
        vitals_findings_add(
            findings, huge,
            "the guest wants huge pages of %s KiB, and no hugetlbfs of that size is "
            "mounted on this host: the guest will not start",
            wanted);
}

static VitalsAnswer
check_mem013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *huge = vitals_xml_first(definition->domain, "memoryBacking/hugepages");
    const VitalsHostFacts *host = definition->host;
    guint64 total;
    guint64 reserved;

    if (!huge || !vitals_definition_total_memory(definition, &total))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!host || !host->huge_pages || host->default_page_kib == 0) {
        vitals_findings_add_unknown(findings, "the host's huge pages");
        return vitals_findings_answer(findings);
    }
    reserved = reserved_kib(definition, host);
    if (reserved < total)
        vitals_findings_add(findings, huge,
                            "the guest wants %" G_GUINT64_FORMAT
                            " MiB in huge pages, and this host has %" G_GUINT64_FORMAT
                            " MiB of them: the guest will not start",
                            total / 1024, reserved / 1024);
    else
        judge_mounts(definition, huge, findings);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem013 = {
    .id = "MEM013",
    .name = "huge-pages-missing",
    .title = "huge pages asked for but not available",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = "the host's huge pages",
    .why = "The start fails, typically after a boot of the host without the reservation.",
    .bad = "<memory unit='GiB'>512</memory>\n"
           "<memoryBacking><hugepages/></memoryBacking>",
    .good = "<memory unit='GiB'>4</memory>\n"
            "<memoryBacking><hugepages/></memoryBacking>",
    .remedy = "reserve them at boot (hugepages= on the host's kernel command line) or by a sysctl",
    .exceptions =
        "Pages that the kernel may add when asked (nr_overcommit_hugepages) count, and memory of "
        "<source type='memfd'/> needs no mount. Only too few pages in all are reported; what other "
        "guests hold of them is not looked at, "
        "nor on which NUMA node they are.",
    .evidence =
        (const char *const[]){
            "measured: \"hugetlbfs filesystem is not mounted or disabled by administrator config\"",
            NULL },
    .check = check_mem013,
};

/* libvirt has tried whether QEMU can use it; that the device is there says less. */
static VitalsKnown
has_kvm(const VitalsHostFacts *host)
{
    const char *types = vitals_host_facts_ability(host, NULL, "types");

    if (types)
        return vitals_host_has_word(types, "kvm") ? VITALS_YES : VITALS_NO;
    return host ? host->kvm : VITALS_UNKNOWN;
}

static VitalsAnswer
check_cpu001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsHostFacts *host = definition->host;
    const char *arch = vitals_xml_value(definition->domain, "os/type/@arch");

    if (g_strcmp0(vitals_xml_attribute(definition->domain, "type"), "qemu") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (has_kvm(host) == VITALS_UNKNOWN || !host->arch)
        vitals_findings_add_unknown(findings, "whether the host has KVM");
    else if (has_kvm(host) == VITALS_YES && (!arch || g_str_equal(arch, host->arch))) {
        VitalsFinding *finding = vitals_findings_add(
            findings, definition->domain,
            "type is 'qemu', so every instruction is emulated, though this host has "
            "KVM");

        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                 definition->domain, "type", "kvm");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cpu001 = {
    .id = "CPU001",
    .name = "emulated-despite-kvm",
    .title = "software emulation although KVM is available",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = "whether the host has KVM",
    .why = "Emulation is many times slower; the guest's timeouts then look like hangs.",
    .bad = "<domain type='qemu'>\n"
           "  <os><type arch='x86_64'>hvm</type></os>\n"
           "</domain>",
    .good = "<domain type='kvm'>\n"
            "  <os><type arch='x86_64'>hvm</type></os>\n"
            "</domain>",
    .remedy = "write <domain type='kvm'>",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests of another architecture than the host's have to be emulated. What libvirt "
        "found out counts, where it was asked. Otherwise that /dev/kvm is there does not say that "
        "it "
        "works, as in a guest without nesting: try it first.",
    .evidence = (const char *const[]){ "virt-host-validate: \"Only emulated CPUs are available; "
                                       "performance will be significantly "
                                       "limited\"",
                                       NULL },
    .check = check_cpu001,
};
