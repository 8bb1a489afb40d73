/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/nearest.h"
#include "probes/host-fact.h"

#include <string.h>

/*
 * How the host was booted: what was configured, what took effect, and what the kernel made of it.
 */

#define CMDLINE "the host's kernel command line"

static const char *
known_cmdline(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline = definition->host ? definition->host->cmdline : NULL;

    if (!cmdline)
        vitals_findings_add_unknown(findings, CMDLINE);
    return cmdline;
}

/* What boot loaders and initramfs tools add by themselves. */
static gboolean
is_added_by_loader(const char *token)
{
    static const char *const names[] = {
        "BOOT_IMAGE=", "root=",       "initrd=",     "rootflags=",
        "resume=",     "rootfstype=", "vt.handoff=", "systemd.machine_id=",
        "ostree=",     "boot=",       "placeholder"
    };

    if (!*token || g_str_equal(token, "ro") || g_str_equal(token, "rw"))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_has_prefix(token, names[i]))
            return TRUE;
    }
    return FALSE;
}

/* The words of @text that @other has not, with blanks; "" for none. */
static char *
words_missing(const char *text, const char *other)
{
    g_auto(GStrv) tokens = g_strsplit_set(text, " \t\n", -1);
    GString *missing = g_string_new(NULL);

    for (guint i = 0; tokens[i]; i++) {
        if (!is_added_by_loader(tokens[i]) && !vitals_host_has_word(other, tokens[i]))
            g_string_append_printf(missing, "%s%s", missing->len > 0 ? " " : "", tokens[i]);
    }
    return g_string_free(missing, FALSE);
}

static VitalsAnswer
check_hst001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline = known_cmdline(definition, findings);
    const char *configured = vitals_host_fact(definition, VITALS_HOST_BOOT_CMDLINE, findings);
    const char *file = definition->host ? definition->host->words[VITALS_HOST_BOOT_FILE] : NULL;
    gboolean is_pending = vitals_host_fact_is(definition, VITALS_HOST_BOOT_PENDING, "yes");
    g_autofree char *absent = NULL;
    g_autofree char *extra = NULL;
    VitalsFinding *finding;

    if (!cmdline || !configured)
        return vitals_findings_answer(findings);
    absent = words_missing(configured, cmdline);
    extra = words_missing(cmdline, configured);
    if (!*absent && !*extra)
        return VITALS_ANSWER_PASS;
    finding = vitals_findings_add(
        findings, NULL, "the kernel does not run with what %s says%s%s%s%s%s",
        file ? file : "the boot configuration", *absent ? ": not in effect: " : "", absent,
        *extra ? "; in effect and not configured: " : "", extra,
        is_pending ? " (the file is newer than the boot: a boot may be all that is missing)" : "");
    if (is_pending)
        finding->severity = VITALS_SEVERITY_NOTICE;
    return VITALS_ANSWER_FAIL;
}

const VitalsRule vitals_rule_hst001 = {
    .id = "HST001",
    .name = "boot-options-not-applied",
    .title = "boot configuration and running command line differ",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the host's boot configuration and kernel command line",
    .why =
        "An option was written and never applied: the boot loader's files were not made anew, or "
        "the host boots by another loader than the one whose file was edited. The owner believes "
        "in a setting that is not there.",
    .bad = "/etc/default/grub has intel_iommu=on, /proc/cmdline has not",
    .good = "/etc/default/grub and /proc/cmdline hold the same options",
    .remedy =
        "run update-grub (or grub2-mkconfig, proxmox-boot-tool refresh), boot, and look again",
    .exceptions =
        "What loaders add by themselves (BOOT_IMAGE, root, ro, initrd, resume…) is left out. A "
        "notice where the file is newer than the boot.",
    .evidence =
        (const char *const[]){
            "field story: a mitigation was configured and not on the running command line",
            "https://pve.proxmox.com/pve-docs/pve-admin-guide.html#sysboot: GRUB hosts edit "
            "/etc/default/grub, systemd-boot hosts /etc/kernel/cmdline",
            NULL },
    .check = check_hst001,
};

