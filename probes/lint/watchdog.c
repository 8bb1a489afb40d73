/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

#include <string.h>

/*
 * The watchdog: what notices a hang that is no panic.
 */

/* The first watchdog with that action. */
static const VitalsXmlNode *
watchdog_that(const VitalsDefinition *definition, const char *const *actions)
{
    g_autoptr(GPtrArray) watchdogs = vitals_xml_all(definition->devices, "watchdog");

    for (guint i = 0; i < watchdogs->len; i++) {
        const char *action = vitals_xml_attribute(watchdogs->pdata[i], "action");

        if (action && g_strv_contains(actions, action))
            return watchdogs->pdata[i];
    }
    return NULL;
}

static VitalsAnswer
check_cap009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (!vitals_xml_first(definition->devices, "watchdog") &&
        !vitals_definition_passes(definition, "i6300esb") &&
        !vitals_definition_passes(definition, "watchdog")) {
        VitalsFinding *finding = vitals_findings_add(
            findings, definition->devices,
            "the guest has no watchdog: a hang that is no panic is noticed by nothing "
            "below the application");

        if (definition->machine == VITALS_MACHINE_X86)
            vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                                 definition->domain, "devices",
                                 "<watchdog model='i6300esb' action='reset'/>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap009 = {
    .id = "CAP009",
    .name = "no-watchdog",
    .title = "no watchdog: a hang that is not a panic is never noticed",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .is_gated = TRUE,
    .why =
        "Guests out of memory, dead locks and live locks do not panic. Without a watchdog nothing "
        "below the application sees them.",
    .bad = "<devices>\n"
           "  <!-- no watchdog -->\n"
           "</devices>",
    .good = "<devices>\n"
            "  <watchdog model='i6300esb' action='reset'/>\n"
            "</devices>",
    .remedy =
        "add <watchdog model='i6300esb' action='reset'/> and switch the guest's watchdog daemon or "
        "systemd's RuntimeWatchdogSec on; without that it does nothing",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Nearly no definition has one, so this belongs to the profile crash-capture. Newer "
        "libvirt writes an itco watchdog into q35 definitions; any model counts. Holds back "
        "where <qemu:commandline> adds one.",
    .evidence = (const char *const[]){ "a guest that hung for 20 days, \"running\" all the time",
                                       "https://libvirt.org/formatdomain.html#watchdog-devices: "
                                       "needs \"an additional driver and "
                                       "management daemon in the guest\"",
                                       NULL },
    .check = check_cap009,
};

static VitalsAnswer
check_cap010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const actions[] = { "shutdown", NULL };
    const VitalsXmlNode *watchdog = watchdog_that(definition, actions);

    if (!vitals_xml_first(definition->devices, "watchdog"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (watchdog) {
        VitalsFinding *finding = vitals_findings_add(
            findings, watchdog,
            "the watchdog's action is 'shutdown', which asks a guest that hangs to "
            "answer");

        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), watchdog,
                                 "action", "reset");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap010 = {
    .id = "CAP010",
    .name = "watchdog-asks-the-hung",
    .title = "watchdog action is shutdown",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "It asks a guest that hangs to answer to ACPI.",
    .bad = "<devices>\n"
           "  <watchdog model='i6300esb' action='shutdown'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <watchdog model='i6300esb' action='reset'/>\n"
            "</devices>",
    .remedy = "set the action to reset or poweroff",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions = "None known.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#watchdog-devices: \"using 'shutdown' is not "
            "recommended\"",
            NULL },
    .check = check_cap010,
};

