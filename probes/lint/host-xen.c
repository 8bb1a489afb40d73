/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

#include <string.h>

/*
 * A host that is dom0 of Xen. Any other host has none of these facts.
 */

static gboolean
is_dom0(const VitalsDefinition *definition)
{
    const VitalsHostFacts *host = definition->host;

    return host &&
           (host->words[VITALS_HOST_XEN_CMDLINE] || host->words[VITALS_HOST_XEN_AUTOBALLOON] ||
            host->words[VITALS_HOST_XENCONSOLED]);
}

/* The first word of the hypervisor's command line that begins so, e.g. "console="; %NULL for none. */
static char *
option_of(const char *cmdline, const char *name)
{
    g_auto(GStrv) words = g_strsplit_set(cmdline, " \t\n", -1);

    for (guint i = 0; words[i]; i++) {
        if (g_str_has_prefix(words[i], name))
            return g_strdup(words[i] + strlen(name));
    }
    return NULL;
}

/* "com1,vga" names a serial port that has to be set up by com1=. */
static gboolean
has_serial_console(const char *cmdline)
{
    g_autofree char *console = option_of(cmdline, "console=");
    g_auto(GStrv) parts = g_strsplit(console ? console : "", ",", -1);

    for (guint i = 0; parts[i]; i++) {
        g_autofree char *setting = g_strconcat(parts[i], "=", NULL);
        g_autofree char *value =
            g_str_has_prefix(parts[i], "com") ? option_of(cmdline, setting) : NULL;

        if (value || g_str_equal(parts[i], "dbgp") || g_str_has_prefix(parts[i], "xhci"))
            return TRUE;
    }
    return FALSE;
}

