/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/status-json.h"
#include "monitor/output/time.h"
#include "tests/unit/views.h"

static const char *
member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void
test_guest_shape(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    json_t *document = vitals_json_guests(snapshot, 1000000);
    json_t *guests = json_object_get(document, "guests");
    json_t *guest = json_array_get(guests, VITALS_HEALTH_HEALTHY);
    json_t *layers = json_object_get(guest, "layers");

    g_assert_cmpuint(json_array_size(guests), ==, VITALS_N_HEALTHS + 1);
    g_assert_cmpstr(member(guest, "name"), ==, "healthy");
    g_assert_cmpstr(member(guest, "uuid"), ==, "00000000-0000-4000-8000-000000000001");
    g_assert_cmpstr(member(guest, "health"), ==, "healthy");
    g_assert_cmpstr(member(guest, "layer"), ==, "none");
    g_assert_cmpstr(member(guest, "cause"), ==, "none");
    g_assert_cmpstr(member(guest, "since"), ==, "2026-03-14T15:09:25.535Z");
    g_assert_cmpfloat(json_real_value(json_object_get(guest, "sample_age_seconds")), ==, 1.25);
    g_assert_true(json_is_true(json_object_get(layers, "hypervisor")));
    g_assert_true(json_is_true(json_object_get(layers, "vcpu")));
    g_assert_true(json_is_false(json_object_get(layers, "kernel")));
    g_assert_true(json_is_null(json_object_get(layers, "userspace")));
    g_assert_true(json_is_array(json_object_get(guest, "evidence")));
    g_assert_true(json_is_null(json_object_get(guest, "capture")));
    g_assert_cmpint(json_integer_value(json_object_get(guest, "suspect_vcpus")), ==, 1);
    g_assert_cmpstr(member(guest, "disks"), ==, "unknown");
    json_decref(document);
}

static void
test_bad_guest(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    json_t *document = vitals_json_guests(snapshot, 0);
    json_t *guests = json_object_get(document, "guests");
    json_t *crashed = json_array_get(guests, VITALS_HEALTH_CRASHED);
    json_t *hostile = json_array_get(guests, VITALS_N_HEALTHS);
    json_t *capture = json_object_get(hostile, "capture");

    g_assert_cmpstr(member(crashed, "layer"), ==, "kernel");
    g_assert_cmpstr(member(crashed, "cause"), ==, "panic");
    g_assert_cmpstr(member(hostile, "name"), ==, "a\nb\"c\\d<e>\x1b[2J\xef\xbf\xbd\xe2\x80\xae");
    g_assert_cmpstr(member(capture, "stage"), ==, "dumping");
    g_assert_cmpint(json_integer_value(json_object_get(capture, "bytes")), ==, 50);
    json_decref(document);
}

/* No byte below a blank may stand in the document, whatever the name. */
static void
test_no_control_bytes(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    json_t *document = vitals_json_guests(snapshot, 0);
    char *text = json_dumps(document, JSON_COMPACT);

    for (const char *p = text; *p; p++)
        g_assert_false(g_ascii_iscntrl(*p));
    free(text);
    json_decref(document);
}

static void
test_never_sampled(void)
{
    VitalsGuestView *guest = vitals_guest_view_new();
    json_t *object = vitals_json_guest(guest, 1000);

    g_assert_true(json_is_null(json_object_get(object, "sample_age_seconds")));
    g_assert_cmpstr(member(object, "health"), ==, "unknown");
    g_assert_cmpstr(member(object, "name"), ==, "");
    json_decref(object);
    vitals_guest_view_free(guest);
}

static void
test_incident_shape(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    json_t *document = vitals_json_incidents(snapshot->incidents);
    json_t *incident = json_array_get(json_object_get(document, "incidents"), 0);
    json_t *capture = json_object_get(incident, "capture");

    g_assert_cmpstr(member(incident, "id"), ==, "20260314T150926Z-a-panic");
    g_assert_cmpstr(member(incident, "health"), ==, "crashed");
    g_assert_cmpstr(member(incident, "layer"), ==, "kernel");
    g_assert_cmpstr(member(incident, "cause"), ==, "panic");
    g_assert_cmpstr(member(incident, "title"), ==, "The kernel panicked");
    g_assert_cmpstr(member(incident, "opened"), ==, "2026-03-14T15:09:26.535Z");
    g_assert_true(json_is_null(json_object_get(incident, "recovered")));
    g_assert_cmpstr(member(incident, "path"), ==, "/state/incidents/20260314T150926Z-a-panic");
    g_assert_true(json_is_true(json_object_get(incident, "complete")));
    g_assert_cmpstr(member(capture, "result"), ==, "ok");
    g_assert_cmpstr(member(capture, "format"), ==, "elf");
    g_assert_cmpint(json_integer_value(json_object_get(capture, "bytes")), ==, 123456789);
    g_assert_cmpstr(member(capture, "detail"), ==, "");
    json_decref(document);
}

static void
check_time(gint64 realtime, const char *expected)
{
    g_autofree char *stamp = vitals_time_rfc3339(realtime);

    g_assert_cmpstr(stamp, ==, expected);
}

static void
test_times(void)
{
    check_time(0, "1970-01-01T00:00:00.000Z");
    check_time(999, "1970-01-01T00:00:00.000Z");
    check_time(G_GINT64_CONSTANT(1773500966007000), "2026-03-14T15:09:26.007Z");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/status-json/guest-shape", test_guest_shape);
    g_test_add_func("/status-json/bad-guest", test_bad_guest);
    g_test_add_func("/status-json/no-control-bytes", test_no_control_bytes);
    g_test_add_func("/status-json/never-sampled", test_never_sampled);
    g_test_add_func("/status-json/incident-shape", test_incident_shape);
    g_test_add_func("/status-json/times", test_times);
    return g_test_run();
}