static VitalsAnswer
check_cap011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const actions[] = { "none", "dump", "pause", NULL };
    const VitalsXmlNode *watchdog = watchdog_that(definition, actions);
    const char *action = vitals_xml_attribute(watchdog, "action");

    if (!vitals_xml_first(definition->devices, "watchdog"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (watchdog)
        vitals_findings_add(
            findings, watchdog,
            "the watchdog's action is '%s', which leaves the guest %s until somebody "
            "acts",
            action, g_str_equal(action, "pause") ? "paused" : "hanging");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap011 = {
    .id = "CAP011",
    .name = "watchdog-does-not-recover",
    .title = "watchdog action does not recover the guest",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "dump pauses the guest, writes a dump and resumes the guest that hangs; the timer fires "
        "once only. none just sends an event, and pause leaves the guest paused. Somebody has to "
        "act on the event.",
    .bad = "<devices>\n"
           "  <watchdog model='i6300esb' action='dump'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <watchdog model='i6300esb' action='reset'/>\n"
            "</devices>",
    .remedy = "set the action to reset, or let something reset the guest at the event",
    .exceptions =
        "Sites where something handles the event: ignore the rule there. inject-nmi leaves "
        "the rest to the guest and is CAP012's matter.",
    .evidence =
        (const char *const[]){
            "measured: with dump the events are watchdog (pause), suspended, and resumed 0.28 s "
            "later; "
            "the guest still hangs",
            "libvirt src/qemu/qemu_driver.c, processWatchdogEvent: starts the CPUs after the dump",
            NULL },
    .check = check_cap011,
};

static VitalsAnswer
check_cap012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const actions[] = { "inject-nmi", NULL };
    const VitalsXmlNode *watchdog = watchdog_that(definition, actions);
    const char *cmdline = vitals_xml_value(definition->domain, "os/cmdline");

    if (!watchdog)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (definition->guest_nmi && !g_str_equal(definition->guest_nmi, "0"))
        return VITALS_ANSWER_PASS;
    if (definition->guest_nmi)
        vitals_findings_add(findings, watchdog,
                            "the watchdog injects an NMI, and the guest says that its "
                            "kernel.unknown_nmi_panic is 0: Linux logs it and goes on");
    else if (!cmdline)
        vitals_findings_add_unknown(findings, "the guest's kernel.unknown_nmi_panic");
    else if (!strstr(cmdline, "unknown_nmi_panic"))
        vitals_findings_add(
            findings, watchdog,
            "the watchdog injects an NMI, but the guest's kernel command line has no "
            "unknown_nmi_panic: Linux logs it and goes on");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap012 = {
    .id = "CAP012",
    .name = "nmi-without-panic",
    .title = "watchdog injects an NMI, but nothing makes the guest act on it",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the guest's kernel.unknown_nmi_panic",
    .why = "Linux logs an unknown NMI and goes on: kernel.unknown_nmi_panic is 0 by default.",
    .bad = "<os>\n"
           "  <type arch='x86_64'>hvm</type>\n"
           "  <kernel>/boot/vmlinuz</kernel>\n"
           "  <cmdline>root=/dev/vda1</cmdline>\n"
           "</os>\n"
           "<devices>\n"
           "  <watchdog model='i6300esb' action='inject-nmi'/>\n"
           "</devices>",
    .good = "<os>\n"
            "  <type arch='x86_64'>hvm</type>\n"
            "  <kernel>/boot/vmlinuz</kernel>\n"
            "  <cmdline>root=/dev/vda1 unknown_nmi_panic=1 crashkernel=256M</cmdline>\n"
            "</os>\n"
            "<devices>\n"
            "  <watchdog model='i6300esb' action='inject-nmi'/>\n"
            "</devices>",
    .remedy = "set kernel.unknown_nmi_panic=1 in the guest, and crashkernel= for a dump",
    .exceptions =
        "Known only where the definition boots the kernel directly; else it is not evaluated, "
        "as the guest may set it in its sysctl files.",
    .evidence =
        (const char *const[]){
            "measured in Debian 12: unknown_nmi_panic, softlockup_panic and panic are 0",
            "https://www.kernel.org/doc/html/latest/admin-guide/sysctl/kernel.html: "
            "unknown_nmi_panic",
            NULL },
    .check = check_cap012,
};
