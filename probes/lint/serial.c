/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"
#include "probes/serial-ports.h"

#include <string.h>

/*
 * Serial ports and consoles.
 *
 * Linux on x86 always has /dev/ttyS0 to ttyS3, even with no port behind them. `console=ttyS0` makes
 * systemd start a getty there; terminal calls on a port that is not there fail with EIO, the getty
 * exits after some ten seconds and is started again, for ever.
 */

/* QEMU's own options behind libvirt's back that make a serial port. */
static gboolean
has_own_serial(const VitalsDefinition *definition)
{
    return vitals_definition_passes(definition, "-serial") ||
           vitals_definition_passes(definition, "-nographic");
}

static const VitalsSerialPort *
port_at(const GArray *ports, guint index)
{
    return &g_array_index(ports, VitalsSerialPort, index);
}

static guint
count_kind(const GArray *ports, VitalsSerialKind kind)
{
    guint count = 0;

    for (guint i = 0; i < ports->len; i++)
        count += port_at(ports, i)->kind == kind;
    return count;
}

static const VitalsSerialPort *
isa_port(const GArray *ports, guint number)
{
    for (guint i = 0; i < ports->len; i++) {
        const VitalsSerialPort *port = port_at(ports, i);

        if (port->kind == VITALS_SERIAL_ISA && port->port == number)
            return port;
    }
    return NULL;
}

/* Linux takes no more consoles from its command line (MAX_CMDLINECONSOLES in kernel/printk/printk.c). */
#define MAX_CONSOLES 8

/* The devices named by console= on the kernel's command line, without options (",115200n8"). */
static GPtrArray *
named_consoles(const VitalsDefinition *definition)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *cmdline = vitals_xml_value(definition->domain, "os/cmdline");
    g_auto(GStrv) words = g_strsplit_set(cmdline ? cmdline : "", " \t\r\n", -1);

    for (guint i = 0; words[i] && names->len < MAX_CONSOLES; i++) {
        const char *name = words[i] + strlen("console=");

        if (g_str_has_prefix(words[i], "console="))
            g_ptr_array_add(names, g_strndup(name, strcspn(name, ",")));
    }
    return names;
}

/* The N of "ttyS<N>" or "hvc<N>". */
static gboolean
console_number(const char *name, const char *prefix, guint *ret_number)
{
    guint64 number;

    if (!g_str_has_prefix(name, prefix) ||
        !g_ascii_string_to_unsigned(name + strlen(prefix), 10, 0, 255, &number, NULL))
        return FALSE;
    *ret_number = (guint)number;
    return TRUE;
}

static gboolean
names_serial(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) names = named_consoles(definition);
    guint number;

    for (guint i = 0; i < names->len; i++) {
        if (console_number(names->pdata[i], "ttyS", &number))
            return TRUE;
    }
    return FALSE;
}

/* A first serial port; its log is SER009's matter, and Xen has none. */
static void
offer_port(const VitalsDefinition *definition, VitalsFinding *finding)
{
    vitals_fix_add_below(vitals_finding_offer(finding, VITALS_FIX_UNSAFE), definition->domain,
                         "devices", "<serial type='pty'><target port='0'/></serial>");
}

