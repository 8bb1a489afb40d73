/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_disk_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING &&
           vitals_signs_is_fresh(signs, limits, signs->process_at) &&
           signs->thread_blocked_for >= limits->blocked_after;
}

const VitalsCause vitals_cause_disk_blocked = {
    .id = "disk-blocked",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning =
        "A thread of QEMU has been inside the host's kernel for a request to one of the "
        "guest's disks that is not answered: the guest lives, but what needs that disk hangs.",
    .remedy = "Look at the storage below the guest's disks (NFS, a failing or suspended device) "
              "and at the host's kernel log; the guest goes on when it answers.",
    .holds = holds_disk_blocked,
};

/* Bytes a second at which one page of 4 KiB takes a minute: nobody limits a disk to that on purpose for long.
 * The guest has to have used its disks before, and to have got nothing for three looks on suspicion. */
#define CRAWL 68
#define CRAWLS_FOR (15 * G_USEC_PER_SEC)

/* It was at work on its disks, and a limit stands in its definition at which a page takes a minute. */
static gboolean
holds_disk_throttled(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && !vitals_signs_is_fs_frozen(signs) &&
           signs->disk_limit > 0 && signs->disk_limit <= CRAWL && signs->block_moved_at != 0 &&
           signs->block_at - signs->block_moved_at >= CRAWLS_FOR;
}

const VitalsCause vitals_cause_disk_throttled = {
    .id = "disk-throttled",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "A limit in the guest's definition lets next to nothing through to one of its "
               "disks, and no request of the guest is completed any more.",
    .remedy = "See 'virsh blkdeviotune DOMAIN DISK' for the limit and who set it; 0 lifts it.",
    .holds = holds_disk_throttled,
};

/* Discarding a large disk is one request, and takes its time. */
#define QUEUE_STUCK_FOR (30 * G_USEC_PER_SEC)

static gboolean
holds_disk_stuck(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && signs->queues_at != 0 &&
           vitals_signs_is_fresh(signs, limits, signs->queues_at) &&
           signs->queue_stuck_for >= QUEUE_STUCK_FOR;
}

const VitalsCause vitals_cause_disk_stuck = {
    .id = "disk-stuck",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The guest waits for requests to one of its disks that QEMU took and does not "
               "complete: the guest lives, but what needs that disk hangs.",
    .remedy = "Look at the storage below the guest's disks, at 'virsh blkdeviotune' and at jobs "
              "that hold a disk ('virsh blockjob'); the guest goes on when it answers.",
    .holds = holds_disk_stuck,
};
