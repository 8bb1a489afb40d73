/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/status-json.h"

#include "monitor/output/time.h"

static json_t *
text(const char *raw)
{
    g_autofree char *valid = g_utf8_make_valid(raw ? raw : "", -1);

    return json_string(valid);
}

/* A figure that came as an unsigned one; JSON's integers here are signed. */
static json_t *
size(guint64 bytes)
{
    return json_integer((json_int_t)MIN(bytes, (guint64)G_MAXINT64));
}

static json_t *
when(gint64 realtime)
{
    g_autofree char *stamp = vitals_time_rfc3339(realtime);

    return json_string(stamp);
}

static json_t *
layers(const VitalsGuestView *guest)
{
    json_t *object = json_object();

    for (guint i = VITALS_LAYER_HYPERVISOR; i < VITALS_N_LAYERS; i++) {
        json_t *up = guest->layers[i] < 0 ? json_null() : json_boolean(guest->layers[i] > 0);

        json_object_set_new(object, vitals_layer_name(i), up);
    }
    return object;
}

static json_t *
evidence(const VitalsGuestView *guest)
{
    json_t *array = json_array();

    for (guint i = 0; guest->evidence && guest->evidence[i]; i++)
        json_array_append_new(array, text(guest->evidence[i]));
    return array;
}

static json_t *
beats(const VitalsGuestView *guest)
{
    json_t *array = json_array();

    for (guint i = 0; i < guest->beats->len; i++) {
        const VitalsBeatView *beat = &g_array_index(guest->beats, VitalsBeatView, i);
        json_t *object = json_object();

        json_object_set_new(object, "source", text(beat->source));
        json_object_set_new(object, "layer", json_string(vitals_layer_name(beat->layer)));
        json_object_set_new(object, "last", when(beat->realtime));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *
progress(const VitalsGuestView *guest)
{
    json_t *object;

    if (!guest->capture)
        return json_null();
    object = json_object();
    json_object_set_new(object, "stage", text(guest->capture));
    json_object_set_new(object, "bytes", size(guest->capture_done));
    json_object_set_new(object, "total",
                        guest->capture_total > 0 ? size(guest->capture_total) : json_null());
    json_object_set_new(object, "seconds_left",
                        guest->capture_left >= 0 ? json_real(guest->capture_left) : json_null());
    return object;
}

static json_t *
sample_age(const VitalsGuestView *guest, gint64 age)
{
    gint64 milliseconds = (guest->sample_age + MAX(age, 0)) / 1000;

    return guest->sample_age < 0 ? json_null() : json_real((double)milliseconds / 1e3);
}

static json_t *
exhaustion(const VitalsGuestView *guest)
{
    return guest->memory_exhaustion_seconds < 0 ? json_null()
                                                : json_integer(guest->memory_exhaustion_seconds);
}

json_t *
vitals_json_guest(const VitalsGuestView *guest, gint64 age)
{
    json_t *object = json_object();

    json_object_set_new(object, "name", text(guest->name));
    json_object_set_new(object, "uuid", text(guest->uuid));
    json_object_set_new(object, "health", json_string(vitals_health_name(guest->health)));
    json_object_set_new(object, "layer", json_string(vitals_layer_name(guest->layer)));
    json_object_set_new(object, "cause", text(guest->cause ? guest->cause : "none"));
    json_object_set_new(object, "detail", text(guest->detail));
    json_object_set_new(object, "since", when(guest->since));
    json_object_set_new(object, "sample_age_seconds", sample_age(guest, age));
    json_object_set_new(object, "layers", layers(guest));
    json_object_set_new(object, "evidence", evidence(guest));
    json_object_set_new(object, "state", json_string(vitals_domain_state_name(guest->state)));
    json_object_set_new(object, "reason", json_string(vitals_reason_name(guest->reason)));
    json_object_set_new(object, "quarantined", json_boolean(guest->quarantined));
    json_object_set_new(object, "beats", beats(guest));
    json_object_set_new(object, "memory_exhaustion_seconds", exhaustion(guest));
    json_object_set_new(object, "suspect_vcpus", json_integer(guest->suspect_vcpus));
    json_object_set_new(object, "disks", json_string(vitals_disks_name(guest->disks)));
    json_object_set_new(object, "capture", progress(guest));
    return object;
}

/* What lint says of the host; an empty array also before it has looked. */
static json_t *
host_findings(const VitalsSnapshot *snapshot)
{
    json_t *array = json_array();

    for (guint i = 0; snapshot->lint && i < snapshot->lint->host->len; i++)
        json_array_append_new(array, text(snapshot->lint->host->pdata[i]));
    return array;
}

json_t *
vitals_json_guests(const VitalsSnapshot *snapshot, gint64 age)
{
    json_t *document = json_object();
    json_t *array = json_array();

    for (guint i = 0; i < snapshot->guests->len; i++)
        json_array_append_new(array,
                              vitals_json_guest(g_ptr_array_index(snapshot->guests, i), age));
    json_object_set_new(document, "guests", array);
    json_object_set_new(document, "uri", text(snapshot->uri));
    json_object_set_new(document, "host_findings", host_findings(snapshot));
    json_object_set_new(document, "connected", json_boolean(snapshot->connected));
    json_object_set_new(document, "ready", json_boolean(snapshot->ready));
    json_object_set_new(document, "taken", when(snapshot->realtime));
    return document;
}

static json_t *
capture(const VitalsIncidentView *incident)
{
    json_t *object = json_object();

    json_object_set_new(object, "result",
                        text(incident->capture_result ? incident->capture_result : "none"));
    json_object_set_new(object, "format", text(incident->capture_format));
    json_object_set_new(object, "bytes", size(incident->capture_bytes));
    json_object_set_new(object, "path", text(incident->capture_path));
    json_object_set_new(object, "detail", text(incident->capture_detail));
    return object;
}

json_t *
vitals_json_incident(const VitalsIncidentView *incident)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", text(incident->id));
    json_object_set_new(object, "domain", text(incident->domain));
    json_object_set_new(object, "uuid", text(incident->uuid));
    json_object_set_new(object, "health", text(incident->health));
    json_object_set_new(object, "layer", text(incident->layer ? incident->layer : "none"));
    json_object_set_new(object, "cause", text(incident->cause ? incident->cause : "none"));
    json_object_set_new(object, "title", text(incident->title));
    json_object_set_new(object, "opened", when(incident->opened));
    json_object_set_new(object, "recovered",
                        incident->recovered ? when(incident->recovered) : json_null());
    json_object_set_new(object, "path", text(incident->path));
    json_object_set_new(object, "complete",
                        json_boolean(!incident->partial && !incident->interrupted));
    json_object_set_new(object, "interrupted", json_boolean(incident->interrupted));
    json_object_set_new(object, "capture", capture(incident));
    return object;
}

json_t *
vitals_json_incidents(const GPtrArray *incidents)
{
    json_t *document = json_object();
    json_t *array = json_array();

    for (guint i = 0; i < incidents->len; i++)
        json_array_append_new(array, vitals_json_incident(g_ptr_array_index(incidents, i)));
    json_object_set_new(document, "incidents", array);
    return document;
}
