/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/virtio-queues.h"

/* The form of QEMU 7.2's answers, by way of libvirt. */

static void
test_disks(void)
{
    g_autoptr(GPtrArray) disks = vitals_virtio_disks(
        "{\"return\":[{\"name\":\"virtio-balloon\",\"path\":\"/machine/peripheral/balloon0\"},"
        "{\"name\":\"virtio-blk\",\"path\":\"/machine/peripheral/virtio-disk0/virtio-backend\"},"
        "{\"name\":\"virtio-blk\",\"path\":\"/machine/x\\\"},{\"},"
        "{\"name\":\"virtio-blk\"},7,"
        "{\"name\":\"virtio-scsi\",\"path\":\"/machine/peripheral/scsi0/virtio-backend\"}],"
        "\"id\":\"libvirt-447\"}");
    const VitalsVirtioDisk *first = g_ptr_array_index(disks, 0);
    const VitalsVirtioDisk *second = g_ptr_array_index(disks, 1);

    g_assert_cmpuint(disks->len, ==, 2);
    g_assert_cmpstr(first->path, ==, "/machine/peripheral/virtio-disk0/virtio-backend");
    g_assert_cmpuint(first->first, ==, 0);
    g_assert_cmpuint(second->first, ==, 2);
}

static void
test_many_disks(void)
{
    g_autoptr(GString) text = g_string_new("{\"return\":[");
    g_autoptr(GPtrArray) disks = NULL;

    for (guint i = 0; i < 100; i++)
        g_string_append(text, "{\"name\":\"virtio-blk\",\"path\":\"/a\"},");
    g_string_append(text, "1]}");
    disks = vitals_virtio_disks(text->str);
    g_assert_cmpuint(disks->len, ==, VITALS_VIRTIO_DISKS_MAX);
}

static void
test_queue(void)
{
    VitalsQueue queue = { 0 };

    g_assert_true(vitals_virtio_read_queue(
        "{\"return\":{\"signalled-used\":80,\"inuse\":1,\"name\":\"virtio-blk\",\"used-idx\":80}}",
        &queue));
    g_assert_cmpuint(queue.outstanding, ==, 1);
    g_assert_cmpuint(queue.completed, ==, 80);
    g_assert_cmpuint(vitals_virtio_count_queues("{\"return\":{\"num-vqs\":4}}"), ==, 4);
}

static void
test_odd(void)
{
    static const char *const texts[] = {
        "",
        "7",
        "[]",
        "{}",
        "{\"return\":7}",
        "{\"return\":{\"inuse\":1}}",
        "{\"return\":{\"inuse\":-1,\"used-idx\":1,\"num-vqs\":-4}}",
        "{\"return\":{\"inuse\":\"1\",\"used-idx\":1}}",
        "{\"return\":{\"inuse\":1,\"used-idx\":70000,\"num-vqs\":1e9}}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GPtrArray) disks = vitals_virtio_disks(texts[i]);
        VitalsQueue queue;

        g_assert_cmpuint(disks->len, ==, 0);
        g_assert_cmpuint(vitals_virtio_count_queues(texts[i]), ==, 0);
        g_assert_false(vitals_virtio_read_queue(texts[i], &queue));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-queues/disks", test_disks);
    g_test_add_func("/virtio-queues/many-disks", test_many_disks);
    g_test_add_func("/virtio-queues/queue", test_queue);
    g_test_add_func("/virtio-queues/odd", test_odd);
    return g_test_run();
}
