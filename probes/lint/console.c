/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"
#include "probes/serial-ports.h"
#include "config/text.h"

/*
 * Which consoles there are, and where their text goes.
 */

static const VitalsSerialPort *
port_at(const GArray *ports, guint index)
{
    return &g_array_index(ports, VitalsSerialPort, index);
}

static const char *
backend_of(const VitalsXmlNode *device)
{
    const char *type = vitals_xml_attribute(device, "type");

    return type ? type : "pty";
}

/* Whether both have the same sources; a pty's is a number of the running guest and means nothing. */
static gboolean
same_sources(const VitalsXmlNode *console, const VitalsXmlNode *serial)
{
    static const char *const names[] = { "mode", "path", "host", "service", "channel" };
    g_autoptr(GPtrArray) ours = vitals_xml_all(console, "source");
    g_autoptr(GPtrArray) theirs = vitals_xml_all(serial, "source");

    if (ours->len == 0 || g_str_equal(backend_of(console), "pty"))
        return TRUE;
    if (ours->len != theirs->len)
        return FALSE;
    for (guint i = 0; i < ours->len; i++) {
        for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
            const char *our = vitals_xml_attribute(ours->pdata[i], names[k]);

            if (our && g_strcmp0(our, vitals_xml_attribute(theirs->pdata[i], names[k])) != 0)
                return FALSE;
        }
    }
    return TRUE;
}

static VitalsAnswer
check_ser006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *serial = vitals_xml_first(definition->devices, "serial");
    const VitalsXmlNode *console = vitals_serial_console(definition);
    const char *log = vitals_xml_value(console, "log/@file");

    if (!serial || !console || console != vitals_xml_first(definition->devices, "console") ||
        g_str_has_prefix(vitals_xml_value(serial, "target/@type") ?: "", "isa-debug"))
        return VITALS_ANSWER_NOT_APPLICABLE;

    if (!g_str_equal(backend_of(console), backend_of(serial))) {
        VitalsFinding *finding = vitals_findings_add(
            findings, console,
            "this console is only another name of the first <serial> (line %u), so "
            "its type '%s' is dropped for '%s'",
            vitals_xml_line(serial), backend_of(console), backend_of(serial));

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), console);
    } else if (!same_sources(console, serial)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, console,
            "this console is only another name of the first <serial> (line %u), so "
            "its own <source> is dropped",
            vitals_xml_line(serial));

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), console);
    } else if (log && g_strcmp0(log, vitals_xml_value(serial, "log/@file")) != 0) {
        VitalsFinding *finding = vitals_findings_add(
            findings, console,
            "this console is only another name of the first <serial> (line %u), so "
            "its log '%s' is never written",
            vitals_xml_line(serial), log);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), console);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser006 = {
    .id = "SER006",
    .name = "console-is-not-its-own",
    .title = "first console and first serial disagree, and libvirt keeps the serial's word",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why =
        "The first serial-type console is only an alias of the first serial port; its own backend "
        "is thrown away. The pty meant for `virsh console`, or the log, is gone without a message.",
    .bad = "<devices>\n"
           "  <serial type='file'><source path='/var/log/vm.log'/></serial>\n"
           "  <console type='pty'><target type='serial'/></console>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'>\n"
            "    <log file='/var/log/vm.log' append='on'/>\n"
            "    <target port='0'/>\n"
            "  </serial>\n"
            "</devices>",
    .remedy = "state type, source and log once, on the <serial>, and drop the <console>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "Programs that write both on purpose, as KubeVirt does (unix serial and pty console): a "
        "notice "
        "only. The source of a pty is the number of a running guest's and is not compared. A <log> "
        "that stands on the console alone is reported as well, as it is lost the same way.",
    .evidence =
        (const char *const[]){ "measured: console pty with serial file became two of type file",
                               "libvirt src/conf/domain_conf.c, virDomainDefAddConsoleCompat",
                               NULL },
    .check = check_ser006,
};

/* Whether any console keeps what was written. */
static gboolean
keeps_output(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "*");

    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *device = devices->pdata[i];
        const char *name = vitals_xml_name(device);

        if ((g_str_equal(name, "serial") || g_str_equal(name, "console")) &&
            (vitals_xml_value(device, "log/@file") || g_str_equal(backend_of(device), "file")))
            return TRUE;
    }
    return FALSE;
}

/* A console without a type is a pty, which the schema wants to be said beside a log. */
static void
offer_log(const VitalsDefinition *definition, const VitalsXmlNode *console, VitalsFinding *finding)
{
    g_autofree char *directory = vitals_definition_log_directory(definition);
    g_autofree char *name = vitals_text_slug(vitals_xml_value(definition->domain, "name"), 100);
    g_autofree char *file = NULL;
    g_autofree char *log = NULL;
    VitalsFix *fix;

    if (!directory)
        return;
    file = g_markup_printf_escaped("<log file='%s/%s-serial0.log' append='on'/>", directory, name);
    log = vitals_text_printable(file, -1);
    fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);
    vitals_fix_add_child(fix, console, file);
    if (!vitals_xml_attribute(console, "type"))
        vitals_fix_set_attribute(fix, console, "type", "pty");
    g_free(finding->remedy);
    finding->remedy = g_strdup_printf("add %s to it", log);
}

