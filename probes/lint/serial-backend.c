/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/host-fact.h"
#include "probes/rule.h"
#include "probes/serial-ports.h"

#include <string.h>

/*
 * Where consoles and channels are connected to on the host.
 */

static gboolean
is_type(const VitalsXmlNode *device, const char *type)
{
    return g_strcmp0(vitals_xml_attribute(device, "type"), type) == 0;
}

static gboolean
is_on(const char *value)
{
    return g_strcmp0(value, "on") == 0;
}

static gboolean
is_console(const VitalsXmlNode *device)
{
    return g_str_equal(vitals_xml_name(device), "serial") ||
           g_str_equal(vitals_xml_name(device), "console");
}

static VitalsAnswer
check_ser010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    guint n_files = 0;

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i];
        const char *path = vitals_xml_value(device, "source/@path");
        VitalsFinding *finding;

        if (!is_console(device) || !is_type(device, "file") || !path)
            continue;
        n_files++;
        if (is_on(vitals_xml_value(device, "source/@append")))
            continue;
        finding = vitals_findings_add(findings, vitals_xml_first(device, "source"),
                                      "console file '%s' is emptied whenever the guest starts, and "
                                      "with it goes what the last run said",
                                      path);
        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE),
                                 vitals_xml_first(device, "source"), "append", "on");
    }
    return n_files > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_ser010 = {
    .id = "SER010",
    .name = "console-file-truncated",
    .title = "console file without append='on' loses the previous run",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "The file is truncated whenever the QEMU process starts. After a hang, a forced stop and a "
        "start, the evidence is destroyed by the recovery itself.",
    .bad = "<devices>\n"
           "  <serial type='file'><source path='/var/log/vm.log'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='file'><source path='/var/log/vm.log' append='on'/></serial>\n"
            "</devices>",
    .remedy = "add append='on' to the <source>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Test guests that want a fresh file each run. A console that is only another name of "
        "the first serial port is not counted twice.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/"
                               "formatdomain.html#consoles-serial-parallel-channel-devices: append "
                               "says \"whether or not the information in the file should be "
                               "preserved on domain restart\", "
                               "off by default",
                               NULL },
    .check = check_ser010,
};

static VitalsAnswer
check_ser011(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    guint n_logs = 0;

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *log = vitals_xml_first(devices->pdata[i], "log");
        const char *file = vitals_xml_attribute(log, "file");
        VitalsFinding *finding;

        if (!file)
            continue;
        n_logs++;
        if (is_on(vitals_xml_attribute(log, "append")))
            continue;
        finding = vitals_findings_add(findings, log,
                                      "log '%s' is emptied whenever the guest starts, and with it "
                                      "goes what the last run said",
                                      file);
        vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_SAFE), log, "append",
                                 "on");
    }
    return n_logs > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_ser011 = {
    .id = "SER011",
    .name = "console-log-truncated",
    .title = "<log> without append='on' loses the previous run",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "Without append='on' the log is emptied when the guest starts again, which is the first "
           "thing anybody does with a guest that died.",
    .bad = "<devices>\n"
           "  <serial type='pty'><log file='/var/log/libvirt/qemu/a.log'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><log file='/var/log/libvirt/qemu/a.log' append='on'/></serial>\n"
            "</devices>",
    .remedy = "add append='on' to the <log>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Test guests that want a fresh file each run. With stdio_handler=\"logd\", libvirt's "
        "default, the log is rotated, so that appending does not fill the disk.",
    .evidence = (const char *const[]){ "measured: a marker written by the first run is gone after "
                                       "a restart without append, and "
                                       "kept with append='on'",
                                       NULL },
    .check = check_ser011,
};

static gboolean
is_loopback(const char *host)
{
    return host && (g_str_has_prefix(host, "127.") || g_str_equal(host, "::1") ||
                    g_str_equal(host, "[::1]") || g_str_equal(host, "localhost"));
}

static const VitalsXmlNode *
source_in_mode(const VitalsXmlNode *device, const char *mode)
{
    g_autoptr(GPtrArray) sources = vitals_xml_all(device, "source");

    for (guint i = 0; i < sources->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(sources->pdata[i], "mode"), mode) == 0)
            return sources->pdata[i];
    }
    return NULL;
}

/* On TCP a console has TLS if it says so, or says nothing and qemu.conf has chardev_tls=1. */
static gboolean
has_tls(const VitalsDefinition *definition, const VitalsXmlNode *device,
        const VitalsXmlNode *source)
{
    const char *tls = vitals_xml_attribute(source, "tls");

    if (tls)
        return g_str_equal(tls, "yes");
    return is_type(device, "tcp") && definition->driver == VITALS_DRIVER_QEMU &&
           vitals_host_fact_is(definition, VITALS_HOST_CHARDEV_TLS, "1");
}

static VitalsAnswer
check_ser012(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    guint n_listeners = 0;

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i];
        const VitalsXmlNode *source = source_in_mode(device, "bind");
        const char *host = vitals_xml_attribute(source, "host");

        if (!source || !(is_type(device, "tcp") || is_type(device, "udp")))
            continue;
        n_listeners++;
        if (!is_loopback(host) && !has_tls(definition, device, source)) {
            VitalsFinding *finding = vitals_findings_add(
                findings, source,
                "this %s listens on '%s' without TLS: whoever reaches the port has "
                "it, without a password",
                vitals_xml_name(device), host ? host : "any address");

            vitals_fix_set_attribute(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), source,
                                     "host", "127.0.0.1");
        }
    }
    return n_listeners > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_ser012 = {
    .id = "SER012",
    .name = "console-open-to-network",
    .title = "console listens on a non-loopback address without TLS",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "It is a console without authentication for anyone who can reach the port.",
    .bad = "<devices>\n"
           "  <serial type='tcp'>\n"
           "    <source mode='bind' host='0.0.0.0' service='4555'/>\n"
           "  </serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='tcp'>\n"
            "    <source mode='bind' host='127.0.0.1' service='4555'/>\n"
            "  </serial>\n"
            "</devices>",
    .remedy = "bind it to 127.0.0.1 or ::1, or set tls='yes'",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "An isolated management network. Silent where the host is known and chardev_tls=1 in its "
        "qemu.conf switches TLS on for TCP; only the attribute tls='no' counts there.",
    .evidence =
        (const char *const[]){
            "measured: the socket listens on all addresses, without waiting and without a password",
            "https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices: tls",
            NULL },
    .check = check_ser012,
};

