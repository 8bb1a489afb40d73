/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

/*
 * VitalsDriver's kvm: what KVM counts of each vCPU, by way of QEMU's query-stats, which libvirt puts into the group
 * VCPU of the bulk statistics since 8.9. QEMU has them from KVM_GET_STATS_FD (Linux 5.14); an emulated guest has none.
 */

static void
take_figures(const virDomainStatsRecord *record, GArray *list)
{
    for (int i = 0; i < record->nparams; i++) {
        const virTypedParameter *parameter = &record->params[i];

        if (parameter->type == VIR_TYPED_PARAM_ULLONG)
            vitals_kvm_take(list, parameter->field, parameter->value.ul, VITALS_LIBVIRT_VCPUS_MAX);
    }
}

VitalsSample *
vitals_libvirt_kvm(VitalsConnection *base, const char *uuid, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(VitalsKvm));
    virDomainStatsRecordPtr *records = NULL;
    virDomainPtr domains[] = { domain, NULL };
    VitalsSample *sample;
    int count;

    if (!domain)
        return NULL;
    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    /* where somebody else has a job libvirt leaves the counters out instead of waiting for its end */
    count = virDomainListGetStats(domains, VIR_DOMAIN_STATS_VCPU, &records,
                                  VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (count < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read KVM's counters");
        vitals_sample_unref(sample);
        return NULL;
    }
    for (int i = 0; i < count; i++)
        take_figures(records[i], list);
    virDomainStatsRecordListFree(records);
    sample->parts[VITALS_PART_KVM] =
        vitals_kvm_finish(list) ? VITALS_FACT_AVAILABLE : VITALS_FACT_ABSENT;
    sample->n_kvm = list->len;
    sample->kvm = (VitalsKvm *)g_array_steal(list, NULL);
    return sample;
}
