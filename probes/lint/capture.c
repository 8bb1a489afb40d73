/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * Crash capture readiness. The chain that must hold: the guest panics, a panic device reports it, QEMU
 * pauses the guest, libvirt applies on_crash, the dump finds room and can be read afterwards.
 */

/* CAP002 and CAP013 name what the missing device makes of the guest's own settings. */
static gboolean
is_told_by_others(const VitalsDefinition *definition)
{
    const char *on_reboot = vitals_xml_value(definition->domain, "on_reboot");

    return !g_str_equal(vitals_definition_on_crash(definition), "destroy") ||
           g_strcmp0(on_reboot, "destroy") == 0;
}

static VitalsAnswer
check_cap001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (!vitals_definition_reports_panics(definition) && !is_told_by_others(definition)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, definition->devices,
            "the guest has no panic device; after a kernel panic libvirt goes on "
            "saying 'running'");

        vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain,
                             "devices", "<panic model='isa'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap001 = {
    .id = "CAP001",
    .name = "no-panic-device",
    .title = "no panic device: a guest panic is invisible",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why = "A Linux guest that panicked with panic=0 spins for ever, and libvirt keeps saying "
           "\"running\". Nobody is told, and on_crash is never applied.",
    .bad = "<devices>\n"
           "  <!-- no panic device -->\n"
           "</devices>",
    .good = "<on_crash>coredump-destroy</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "add <panic model='isa'/> to <devices> and choose <on_crash> (CAP003); needs a cold "
              "start and the guest's pvpanic driver",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "s390x and pSeries machines have one built in, so only x86 is looked at. Windows guests "
        "that "
        "write their own crash dump should have on_crash chosen with care. Holds back where "
        "<qemu:commandline> adds a pvpanic device, and where on_crash or on_reboot make the "
        "missing "
        "device worse, which CAP002 and CAP013 then tell. Most definitions have none: a notice.",
    .evidence =
        (const char *const[]){
            "measured: without the device or its driver a panicked guest stays \"running\"",
            "https://listman.redhat.com/archives/libvir-list/2013-September/msg00322.html",
            "https://github.com/kubevirt/kubevirt/pull/13103",
            "https://blogs.oracle.com/linux/post/an-introduction-to-pvpanic", NULL },
    .check = check_cap001,
};

static VitalsAnswer
check_cap003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *panic = vitals_xml_first(definition->devices, "panic");
    const VitalsXmlNode *on_crash = vitals_xml_first(definition->domain, "on_crash");
    const char *action = vitals_definition_on_crash(definition);
    VitalsFinding *finding;
    VitalsFix *fix;

    if (!panic && definition->driver != VITALS_DRIVER_XEN)
        return VITALS_ANSWER_NOT_APPLICABLE;
    /* A Windows guest's is CAP020's matter. */
    if (!g_str_equal(action, "destroy") ||
        (definition->driver == VITALS_DRIVER_QEMU && vitals_definition_is_windows(definition)))
        return VITALS_ANSWER_PASS;

    finding =
        on_crash
            ? vitals_findings_add(
                  findings, on_crash,
                  "on_crash is 'destroy': a guest that panics is killed with its memory")
            : vitals_findings_add(findings, panic ? panic : definition->domain,
                                  "there is no <on_crash>, which means 'destroy': a guest that "
                                  "panics is killed with its memory");
    fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);
    if (on_crash)
        vitals_fix_set_text(fix, on_crash, "coredump-destroy");
    else
        vitals_fix_add_child(fix, definition->domain, "<on_crash>coredump-destroy</on_crash>");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap003 = {
    .id = "CAP003",
    .name = "crash-evidence-destroyed",
    .title = "a panic is detected, but on_crash throws the evidence away",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "The default, destroy, kills the paused guest with its memory; a transient guest vanishes "
        "from the list as well. Nothing is left but one line in a log.",
    .bad = "<on_crash>destroy</on_crash>\n"
           "<devices>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<on_crash>preserve</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy =
        "set <on_crash> to coredump-destroy or coredump-restart where the dump has room, or to "
        "preserve where something takes care of the guest",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests that are replaced rather than examined; guests with a working kdump of "
        "their own, whose "
        "capture kernel runs first unless crash_kexec_post_notifiers is set; Windows "
        "guests, whose case is CAP020. On Xen the hypervisor itself reports the crash, so no panic "
        "device is needed "
        "for the finding.",
    .evidence =
        (const char *const[]){
            "measured: destroy, preserve and coredump-destroy with a panic device: destroyed; "
            "\"crashed (panicked)\" and kept; dumped and destroyed",
            "libvirt src/conf/domain_conf.c, virDomainDefLifecycleParse: absent means destroy",
            "https://doc.opensuse.org/documentation/leap/virtualization/html/book-virtualization/"
            "virt-crash-dump.html",
            "https://lists.libvirt.org/archives/list/devel%40lists.libvirt.org/message/"
            "6MUFWNGHJWDI2MNMXIPBRFJDQ6RRCJMR (Windows)",
            NULL },
    .check = check_cap003,
};