static void
offer_reconnect(VitalsFinding *finding, const VitalsXmlNode *source)
{
    VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);
    const VitalsXmlNode *reconnect = vitals_xml_first(source, "reconnect");

    if (!reconnect) {
        static const char wanted[] = "<reconnect enabled='yes' timeout='5'/>";
        g_autoptr(GPtrArray) children = vitals_xml_all(source, "*");

        if (children->len > 0) /* the schema wants it first */
            vitals_fix_add_before(fix, children->pdata[0], wanted);
        else
            vitals_fix_add_child(fix, source, wanted);
        return;
    }
    vitals_fix_set_attribute(fix, reconnect, "enabled", "yes");
    if (!vitals_xml_attribute(reconnect, "timeout"))
        vitals_fix_set_attribute(fix, reconnect, "timeout", "5");
}

static VitalsAnswer
check_ser013(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    guint n_clients = 0;

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i];
        const VitalsXmlNode *source = source_in_mode(device, "connect");
        const char *name = vitals_xml_value(device, "target/@name");
        VitalsFinding *finding;

        if (!source || !(is_type(device, "tcp") || is_type(device, "unix")) ||
            (name && strstr(name, "guest_agent")))
            continue;
        n_clients++;
        if (g_strcmp0(vitals_xml_value(source, "reconnect/@enabled"), "yes") == 0)
            continue;
        finding = vitals_findings_add(findings, source,
                                      "this %s connects out and never again: if nobody listens at "
                                      "the start the guest does not start",
                                      vitals_xml_name(device));
        offer_reconnect(finding, source);
    }
    return n_clients > 0 ? vitals_findings_answer(findings) : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_ser013 = {
    .id = "SER013",
    .name = "console-without-reconnect",
    .title = "console connects out and has no reconnect",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_AUTOSTART,
    .why = "If the collector is down the guest does not start at all; if it goes away later the "
           "console stays dead.",
    .bad = "<devices>\n"
           "  <serial type='tcp'>\n"
           "    <source mode='connect' host='192.0.2.9' service='4555'/>\n"
           "  </serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='tcp'>\n"
            "    <source mode='connect' host='192.0.2.9' service='4555'>\n"
            "      <reconnect enabled='yes' timeout='5'/>\n"
            "    </source>\n"
            "  </serial>\n"
            "</devices>",
    .remedy = "add <reconnect enabled='yes' timeout='5'/> to the <source>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Only <serial>, <console>, <parallel> and <channel> are looked at. A unix socket has "
        "to exist at the start even with reconnect, as libvirt looks for the path first. The "
        "agent's channel is AGT004's matter.",
    .evidence = (const char *const[]){ "measured: start fails with \"Connection refused\" or "
                                       "\"unable to stat\"; with reconnect "
                                       "the same guest starts",
                                       NULL },
    .check = check_ser013,
};

/* The host files that a device writes to; %NULL where it does not. */
static const char *
written_file(const VitalsXmlNode *device, guint which)
{
    if (which == 1)
        return vitals_xml_value(device, "log/@file");
    return is_type(device, "file") ? vitals_xml_value(device, "source/@path") : NULL;
}

static VitalsAnswer
check_ser015(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < 2 * devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i / 2];
        const char *file = written_file(device, i % 2);
        const VitalsXmlNode *owner = file ? g_hash_table_lookup(owners, file) : NULL;

        if (owner)
            vitals_findings_add(
                findings, device,
                "'%s' is written by the <%s> in line %u already; the guest will not "
                "start",
                file, vitals_xml_name(owner), vitals_xml_line(owner));
        else if (file && !g_str_equal(file, "/dev/null"))
            g_hash_table_insert(owners, (gpointer)file, (gpointer)device);
    }
    vitals_fleet_judge(definition, VITALS_CLAIM_CONSOLE_FILE, findings);
    return g_hash_table_size(owners) > 0 ? vitals_findings_answer(findings)
                                         : VITALS_ANSWER_NOT_APPLICABLE;
}

const VitalsRule vitals_rule_ser015 = {
    .id = "SER015",
    .name = "console-file-shared",
    .title = "two character devices write to the same host file",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "libvirt's log daemon opens a file once: the definition is accepted, and the start fails.",
    .bad = "<devices>\n"
           "  <serial type='file'><source path='/var/log/vm.log' append='on'/></serial>\n"
           "  <serial type='file'><source path='/var/log/vm.log' append='on'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='file'><source path='/var/log/vm-0.log' append='on'/></serial>\n"
            "  <serial type='file'><source path='/var/log/vm-1.log' append='on'/></serial>\n"
            "</devices>",
    .remedy = "give each device a file of its own, with the guest's name in it",
    .exceptions =
        "Pipes into a collector are no files and are not compared, nor is /dev/null. The "
        "console that is another name of the first serial port shows the same file and is "
        "no second device.",
    .evidence =
        (const char *const[]){
            "measured: start fails with \"Cannot open log file: …: Device or resource busy\"",
            NULL },
    .check = check_ser015,
};
