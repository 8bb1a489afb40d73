/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_disk_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && vitals_signs_disk_is_blocked(signs, limits);
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

static gboolean
holds_disk_throttled(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && !vitals_signs_is_fs_frozen(signs) &&
           vitals_signs_disk_crawls(signs);
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

static gboolean
holds_disk_stuck(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING &&
           vitals_signs_is_fresh(signs, limits, signs->queues_at) &&
           vitals_signs_queue_is_stuck(signs);
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
