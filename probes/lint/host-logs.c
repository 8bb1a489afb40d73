/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

/*
 * Whether what the host says before it dies is there afterwards.
 */

static VitalsAnswer
check_hst007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const char *storage = vitals_host_fact(definition, VITALS_HOST_JOURNAL_STORAGE, findings);
    const char *shipping =
        definition->host ? definition->host->words[VITALS_HOST_LOG_SHIPPING] : NULL;
    const char *directory = NULL;
    VitalsFinding *finding;

    if (!storage)
        return VITALS_ANSWER_UNKNOWN;
    if (g_str_equal(storage, "auto"))
        directory = vitals_host_fact(definition, VITALS_HOST_JOURNAL_DIRECTORY, findings);
    if (!g_str_equal(storage, "volatile") && !g_str_equal(storage, "none") &&
        g_strcmp0(directory, "no") != 0)
        return vitals_findings_answer(findings);

    finding = vitals_findings_add(
        findings, NULL, "the host's journal is in memory only (Storage=%s%s)%s%s", storage,
        directory ? ", no /var/log/journal" : "",
        shipping && *shipping ? "; beside it there is " : "", shipping ? shipping : "");
    if (shipping && *shipping)
        finding->severity = VITALS_SEVERITY_NOTICE;
    return VITALS_ANSWER_FAIL;
}

const VitalsRule vitals_rule_hst007 = {
    .id = "HST007",
    .name = "journal-volatile",
    .title = "host's journal is volatile",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = "journald's Storage= on the host",
    .why = "What the kernel said before a hard lock-up is in memory only and gone after the boot.",
    .bad = "Storage=auto, and no /var/log/journal",
    .good = "Storage=persistent",
    .remedy = "set Storage=persistent in /etc/systemd/journald.conf.d/",
    .exceptions = "A notice where a service keeps or sends the log beside journald (rsyslog, "
                  "syslog-ng, systemd-journal-upload).",
    .evidence =
        (const char *const[]){
            "journald.conf(5): with \"auto\" /var/log/journal is used only if it exists",
            "CIS benchmark, \"Ensure journald Storage is configured\": logs in memory \"will be "
            "lost "
            "upon a system reboot\"",
            NULL },
    .check = check_hst007,
};

static VitalsAnswer
check_hst008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const directories[] = { "/var/log", "/var/log/journal" };
    const char *sync = definition->host ? definition->host->words[VITALS_HOST_LOG_SYNC] : NULL;

    for (guint i = 0; i < G_N_ELEMENTS(directories); i++) {
        const VitalsHostFilesystem *filesystem =
            vitals_host_facts_filesystem(definition->host, directories[i]);

        if (!filesystem) {
            vitals_findings_add_unknown(findings, "the host's file systems");
            break;
        }
        if (!filesystem->is_ram)
            continue;
        vitals_findings_add(findings, NULL, "%s of the host is in memory (%s)%s%s", directories[i],
                            filesystem->source, sync ? ", written to the disk " : "",
                            sync ? sync : "");
        break;
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst008 = {
    .id = "HST008",
    .name = "log-in-memory",
    .title = "host's /var/log or journal is in memory",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the host's file systems",
    .why = "log2ram and its like write to the disk once a day; a hard lock-up loses all since.",
    .bad = "log2ram on /var/log",
    .good = "/var/log on a disk",
    .remedy =
        "take log2ram off hypervisors, or leave the journal out of it, or send the log elsewhere",
    .exceptions =
        "None. tmpfs, ramfs, zram and an overlay on one of them count; what log2ram's timer "
        "says is told.",
    .evidence =
        (const char *const[]){
            "field story: nine days of the journal were lost by log2ram at a hard lock-up",
            "https://github.com/azlux/log2ram: \"By default, every day … will synchronize\"",
            "https://github.com/azlux/log2ram/issues/233", NULL },
    .check = check_hst008,
};

static VitalsAnswer
check_hst015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const guint64 enough = 8 * 1024 * 1024;
    const char *handler = vitals_host_fact(definition, VITALS_HOST_STDIO_HANDLER, findings);
    const char *size =
        handler ? vitals_host_fact(definition, VITALS_HOST_LOG_MAX_SIZE, findings) : NULL;
    const char *backups =
        size ? vitals_host_fact(definition, VITALS_HOST_LOG_MAX_BACKUPS, findings) : NULL;
    guint64 bytes;
    guint64 files;

    if (g_strcmp0(handler, "file") == 0) {
        vitals_findings_add(findings, NULL,
                            "stdio_handler is 'file': a guest that writes on and on to its console "
                            "fills the host's disk");
        return VITALS_ANSWER_FAIL;
    }
    if (!backups)
        return vitals_findings_answer(findings);
    bytes = g_ascii_strtoull(size, NULL, 10);
    files = g_ascii_strtoull(backups, NULL, 10) + 1;
    if (bytes > 0 && bytes < enough / files)
        vitals_findings_add(findings, NULL,
                            "virtlogd keeps %" G_GUINT64_FORMAT " KiB of a console (max_size %s, "
                            "max_backups %s): a loop of messages pushes the first one out soon",
                            bytes * files / 1024, size, backups);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_hst015 = {
    .id = "HST015",
    .name = "console-log-rotation",
    .title = "rotation of console logs loses the message or fills the disk",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_HOST,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .needs = "stdio_handler in qemu.conf and the settings of virtlogd.conf",
    .why = "With stdio_handler=\"file\" nothing bounds a console's log, and a guest can fill the "
           "host's "
           "disk. With a small bound a looping getty pushes the interesting part out.",
    .bad = "stdio_handler = \"file\"",
    .good = "stdio_handler = \"logd\", max_size = 16777216, max_backups = 5",
    .remedy = "use logd, with max_size = 16777216 and max_backups = 5 in virtlogd.conf",
    .exceptions = "Sites that send console logs elsewhere. Less than 8 MiB for each console is "
                  "reported, which is what virtlogd keeps by itself; max_size = 0 is no bound.",
    .evidence =
        (const char *const[]){
            "libvirt qemu.conf: \"file\" \"allows QEMU to inflict a denial of service attack on "
            "the "
            "host by exhausting filesystem space\"",
            "libvirt virtlogd.conf: 2097152 bytes and 3 backups by default",
            "field story: a getty that restarted 421,491 times wrote to the console each time",
            NULL },
    .check = check_hst015,
};
