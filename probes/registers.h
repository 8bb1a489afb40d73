/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsRegisters: what one look at a vCPU's registers tells
 * @pc: where it executes
 * @interrupts_off: it would not take an interrupt
 * @halted: it waits for one
 * @offline: it is not in use: the guest's kernel never started it, or took it off line
 */
typedef struct {
    guint64 pc;
    gboolean interrupts_off;
    gboolean halted;
    gboolean offline;
} VitalsRegisters;

/**
 * vitals_registers_parse:
 * @text: what QEMU's human monitor answers to "info registers -a"
 * @most: at most so many vCPUs are taken
 *
 * Understands x86 (QEMU, target/i386/cpu-dump.c): "CPU#N", "RIP=… RFL=…" or "EIP=… EFL=…", "HLT=0|1". A
 * vCPU of which something is missing ends the list. The interrupt flag is bit 9 of the flags register.
 *
 * Returns: (transfer full) (element-type VitalsRegisters): in the order of the vCPUs; empty if nothing was
 * understood
 */
GArray *vitals_registers_parse(const char *text, guint most);

/**
 * vitals_registers_apic_is_off:
 * @text: what QEMU's human monitor answers to "info lapic N"
 *
 * A CPU that Linux takes off line waits with interrupts off, as a dead one does, but its local APIC was
 * switched off before (arch/x86/kernel/smpboot.c, native_cpu_disable()), as is that of one that was never
 * started. QEMU writes it behind "SPIV" (7.2, hw/intc/apic_common.c).
 *
 * Returns: whether it is off; %FALSE if that is not understood
 */
gboolean vitals_registers_apic_is_off(const char *text);
