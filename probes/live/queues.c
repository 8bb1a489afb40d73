/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * The queues between the guest and its virtio disks, looked at on suspicion and only where the configuration
 * allows it (the question marks the domain as tainted). They tell a stuck disk from an idle one: requests that
 * QEMU took from a queue, and none of that queue's completed from one look to the next.
 */

/* Looks that lie further apart belong to different suspicions. */
#define SERIES_GAP (30 * G_USEC_PER_SEC)

static void
follow_queue(VitalsSigns *signs, guint place, const VitalsQueue *queue, gint64 at, gboolean goes_on)
{
    VitalsQueueLooks *looks = &signs->queues[place];

    if (!queue->outstanding)
        looks->stuck_since = 0;
    else if (!goes_on || queue->completed != looks->completed || !looks->stuck_since)
        looks->stuck_since = at;
    looks->completed = queue->completed;
    signs->queues_busy |= queue->outstanding > 0;
    if (looks->stuck_since)
        signs->queue_stuck_for = MAX(signs->queue_stuck_for, at - looks->stuck_since);
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    guint count = MIN(sample->n_queues, VITALS_QUEUES_MAX);
    gboolean goes_on;

    if (!vitals_sample_has(sample, VITALS_PART_QUEUES))
        return VITALS_PULSE_NONE;

    goes_on = count == source->value && sample->at - source->answer_at <= SERIES_GAP;
    source->value = count;
    source->answer_at = sample->at;
    signs->queues_at = sample->at;
    signs->queues_busy = FALSE;
    signs->queue_stuck_for = 0;
    for (guint i = 0; i < count; i++)
        follow_queue(signs, i, &sample->queues[i], sample->at, goes_on);
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_queues = {
    .id = "queues",
    .layer = VITALS_LAYER_NONE,
    .summary = "requests that wait in the queues of disks, on suspicion",
    .arms_at = 1,
    .absorb = absorb,
};
