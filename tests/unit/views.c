/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/views.h"

/* 2026-03-14T15:09:26.535Z */
#define MOMENT G_GINT64_CONSTANT(1773500966535897)

VitalsGuestView *
test_guest(const char *name, guint number)
{
    VitalsGuestView *guest = vitals_guest_view_new();
    VitalsBeatView beats[] = {
        { "control", VITALS_LAYER_HYPERVISOR, MOMENT },
        { "balloon", VITALS_LAYER_KERNEL, MOMENT - 500000 },
    };

    guest->name = g_strdup(name);
    guest->uuid = g_strdup_printf("00000000-0000-4000-8000-%012u", number);
    guest->health = VITALS_HEALTH_HEALTHY;
    guest->since = MOMENT - G_USEC_PER_SEC;
    guest->sampled = MOMENT;
    guest->sample_age = 250000;
    guest->layers[VITALS_LAYER_HYPERVISOR] = 1;
    guest->layers[VITALS_LAYER_VCPU] = 1;
    guest->layers[VITALS_LAYER_KERNEL] = 0;
    g_array_append_vals(guest->beats, beats, G_N_ELEMENTS(beats));
    guest->state = VITALS_DOMAIN_RUNNING;
    guest->suspect_vcpus = 1;
    guest->disks = VITALS_DISKS_UNKNOWN;
    guest->vcpus = 2;
    guest->vcpu_seconds = g_new0(double, 2);
    guest->vcpu_seconds[0] = 1.25;
    guest->vcpu_seconds[1] = 2.5;
    guest->memory_maximum = G_GUINT64_CONSTANT(4294967296);
    guest->memory_actual = G_GUINT64_CONSTANT(2147483648);
    guest->has_counters = TRUE;
    guest->memory_available = 2000000000;
    guest->memory_unused = 1000000000;
    guest->memory_usable = 1500000000;
    return guest;
}

VitalsIncidentView *
test_incident(const char *id)
{
    VitalsIncidentView *incident = vitals_incident_view_new();

    incident->id = g_strdup(id);
    incident->domain = g_strdup(TEST_HOSTILE_NAME);
    incident->uuid = g_strdup("00000000-0000-4000-8000-000000000009");
    incident->health = g_strdup("crashed");
    incident->layer = g_strdup("kernel");
    incident->cause = g_strdup("panic");
    incident->title = g_strdup("The kernel panicked");
    incident->opened = MOMENT;
    incident->path = g_strdup_printf("/state/incidents/%s", id);
    incident->capture_result = g_strdup("ok");
    incident->capture_format = g_strdup("elf");
    incident->capture_path = g_strdup_printf("/state/incidents/%s/vmcore", id);
    incident->capture_bytes = 123456789;
    return incident;
}

static void
fill(VitalsSnapshot *snapshot)
{
    VitalsTally incidents = { "panic", 3 };
    VitalsTally captures = { "ok", 2 };

    snapshot->uri = g_strdup("qemu:///system");
    snapshot->connected = TRUE;
    snapshot->ready = TRUE;
    snapshot->cycle_duration = 12345;
    snapshot->quarantined = 1;
    snapshot->state_bytes_free = G_GUINT64_CONSTANT(123456789012);
    g_array_append_val(snapshot->incidents_total, incidents);
    g_array_append_val(snapshot->captures_total, captures);
    g_ptr_array_add(snapshot->incidents, test_incident("20260314T150926Z-a-panic"));
}

VitalsSnapshot *
test_snapshot(void)
{
    VitalsSnapshot *snapshot = vitals_snapshot_new(MOMENT);
    VitalsGuestView *hostile = test_guest(TEST_HOSTILE_NAME, 99);

    fill(snapshot);
    for (guint health = 0; health < VITALS_N_HEALTHS; health++) {
        VitalsGuestView *guest = test_guest(vitals_health_name(health), health);

        guest->health = health;
        guest->cause = health == VITALS_HEALTH_CRASHED ? "panic" : "none";
        guest->layer = health == VITALS_HEALTH_CRASHED ? VITALS_LAYER_KERNEL : VITALS_LAYER_NONE;
        g_ptr_array_add(snapshot->guests, guest);
    }
    hostile->capture = "dumping";
    hostile->capture_done = 50;
    hostile->capture_total = 200;
    hostile->capture_left = 12;
    g_ptr_array_add(snapshot->guests, hostile);
    return snapshot;
}

VitalsSnapshot *
test_snapshot_of(guint count)
{
    VitalsSnapshot *snapshot = vitals_snapshot_new(MOMENT);

    fill(snapshot);
    for (guint i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("guest-%04u", i);

        g_ptr_array_add(snapshot->guests, test_guest(name, i));
    }
    return snapshot;
}