static VitalsAnswer
check_ser001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) ports = NULL;

    if (!definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    ports = vitals_serial_ports(definition);
    if (ports->len == 0 && !has_own_serial(definition) && !names_serial(definition) &&
        !vitals_serial_is_virtio_only(definition)) {
        gboolean is_certain =
            definition->guest_cmdline && strstr(definition->guest_cmdline, "console=ttyS");
        VitalsFinding *finding = vitals_findings_add(
            findings, definition->devices,
            is_certain
                ? "the guest has no emulated serial port, and its kernel's command line, by the "
                  "word of its agent, names ttyS: its getty is restarted for ever"
                : "the guest has no emulated serial port; its ttyS0 is a node without hardware "
                  "and a panic text has nowhere to go");

        if (is_certain)
            finding->severity = VITALS_SEVERITY_ERROR;
        offer_port(definition, finding);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser001 = {
    .id = "SER001",
    .name = "no-serial-port",
    .title = "guest has no emulated serial port",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_X86,
    .profiles = VITALS_PROFILE_CRASH_CAPTURE,
    .why = "The guest still has the nodes /dev/ttyS0 to ttyS3. If its image carries console=ttyS0, "
           "as most cloud images do, its serial getty exits and is restarted every ten seconds for "
           "ever, and there is no place for a panic text to go.",
    .bad = "<devices>\n"
           "  <!-- no serial, no console -->\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'>\n"
            "    <log file='/var/log/libvirt/qemu/NAME-serial0.log' append='on'/>\n"
            "    <target type='isa-serial' port='0'/>\n"
            "  </serial>\n"
            "</devices>",
    .remedy = "add a <serial type='pty'> with a <log file=… append='on'/>; needs a cold start",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests that never use a serial console: Windows, appliances. Most definitions have none, "
        "so "
        "this stays a notice. Only x86 is looked at, as other machines bring a console of their "
        "own. "
        "Holds back where <qemu:commandline> adds a port, and where the kernel command line in the "
        "definition names a ttyS: that is certain to loop and is SER002's finding. With a virtio "
        "console "
        "alone it is SER008's.",
    .evidence =
        (const char *const[]){
            "measured: without a port stty on ttyS0 fails with EIO, and agetty exits in 14 s",
            "measured: a serial port of type 'null' already stops the loop",
            "https://github.com/systemd/systemd/issues/36497",
            "https://github.com/rear/rear/issues/1644",
            "https://github.com/p2pool-starter-stack/pithead/issues/2462 (7,956 restarts in 22 h)",
            NULL },
    .check = check_ser001,
};

/* Whether a console of that name can exist in a guest with emulated hardware. */
static gboolean
provides(const VitalsDefinition *definition, const GArray *ports, const char *name)
{
    guint number;

    if (console_number(name, "ttyS", &number))
        return isa_port(ports, number) || count_kind(ports, VITALS_SERIAL_PCI) > 0 ||
               has_own_serial(definition);

    if (definition->driver == VITALS_DRIVER_QEMU && console_number(name, "hvc", &number)) {
        g_autoptr(GPtrArray) consoles = vitals_xml_all(definition->devices, "console");
        guint count = 0;

        for (guint i = 0; i < consoles->len; i++)
            count += g_strcmp0(vitals_xml_value(consoles->pdata[i], "target/@type"), "virtio") == 0;
        return number < count || vitals_definition_passes(definition, "virtconsole");
    }
    return !g_str_has_prefix(name, "ttyAMA");
}

static VitalsAnswer
check_ser002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *cmdline = vitals_xml_first(definition->domain, "os/cmdline");
    g_autoptr(GPtrArray) names = named_consoles(definition);
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (names->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (!g_hash_table_add(seen, names->pdata[i]))
            continue;
        if (!definition->is_hvm) {
            if (g_str_has_prefix(name, "ttyS"))
                vitals_findings_add(
                    findings, cmdline,
                    "the kernel is told console=%s, but a paravirtualised Xen guest "
                    "has hvc0 only",
                    name);
        } else if (!provides(definition, ports, name)) {
            VitalsFinding *finding = vitals_findings_add(
                findings, cmdline,
                "the kernel is told console=%s, but the definition provides no %s", name, name);

            if (ports->len == 0 && g_str_equal(name, "ttyS0"))
                offer_port(definition, finding);
        }
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser002 = {
    .id = "SER002",
    .name = "console-not-provided",
    .title = "kernel command line names a console that the definition does not provide",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_X86,
    .why =
        "The kernel is booted directly, so its console argument is known: the getty on a console "
        "that is not there exits and is restarted for ever, and what the kernel has to say when it "
        "dies is lost. On Xen a paravirtualised guest has hvc0 only; <serial> is ignored there.",
    .bad = "<os>\n"
           "  <type>hvm</type>\n"
           "  <kernel>/boot/vmlinuz</kernel>\n"
           "  <cmdline>console=ttyS0 root=/dev/vda1</cmdline>\n"
           "</os>\n"
           "<devices>\n"
           "  <console type='pty'><target type='virtio'/></console>\n"
           "</devices>",
    .good = "<os>\n"
            "  <type>hvm</type>\n"
            "  <kernel>/boot/vmlinuz</kernel>\n"
            "  <cmdline>console=ttyS0 root=/dev/vda1</cmdline>\n"
            "</os>\n"
            "<devices>\n"
            "  <serial type='pty'><target port='0'/></serial>\n"
            "  <console type='pty'><target type='virtio'/></console>\n"
            "</devices>",
    .remedy = "provide that port, or name a console that exists (hvc0 for a virtio or Xen console)",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "console= may stand several times; only names that can never exist are reported: ttyS<N> "
        "without ISA port N, hvc<N> with N virtio consoles or fewer, and ttyAMA on x86. A PCI "
        "serial "
        "port becomes some ttyS of the kernel's choice, so with one no ttyS is reported, nor where "
        "<qemu:commandline> adds ports.",
    .evidence =
        (const char *const[]){
            "measured: console=ttyS0 without a port, and with port 1 only: agetty exits, EIO; a "
            "pci-serial is called ttyS0 by the guest",
            "libvirt 9.0.0 src/libxl/libxl_domain.c, libxlDomainDefPostParse: paravirtualised "
            "guests "
            "get a console with target 'xen' only",
            NULL },
    .check = check_ser002,
};

static void
offer_number(VitalsFinding *finding, VitalsFixSafety safety, const VitalsXmlNode *serial,
             guint number)
{
    VitalsFix *fix = vitals_finding_offer(finding, safety);
    const VitalsXmlNode *target = vitals_xml_first(serial, "target");
    g_autofree char *port = g_strdup_printf("%u", number);
    g_autofree char *xml = g_strdup_printf("<target port='%u'/>", number);

    if (target)
        vitals_fix_set_attribute(fix, target, "port", port);
    else
        vitals_fix_add_child(fix, serial, xml);
}

static VitalsAnswer
check_ser003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    g_autoptr(GPtrArray) names = named_consoles(definition);
    const VitalsSerialPort *first = NULL;
    VitalsFinding *finding;

    for (guint i = 0; i < ports->len && !first; i++) {
        if (port_at(ports, i)->kind == VITALS_SERIAL_ISA)
            first = port_at(ports, i);
    }
    if (!first)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (isa_port(ports, 0) || count_kind(ports, VITALS_SERIAL_PCI) > 0 ||
        has_own_serial(definition))
        return VITALS_ANSWER_PASS;

    finding =
        vitals_findings_add(findings, first->node,
                            "no ISA serial port is port 0; the first is port %u, so the guest "
                            "has ttyS%u and its ttyS0 is a node without hardware",
                            first->port, first->port);
    offer_number(finding, VITALS_FIX_UNSAFE, first->node, 0);
    for (guint i = 0; i < names->len; i++) {
        guint number;

        if (console_number(names->pdata[i], "ttyS", &number) && isa_port(ports, number))
            finding->severity = VITALS_SEVERITY_NOTICE;
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser003 = {
    .id = "SER003",
    .name = "no-serial-port-0",
    .title = "ISA serial ports exist, but none is port 0",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why =
        "The port number chooses the UART: port 1 is ttyS1. ttyS0 stays a node without hardware, "
        "and everything set up for ttyS0 fails with EIO although the guest has a serial port.",
    .bad = "<devices>\n"
           "  <serial type='pty'><target port='1'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><target port='0'/></serial>\n"
            "</devices>",
    .remedy = "number the port 0",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Guests wired to ttyS1 on purpose, as images for serial over LAN are. Only a notice where "
        "the "
        "kernel command line in the definition names a port that exists. Holds back where a PCI "
        "serial port or <qemu:commandline> may provide ttyS0.",
    .evidence =
        (const char *const[]){
            "measured: with port 1 only the guest shows ttyS1 as 16550A and ttyS0 "
            "as unknown; agetty on ttyS0 exits",
            NULL },
    .check = check_ser003,
};

/* The maximum that libvirt names when it refuses the start; a PC has four standard ports. */
#define MAX_ISA_PORTS 4

static VitalsAnswer
check_ser004(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);
    guint free_port = 0;

    if (count_kind(ports, VITALS_SERIAL_ISA) < 2)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < ports->len; i++) {
        const VitalsSerialPort *port = port_at(ports, i);
        VitalsFinding *finding;

        if (port->kind != VITALS_SERIAL_ISA ||
            g_hash_table_add(taken, GUINT_TO_POINTER(port->port)))
            continue;
        finding =
            vitals_findings_add(findings, port->node,
                                "ISA serial port %u is already taken by the <serial> in line "
                                "%u; the guest will not start",
                                port->port, vitals_xml_line(isa_port(ports, port->port)->node));
        while (free_port < MAX_ISA_PORTS && isa_port(ports, free_port))
            free_port++;
        if (free_port < MAX_ISA_PORTS)
            offer_number(finding, VITALS_FIX_SAFE, port->node, free_port++);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser004 = {
    .id = "SER004",
    .name = "serial-port-twice",
    .title = "two serial ports ask for the same target port",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "The schema and `virsh define` accept it, but the guest cannot start: \"target port '0' "
           "already allocated\".",
    .bad = "<devices>\n"
           "  <serial type='pty'><target port='0'/></serial>\n"
           "  <serial type='pty'><target port='0'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><target port='0'/></serial>\n"
            "  <serial type='pty'><target port='1'/></serial>\n"
            "</devices>",
    .remedy = "give each ISA serial port a number of its own, 0 to 3",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "None. PCI and USB ports are numbered apart and are not compared. A port without a number "
        "counts with the one that libvirt gives it, so it can collide with a later one.",
    .evidence = (const char *const[]){ "measured: defined without complaint; start fails with "
                                       "\"target port '0' already allocated\"",
                                       NULL },
    .check = check_ser004,
};

static VitalsAnswer
check_ser005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    guint count = 0;

    for (guint i = 0; i < ports->len; i++) {
        count += port_at(ports, i)->kind == VITALS_SERIAL_ISA;
        if (count == MAX_ISA_PORTS + 1) {
            vitals_findings_add(
                findings, port_at(ports, i)->node,
                "this is one of %u ISA serial ports, and QEMU has %d; the guest will "
                "not start",
                count_kind(ports, VITALS_SERIAL_ISA), MAX_ISA_PORTS);
            break;
        }
    }
    return count == 0 ? VITALS_ANSWER_NOT_APPLICABLE : vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_ser005 = {
    .id = "SER005",
    .name = "too-many-isa-serials",
    .title = "more than four ISA serial ports",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_X86,
    .why = "Accepted by `virsh define`, refused at start: \"Maximum supported number of ISA serial "
           "ports is '4'\".",
    .bad = "<devices>\n"
           "  <serial type='pty'/>\n"
           "  <serial type='pty'/>\n"
           "  <serial type='pty'/>\n"
           "  <serial type='pty'/>\n"
           "  <serial type='pty'/>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'/>\n"
            "  <serial type='pty'/>\n"
            "  <serial type='pty'/>\n"
            "  <serial type='pty'/>\n"
            "  <console type='pty'><target type='serial'/></console>\n"
            "  <console type='pty'><target type='virtio'/></console>\n"
            "</devices>",
    .remedy = "turn the ports above four into pci-serial ports or virtio consoles",
    .exceptions = "None. PCI and USB serial ports do not count.",
    .evidence = (const char *const[]){ "measured: defined without complaint; start fails with "
                                       "\"Maximum supported number of ISA serial ports is '4'\"",
                                       NULL },
    .check = check_ser005,
};