/* Parameters that matter to a host of guests. @once: the last one wins, so two values are a mistake */
static const struct {
    const char *name;
    gboolean once;
} parameters[] = {
    { "intel_iommu", TRUE },
    { "amd_iommu", TRUE },
    { "iommu", FALSE },
    { "iommu.passthrough", TRUE },
    { "iommu.strict", TRUE },
    { "iomem", TRUE },
    { "pcie_aspm", TRUE },
    { "pcie_aspm.policy", TRUE },
    { "pcie_acs_override", FALSE },
    { "pcie_port_pm", TRUE },
    { "pcie_ports", FALSE },
    { "vfio-pci.ids", FALSE },
    { "vfio_iommu_type1.allow_unsafe_interrupts", TRUE },
    { "kvm.ignore_msrs", TRUE },
    { "kvm-intel.nested", TRUE },
    { "kvm-amd.nested", TRUE },
    { "crashkernel", FALSE },
    { "console", FALSE },
    { "panic", TRUE },
    { "oops", TRUE },
    { "softlockup_panic", TRUE },
    { "hardlockup_panic", TRUE },
    { "hung_task_panic", TRUE },
    { "nmi_watchdog", TRUE },
    { "unknown_nmi_panic", TRUE },
    { "hugepages", FALSE },
    { "hugepagesz", FALSE },
    { "default_hugepagesz", TRUE },
    { "transparent_hugepage", TRUE },
    { "isolcpus", FALSE },
    { "nohz_full", TRUE },
    { "rcu_nocbs", TRUE },
    { "mitigations", TRUE },
    { "processor.max_cstate", TRUE },
    { "intel_idle.max_cstate", TRUE },
    { "netconsole", FALSE },
    { "log_buf_len", TRUE },
    { "dom0_mem", TRUE },
};

static gboolean
is_parameter(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        if (g_str_equal(parameters[i].name, name))
            return TRUE;
    }
    return FALSE;
}

/* Whether two names hold the same words in another order: iommu_intel, intel_iommu. */
static gboolean
is_turned_around(const char *name, const char *known)
{
    const char *cut = strchr(name, '_');
    g_autofree char *turned =
        cut ? g_strdup_printf("%s_%.*s", cut + 1, (int)(cut - name), name) : NULL;

    return g_strcmp0(turned, known) == 0;
}

/* The parameter that was probably meant; %NULL if none is near. Short names are near to much, and one
 * with a dot names a module. */
static const char *
meant_by(const char *name)
{
    enum { SHORTEST = 5, LONG = 8 };
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();

    if (strlen(name) < SHORTEST || is_parameter(name) || strchr(name, '.'))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        const char *known = parameters[i].name;

        if (is_turned_around(name, known))
            return known;
        if (strlen(known) >= SHORTEST && !strchr(known, '.'))
            g_ptr_array_add(candidates, (gpointer)known);
    }
    return vitals_nearest_within(name, candidates, strlen(name) >= LONG ? 2 : 1);
}

/* A dash or quote that a word processor made: no option of any kernel has one. */
static gboolean
has_typography(const char *token)
{
    g_autofree char *valid = g_utf8_make_valid(token, -1);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);

        if ((character >= 0x2010 && character <= 0x2015) || character == 0x2212 ||
            (character >= 0x2018 && character <= 0x201f) || character == 0xa0 ||
            character == 0xab || character == 0xbb)
            return TRUE;
    }
    return FALSE;
}

/* "intel_iommu=on,iommu=pt": the second is taken for a part of the first's value. */
static const char *
swallowed_parameter(const char *token)
{
    const char *at = strchr(token, '=');

    while (at && (at = strchr(at, ','))) {
        g_autofree char *name = g_strndup(at + 1, strcspn(at + 1, "=,"));

        if (at[1 + strlen(name)] == '=' && is_parameter(name))
            return at + 1;
        at++;
    }
    return NULL;
}

