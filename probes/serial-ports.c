/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/serial-ports.h"

#include <string.h>

const VitalsXmlNode *
vitals_serial_console(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) consoles = vitals_xml_all(definition->devices, "console");

    for (guint i = 0; i < consoles->len; i++) {
        const char *type = vitals_xml_value(consoles->pdata[i], "target/@type");

        if (!type || g_str_equal(type, "serial"))
            return consoles->pdata[i];
    }
    return NULL;
}

/* "isa-serial", "pci-serial" and so on; older definitions name it in <model>, most do not at all. */
static const char *
target_of(const VitalsDefinition *definition, const VitalsXmlNode *serial)
{
    const char *type = vitals_xml_value(serial, "target/@type");

    if (!type)
        type = vitals_xml_value(serial, "target/model/@name");
    if (!type)
        type = definition->machine == VITALS_MACHINE_X86 ? "isa-serial" : "";
    return type;
}

static VitalsSerialKind
kind_of(const char *target)
{
    if (g_str_equal(target, "isa-serial"))
        return VITALS_SERIAL_ISA;
    return g_str_equal(target, "pci-serial") ? VITALS_SERIAL_PCI : VITALS_SERIAL_OTHER;
}

static gboolean
explicit_port(const VitalsXmlNode *serial, guint *ret_port)
{
    const char *number = vitals_xml_value(serial, "target/@port");
    guint64 value;

    if (!number || !g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT, &value, NULL))
        return FALSE;
    *ret_port = (guint)value;
    return TRUE;
}

/* One above the largest that the definition names, wherever it does (virDomainChrDefPostParse). */
static guint
first_free(const GPtrArray *serials)
{
    guint next = 0;

    for (guint i = 0; i < serials->len; i++) {
        guint port;

        if (explicit_port(serials->pdata[i], &port))
            next = MAX(next, port + 1);
    }
    return next;
}

GArray *
vitals_serial_ports(const VitalsDefinition *definition)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(VitalsSerialPort));
    g_autoptr(GPtrArray) serials = vitals_xml_all(definition->devices, "serial");
    guint next = first_free(serials);

    for (guint i = 0; i < serials->len; i++) {
        VitalsSerialPort port = { .node = serials->pdata[i] };
        const char *target = target_of(definition, port.node);

        if (!explicit_port(port.node, &port.port))
            port.port = next++;
        if (g_str_has_prefix(target, "isa-debug"))
            continue;
        port.kind = kind_of(target);
        g_array_append_val(ports, port);
    }

    if (ports->len == 0 && definition->is_hvm && vitals_serial_console(definition)) {
        VitalsSerialPort port = { .node = vitals_serial_console(definition) };

        port.kind =
            definition->machine == VITALS_MACHINE_X86 ? VITALS_SERIAL_ISA : VITALS_SERIAL_OTHER;
        g_array_append_val(ports, port);
    }
    return ports;
}

gboolean
vitals_serial_is_virtio_only(const VitalsDefinition *definition)
{
    g_autoptr(GArray) ports = vitals_serial_ports(definition);
    g_autoptr(GPtrArray) consoles = vitals_xml_all(definition->devices, "console");
    const char *cmdline = vitals_xml_value(definition->domain, "os/cmdline");

    if (ports->len > 0 || definition->driver != VITALS_DRIVER_QEMU || !definition->is_hvm ||
        (cmdline && strstr(cmdline, "console=ttyS")))
        return FALSE;
    for (guint i = 0; i < consoles->len; i++) {
        if (g_strcmp0(vitals_xml_value(consoles->pdata[i], "target/@type"), "virtio") == 0)
            return TRUE;
    }
    return FALSE;
}

GPtrArray *
vitals_serial_character_devices(const VitalsDefinition *definition)
{
    static const char *const names[] = { "serial", "console", "parallel", "channel", NULL };
    g_autoptr(GPtrArray) all = vitals_xml_all(definition->devices, "*");
    GPtrArray *devices = g_ptr_array_new();
    const VitalsXmlNode *alias =
        vitals_xml_first(definition->devices, "serial") ? vitals_serial_console(definition) : NULL;

    for (guint i = 0; i < all->len; i++) {
        if (all->pdata[i] != alias && g_strv_contains(names, vitals_xml_name(all->pdata[i])))
            g_ptr_array_add(devices, all->pdata[i]);
    }
    return devices;
}
