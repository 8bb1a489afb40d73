/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/signs.h"

const char *
vitals_disks_name(VitalsDisks disks)
{
    static const char *const names[VITALS_N_DISKS] = {
        [VITALS_DISKS_NONE] = "none",       [VITALS_DISKS_WORKING] = "working",
        [VITALS_DISKS_IDLE] = "idle",       [VITALS_DISKS_STUCK] = "stuck",
        [VITALS_DISKS_UNKNOWN] = "unknown",
    };
    return (guint)disks < VITALS_N_DISKS ? names[disks] : "invalid";
}

/* Discarding a large disk is one request, and takes its time. */
#define QUEUE_STUCK_FOR (30 * G_USEC_PER_SEC)

gboolean
vitals_signs_queue_is_stuck(const VitalsSigns *signs)
{
    return signs->queues_at != 0 && signs->queue_stuck_for >= QUEUE_STUCK_FOR;
}

gboolean
vitals_signs_disk_is_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_is_fresh(signs, limits, signs->process_at) &&
           signs->thread_blocked_for >= limits->blocked_after;
}

/* Bytes a second at which one page of 4 KiB takes a minute: nobody limits a disk to that on purpose for long.
 * The guest has to have used its disks before, and to have got nothing for three looks on suspicion. */
#define CRAWL 68
#define CRAWLS_FOR (15 * G_USEC_PER_SEC)

gboolean
vitals_signs_disk_crawls(const VitalsSigns *signs)
{
    return signs->disk_limit > 0 && signs->disk_limit <= CRAWL && signs->block_moved_at != 0 &&
           signs->block_at - signs->block_moved_at >= CRAWLS_FOR;
}

/* The queues of a disk that seems idle are looked at once a minute. */
#define QUEUES_TELL (90 * G_USEC_PER_SEC)

VitalsDisks
vitals_signs_disks(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gboolean queues = signs->queues_at != 0 && signs->now - signs->queues_at <= QUEUES_TELL;

    if (!signs->block_at && !signs->queues_at)
        return VITALS_DISKS_NONE;
    /* nobody looks at them then */
    if (signs->state != VITALS_DOMAIN_RUNNING)
        return VITALS_DISKS_UNKNOWN;
    if (vitals_signs_disk_is_blocked(signs, limits) || vitals_signs_disk_crawls(signs) ||
        (queues && vitals_signs_queue_is_stuck(signs)))
        return VITALS_DISKS_STUCK;
    if (signs->block_moved_at && signs->block_moved_at == signs->block_at)
        return VITALS_DISKS_WORKING;
    return queues && !signs->queues_busy ? VITALS_DISKS_IDLE : VITALS_DISKS_UNKNOWN;
}
