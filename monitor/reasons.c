/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/reasons.h"
#include "monitor/output/time.h"
#include "probes/probe.h"
#include "config/text.h"

#include <string.h>

/* A beat so shortly before the verdict does not fit a layer that is called dead. */
#define FRESH (2 * G_USEC_PER_SEC)

/* ---- how sure ---- */

static gboolean
is_seen_by_host(const VitalsCause *cause)
{
    return cause->health == VITALS_HEALTH_CRASHED || cause->health == VITALS_HEALTH_STUCK ||
           cause->health == VITALS_HEALTH_PAUSED;
}

static void
add_confidence(json_t *json, const VitalsGuest *guest, const VitalsCause *cause)
{
    const VitalsSigns *signs = &guest->watch.signs;
    gboolean said = cause->said != VITALS_SAID_NOTHING && signs->said[cause->said].at;
    const char *word = "medium";
    const char *why = "it is inferred from signs of life that stopped";

    if (cause->health == VITALS_HEALTH_UNKNOWN) {
        word = "certain";
        why = "somebody asked for it";
    } else if (!vitals_verdict_is_proven(signs, guest->watch.verdict)) {
        word = "low";
        why = "it rests on what the guest printed alone";
    } else if (cause->hearsay) {
        word = "high";
        why = "the guest printed it, and its signs of life stopped";
    } else if (is_seen_by_host(cause)) {
        word = "certain";
        why = "the host saw it itself";
    } else if (said) {
        word = "high";
        why = "what the guest printed says the same";
    } else if (signs->looks_at && cause->layer == VITALS_LAYER_KERNEL) {
        word = "high";
        why = "the registers of its vCPUs say the same";
    }
    json_object_set_new(json, "confidence", json_string(word));
    json_object_set_new(json, "confidence_why", json_string(why));
}

/* ---- the layers ---- */

static void
add_beat(json_t *json, gint64 last_beat, gint64 opened)
{
    gint64 age = g_get_monotonic_time() - last_beat;
    g_autofree char *time = last_beat ? vitals_time_rfc3339(opened - age) : NULL;

    json_object_set_new(json, "last_beat", time ? json_string(time) : json_null());
    json_object_set_new(json, "age_seconds",
                        time ? json_real((double)age / G_USEC_PER_SEC) : json_null());
}

gint64
vitals_reasons_last_beat(const VitalsSigns *signs, VitalsLayer layer)
{
    gint64 pulse = 0;
    gint64 passing = 0;

    for (guint i = 0; vitals_probes[i]; i++) {
        gint64 *latest = vitals_probes[i]->passing ? &passing : &pulse;

        if (vitals_probes[i]->layer == layer)
            *latest = MAX(*latest, signs->sources[i].last_beat);
    }
    return pulse ? pulse : passing;
}

/* Returns: a new reference: the layer's sources */
static json_t *
sources_of(const VitalsSigns *signs, VitalsLayer layer, gint64 opened)
{
    json_t *sources = json_array();

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];
        json_t *json;

        if (vitals_probes[i]->layer != layer || !source->last_beat)
            continue;
        json = json_pack("{s:s}", "source", vitals_probes[i]->id);
        add_beat(json, source->last_beat, opened);
        json_array_append_new(sources, json);
    }
    return sources;
}

static json_t *
layers_json(const VitalsGuest *guest, gint64 opened)
{
    const VitalsWatch *watch = &guest->watch;
    json_t *layers = json_array();

    for (VitalsLayer layer = VITALS_LAYER_HYPERVISOR; layer < VITALS_N_LAYERS; layer++) {
        int up = vitals_verdict_layer_up(&watch->signs, &watch->limits, watch->verdict, layer);
        json_t *json = json_pack("{s:s, s:o}", "layer", vitals_layer_name(layer), "up",
                                 up < 0 ? json_null() : json_boolean(up));

        add_beat(json, vitals_reasons_last_beat(&watch->signs, layer), opened);
        json_object_set_new(json, "sources", sources_of(&watch->signs, layer, opened));
        json_array_append_new(layers, json);
    }
    return layers;
}

/* ---- what speaks against it ---- */

static json_t *
against_json(const VitalsGuest *guest, const VitalsCause *cause)
{
    json_t *lines = json_array();
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &guest->watch.signs.sources[i];
        g_autofree char *line = NULL;

        /* what crashed a moment ago, or suffers, gave signs of life until then */
        if (cause->health != VITALS_HEALTH_UNRESPONSIVE || vitals_probes[i]->layer < cause->layer ||
            !source->last_beat || now - source->last_beat > FRESH)
            continue;
        line = g_strdup_printf("%s (%s) gave a sign of life %.1f s before", vitals_probes[i]->id,
                               vitals_layer_name(vitals_probes[i]->layer),
                               (double)(now - source->last_beat) / G_USEC_PER_SEC);
        json_array_append_new(lines, json_string(line));
    }
    return lines;
}

/* What lies behind the chosen row with its health and layer says the same, only less of it. */
static gboolean
says_something_else(const VitalsCause *cause, const VitalsCause *chosen, gboolean behind)
{
    gboolean says_less = behind && cause->health == chosen->health && cause->layer == chosen->layer;

    return cause != chosen && !says_less && cause->health != VITALS_HEALTH_HEALTHY &&
           cause->health != VITALS_HEALTH_STARTING && cause->health != VITALS_HEALTH_UNKNOWN;
}

static json_t *
alternatives_json(const VitalsGuest *guest, const VitalsCause *chosen)
{
    const VitalsWatch *watch = &guest->watch;
    json_t *list = json_array();
    gboolean behind = FALSE;

    for (guint i = 0; vitals_causes[i]; i++) {
        const VitalsCause *cause = vitals_causes[i];

        if (says_something_else(cause, chosen, behind) &&
            cause->holds(&watch->signs, &watch->limits))
            json_array_append_new(
                list, json_pack("{s:s, s:s}", "cause", cause->id, "meaning", cause->meaning));
        behind |= cause == chosen;
    }
    return list;
}

json_t *
vitals_reasons(const VitalsGuest *guest, const VitalsCause *cause, gint64 opened)
{
    g_autofree char *detail =
        vitals_text_printable_lines(guest->watch.signs.said[cause->said].title, -1);
    json_t *json = json_object();

    add_confidence(json, guest, cause);
    json_object_set_new(json, "detail", json_string(detail));
    json_object_set_new(json, "layers", layers_json(guest, opened));
    json_object_set_new(json, "against", against_json(guest, cause));
    json_object_set_new(json, "alternatives", alternatives_json(guest, cause));
    return json;
}