static gboolean
is_once(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        if (g_str_equal(parameters[i].name, name))
            return parameters[i].once;
    }
    return FALSE;
}

static void
judge_token(const char *token, GHashTable *seen, VitalsFindings *findings)
{
    const char *start = token + (*token == '"'); /* a quote may stand around the whole option */
    g_autofree char *name = g_strndup(start, strcspn(start, "="));
    const char *swallowed = swallowed_parameter(token);
    const char *meant = meant_by(name);
    const char *before = g_hash_table_lookup(seen, name);

    if (has_typography(token))
        vitals_findings_add(findings, NULL,
                            "'%s' on the kernel's command line has a typographic dash or quote",
                            token);
    else if (strstr(token, "GRUB_CMDLINE"))
        vitals_findings_add(findings, NULL,
                            "'%s' is on the kernel's command line: the name of GRUB's setting "
                            "stands inside its value",
                            token);
    else if (swallowed)
        vitals_findings_add(findings, NULL,
                            "'%s' on the kernel's command line hides '%s' behind a comma", token,
                            swallowed);
    else if (meant)
        vitals_findings_add(findings, NULL,
                            "'%s' on the kernel's command line looks like a slip for '%s'", token,
                            meant);
    else if (before && is_once(name) && !g_str_equal(before, token))
        vitals_findings_add(findings, NULL,
                            "the kernel's command line has both '%s' and '%s': the last one wins",
                            before, token);
    g_hash_table_replace(seen, g_strdup(name), g_strdup(token));
}