static VitalsAnswer
check_ser009(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    VitalsFinding *finding;

    if (ports->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (keeps_output(definition))
        return VITALS_ANSWER_PASS;

    finding =
        vitals_findings_add(findings, port_at(ports, 0)->node,
                            "what the guest writes to this console (type '%s') is kept nowhere",
                            backend_of(port_at(ports, 0)->node));
    offer_log(definition, port_at(ports, 0)->node, finding);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser009 = {
    .id = "SER009",
    .name = "console-not-logged",
    .title = "serial console output is not kept anywhere",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "With nobody attached to a pty, unix or tcp console, QEMU drops the text, and with it the "
        "one line that explains a hang or a panic. A log survives the guest, and needs no agent.",
    .bad = "<devices>\n"
           "  <serial type='pty'><target port='0'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'>\n"
            "    <log file='/var/log/libvirt/qemu/NAME-serial0.log' append='on'/>\n"
            "    <target port='0'/>\n"
            "  </serial>\n"
            "</devices>",
    .remedy = "add <log file='/var/log/libvirt/qemu/NAME-serial0.log' append='on'/> to the "
              "<serial>, or a "
              "file below ~/.cache/libvirt/qemu/log in a session",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "Sites where console text may hold secrets and must not be stored; a program at "
                  "the other end "
                  "of a unix or tcp console that records it. A log on any console counts, a virtio "
                  "one too, and "
                  "so does type='file'.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices: "
            "<log>, "
            "since libvirt 1.3.3",
            "measured: the log of a pty is written with nobody attached, and with append='on' it "
            "outlives a restart",
            NULL },
    .check = check_ser009,
};

static VitalsAnswer
check_ser007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) serials = vitals_xml_all(definition->devices, "serial");
    const char *type = NULL;

    for (guint i = 0; i < serials->len; i++) {
        type = vitals_xml_value(serials->pdata[i], "target/@type");
        if (g_strcmp0(type, "pci-serial") != 0 && g_strcmp0(type, "usb-serial") != 0)
            return VITALS_ANSWER_PASS;
    }
    if (serials->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    vitals_findings_add(findings, serials->pdata[0],
                        "the guest's only serial ports are of type '%s': firmware, boot loader and "
                        "early kernel messages go nowhere",
                        type);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser007 = {
    .id = "SER007",
    .name = "serial-port-too-late",
    .title = "only a PCI or USB serial port",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "The port exists only after the guest's PCI or USB driver is bound to it, so firmware, "
        "boot "
        "loader and early panic text are lost. libvirt makes no console alias for it, and `virsh "
        "ttyconsole` prints nothing.",
    .bad = "<devices>\n"
           "  <serial type='pty'><target type='pci-serial'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><target type='isa-serial' port='0'/></serial>\n"
            "</devices>",
    .remedy = "add an ISA serial port as port 0; needs a cold start",
    .exceptions = "Only x86 is looked at: elsewhere the machine's own port is of another type. A "
                  "guest with an ISA port beside the PCI one passes.",
    .evidence =
        (const char *const[]){
            "measured: with a pci-serial alone ttyS0 appeared 1.97 s into the boot, and the "
            "definition got no console alias",
            "https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices",
            NULL },
    .check = check_ser007,
};

static VitalsAnswer
check_ser008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (vitals_definition_passes(definition, "-serial") ||
        vitals_definition_passes(definition, "-nographic"))
        return VITALS_ANSWER_PASS;
    if (vitals_serial_is_virtio_only(definition)) {
        VitalsFinding *finding = vitals_findings_add(
            findings, vitals_xml_first(definition->devices, "console"),
            "the guest's only console is a virtio one: nothing is seen before its "
            "driver is loaded, and ttyS0 is a node without hardware");

        vitals_fix_add_before(vitals_finding_offer(finding, VITALS_FIX_UNSAFE),
                              vitals_xml_first(definition->devices, "console"),
                              "<console type='pty'><target type='serial'/></console>");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser008 = {
    .id = "SER008",
    .name = "virtio-console-only",
    .title = "only a virtio console, no emulated serial port",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why =
        "hvc0 needs the virtio_console driver, a module in many distributions, so firmware, boot "
        "loader and early panics are invisible. An image with console=ttyS0 runs its serial getty "
        "in a loop for ever, as with no port at all (SER001).",
    .bad = "<devices>\n"
           "  <console type='pty'><target type='virtio'/></console>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <console type='pty'><target type='serial'/></console>\n"
            "  <console type='pty'><target type='virtio'/></console>\n"
            "</devices>",
    .remedy =
        "put <console type='pty'><target type='serial'/></console> before it; needs a cold start",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests that never use a serial console. SER001 is silent where this is found, and "
        "this is silent where the kernel command line in the definition names a ttyS "
        "(SER002) and where <qemu:commandline> adds a port.",
    .evidence =
        (const char *const[]){
            "measured: with a virtio console alone the guest has no UART",
            "https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices: "
            "emulated "
            "consoles \"are usually initialized much earlier\"",
            NULL },
    .check = check_ser008,
};
