/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/virtio-queues.h"

#include <jansson.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Queues 0 and 1 of virtio-scsi are for control and events (virtio 1.1, 5.6.2). */
#define SCSI_FIRST 2

static void
disk_free(gpointer data)
{
    VitalsVirtioDisk *disk = data;

    g_free(disk->path);
    g_free(disk);
}

/* Goes into a question of ours as it is: QEMU's own names have nothing else. */
static gboolean
is_plain(const char *path)
{
    for (const char *at = path; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("/_-.:[]", *at))
            return FALSE;
    }
    return TRUE;
}

static void
add_disk(GPtrArray *disks, json_t *device)
{
    const char *name = json_string_value(json_object_get(device, "name"));
    const char *path = json_string_value(json_object_get(device, "path"));
    gboolean scsi = name && g_str_equal(name, "virtio-scsi");
    VitalsVirtioDisk *disk;

    if (!name || !path || !is_plain(path) || (!scsi && !g_str_equal(name, "virtio-blk")))
        return;
    disk = g_new0(VitalsVirtioDisk, 1);
    disk->path = g_strdup(path);
    disk->first = scsi ? SCSI_FIRST : 0;
    g_ptr_array_add(disks, disk);
}

GPtrArray *
vitals_virtio_disks(const char *json)
{
    GPtrArray *disks = g_ptr_array_new_with_free_func(disk_free);
    g_autoptr(json_t) answer = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    json_t *devices = json_object_get(answer, "return");

    for (size_t i = 0; i < json_array_size(devices) && disks->len < VITALS_VIRTIO_DISKS_MAX; i++)
        add_disk(disks, json_array_get(devices, i));
    return disks;
}

/* The number under @key of what was returned; -1 if there is none in a sane range. */
static json_int_t
number_in(const char *json, const char *key)
{
    g_autoptr(json_t) answer = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    const json_t *number = json_object_get(json_object_get(answer, "return"), key);
    json_int_t value = json_integer_value(number);

    return json_is_integer(number) && value >= 0 && value <= G_MAXUINT16 ? value : -1;
}

guint
vitals_virtio_count_queues(const char *json)
{
    return (guint)MAX(number_in(json, "num-vqs"), 0);
}

gboolean
vitals_virtio_read_queue(const char *json, VitalsQueue *ret_queue)
{
    json_int_t outstanding = number_in(json, "inuse");
    json_int_t completed = number_in(json, "used-idx");

    if (outstanding < 0 || completed < 0)
        return FALSE;
    *ret_queue = (VitalsQueue){ .outstanding = (guint)outstanding, .completed = (guint)completed };
    return TRUE;
}
