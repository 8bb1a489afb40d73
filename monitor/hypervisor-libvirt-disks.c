/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

/* One round trip for all disks together: the empty path, as opposed to the bulk statistics, which make
 * several (measured). libvirt has 8 figures for it; one that it does not know is left out. */
#define BLOCK_FIGURES 16

gboolean
vitals_libvirt_block(VitalsConnection *base, const char *uuid, VitalsSample *sample, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    g_autofree virTypedParameter *figures = g_new0(virTypedParameter, BLOCK_FIGURES);
    int count = BLOCK_FIGURES;

    if (!domain)
        return FALSE;
    sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_FAILED;
    if (virDomainBlockStatsFlags(domain, "", figures, &count, 0) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read the disks' figures");
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
