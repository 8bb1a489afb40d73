/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

#include <libvirt/virterror.h>

/* VitalsDriver's progress and job: what libvirt tells of a domain's job that is under way. */

/* The parameters that virDomainGetJobStats() fills; @type is %VIR_DOMAIN_JOB_NONE where there is no job. */
typedef struct {
    int type;
    int operation;
    unsigned long long done;
    unsigned long long total;
} Stats;

static gboolean
read_stats(VitalsConnection *base, const char *uuid, Stats *ret_stats, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    virTypedParameterPtr parameters = NULL;
    Stats stats = { .operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN };
    int count = 0;

    if (!domain)
        return FALSE;
    if (virDomainGetJobStats(domain, &stats.type, &parameters, &count, 0) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read the job's progress");
        return FALSE;
    }
    if (stats.type != VIR_DOMAIN_JOB_NONE) {
        virTypedParamsGetInt(parameters, count, VIR_DOMAIN_JOB_OPERATION, &stats.operation);
        virTypedParamsGetULLong(parameters, count, VIR_DOMAIN_JOB_MEMORY_TOTAL, &stats.total);
        virTypedParamsGetULLong(parameters, count, VIR_DOMAIN_JOB_MEMORY_PROCESSED, &stats.done);
    }
    virTypedParamsFree(parameters, count);
    *ret_stats = stats;
    return TRUE;
}

gboolean
vitals_libvirt_progress(VitalsConnection *base, const char *uuid, guint64 *ret_done,
                        guint64 *ret_total, GError **error)
{
    Stats stats;

    if (!read_stats(base, uuid, &stats, error))
        return FALSE;
    *ret_done = stats.done;
    *ret_total = stats.total;
    return TRUE;
}

static VitalsJob
job_of(const Stats *stats)
{
    if (stats->type == VIR_DOMAIN_JOB_NONE)
        return VITALS_JOB_NONE;
    switch (stats->operation) {
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
        return VITALS_JOB_DUMP;
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
        return VITALS_JOB_MIGRATION;
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
    case VIR_DOMAIN_JOB_OPERATION_RESTORE:
        return VITALS_JOB_SAVE;
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT:
        return VITALS_JOB_SNAPSHOT;
    case VIR_DOMAIN_JOB_OPERATION_BACKUP:
        return VITALS_JOB_BACKUP;
    default:
        return VITALS_JOB_OTHER;
    }
}

gboolean
vitals_libvirt_job(VitalsConnection *base, const char *uuid, VitalsJob *ret_job, GError **error)
{
    Stats stats;

    if (!read_stats(base, uuid, &stats, error))
        return FALSE;
    *ret_job = job_of(&stats);
    return TRUE;
}
