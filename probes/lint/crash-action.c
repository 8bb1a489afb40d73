/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * What is to happen when a guest panics, and whether it can.
 */

static VitalsAnswer
check_cap002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *on_crash = vitals_xml_first(definition->domain, "on_crash");
    const char *action = vitals_definition_on_crash(definition);

    if (!on_crash || g_str_equal(action, "destroy"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!vitals_definition_reports_panics(definition)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, on_crash,
            "on_crash is '%s', but without a panic device libvirt is never told of a "
            "crash, so that never happens",
            action);

        if (definition->machine == VITALS_MACHINE_X86)
            vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                 definition->domain, "devices", "<panic model='isa'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap002 = {
    .id = "CAP002",
    .name = "on-crash-never-happens",
    .title = "on_crash asks for an action that can never happen",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86 | VITALS_MACHINE_ARM,
    .why =
        "The QEMU driver applies on_crash when the guest reports a panic, and only a panic device "
        "does. The owner believes that crashes are dumped or restarted, and nothing happens.",
    .bad = "<on_crash>restart</on_crash>\n"
           "<devices>\n"
           "  <!-- no panic device -->\n"
           "</devices>",
    .good = "<on_crash>restart</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy =
        "add <panic model='isa'/> to <devices>; needs a cold start and the guest's pvpanic driver",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "s390x and pSeries machines have a panic device built in, and Xen's hypervisor "
        "reports the crash itself; neither is looked at. Old virt-install wrote 'restart' by "
        "habit: the finding is true all the same. on_crash 'destroy' is libvirt's default "
        "and promises nothing.",
    .evidence =
        (const char *const[]){
            "measured: coredump-restart without the device: no dump, no restart, \"running\"",
            "libvirt src/qemu/qemu_process.c: onCrash is used in qemuProcessHandleGuestPanic and "
            "qemuProcessRebootAllowed only",
            NULL },
    .check = check_cap002,
};

/* Whether on_crash ends the guest before Windows has written its own dump. */
static gboolean
is_cut_short(const VitalsDefinition *definition)
{
    const char *action = vitals_definition_on_crash(definition);

    return definition->driver == VITALS_DRIVER_QEMU && definition->machine == VITALS_MACHINE_X86 &&
           vitals_xml_first(definition->devices, "panic") &&
           vitals_definition_is_windows(definition) &&
           (g_str_equal(action, "destroy") || g_str_equal(action, "restart"));
}

static VitalsAnswer
check_cap004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (definition->driver != VITALS_DRIVER_XEN && !vitals_definition_reports_panics(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_cut_short(definition))
        return VITALS_ANSWER_PASS; /* CAP020's finding */
    if (g_str_equal(vitals_definition_on_crash(definition), "restart"))
        vitals_findings_add(
            findings, vitals_xml_first(definition->domain, "on_crash"),
            "on_crash is 'restart': the guest comes back without a dump, nobody looks, "
            "and it may crash again and again");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap004 = {
    .id = "CAP004",
    .name = "crash-loop-unnoticed",
    .title = "on_crash is restart: crash loops go unnoticed",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why = "The guest comes back, nobody looks, and it panics again. Nothing of the crash is kept.",
    .bad = "<on_crash>restart</on_crash>\n"
           "<devices>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<on_crash>coredump-destroy</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "use coredump-restart with a limit on kept dumps, or something that counts crashes",
    .exceptions =
        "Guests whose being up matters more than why they were down. Without a panic device "
        "the action never happens on QEMU (CAP002), and of Windows guests CAP020 says more: "
        "silent there.",
    .evidence =
        (const char *const[]){ "https://www.ibm.com/docs/en/linux-on-systems?topic=xml-crash: "
                               "restart \"incurs the danger "
                               "of unnoticed restart and crash cycles\"",
                               NULL },
    .check = check_cap004,
};

static VitalsAnswer
check_cap006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (!g_str_equal(vitals_definition_on_crash(definition), "coredump-restart"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    vitals_findings_add(
        findings, vitals_xml_first(definition->domain, "on_crash"),
        "on_crash is 'coredump-restart': each crash leaves one more file of the size "
        "of the guest's memory, and nothing removes them");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap006 = {
    .id = "CAP006",
    .name = "dumps-without-limit",
    .title = "coredump-restart without a limit on dumps fills the disk",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "Each crash writes one more file as large as the guest's memory, named by time and never "
        "deleted. A crash loop fills the disk; once there is no room QEMU's driver neither dumps "
        "nor restarts, and the guest stays in \"crashed\" for good.",
    .bad = "<on_crash>coredump-restart</on_crash>\n"
           "<devices>\n"
           "  <panic model='isa'/>\n"
           "</devices>",
    .good = "<on_crash>coredump-destroy</on_crash>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy =
        "limit the dumps that are kept, e.g. by an age in tmpfiles.d and a quota on the directory",
    .exceptions = "Hosts where something else limits the dumps, which a definition does not show: "
                  "ignore the rule there.",
    .evidence =
        (const char *const[]){
            "measured: three dumps in 25 s, and at the fourth crash no space: the guest stayed in "
            "\"crashed\"",
            "https://www.ibm.com/docs/en/linux-on-systems?topic=xml-crash: \"dumps accumulating\"",
            NULL },
    .check = check_cap006,
};

/* Whether the definition shows a guest that does not use the Hyper-V interface. */
static const char *
reason_against_hyperv(const VitalsDefinition *definition)
{
    const char *os = vitals_definition_os(definition);

    if (os && strstr(os, "microsoft.com"))
        return NULL;
    if (os)
        return "its metadata names another system than Windows";
    if (vitals_xml_first(definition->domain, "os/kernel"))
        return "its kernel is booted directly";
    if (!vitals_xml_first(definition->domain, "features/hyperv"))
        return "it has no Hyper-V features";
    return NULL;
}

static VitalsAnswer
check_cap008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "panic");
    const char *reason = reason_against_hyperv(definition);

    for (guint i = 0; i < devices->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "model"), "hyperv") != 0)
            return VITALS_ANSWER_PASS;
    }
    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (reason && !vitals_definition_passes(definition, "pvpanic")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, devices->pdata[0],
            "the only panic device is of model 'hyperv', which Windows alone uses; "
            "this guest is none, as %s",
            reason);

        vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain,
                             "devices", "<panic model='isa'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap008 = {
    .id = "CAP008",
    .name = "panic-device-of-hyperv",
    .title = "only the Hyper-V panic model for a guest that is not Windows",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "hyperv is a register that a guest writes only when it runs as a guest of Hyper-V. "
           "Linux on "
           "KVM uses pvpanic, so its panics are not reported.",
    .bad = "<devices>\n"
           "  <panic model='hyperv'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <panic model='isa'/>\n"
            "  <panic model='hyperv'/>\n"
            "</devices>",
    .remedy = "use <panic model='isa'/>, alone or beside it",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Windows guests are right to use hyperv. Silent where the metadata says Windows, and "
        "where it says nothing but Hyper-V features are on and no kernel is booted "
        "directly.",
    .evidence =
        (const char *const[]){
            "measured: a Linux guest with the hyperv model alone panics, and stays \"running\"",
            "https://libvirt.org/formatdomain.html#panic-device: \"for Hyper-V crash CPU feature\"",
            NULL },
    .check = check_cap008,
};