static VitalsAnswer
check_cap007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *features = vitals_xml_first(definition->domain, "features");
    const VitalsXmlNode *vmcoreinfo = vitals_xml_first(features, "vmcoreinfo");
    gboolean is_off = g_strcmp0(vitals_xml_attribute(vmcoreinfo, "state"), "off") == 0;
    const VitalsXmlNode *where = vmcoreinfo ? vmcoreinfo : features ? features : definition->domain;
    const char *action = vitals_definition_on_crash(definition);
    const char *arch = vitals_xml_value(definition->domain, "os/type/@arch");
    const char *ability = vitals_host_facts_ability(definition->host, arch, "vmcoreinfo");
    gboolean dumps = g_str_has_prefix(action, "coredump-");
    VitalsFinding *finding;

    if (g_strcmp0(ability, "no") == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if ((vmcoreinfo && !is_off) || vitals_definition_passes(definition, "vmcoreinfo"))
        return VITALS_ANSWER_PASS;

    finding = vitals_findings_add(
        findings, where,
        "vmcoreinfo is %s%s%s, so tools cannot read a dump of a kernel with "
        "randomised addresses",
        is_off ? "off" : "not enabled", dumps ? " while on_crash is " : "", dumps ? action : "");
    if (dumps)
        finding->severity = VITALS_SEVERITY_WARNING;
    if (vmcoreinfo)
        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), vmcoreinfo,
                                 "state", "on");
    else
        vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain,
                             "features", "<vmcoreinfo state='on'/>");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap007 = {
    .id = "CAP007",
    .name = "no-vmcoreinfo",
    .title = "vmcoreinfo is off: dumps of a kernel with randomised addresses cannot be processed",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86 | VITALS_MACHINE_ARM,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "Without the note that the guest puts into vmcoreinfo, crash and makedumpfile find neither "
        "the kernel's release nor its offsets in a dump that the host took.",
    .bad = "<features>\n"
           "  <acpi/>\n"
           "</features>",
    .good = "<features>\n"
            "  <acpi/>\n"
            "  <vmcoreinfo state='on'/>\n"
            "</features>",
    .remedy = "add <vmcoreinfo state='on'/> to <features>; needs a cold start and the guest's "
              "qemu_fw_cfg driver",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests whose dumps nobody will read. A warning where on_crash asks for a dump, a notice "
        "elsewhere. Harmless for Windows. The note is filled only if the guest loads qemu_fw_cfg. "
        "Holds back where <qemu:commandline> adds the device, and where libvirt's domain "
        "capabilities "
        "say that the host's QEMU has none.",
    .evidence =
        (const char *const[]){
            "measured: without: no VMCOREINFO note, `crash --osrelease` says unknown, makedumpfile "
            "fails; with: release found, makedumpfile -d 31 -c makes 16.2 MB of 201.6 MB and "
            "extracts "
            "dmesg",
            "libvirt commit fa439e08: \"necessary to process kernel dump with KASLR enabled\"",
            "https://www.qemu.org/docs/master/specs/vmcoreinfo.html", NULL },
    .check = check_cap007,
};