static VitalsAnswer
check_xen014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline;

    if (!is_dom0(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    cmdline = vitals_host_fact(definition, VITALS_HOST_XEN_CMDLINE, findings);
    if (cmdline && !has_serial_console(cmdline))
        vitals_findings_add(findings, NULL,
                            "Xen was started without a serial console: what it says when the host "
                            "crashes is seen nowhere");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen014 = {
    .id = "XEN014",
    .name = "xen-without-console",
    .title = "Xen has no serial console",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the Xen hypervisor's command line",
    .why = "The hypervisor's last words go to its console. Without one a crash of the host is a "
           "reboot "
           "out of nothing. While such a crash is hunted, noreboot keeps them on the screen; in "
           "production the reboot after five seconds is what one wants.",
    .bad = "xen.gz dom0_mem=4G",
    .good = "xen.gz dom0_mem=4G,max:4G com1=115200,8n1 console=com1,vga loglvl=all",
    .remedy =
        "add com1=115200,8n1 console=com1,vga loglvl=all guest_loglvl=all to Xen's command line",
    .exceptions =
        "Hosts without a serial port. noreboot is never asked for. A console by USB debug "
        "port (dbgp, xhci) counts.",
    .evidence =
        (const char *const[]){
            "field story: an oops of dom0 was seen only with noreboot and the console of the IPMI",
            "https://xenbits.xen.org/docs/unstable/misc/xen-command-line.html: console, com1, "
            "noreboot",
            NULL },
    .check = check_xen014,
};

static VitalsAnswer
check_xen015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline;
    g_autofree char *reserved = NULL;

    if (!is_dom0(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    cmdline = vitals_host_fact(definition, VITALS_HOST_XEN_CMDLINE, findings);
    if (!cmdline)
        return VITALS_ANSWER_UNKNOWN;
    reserved = option_of(cmdline, "crashkernel=");
    if (!definition->host->cmdline)
        vitals_findings_add_unknown(findings, "the host's kernel command line");
    else if (!reserved &&
             vitals_host_facts_has_word(definition->host, "crashkernel=") == VITALS_YES)
        vitals_findings_add(
            findings, NULL,
            "crashkernel= is on dom0's command line, where it does nothing, and not on "
            "Xen's");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen015 = {
    .id = "XEN015",
    .name = "crashkernel-of-dom0",
    .title = "crashkernel= given to dom0 instead of Xen",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the Xen hypervisor's command line and dom0's",
    .why = "Under Xen the hypervisor reserves the memory of the crash kernel. dom0's option does "
           "nothing, and kdump is never armed.",
    .bad = "module2 /vmlinuz … crashkernel=256M",
    .good = "multiboot2 /xen.gz crashkernel=256M",
    .remedy = "move the option to Xen's command line (GRUB_CMDLINE_XEN)",
    .exceptions = "None.",
    .evidence =
        (const char *const[]){ "https://xenbits.xen.org/docs/unstable/misc/kexec_and_kdump.txt: "
                               "\"reserved using the crashkernel command line parameter to the Xen "
                               "hypervisor\"",
                               NULL },
    .check = check_xen015,
};

static VitalsAnswer
check_xen016(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline;
    g_autofree char *memory = NULL;

    if (!is_dom0(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    cmdline = vitals_host_fact(definition, VITALS_HOST_XEN_CMDLINE, findings);
    if (!cmdline)
        return VITALS_ANSWER_UNKNOWN;
    memory = option_of(cmdline, "dom0_mem=");
    if (!memory)
        vitals_findings_add(findings, NULL,
                            "Xen was started without dom0_mem=: each start of a guest takes memory "
                            "away from dom0");
    else if (vitals_host_fact_is(definition, VITALS_HOST_XEN_AUTOBALLOON, "1"))
        vitals_findings_add(
            findings, NULL,
            "dom0_mem=%s is set, and autoballoon = 1 in libxl.conf takes dom0's memory "
            "away all the same",
            memory);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen016 = {
    .id = "XEN016",
    .name = "dom0-memory-not-fixed",
    .title = "dom0's memory is not fixed",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN,
    .needs = "the Xen hypervisor's command line",
    .why = "dom0 gives memory away at each start of a guest, and the backends of all guests' disks "
           "and "
           "networks, which run there, get short of it.",
    .bad = "xen.gz without dom0_mem=",
    .good = "xen.gz dom0_mem=4G,max:4G",
    .remedy = "add dom0_mem=4G,max:4G to Xen's command line, and leave autoballoon at auto",
    .exceptions = "Small hosts for tests.",
    .evidence =
        (const char *const[]){ "https://xenbits.xen.org/docs/unstable/misc/"
                               "xen-command-line.html#dom0_mem-x86: \"it is "
                               "highly recommended that you disable any dom0 autoballooning\"",
                               "libvirt libxl.conf: the comment on autoballoon", NULL },
    .check = check_xen016,
};

static VitalsAnswer
check_xen017(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *arguments;

    if (!is_dom0(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    arguments = vitals_host_fact(definition, VITALS_HOST_XENCONSOLED, findings);
    if (arguments && !g_regex_match_simple("(--log[= ]|-l ?)(guest|all)\\b", arguments, 0, 0))
        vitals_findings_add(findings, NULL,
                            "xenconsoled keeps no log of the guests' consoles (%s): the text of a "
                            "panic is gone with the guest",
                            arguments);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xen017 = {
    .id = "XEN017",
    .name = "xen-consoles-not-kept",
    .title = "xenconsoled keeps no log of guests' consoles",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_XEN | VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the arguments of the host's xenconsoled",
    .why =
        "A <log> in the definition is for QEMU guests. What a paravirtualised guest writes to its "
        "console is lost unless xenconsoled keeps it, and the trace of a panic with it.",
    .bad = "XENCONSOLED_TRACE=guest in /etc/default/xen, which its script never reads",
    .good = "XENCONSOLED_ARGS=\"--log=all --timestamp=all\"",
    .remedy =
        "start xenconsoled with --log=all --timestamp=all; guests that run keep their consoles",
    .exceptions = "Hosts where another program is attached to every console.",
    .evidence =
        (const char *const[]){
            "measured: with --log=all the trace of a crashed guest is in "
            "/var/log/xen/console/guest-NAME.log after the guest is gone",
            "measured: Debian's init script reads XENCONSOLED_ARGS and never XENCONSOLED_TRACE",
            NULL },
    .check = check_xen017,
};
