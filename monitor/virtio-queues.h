/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/*
 * What QEMU tells of the queues of virtio disks (since 7.2, qapi/virtio.json: x-query-virtio and its kin): how
 * many requests the guest put there that are not completed. Its answers come as QEMU's JSON; what is not
 * understood is left out.
 */

/* No more disks, and no more queues of all of them together, are looked at: each takes a question. */
enum { VITALS_VIRTIO_DISKS_MAX = 8 };

/**
 * VitalsVirtioDisk:
 * @path: (transfer full): its place in QEMU's object model
 * @first: the first of its queues that carries requests; virtio-scsi has two others before them
 */
typedef struct {
    char *path;
    guint first;
} VitalsVirtioDisk;

/* @json: the answer to x-query-virtio. Returns: (transfer full) (element-type VitalsVirtioDisk) */
GPtrArray *vitals_virtio_disks(const char *json);

/* @json: the answer to x-query-virtio-status. Returns: how many queues the device has; 0 if not told */
guint vitals_virtio_count_queues(const char *json);

/* @json: the answer to x-query-virtio-queue-status. Returns: whether it was understood */
gboolean vitals_virtio_read_queue(const char *json, VitalsQueue *ret_queue);
