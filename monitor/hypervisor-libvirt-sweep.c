/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

#include <libvirt/virterror.h>

/* What is asked of all domains every cycle, in one call where the driver can. */

typedef VitalsLibvirtConnection Connection;

/* Most guests have few, and libvirtd clears room for as many as are asked for, each time. */
#define VCPUS_USUAL 16

/* ---- what libvirt's numbers mean ---- */

static VitalsDomainState
state_of(int state)
{
    switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
        return VITALS_DOMAIN_RUNNING;
    case VIR_DOMAIN_PAUSED:
        return VITALS_DOMAIN_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
        return VITALS_DOMAIN_SHUTDOWN;
    case VIR_DOMAIN_SHUTOFF:
        return VITALS_DOMAIN_SHUTOFF;
    case VIR_DOMAIN_CRASHED:
        return VITALS_DOMAIN_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
        return VITALS_DOMAIN_PMSUSPENDED;
    default:
        return VITALS_DOMAIN_NOSTATE;
    }
}

static VitalsReason
paused_reason_of(int reason)
{
    switch (reason) {
    case VIR_DOMAIN_PAUSED_USER:
        return VITALS_REASON_USER;
    case VIR_DOMAIN_PAUSED_IOERROR:
        return VITALS_REASON_IO_ERROR;
    case VIR_DOMAIN_PAUSED_WATCHDOG:
        return VITALS_REASON_WATCHDOG;
    case VIR_DOMAIN_PAUSED_CRASHED:
        return VITALS_REASON_CRASHED;
    case VIR_DOMAIN_PAUSED_MIGRATION:
    case VIR_DOMAIN_PAUSED_POSTCOPY:
    case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
        return VITALS_REASON_MIGRATION;
    case VIR_DOMAIN_PAUSED_SAVE:
        return VITALS_REASON_SAVE;
    case VIR_DOMAIN_PAUSED_DUMP:
        return VITALS_REASON_DUMP;
    case VIR_DOMAIN_PAUSED_FROM_SNAPSHOT:
    case VIR_DOMAIN_PAUSED_SNAPSHOT:
        return VITALS_REASON_SNAPSHOT;
    case VIR_DOMAIN_PAUSED_STARTING_UP:
        return VITALS_REASON_STARTING;
    default:
        return VITALS_REASON_OTHER;
    }
}

static VitalsReason
reason_of(const Connection *self, int state, int reason)
{
    if (state == VIR_DOMAIN_PAUSED)
        return paused_reason_of(reason);
    if (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_CRASHED)
        return self->shutoff_keeps_panic ? VITALS_REASON_CRASHED : VITALS_REASON_FAILED;
    if (state == VIR_DOMAIN_CRASHED)
        return VITALS_REASON_CRASHED;
    return VITALS_REASON_OTHER;
}

/* ---- the sweep ---- */

void
vitals_libvirt_ask_control(virDomainPtr domain, VitalsSample *sample)
{
    virDomainControlInfo info;

    if (virDomainGetControlInfo(domain, &info, 0) < 0) {
        sample->parts[VITALS_PART_CONTROL] = vitals_libvirt_error_code(virGetLastError(), NULL) ==
                                                     VITALS_HYPERVISOR_ERROR_UNSUPPORTED
                                                 ? VITALS_FACT_UNSUPPORTED
                                                 : VITALS_FACT_FAILED;
        virResetLastError();
        return;
    }
    sample->parts[VITALS_PART_CONTROL] = VITALS_FACT_AVAILABLE;
    sample->control_for = (gint64)info.stateTime * G_TIME_SPAN_MILLISECOND;
    switch (info.state) {
    case VIR_DOMAIN_CONTROL_JOB:
        sample->control = VITALS_CONTROL_JOB;
        break;
    case VIR_DOMAIN_CONTROL_OCCUPIED:
        sample->control = VITALS_CONTROL_OCCUPIED;
        break;
    case VIR_DOMAIN_CONTROL_ERROR:
        sample->control = VITALS_CONTROL_ERROR;
        break;
    default:
        sample->control = VITALS_CONTROL_OK;
        break;
    }
}

static void
ask_vcpus(virDomainPtr domain, VitalsSample *sample)
{
    g_autofree virVcpuInfo *infos = g_new(virVcpuInfo, VCPUS_USUAL);
    int count = virDomainGetVcpus(domain, infos, VCPUS_USUAL, NULL, 0);

    if (count == VCPUS_USUAL) { /* or more */
        infos = g_renew(virVcpuInfo, infos, VITALS_LIBVIRT_VCPUS_MAX);
        count = virDomainGetVcpus(domain, infos, VITALS_LIBVIRT_VCPUS_MAX, NULL, 0);
    }
    if (count <= 0) {
        sample->parts[VITALS_PART_VCPU] = vitals_libvirt_error_code(virGetLastError(), NULL) ==
                                                  VITALS_HYPERVISOR_ERROR_UNSUPPORTED
                                              ? VITALS_FACT_UNSUPPORTED
                                              : VITALS_FACT_FAILED;
        virResetLastError();
        return;
    }
    sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = (guint)count;
    sample->vcpu_ns = g_new(guint64, count);
    for (int i = 0; i < count; i++)
        sample->vcpu_ns[i] = infos[i].cpuTime;
}

