/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsKvm: what KVM has counted of one vCPU since its QEMU began (kernel, arch/x86/kvm/x86.c, kvm_vcpu_stats_desc)
 * @known: all figures that the verdict needs were among those told; the others hold nothing if not
 * @ns: CPU time of its thread, nanoseconds
 * @exits: how often it came out of the guest
 * @host_exits: of these, for an interrupt of the host's own
 * @halts: how often it halted to wait for an interrupt
 * @interrupts: how many interrupts KVM put into it. Where the processor has a virtual APIC (APICv, AVIC) it does
 *   that by itself, and next to none are counted
 */
typedef struct {
    gboolean known;
    guint64 ns;
    guint64 exits;
    guint64 host_exits;
    guint64 halts;
    guint64 interrupts;
} VitalsKvm;

/**
 * vitals_kvm_take:
 * @list: (element-type VitalsKvm): grows as needed
 * @field: a name as libvirt 8.9 and later has it for QEMU's query-stats (QEMU 7.1): "vcpu.1.exits.sum"
 * @most: vCPUs from this number on are left out
 *
 * Takes the figure if it is one that matters here.
 */
void vitals_kvm_take(GArray *list, const char *field, guint64 value, guint most);

/* To be called behind the last figure: sets @known where all are there. Returns: whether any vCPU is known */
gboolean vitals_kvm_finish(GArray *list);
