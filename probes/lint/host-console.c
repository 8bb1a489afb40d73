/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"
#include "probes/host-paths.h"
#include "probes/serial-ports.h"

#include <string.h>
#include <sys/stat.h>

/*
 * Where consoles lead to on the host.
 */

#define DIRECTORY "the directory of the console's log on the host"

/* The file that keeps what a console says; %NULL for none. Below /dev nothing is kept. */
static const char *
log_of(const VitalsXmlNode *device)
{
    const char *path = vitals_xml_value(device, "log/@file");

    if (!path && g_strcmp0(vitals_xml_attribute(device, "type"), "file") == 0)
        path = vitals_xml_value(device, "source/@path");
    return path && *path == '/' && !g_str_has_prefix(path, "/dev/") ? path : NULL;
}

/* With stdio_handler="file" QEMU writes the logs itself, as a user of its own. A group may let it write;
 * who is in that is not looked at. */
static gboolean
may_not_write(const VitalsDefinition *definition, const VitalsHostPath *directory)
{
    const char *user = definition->host ? definition->host->words[VITALS_HOST_QEMU_USER] : NULL;

    return vitals_host_fact_is(definition, VITALS_HOST_STDIO_HANDLER, "file") && user && *user &&
           !g_str_equal(user, "root") && !g_str_equal(user, "+0") && directory->mode > 0 &&
           *directory->owner && !g_str_equal(directory->owner, user) &&
           !(directory->mode & (S_IWGRP | S_IWOTH));
}

static void
judge_log(const VitalsDefinition *definition, const VitalsXmlNode *device, const char *path,
          VitalsFindings *findings)
{
    g_autofree char *directory = g_path_get_dirname(path);
    const VitalsHostPath *found = vitals_host_path(definition, directory);
    const VitalsHostFilesystem *filesystem = vitals_host_facts_filesystem(definition->host, path);

    if (found && found->kind == VITALS_PATH_ABSENT)
        vitals_findings_add(
            findings, device,
            "the directory '%s' of the console's log is not on this host: the guest "
            "will not start",
            directory);
    else if (filesystem && filesystem->is_ram)
        vitals_findings_add(
            findings, device,
            "the console's log '%s' is in memory (%s): it is gone with the host that "
            "it should explain",
            path, filesystem->source);
    else if (filesystem && filesystem->is_read_only)
        vitals_findings_add(
            findings, device,
            "the console's log '%s' is on a file system that cannot be written (%s): "
            "the guest will not start",
            path, filesystem->source);
    else if (found && may_not_write(definition, found))
        vitals_findings_add(
            findings, device,
            "the directory '%s' of the console's log belongs to %s (mode %04o), and "
            "QEMU, which runs as %s, writes the log itself (stdio_handler is file): "
            "the guest will not start",
            directory, found->owner, found->mode, definition->host->words[VITALS_HOST_QEMU_USER]);
    if (!found || !filesystem)
        vitals_findings_add_unknown(findings, DIRECTORY);
}

static VitalsAnswer
check_ser016(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < devices->len; i++) {
        const char *path = log_of(devices->pdata[i]);

        if (!path)
            continue;
        judge_log(definition, devices->pdata[i], path, findings);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_ser016 = {
    .id = "SER016",
    .name = "console-log-directory",
    .title = "console log's directory is missing, not writable or in memory",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE | VITALS_PROFILE_AUTOSTART,
    .needs = DIRECTORY,
    .why = "Without the directory a guest does not start, at boot where nobody looks; in memory "
           "the log "
           "is gone with the host that it should explain.",
    .bad = "<devices>\n"
           "  <serial type='pty'><log file='/run/consoles/vm.log' append='on'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><log file='/var/log/consoles/vm.log' append='on'/></serial>\n"
            "</devices>",
    .remedy = "use a directory on a disk that exists at boot, such as /var/log/libvirt/qemu",
    .exceptions =
        "The kind of file system is judged, not the name. Owner and mode matter only where "
        "qemu.conf "
        "says stdio_handler = \"file\" and which user QEMU runs as: virtlogd runs as root.",
    .evidence =
        (const char *const[]){ "measured: define accepts a missing directory, and the start fails: "
                               "\"Unable to open file: …: No such file or directory\"",
                               "https://github.com/stackhpc/a-universe-from-nothing/issues/51",
                               "https://github.com/azlux/log2ram", NULL },
    .check = check_ser016,
};

static gboolean
waits_for_login(const VitalsDefinition *definition, const char *tty)
{
    const char *logins = definition->host ? definition->host->words[VITALS_HOST_TTY_LOGINS] : NULL;

    return logins && vitals_host_has_word(logins, tty);
}

static VitalsAnswer
check_ser017(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < devices->len; i++) {
        const char *path = vitals_xml_value(devices->pdata[i], "source/@path");
        const char *consoles;

        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "dev") != 0 || !path ||
            !g_str_has_prefix(path, "/dev/"))
            continue;
        consoles = vitals_host_fact(definition, VITALS_HOST_TTY_CONSOLES, findings);
        if (consoles && vitals_host_has_word(consoles, path + strlen("/dev/")))
            vitals_findings_add(findings, devices->pdata[i],
                                "'%s' is the host's own console: host and guest read each other's "
                                "input",
                                path);
        else if (waits_for_login(definition, path + strlen("/dev/")))
            vitals_findings_add(
                findings, devices->pdata[i],
                "on '%s' a getty of the host's waits for a login: host and guest read "
                "each other's input",
                path);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_ser017 = {
    .id = "SER017",
    .name = "console-of-the-host",
    .title = "guest is given a terminal that the host itself uses",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = "the terminals of the host's own console",
    .why =
        "The host's console, a getty and the guest fight over one serial port. What the host says "
        "when it panics goes into the guest.",
    .bad = "<devices>\n"
           "  <serial type='dev'><source path='/dev/ttyS0'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='dev'><source path='/dev/ttyS1'/></serial>\n"
            "</devices>",
    .remedy = "use another port, or a pty",
    .exceptions = "None.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#host-device-proxy",
                               "measured: a guest with the host's /dev/ttyS0 starts without a word",
                               NULL },
    .check = check_ser017,
};
