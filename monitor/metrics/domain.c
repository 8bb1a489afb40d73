/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

/*
 * Resources of each guest, by the names, labels and units of the libvirt exporter that descends from
 * kumina's (github.com/Tinkoff/libvirt-exporter), so that dashboards made for it work. It has no uuid
 * but on libvirt_domain_info_meta. Its used_percent is left out: it is no base unit, and can be
 * computed.
 */

typedef void (*EmitGuest)(VitalsExposition *out, const VitalsGuestView *guest);

/*
 * Without the uuid two guests of one name would make the same series twice. libvirt has no two such at
 * a time, but a guest that was replaced by another of its name may still be in the snapshot. Guests
 * come in the order of their names, so the others of a name are next to each other.
 */
static void
for_each_name(VitalsExposition *out, const VitalsScrape *scrape, EmitGuest emit)
{
    const VitalsGuestView *before = NULL;

    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (!before || g_strcmp0(before->name, guest->name) != 0)
            emit(out, guest);
        before = guest;
    }
}

static void
add(VitalsExposition *out, const VitalsGuestView *guest, double value)
{
    vitals_exposition_sample(out, (const char *const[]){ guest->name }, value);
}

/* virDomainState of libvirt's API, which is what that exporter shows. */
static guint
libvirt_state(VitalsDomainState state)
{
    static const guint numbers[] = {
        [VITALS_DOMAIN_NOSTATE] = 0,     [VITALS_DOMAIN_RUNNING] = 1, [VITALS_DOMAIN_PAUSED] = 3,
        [VITALS_DOMAIN_SHUTDOWN] = 4,    [VITALS_DOMAIN_SHUTOFF] = 5, [VITALS_DOMAIN_CRASHED] = 6,
        [VITALS_DOMAIN_PMSUSPENDED] = 7,
    };

    return state < G_N_ELEMENTS(numbers) ? numbers[state] : 0;
}

static void
add_meta(VitalsExposition *out, const VitalsGuestView *guest)
{
    vitals_exposition_sample(out, (const char *const[]){ guest->name, guest->uuid }, 1);
}

static void
add_state(VitalsExposition *out, const VitalsGuestView *guest)
{
    add(out, guest, libvirt_state(guest->state));
}

static void
add_memory_maximum(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->memory_maximum > 0)
        add(out, guest, guest->memory_maximum);
}

static void
add_memory_actual(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->memory_actual > 0)
        add(out, guest, guest->memory_actual);
}

static void
add_vcpus(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->vcpus > 0)
        add(out, guest, guest->vcpus);
}

static void
add_cpu_time(VitalsExposition *out, const VitalsGuestView *guest)
{
    double seconds = 0;

    if (!guest->vcpu_seconds)
        return;
    for (guint i = 0; i < guest->vcpus; i++)
        seconds += guest->vcpu_seconds[i];
    add(out, guest, seconds);
}

static void
add_vcpu_time(VitalsExposition *out, const VitalsGuestView *guest)
{
    for (guint i = 0; guest->vcpu_seconds && i < guest->vcpus; i++) {
        char number[16];

        g_snprintf(number, sizeof(number), "%u", i);
        vitals_exposition_sample(out, (const char *const[]){ guest->name, number },
                                 guest->vcpu_seconds[i]);
    }
}

static void
add_available(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->has_counters)
        add(out, guest, guest->memory_available);
}

static void
add_unused(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->has_counters)
        add(out, guest, guest->memory_unused);
}

static void
add_usable(VitalsExposition *out, const VitalsGuestView *guest)
{
    if (guest->has_counters)
        add(out, guest, guest->memory_usable);
}

/* A row's emit function out of one for a guest. */
#define EMIT(what)                                                             \
    static void emit_##what(VitalsExposition *out, const VitalsScrape *scrape) \
    {                                                                          \
        for_each_name(out, scrape, add_##what);                                \
    }

EMIT(meta)
EMIT(state)
EMIT(memory_maximum)
EMIT(memory_actual)
EMIT(vcpus)
EMIT(cpu_time)
EMIT(vcpu_time)
EMIT(available)
EMIT(unused)
EMIT(usable)

static void
emit_up(VitalsExposition *out, const VitalsScrape *scrape)
{
    vitals_exposition_sample(out, NULL, scrape->snapshot->connected ? 1 : 0);
}

extern const VitalsMetric vitals_metrics_domain[];
const VitalsMetric vitals_metrics_domain[] = {
    {
        .name = "libvirt_up",
        .type = "gauge",
        .help = "Whether libvirt answers.",
        .emit = emit_up,
    },
    {
        .name = "libvirt_domain_info_meta",
        .type = "gauge",
        .help = "Always 1: the domain and its UUID.",
        .labels = { "domain", "uuid" },
        .emit = emit_meta,
    },
    {
        .name = "libvirt_domain_info_vstate",
        .type = "gauge",
        .help =
            "State of the domain by libvirt's numbers. 0: no state, 1: running, 2: blocked, "
            "3: paused, 4: being shut down, 5: shut off, 6: crashed, 7: suspended by the guest.",
        .labels = { "domain" },
        .emit = emit_state,
    },
    {
        .name = "libvirt_domain_info_maximum_memory_bytes",
        .type = "gauge",
        .help = "Maximum allowed memory of the domain, in bytes.",
        .labels = { "domain" },
        .emit = emit_memory_maximum,
    },
    {
        .name = "libvirt_domain_info_memory_usage_bytes",
        .type = "gauge",
        .help = "Memory given to the domain, in bytes.",
        .labels = { "domain" },
        .emit = emit_memory_actual,
    },
    {
        .name = "libvirt_domain_info_virtual_cpus",
        .type = "gauge",
        .help = "Number of virtual CPUs of the domain.",
        .labels = { "domain" },
        .emit = emit_vcpus,
    },
    {
        .name = "libvirt_domain_info_cpu_time_seconds_total",
        .type = "counter",
        .help = "CPU time used by all virtual CPUs of the domain, in seconds.",
        .labels = { "domain" },
        .emit = emit_cpu_time,
    },
    {
        .name = "libvirt_domain_vcpu_time_seconds_total",
        .type = "counter",
        .help = "CPU time used by the virtual CPU, in seconds.",
        .labels = { "domain", "vcpu" },
        .emit = emit_vcpu_time,
    },
    {
        .name = "libvirt_domain_memory_stats_actual_balloon_bytes",
        .type = "gauge",
        .help = "Memory that the balloon leaves to the domain, in bytes.",
        .labels = { "domain" },
        .emit = emit_memory_actual,
    },
    {
        .name = "libvirt_domain_memory_stats_available_bytes",
        .type = "gauge",
        .help = "Memory that the guest's kernel sees, in bytes.",
        .labels = { "domain" },
        .emit = emit_available,
    },
    {
        .name = "libvirt_domain_memory_stats_unused_bytes",
        .type = "gauge",
        .help = "Memory that the guest does not use at all, in bytes.",
        .labels = { "domain" },
        .emit = emit_unused,
    },
    {
        .name = "libvirt_domain_memory_stats_usable_bytes",
        .type = "gauge",
        .help = "Memory that the guest could use without swapping, in bytes.",
        .labels = { "domain" },
        .emit = emit_usable,
    },
    { 0 },
};