static VitalsAnswer
check_cap013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *on_reboot = vitals_xml_first(definition->domain, "on_reboot");
    const char *name = vitals_xml_value(definition->domain, "name");

    if (!on_reboot || !g_str_equal(vitals_xml_text(on_reboot), "destroy"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    /* libguestfs runs its appliance so on purpose. */
    if (!vitals_definition_reports_panics(definition) &&
        !(name && g_str_has_prefix(name, "guestfs-"))) {
        VitalsFinding *finding = vitals_findings_add(
            findings, on_reboot,
            "on_reboot is 'destroy' and there is no panic device, so a guest that "
            "reboots at a panic looks as if it was shut down");

        if (definition->machine == VITALS_MACHINE_X86)
            vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                 definition->domain, "devices", "<panic model='isa'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap013 = {
    .id = "CAP013",
    .name = "panic-looks-like-shutdown",
    .title = "on_reboot is destroy with no panic device: a panic looks like a clean shutdown",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86 | VITALS_MACHINE_ARM,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "A guest with panic=1 reboots itself at a panic. With destroy the guest then stops for the "
        "reason \"shutdown\", the same as when somebody switched it off.",
    .bad = "<on_reboot>destroy</on_reboot>\n"
           "<devices>\n"
           "  <!-- no panic device -->\n"
           "</devices>",
    .good = "<on_reboot>destroy</on_reboot>\n"
            "<devices>\n"
            "  <panic model='isa'/>\n"
            "</devices>",
    .remedy = "add <panic model='isa'/> to <devices>; the same crash is then reported as a crash",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Installers set it for the first boot only. libguestfs appliances set it by design "
        "and are left out by their name (guestfs-…). Xen reports crashes itself and is not "
        "looked at.",
    .evidence = (const char *const[]){ "measured: events \"Shutdown Finished after guest request\" "
                                       "and \"Stopped Shutdown\"; with a "
                                       "panic device \"Crashed Panicked\"",
                                       NULL },
    .check = check_cap013,
};

/* The plain size of crashkernel= in KiB: SIZE, SIZE@OFFSET, SIZE,high or SIZE,low. The kernel's other form,
 * ranges of memory with a size for each, always has a colon and is not for us. */
static gboolean
parse_crashkernel(const char *word, guint64 *ret_kib)
{
    char *end = NULL;
    guint64 number;
    guint shift;

    if (strchr(word, ':') || !g_ascii_isdigit(*word))
        return FALSE;
    number = g_ascii_strtoull(word, &end, 0);
    shift = g_ascii_tolower(*end) == 'g'   ? 20
            : g_ascii_tolower(*end) == 'm' ? 10
            : g_ascii_tolower(*end) == 'k' ? 0
                                           : G_MAXUINT;
    if (shift == G_MAXUINT || !strchr("@,", end[1]) || number > G_MAXUINT64 >> shift)
        return FALSE;
    *ret_kib = number << shift;
    return TRUE;
}

static VitalsAnswer
check_cap014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char option[] = "crashkernel=";
    const VitalsXmlNode *cmdline = vitals_xml_first(definition->domain, "os/cmdline");
    g_auto(GStrv) words = g_strsplit_set(vitals_xml_text(cmdline), " \t\r\n", -1);
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;
    guint64 memory;
    guint64 size;

    if (!vitals_definition_total_memory(definition, &memory))
        return answer;
    for (guint i = 0; words[i]; i++) {
        if (!g_str_has_prefix(words[i], option) ||
            !parse_crashkernel(words[i] + strlen(option), &size))
            continue;
        if (size > memory / 2)
            vitals_findings_add(findings, cmdline,
                                "%s is more than half of the guest's %" G_GUINT64_FORMAT
                                " MiB: the kernel cannot reserve it and kdump will not load",
                                words[i], memory / 1024);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_cap014 = {
    .id = "CAP014",
    .name = "crashkernel-too-large",
    .title = "crashkernel= is larger than the guest can reserve",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "The reservation fails with one line in the guest's log, and kdump never loads.",
    .bad = "<memory unit='MiB'>256</memory>\n"
           "<os>\n"
           "  <type arch='x86_64'>hvm</type>\n"
           "  <kernel>/boot/vmlinuz</kernel>\n"
           "  <cmdline>root=/dev/vda1 crashkernel=512M</cmdline>\n"
           "</os>",
    .good = "<memory unit='GiB'>4</memory>\n"
            "<os>\n"
            "  <type arch='x86_64'>hvm</type>\n"
            "  <kernel>/boot/vmlinuz</kernel>\n"
            "  <cmdline>root=/dev/vda1 crashkernel=256M</cmdline>\n"
            "</os>",
    .remedy = "use a size by memory, e.g. crashkernel=1G-4G:192M,4G-:256M",
    .exceptions =
        "Sizes by ranges of memory (with a colon) adapt themselves and are not looked at. "
        "Seen only where the definition boots the kernel directly.",
    .evidence = (const char *const[]){ "measured: 512M on a guest of 192 MiB: \"crashkernel "
                                       "reservation failed - No suitable area "
                                       "found\", /sys/kernel/kexec_crash_size is 0; 64M worked",
                                       NULL },
    .check = check_cap014,
};

static VitalsAnswer
check_cap020(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *panic = vitals_xml_first(definition->devices, "panic");
    const VitalsXmlNode *on_crash = vitals_xml_first(definition->domain, "on_crash");
    const char *action = vitals_definition_on_crash(definition);

    if (!panic || !vitals_definition_is_windows(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (is_cut_short(definition)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, on_crash ? on_crash : panic,
            "Windows reports a crash before it writes its own dump, and on_crash '%s' "
            "ends it there: no dump inside and none outside",
            action);

        VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);

        if (on_crash)
            vitals_fix_set_text(fix, on_crash, "coredump-destroy");
        else
            vitals_fix_add_child(fix, definition->domain, "<on_crash>coredump-destroy</on_crash>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap020 = {
    .id = "CAP020",
    .name = "windows-dump-cut-off",
    .title = "Windows guest: the panic device ends it before its own crash dump",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "Windows reports the crash before it writes MEMORY.DMP. QEMU pauses it at once, and "
           "libvirt "
           "destroys or resets it. There is no dump inside and none outside.",
    .bad = "<on_crash>destroy</on_crash>\n"
           "<features><hyperv><relaxed state='on'/></hyperv></features>\n"
           "<clock offset='localtime'/>\n"
           "<devices>\n"
           "  <panic model='hyperv'/>\n"
           "</devices>",
    .good = "<on_crash>coredump-destroy</on_crash>\n"
            "<features><hyperv><relaxed state='on'/></hyperv></features>\n"
            "<clock offset='localtime'/>\n"
            "<devices>\n"
            "  <panic model='hyperv'/>\n"
            "</devices>",
    .remedy =
        "set <on_crash> to coredump-destroy or coredump-restart for a dump outside, or drop the "
        "panic device for the guest's own",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Only definitions that show a Windows guest: by libosinfo's metadata or, without "
        "any, by Hyper-V features and a clock in local time. CAP003 is silent where this is "
        "found.",
    .evidence = (const char *const[]){ "https://github.com/kubevirt/kubevirt/pull/19011: \"kills "
                                       "the guest immediately on crash\"",
                                       "QEMU commit c753e8e72548: panic=none \"allows such guests "
                                       "to proceed to capture a crash "
                                       "dump\"",
                                       NULL },
    .check = check_cap020,
};
