/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * Registers of the vCPUs, looked at a few times on suspicion and only where the configuration allows it
 * (reading them marks the domain as tainted). One look tells a dead halt from an idle one: an idle CPU
 * waits with interrupts on, one that was switched off waits with them off (measured: RFLAGS 0x246 and
 * 0x046). That it spins takes several looks. One that the guest's kernel took off line looks dead too, but for
 * its interrupt controller.
 */

/* Looks that lie further apart belong to different suspicions. */
#define SERIES_GAP (5 * G_USEC_PER_SEC)

static void
add_look(VitalsVcpuLooks *looks, const VitalsRegisters *registers)
{
    if (looks->count == 0)
        looks->lowest_pc = looks->highest_pc = registers->pc;
    looks->count++;
    looks->interrupts_off += registers->interrupts_off;
    looks->halted += registers->halted;
    looks->offline += registers->offline;
    looks->lowest_pc = MIN(looks->lowest_pc, registers->pc);
    looks->highest_pc = MAX(looks->highest_pc, registers->pc);
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!vitals_sample_has(sample, VITALS_PART_REGISTERS))
        return VITALS_PULSE_NONE;

    if (sample->at - source->answer_at > SERIES_GAP) {
        for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++)
            signs->looks[i] = (VitalsVcpuLooks){ 0 };
    }
    source->answer_at = sample->at;
    signs->looks_at = sample->at;
    for (guint i = 0; i < sample->n_registers && i < VITALS_LOOKED_AT_MAX; i++)
        add_look(&signs->looks[i], &sample->registers[i]);
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_registers = {
    .id = "registers",
    .layer = VITALS_LAYER_NONE,
    .summary = "registers of the vCPUs, on suspicion",
    .arms_at = 1,
    .absorb = absorb,
};
