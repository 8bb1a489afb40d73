/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * Requests to the guest's disks. Its kernel submits them, so new ones prove its life. QEMU counts a request
 * when it is completed: what was under way when the kernel died is completed behind its death, and proves
 * nothing. So while the kernel's own pulse is late, only more than its queues can hold is a beat.
 */

/* What a queue holds: virtio-blk has one for each vCPU, of 256 requests (QEMU 7.2); others are smaller. */
#define QUEUE_SIZE 256
#define QUEUES_MIN 4

/* How many were completed since the silence began, as far as it was looked at. */
static VitalsPulse
absorb_in_silence(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    guint64 under_way = (guint64)QUEUE_SIZE * MAX(signs->vcpus, QUEUES_MIN);

    if (!signs->block_base_at) {
        signs->block_base = sample->requests;
        signs->block_base_at = sample->at;
    }
    if (sample->requests <= signs->block_base + under_way)
        return VITALS_PULSE_NONE;
    source->last_beat = signs->block_base_at;
    signs->block_base_at = 0;
    return VITALS_PULSE_BEAT;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    gint64 before = source->answer_at;
    gboolean advanced;

    if (!vitals_sample_has(sample, VITALS_PART_BLOCK))
        return VITALS_PULSE_NONE;

    /* the first look has nothing to compare with; fewer than before is an unplugged disk */
    advanced = before != 0 && sample->requests > source->value;
    if (advanced)
        signs->block_moved_at = sample->at;
    else if (before == 0 || sample->requests < source->value)
        signs->block_moved_at = 0;
    source->value = sample->requests;
    source->answer_at = sample->at;
    signs->block_at = sample->at;
    signs->disk_limit = sample->disk_limit;
    if (vitals_signs_is_quiet(signs, 0))
        return absorb_in_silence(sample, signs, source);
    /* at any moment since the last look */
    if (advanced)
        source->last_beat = MAX(source->last_beat, before);
    return advanced ? VITALS_PULSE_BEAT : VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_block = {
    .id = "block",
    .layer = VITALS_LAYER_KERNEL,
    .summary = "requests to the guest's disks",
    .arms_at = 1,
    .absorb = absorb,
};
