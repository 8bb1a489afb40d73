/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"

typedef enum {
    VITALS_SERIAL_ISA, /* ttyS<port> on x86 */
    VITALS_SERIAL_PCI, /* some ttyS: the guest's kernel chooses which */
    VITALS_SERIAL_OTHER,
} VitalsSerialKind;

/**
 * VitalsSerialPort: an emulated serial port as libvirt will make it
 * @node: the <serial>, or the <console> that libvirt makes one of
 * @kind: on which bus
 * @port: its number; one that the definition leaves open is one above the largest of all
 */
typedef struct {
    const VitalsXmlNode *node;
    VitalsSerialKind kind;
    guint port;
} VitalsSerialPort;

/**
 * vitals_serial_ports:
 * @definition: of a guest with emulated hardware
 *
 * Finds the serial ports as libvirt resolves them (virDomainDefAddConsoleCompat in its
 * domain_conf.c): without a <serial>, the first <console> whose target is none or "serial" is the
 * first port. The debug console of firmware (isa-debug) is no port that a kernel could use and is
 * left out.
 *
 * Returns: (transfer full) (element-type VitalsSerialPort): the ports in the definition's order
 */
GArray *vitals_serial_ports(const VitalsDefinition *definition);

/**
 * vitals_serial_console:
 *
 * Returns: (transfer none) (nullable): the first <console> that stands for the first serial port
 */
const VitalsXmlNode *vitals_serial_console(const VitalsDefinition *definition);

/**
 * vitals_serial_is_virtio_only:
 *
 * Returns: whether the guest has a virtio console and no serial port, so that nothing shows before the
 *   guest's driver does, and no kernel command line in the definition is sure to miss one (SER002)
 */
gboolean vitals_serial_is_virtio_only(const VitalsDefinition *definition);

/**
 * vitals_serial_character_devices:
 *
 * Returns: (transfer container) (element-type VitalsXmlNode): every <serial>, <console>, <parallel> and
 *   <channel> with a backend of its own: the console that is another name of the first serial port
 *   is left out
 */
GPtrArray *vitals_serial_character_devices(const VitalsDefinition *definition);
