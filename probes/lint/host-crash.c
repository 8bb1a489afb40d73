/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

/*
 * What is left of a host that dies, and whether it comes back.
 */

/* Under Xen the hypervisor holds the crash kernel (XEN015). */
static gboolean
is_dom0(const VitalsDefinition *definition)
{
    return definition->host && (definition->host->words[VITALS_HOST_XEN_CMDLINE] ||
                                definition->host->words[VITALS_HOST_XEN_AUTOBALLOON]);
}

static gboolean
is_armed(const VitalsDefinition *definition)
{
    return vitals_host_fact_is(definition, VITALS_HOST_CRASH_LOADED, "1");
}

static VitalsAnswer
check_hst009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *backend;

    if (vitals_host_fact_is(definition, VITALS_HOST_VIRTUAL, "yes"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    backend = vitals_host_fact(definition, VITALS_HOST_PSTORE_BACKEND, findings);
    if (!backend)
        return VITALS_ANSWER_UNKNOWN;
    if (*backend == '(')
        vitals_findings_add(
            findings, NULL,
            "pstore of the host is %s: the text of a panic does not survive the boot",
            *backend == '(' && backend[1] == 'n' && backend[2] == 'u' ? "without a backend"
                                                                      : "not mounted");
    else if (vitals_host_fact_is(definition, VITALS_HOST_PSTORE_SERVICE, "disabled"))
        vitals_findings_add(
            findings, NULL,
            "systemd-pstore is disabled on the host: what pstore kept of a panic is "
            "not saved, and in the end there is no room for the next");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst009 = {
    .id = "HST009",
    .name = "no-pstore",
    .title = "host has no pstore backend",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the host's pstore backend",
    .why = "When the way to the disk is dead, pstore is where the text of a panic goes: the "
           "firmware's "
           "memory keeps it over the boot.",
    .bad = "/sys/module/pstore/parameters/backend is (null)",
    .good = "the backend is efi_pstore, and systemd-pstore is enabled",
    .remedy = "load efi_pstore, ACPI ERST or ramoops, and enable systemd-pstore.service",
    .exceptions =
        "Hosts that are virtual machines themselves are left out. A hard lock-up writes no "
        "record either way.",
    .evidence =
        (const char *const[]){ "measured: backend (null) on a host without EFI variables",
                               "field story: no record in pstore after a hard lock-up", NULL },
    .check = check_hst009,
};

static VitalsAnswer
check_hst010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    VitalsKnown wants = vitals_host_facts_has_word(definition->host, "crashkernel=");
    const char *size;
    const char *loaded;

    if (wants == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, "the host's kernel command line");
    if (wants == VITALS_NO || is_dom0(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    size = vitals_host_fact(definition, VITALS_HOST_CRASH_SIZE, findings);
    loaded = vitals_host_fact(definition, VITALS_HOST_CRASH_LOADED, findings);
    if (wants == VITALS_YES && g_strcmp0(size, "0") == 0)
        vitals_findings_add(
            findings, NULL,
            "crashkernel= is on the host's command line, but nothing could be reserved");
    else if (wants == VITALS_YES && g_strcmp0(loaded, "0") == 0)
        vitals_findings_add(
            findings, NULL,
            "memory is reserved for a crash kernel, but none is loaded: a panic of the "
            "host leaves no vmcore");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst010 = {
    .id = "HST010",
    .name = "kdump-not-armed",
    .title = "host's kdump is configured but not armed",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the host's kernel command line and its crash kernel",
    .why = "Memory is given away, and no vmcore will come.",
    .bad = "crashkernel=512M, /sys/kernel/kexec_crash_loaded is 0",
    .good = "kexec_crash_size above 0 and kexec_crash_loaded 1",
    .remedy = "correct the size, enable the kdump service, and try it once",
    .exceptions = "dom0 of Xen: there XEN015 looks.",
    .evidence =
        (const char *const[]){
            "measured: a reservation that is too large fails with one line in the "
            "log, kexec_crash_size 0; and 64 MiB reserved with nothing loaded",
            NULL },
    .check = check_hst010,
};

static VitalsAnswer
check_hst011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *panic = vitals_host_fact(definition, VITALS_HOST_PANIC, findings);

    if (g_strcmp0(panic, "0") == 0 && !is_armed(definition) &&
        !vitals_host_fact_is(definition, VITALS_HOST_WATCHDOG, "active"))
        vitals_findings_add(
            findings, NULL,
            "after a panic the host stays down: kernel.panic is 0, no crash kernel is "
            "loaded and no watchdog runs");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst011 = {
    .id = "HST011",
    .name = "host-stays-down",
    .title = "panicked host stays down",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .needs = "the host's sysctl kernel.panic",
    .why = "The kernel loops for ever after a panic, and all guests are down until somebody comes.",
    .bad = "kernel.panic = 0, no kdump, no watchdog",
    .good = "kernel.panic = 30",
    .remedy = "set kernel.panic = 30 in /etc/sysctl.d/",
    .exceptions = "People who want to read the screen.",
    .evidence = (const char *const[]){ "measured: 0 by default (Debian, kernel 6.1)",
                                       "https://www.kernel.org/doc/html/latest/admin-guide/sysctl/"
                                       "kernel.html#panic",
                                       NULL },
    .check = check_hst011,
};

/* What systemd takes for no (parse_boolean), 0 and nothing. */
static gboolean
is_off(const char *value)
{
    static const char *const words[] = { "off", "no", "false", "0", "", "0s", "disable", NULL };

    return g_strv_contains(words, value);
}

static VitalsAnswer
check_hst012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *state;
    const char *runtime;

    if (vitals_host_fact_is(definition, VITALS_HOST_VIRTUAL, "yes") ||
        vitals_host_fact_is(definition, VITALS_HOST_WATCHDOG, "none"))
        return VITALS_ANSWER_NOT_APPLICABLE;
    state = vitals_host_fact(definition, VITALS_HOST_WATCHDOG, findings);
    runtime = vitals_host_fact(definition, VITALS_HOST_RUNTIME_WATCHDOG, findings);
    if (g_strcmp0(state, "inactive") == 0 && runtime && is_off(runtime))
        vitals_findings_add(
            findings, NULL,
            "the host has a hardware watchdog that nobody has armed: a hard lock-up "
            "lasts until somebody comes");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst012 = {
    .id = "HST012",
    .name = "watchdog-not-armed",
    .title = "host's hardware watchdog is not armed",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH | VITALS_PROFILE_AUTOSTART,
    .needs = "the state of the host's watchdog",
    .why = "A hard lock-up has no panic: only a timer in hardware ends it.",
    .bad = "/sys/class/watchdog/watchdog0/state is inactive, RuntimeWatchdogSec=off",
    .good = "RuntimeWatchdogSec=30s",
    .remedy = "set RuntimeWatchdogSec=30s in /etc/systemd/system.conf.d/",
    .exceptions =
        "A watchdog that another program holds (sbd, pve-ha) is active and passes. softdog is "
        "no hardware and does not count.",
    .evidence =
        (const char *const[]){ "systemd commit e96d6be: \"leave the runtime watchdog disabled\" by "
                               "default",
                               "field story: a hard lock-up lasted until the morning", NULL },
    .check = check_hst012,
};

static VitalsAnswer
check_hst013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *names = vitals_host_fact(definition, VITALS_HOST_NETCONSOLE, findings);
    g_auto(GStrv) interfaces = g_strsplit(names ? names : "", " ", -1);
    GHashTable *masters = definition->host ? definition->host->masters : NULL;

    if (names && !*names)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; masters && interfaces[i]; i++) {
        const char *master = g_hash_table_lookup(masters, interfaces[i]);

        if (master)
            vitals_findings_add(
                findings, NULL,
                "netconsole of the host is bound to '%s', which is a member of '%s': "
                "the kernel refuses it and sends nothing",
                interfaces[i], master);
    }
    if (names && !masters)
        vitals_findings_add_unknown(findings, "the host's network interfaces");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst013 = {
    .id = "HST013",
    .name = "netconsole-on-member",
    .title = "netconsole is bound to a member of a bridge or bond",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the interfaces of the host's netconsole",
    .why = "The kernel refuses such an interface, so there is no netconsole, and nobody notices "
           "before "
           "the host has died.",
    .bad = "netconsole=@/eth0,@192.0.2.9/ and eth0 is in br0",
    .good = "netconsole=@/br0,@192.0.2.9/",
    .remedy = "bind it to the bridge or bond itself, and see that a test line arrives",
    .exceptions = "None. A target on a bridge may be enabled and still deliver nothing: try it.",
    .evidence =
        (const char *const[]){
            "Linux net/core/netpoll.c: \"%s is a slave device, aborting\"",
            "Linux tools/testing/selftests/drivers/net/bonding/netconsole_over_bond"
            ".sh expects exactly this",
            NULL },
    .check = check_hst013,
};

/* What makes the host leave a vmcore where it otherwise limps on. */
static const VitalsHostWord escalations[] = {
    VITALS_HOST_PANIC_ON_OOPS,   VITALS_HOST_SOFTLOCKUP_PANIC,  VITALS_HOST_HARDLOCKUP_PANIC,
    VITALS_HOST_HUNG_TASK_PANIC, VITALS_HOST_UNKNOWN_NMI_PANIC,
};

/* Bits of kernel.sysrq (the kernel's sysrq.rst): crashing at will is of use with a crash kernel. */
enum {
    SYSRQ_ALL = 1,
    SYSRQ_CRASH = 8,
    SYSRQ_SYNC = 16,
    SYSRQ_REMOUNT = 32,
};

static void
append_setting(GString *list, const VitalsDefinition *definition, VitalsHostWord word)
{
    g_string_append_printf(list, "%s%s=%s", list->len > 0 ? ", " : "", vitals_host_word_name(word),
                           definition->host->words[word]);
}

static VitalsAnswer
check_hst014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GString) list = g_string_new(NULL);
    const char *loaded = vitals_host_fact(definition, VITALS_HOST_CRASH_LOADED, findings);
    guint64 needed = SYSRQ_SYNC | SYSRQ_REMOUNT | (is_armed(definition) ? SYSRQ_CRASH : 0);
    const char *sysrq;
    guint64 bits;

    if (!loaded)
        return VITALS_ANSWER_UNKNOWN;
    for (guint i = 0; is_armed(definition) && i < G_N_ELEMENTS(escalations); i++) {
        if (vitals_host_fact_is(definition, escalations[i], "0"))
            append_setting(list, definition, escalations[i]);
    }
    /* a virtual machine seldom has the counter that it needs */
    if (vitals_host_fact_is(definition, VITALS_HOST_NMI_WATCHDOG, "0") &&
        !vitals_host_fact_is(definition, VITALS_HOST_VIRTUAL, "yes"))
        append_setting(list, definition, VITALS_HOST_NMI_WATCHDOG);
    sysrq = definition->host->words[VITALS_HOST_SYSRQ];
    bits = sysrq ? g_ascii_strtoull(sysrq, NULL, 10) : SYSRQ_ALL;
    if (bits != SYSRQ_ALL && (bits & needed) != needed)
        append_setting(list, definition, VITALS_HOST_SYSRQ);
    if (list->len > 0)
        vitals_findings_add(findings, NULL, "a lock-up of the host does not escalate: %s",
                            list->str);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst014 = {
    .id = "HST014",
    .name = "lockups-do-not-escalate",
    .title = "host's lock-up detectors do not escalate",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the host's sysctls and its crash kernel",
    .why =
        "The host writes into a dying journal and limps on instead of leaving a vmcore. In "
        "/etc/sysctl.d/: kernel.panic_on_oops=1, kernel.softlockup_panic=1, "
        "kernel.hardlockup_panic=1, kernel.unknown_nmi_panic=1, kernel.hung_task_panic=0 unless a "
        "hang is hunted, kernel.sysrq=1.",
    .bad = "a crash kernel is loaded, and panic_on_oops=0, softlockup_panic=0",
    .good = "panic_on_oops=1 softlockup_panic=1 hardlockup_panic=1 unknown_nmi_panic=1 sysrq=1",
    .remedy = "set them in /etc/sysctl.d/ as `virt-vitals rules HST014` shows",
    .exceptions =
        "Busy hosts see soft lock-ups where vCPUs are overcommitted: choose with care. The "
        "panics count only where a crash kernel is loaded.",
    .evidence =
        (const char *const[]){
            "measured: all 0 by default (Debian, kernel 6.1)",
            "https://www.kernel.org/doc/html/latest/admin-guide/sysctl/kernel.html",
            "Linux commits 9c44bc03fff4 and d22881dc13b6", NULL },
    .check = check_hst014,
};

/* "7.2.22" from 7.2 on; the layout came with that version. */
static gboolean
writes_headers_last(const char *version)
{
    char *end = NULL;
    guint64 major = g_ascii_strtoull(version, &end, 10);
    guint64 minor = *end == '.' ? g_ascii_strtoull(end + 1, NULL, 10) : 0;

    return major > 7 || (major == 7 && minor >= 2);
}

static VitalsAnswer
check_cap018(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *tool = vitals_host_fact(definition, VITALS_HOST_MAKEDUMPFILE, findings);
    const char *qemu;

    if (tool && !*tool)
        return VITALS_ANSWER_NOT_APPLICABLE;
    qemu = vitals_host_fact(definition, VITALS_HOST_QEMU_VERSION, findings);
    if (tool && qemu && g_str_equal(tool, "1.7.2") && writes_headers_last(qemu))
        vitals_findings_add(findings, NULL,
                            "makedumpfile %s cannot read the ELF dumps of QEMU %s: \"Can't get the "
                            "number of PT_LOAD\"",
                            tool, qemu);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_cap018 = {
    .id = "CAP018",
    .name = "makedumpfile-too-old",
    .title = "host's makedumpfile cannot read this QEMU's ELF dumps",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "the versions of the host's makedumpfile and QEMU",
    .why = "`makedumpfile -d 31 -c`, the step that every how-to names, fails, so dumps stay as "
           "large as "
           "the guest's memory or are thrown away.",
    .bad = "makedumpfile 1.7.2 and QEMU 7.2",
    .good = "another version of makedumpfile, or dumps made with --format kdump-zlib",
    .remedy = "dump with --format kdump-zlib, or let virt-vitals capture: its dumps can be read",
    .exceptions = "Reported for the pair that was measured alone. `crash` reads the file as it is.",
    .evidence =
        (const char *const[]){
            "measured: the ELF of QEMU 7.2.22 has its program headers at 192 and "
            "e_ehsize 8; makedumpfile 1.7.2 fails until they are moved to 64",
            NULL },
    .check = check_cap018,
};