static VitalsAnswer
check_hst002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline = known_cmdline(definition, findings);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) tokens = g_strsplit_set(cmdline ? cmdline : "", " \t\n", -1);
    guint quotes = 0;

    for (const char *at = cmdline; at && *at; at++)
        quotes += *at == '"';
    if (quotes % 2 == 1)
        vitals_findings_add(findings, NULL,
                            "the kernel's command line has a quote that is never closed");
    for (guint i = 0; tokens[i]; i++) {
        if (*tokens[i])
            judge_token(tokens[i], seen, findings);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst002 = {
    .id = "HST002",
    .name = "boot-option-malformed",
    .title = "malformed option on the kernel's command line",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = CMDLINE,
    .why =
        "The kernel takes no notice of an option that it cannot read, and often says nothing. What "
        "the option was to cure stays as it was.",
    .bad = "intel_iommu=on,iommu=pt",
    .good = "intel_iommu=on iommu=pt",
    .remedy =
        "correct the option in the boot loader's configuration, one blank between two options",
    .exceptions =
        "Values that take commas by themselves (console=, crashkernel=, pci=, netconsole=…) are "
        "left "
        "alone. Slips are looked for in the names of some forty options that matter to a host of "
        "guests.",
    .evidence = (const char *const[]){ "measured: kernel 6.1 lists iommu_intel=on as unknown, but "
                                       "not intel_iommu=on,iommu=pt, so "
                                       "its messages alone miss it",
                                       NULL },
    .check = check_hst002,
};

/* The same of the hypervisor of a dom0; boot loaders add "placeholder", which matters to nobody. */
static void
judge_xen_options(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const topics[] = { "iommu",  "pci",  "crash", "watchdog", "console",
                                          "com1",   "com2", "dom0",  "noreboot", "sync",
                                          "loglvl", "vtd",  "ivrs",  "panic" };
    const char *unknown =
        definition->host ? definition->host->words[VITALS_HOST_XEN_UNKNOWN] : NULL;
    g_auto(GStrv) tokens = g_strsplit(unknown ? unknown : "", " ", -1);

    for (guint i = 0; tokens[i]; i++) {
        gboolean matters = FALSE;

        for (guint k = 0; k < G_N_ELEMENTS(topics); k++)
            matters = matters || strstr(tokens[i], topics[k]);
        if (matters)
            vitals_findings_add(findings, NULL,
                                "Xen said at boot that it does not know the option '%s'",
                                tokens[i]);
    }
}

static VitalsAnswer
check_hst003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const topics[] = { "iommu", "vfio",     "pci",      "crash",
                                          "panic", "watchdog", "hugepage", "console" };
    const char *unknown = vitals_host_fact(definition, VITALS_HOST_UNKNOWN_PARAMETERS, findings);
    g_auto(GStrv) tokens = g_strsplit(unknown ? unknown : "", " ", -1);

    for (guint i = 0; tokens[i]; i++) {
        gboolean matters = FALSE;

        for (guint k = 0; k < G_N_ELEMENTS(topics); k++)
            matters = matters || strstr(tokens[i], topics[k]);
        if (matters && !g_str_has_prefix(tokens[i], "BOOT_IMAGE="))
            vitals_findings_add(findings, NULL,
                                "the kernel said at boot that it does not know the option '%s'",
                                tokens[i]);
    }
    judge_xen_options(definition, findings);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst003 = {
    .id = "HST003",
    .name = "boot-option-unknown",
    .title = "kernel reports unknown options that matter here",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the boot messages of the host's kernel",
    .why =
        "The option is not in this kernel, or is for another vendor's hardware: it has no effect.",
    .bad = "Unknown kernel command line parameters \"pcie_acs_override=downstream\"",
    .good =
        "no option about iommu, vfio, pci, crash, panic, watchdog, hugepage or console is listed",
    .remedy = "drop the option, or name the one that this kernel has",
    .exceptions = "Options about other things are left out. Not evaluated where the kernel's ring "
                  "has lost the "
                  "messages of its boot.",
    .evidence =
        (const char *const[]){
            "measured: the kernel's line \"Unknown kernel command line parameters\"",
            "https://nick-black.com/dankwiki/index.php/Bogon_kernel_command_line_options", NULL },
    .check = check_hst003,
};

static VitalsAnswer
check_hst004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *cmdline = known_cmdline(definition, findings);
    const char *vendor = vitals_host_fact(definition, VITALS_HOST_CPU_VENDOR, findings);
    gboolean is_amd = g_strcmp0(vendor, "AuthenticAMD") == 0;
    gboolean is_intel = g_strcmp0(vendor, "GenuineIntel") == 0;
    g_auto(GStrv) tokens = g_strsplit_set(cmdline ? cmdline : "", " \t\n", -1);

    for (guint i = 0; vendor && tokens[i]; i++) {
        if ((is_amd && g_str_has_prefix(tokens[i], "intel_iommu=")) ||
            (is_intel && g_str_has_prefix(tokens[i], "amd_iommu=")))
            vitals_findings_add(findings, NULL,
                                "'%s' is for another vendor's processor than this %s", tokens[i],
                                vendor);
        else if (g_str_equal(tokens[i], "amd_iommu=on"))
            vitals_findings_add(
                findings, NULL,
                "'amd_iommu=on' does nothing: the kernel knows no such value, and the "
                "IOMMU of AMD is on by itself");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst004 = {
    .id = "HST004",
    .name = "iommu-option-without-effect",
    .title = "IOMMU option of the other vendor, or without effect",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "the host's kernel command line and the vendor of its processor",
    .why = "An option that does nothing hides what really decides whether the IOMMU is at work.",
    .bad = "intel_iommu=on on a host with a processor of AMD",
    .good = "iommu=pt on a host with a processor of AMD",
    .remedy = "drop it; whether the IOMMU is at work shows in /sys/kernel/iommu_groups",
    .exceptions = "Images that are to boot on either vendor's hosts: ignore the rule there.",
    .evidence =
        (const char *const[]){
            "https://pve.proxmox.com/wiki/PCI_Passthrough: AMD's IOMMU \"is enabled by default\"",
            "https://www.kernel.org/doc/html/latest/admin-guide/kernel-parameters.html: amd_iommu "
            "has "
            "no value \"on\"",
            NULL },
    .check = check_hst004,
};