/* What a sweep collects, and may leave out. */
typedef struct {
    const Connection *connection;
    GPtrArray *sightings;
    GHashTable *spared;
} Sweep;

/* Adds a domain. Returns: (transfer none) (nullable): its sample, or NULL if it is no guest, or none any more */
static VitalsSample *
sight(const Sweep *sweep, virDomainPtr domain, int state, int reason)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    const char *name = virDomainGetName(domain);
    int id = (int)virDomainGetID(domain);
    VitalsSighting *sighting;
    VitalsSample *sample;
    guint spared;

    /* Xen lists its own control domain as a guest: it is number 0 (xen-facts.md). One that ended while libvirt
     * made its list has none any more. */
    if (!name || id <= 0 || virDomainGetUUIDString(domain, uuid) < 0) {
        virResetLastError();
        return NULL;
    }
    sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = state_of(state);
    sample->reason = reason_of(sweep->connection, state, reason);
    spared = sweep->spared ? GPOINTER_TO_UINT(g_hash_table_lookup(sweep->spared, uuid)) : 0;
    if (!(spared & VITALS_SPARE_CONTROL))
        vitals_libvirt_ask_control(domain, sample);
    if (!(spared & VITALS_SPARE_VCPUS))
        ask_vcpus(domain, sample);

    sighting = g_new0(VitalsSighting, 1);
    sighting->name = g_strdup(name);
    sighting->uuid = g_strdup(uuid);
    sighting->id = id;
    sighting->sample = sample;
    g_ptr_array_add(sweep->sightings, sighting);
    return sample;
}

/* What the guest sent: libvirt counts from the guest's side of the wire. */
static void
take_packets(VitalsSample *sample, const virDomainStatsRecord *record)
{
    for (int i = 0; i < record->nparams; i++) {
        const virTypedParameter *parameter = &record->params[i];

        if (g_str_has_prefix(parameter->field, "net.") &&
            g_str_has_suffix(parameter->field, ".tx.pkts") &&
            parameter->type == VIR_TYPED_PARAM_ULLONG) {
            sample->parts[VITALS_PART_NET] = VITALS_FACT_AVAILABLE;
            sample->transmitted += parameter->value.ul;
        }
    }
}

/* All states with one question; the groups STATE and INTERFACE never wait for QEMU (measured). */
static gboolean
sweep_bulk(Connection *self, const Sweep *sweep, GError **error)
{
    virDomainStatsRecordPtr *records = NULL;
    int count = virConnectGetAllDomainStats(self->connection,
                                            VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE,
                                            &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);

    if (count < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot list the domains");
        return FALSE;
    }
    for (int i = 0; i < count; i++) {
        int state = VIR_DOMAIN_NOSTATE;
        int reason = 0;
        VitalsSample *sample;

        virTypedParamsGetInt(records[i]->params, records[i]->nparams, "state.state", &state);
        virTypedParamsGetInt(records[i]->params, records[i]->nparams, "state.reason", &reason);
        sample = sight(sweep, records[i]->dom, state, reason);
        if (sample)
            take_packets(sample, records[i]);
    }
    virDomainStatsRecordListFree(records);
    return TRUE;
}

/* It is listed, so it runs, whether or not it tells its state: only one that is gone meanwhile is left out. */
static void
sight_alone(Connection *self, const Sweep *sweep, virDomainPtr domain)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;
    gboolean told = virDomainGetState(domain, &state, &reason, 0) == 0;
    VitalsSample *sample;

    if (!told && vitals_libvirt_error_code(virGetLastError(), self->connection) ==
                     VITALS_HYPERVISOR_ERROR_GONE)
        return;
    sample = sight(sweep, domain, state, reason);
    if (sample && !told)
        sample->parts[VITALS_PART_STATE] = VITALS_FACT_FAILED;
}

static gboolean
sweep_one_by_one(Connection *self, const Sweep *sweep, GError **error)
{
    virDomainPtr *domains = NULL;
    int count =
        virConnectListAllDomains(self->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (count < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot list the domains");
        return FALSE;
    }
    for (int i = 0; i < count; i++) {
        sight_alone(self, sweep, domains[i]);
        virDomainFree(domains[i]);
    }
    virResetLastError();
    g_free(domains); /* libvirt allocates with malloc, which GLib uses too since 2.46 */
    return TRUE;
}

GPtrArray *
vitals_libvirt_sweep(VitalsConnection *base, GHashTable *spared, GError **error)
{
    Connection *self = (Connection *)base;
    g_autoptr(GPtrArray) sightings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sighting_free);
    g_autoptr(GError) local = NULL;
    Sweep all = { .connection = self, .sightings = sightings, .spared = spared };

    if (!self->no_bulk && sweep_bulk(self, &all, &local))
        return g_steal_pointer(&sightings);
    if (local &&
        !g_error_matches(local, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    self->no_bulk = TRUE;
    if (!sweep_one_by_one(self, &all, error))
        return NULL;
    return g_steal_pointer(&sightings);
}
