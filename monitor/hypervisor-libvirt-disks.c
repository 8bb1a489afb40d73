/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"
#include "monitor/virtio-queues.h"
#include "probes/signs.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

/* One round trip for all disks together: the empty path, as opposed to the bulk statistics, which make
 * several (measured). libvirt has 8 figures for it; one that it does not know is left out. */
#define BLOCK_FIGURES 16

gboolean
vitals_libvirt_block(VitalsConnection *base, const char *uuid, VitalsSample *sample, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_recall(self, uuid, error);
    g_autofree virTypedParameter *figures = g_new0(virTypedParameter, BLOCK_FIGURES);
    int count = BLOCK_FIGURES;

    if (!domain)
        return FALSE;
    sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_FAILED;
    if (virDomainBlockStatsFlags(domain, "", figures, &count, 0) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read the disks' figures");
        vitals_libvirt_forget(self, uuid);
        return FALSE;
    }
    for (int i = 0; i < count; i++) {
        const char *name = figures[i].field;

        if (figures[i].type == VIR_TYPED_PARAM_LLONG && figures[i].value.l > 0 &&
            (g_str_equal(name, VIR_DOMAIN_BLOCK_STATS_READ_REQ) ||
             g_str_equal(name, VIR_DOMAIN_BLOCK_STATS_WRITE_REQ) ||
             g_str_equal(name, VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ)))
            sample->requests += (guint64)figures[i].value.l;
    }
    sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_AVAILABLE;
    return TRUE;
}

/* ---- the queues of virtio disks ---- */

/* Returns: (transfer full) (nullable): QEMU's answer; malloc()ed, as libvirt's strings are */
static char *
ask_monitor(virDomainPtr domain, const char *command)
{
    char *answer = NULL;

    return virDomainQemuMonitorCommand(domain, command, &answer, 0) == 0 ? answer : NULL;
}

static guint
count_queues(virDomainPtr domain, const char *path)
{
    g_autofree char *command = g_strdup_printf(
        "{\"execute\":\"x-query-virtio-status\",\"arguments\":{\"path\":\"%s\"}}", path);
    char *answer = ask_monitor(domain, command);
    guint count = answer ? vitals_virtio_count_queues(answer) : 0;

    free(answer);
    return count;
}

static void
add_queues(virDomainPtr domain, const VitalsVirtioDisk *disk, GArray *queues)
{
    guint count = count_queues(domain, disk->path);

    for (guint i = disk->first; i < count && queues->len < VITALS_QUEUES_MAX; i++) {
        g_autofree char *command =
            g_strdup_printf("{\"execute\":\"x-query-virtio-queue-status\",\"arguments\":{\"path\":"
                            "\"%s\",\"queue\":%u}}",
                            disk->path, i);
        char *answer = ask_monitor(domain, command);
        VitalsQueue queue;

        if (answer && vitals_virtio_read_queue(answer, &queue))
            g_array_append_val(queues, queue);
        free(answer);
    }
}

VitalsSample *
vitals_libvirt_queues(VitalsConnection *base, const char *uuid, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    g_autoptr(GArray) queues = g_array_new(FALSE, FALSE, sizeof(VitalsQueue));
    g_autoptr(GPtrArray) disks = NULL;
    VitalsSample *sample;
    char *answer;

    if (!domain)
        return NULL;
    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    answer = ask_monitor(domain, "{\"execute\":\"x-query-virtio\"}");
    disks = vitals_virtio_disks(answer ? answer : "");
    free(answer);
    for (guint i = 0; i < disks->len; i++)
        add_queues(domain, g_ptr_array_index(disks, i), queues);
    virResetLastError();
    /* an older QEMU, or disks of another kind */
    sample->parts[VITALS_PART_QUEUES] =
        queues->len ? VITALS_FACT_AVAILABLE : VITALS_FACT_UNSUPPORTED;
    sample->n_queues = queues->len;
    sample->queues = (VitalsQueue *)g_array_steal(queues, NULL);
    return sample;
}
