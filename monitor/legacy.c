/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/legacy.h"
#include "monitor/boot.h"
#include "monitor/postmortem/facts.h"
#include "monitor/reasons.h"
#include "monitor/store.h"

/* For so long nobody may have looked at the guest: it may have been reset, have booted and died anew meanwhile.
 * systemd begins the next monitor within seconds. */
#define UNWATCHED_MAX G_TIME_SPAN_MINUTE

/* @at: wall clock of the last that is known of it
 * @fresh: that is so short a while ago that nobody will have done anything to it since
 * @saved: the guest's memory is in that incident
 * @begun: and something was begun behind that
 * @directory: of that incident */
typedef struct {
    int id;
    VitalsAction action;
    gint64 at;
    gboolean fresh;
    gboolean saved;
    gboolean begun;
    char *directory;
    char *refusal;
} Bequest;

/* @since: monotonic time at which this monitor began */
struct VitalsLegacy {
    gint64 since;
    GHashTable *bequests; /* by UUID */
    char *refusal;
};

static void
bequest_free(gpointer data)
{
    Bequest *bequest = data;

    g_free(bequest->directory);
    g_free(bequest->refusal);
    g_free(bequest);
}

VitalsLegacy *
vitals_legacy_new(void)
{
    VitalsLegacy *legacy = g_new0(VitalsLegacy, 1);

    legacy->since = g_get_monotonic_time();
    legacy->bequests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, bequest_free);
    return legacy;
}

void
vitals_legacy_free(VitalsLegacy *legacy)
{
    if (!legacy)
        return;
    g_hash_table_unref(legacy->bequests);
    g_free(legacy->refusal);
    g_free(legacy);
}

static VitalsAction
action_named(const char *name)
{
    for (VitalsAction action = VITALS_ACTION_NONE; action <= VITALS_ACTION_RESTART; action++) {
        if (g_str_equal(vitals_action_name(action), name))
            return action;
    }
    return VITALS_ACTION_NONE;
}

/* One that was a bequest itself is not handed on: a guest whose reset kills the monitor is dumped the next time, and
 * meets the caps on dumps and recoveries. */
static Bequest *
read_bequest(const json_t *manifest)
{
    const json_t *deed = json_object_get(manifest, "deed");
    const char *state = vitals_fact_text(deed, "state");
    const char *result = vitals_fact_text(json_object_get(manifest, "capture"), "result");
    g_autofree char *boot = vitals_boot_id();
    Bequest *bequest;

    if (!json_is_true(json_object_get(manifest, "interrupted")) ||
        !g_str_equal(vitals_fact_text(manifest, "boot_id"), boot) ||
        json_is_true(json_object_get(deed, "inherited")) ||
        (!g_str_equal(state, "due") && !g_str_equal(state, "begun")))
        return NULL;
    bequest = g_new0(Bequest, 1);
    bequest->id = (int)json_integer_value(json_object_get(manifest, "domain_id"));
    bequest->action = action_named(vitals_fact_text(deed, "action"));
    bequest->at = vitals_fact_time(deed, "at");
    bequest->fresh = ABS(g_get_real_time() - bequest->at) <= UNWATCHED_MAX;
    bequest->saved = g_str_equal(result, "ok");
    bequest->begun = g_str_equal(state, "begun");
    bequest->refusal = g_strdup_printf(
        "%s in the incident %s, whose monitor was killed before it had done what the policy says",
        bequest->saved ? "its memory is saved already," : "what is left of it is",
        vitals_fact_text(manifest, "id"));
    return bequest;
}

void
vitals_legacy_take(VitalsLegacy *legacy, const char *directory)
{
    json_t *manifest = vitals_store_read_manifest(directory, NULL);
    Bequest *bequest = manifest ? read_bequest(manifest) : NULL;
    const char *uuid = vitals_fact_text(manifest, "uuid");
    const Bequest *other = g_hash_table_lookup(legacy->bequests, uuid);

    if (bequest)
        bequest->directory = g_strdup(directory);
    if (bequest && bequest->action != VITALS_ACTION_NONE && (!other || other->at < bequest->at))
        g_hash_table_replace(legacy->bequests, g_strdup(uuid), g_steal_pointer(&bequest));
    if (bequest)
        bequest_free(bequest);
    json_decref(manifest);
}

/* Whether libvirt says that it was reset after a crash and not continued (qemuDomainReset() of its QEMU driver):
 * what such a guest died of is not in its memory any more. */
static gboolean
stands_reset(const VitalsGuest *guest)
{
    const VitalsSigns *signs = &guest->watch.signs;

    return signs->state == VITALS_DOMAIN_PAUSED && signs->reason == VITALS_REASON_CRASHED;
}

/* Since this monitor looks at it; also by its death. What an earlier one knew of its pulse is older. */
static gboolean
was_seen_alive(const VitalsLegacy *legacy, const VitalsSigns *signs)
{
    return signs->rebooted || signs->crashed_at || signs->said[VITALS_SAID_PANIC].live ||
           vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL) > legacy->since ||
           vitals_reasons_last_beat(signs, VITALS_LAYER_USERSPACE) > legacy->since;
}

static gboolean
is_the_same_death(const VitalsLegacy *legacy, const Bequest *bequest, const VitalsGuest *guest)
{
    if (guest->id != bequest->id || was_seen_alive(legacy, &guest->watch.signs))
        return FALSE;
    return (bequest->saved && bequest->fresh) || (bequest->begun && stands_reset(guest));
}

void
vitals_legacy_each_restart(const VitalsLegacy *legacy,
                           void (*restart)(const char *uuid, const char *incident, gpointer data),
                           gpointer data)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, legacy->bequests);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        const Bequest *bequest = value;

        if (bequest->action == VITALS_ACTION_RESTART && bequest->begun && bequest->fresh)
            restart(uuid, bequest->directory, data);
    }
}

void
vitals_legacy_apply(VitalsLegacy *legacy, const VitalsGuest *guest, VitalsAction action,
                    VitalsDecision *decision)
{
    Bequest *bequest = g_hash_table_lookup(legacy->bequests, guest->uuid);

    if (!bequest)
        return;
    if (bequest->action == action && is_the_same_death(legacy, bequest, guest)) {
        g_free(legacy->refusal);
        legacy->refusal = g_steal_pointer(&bequest->refusal);
        *decision = (VitalsDecision){
            .incident = TRUE,
            .refusal = legacy->refusal,
            .result = "skipped",
            .action = bequest->action,
            .inherited = TRUE,
        };
    }
    g_hash_table_remove(legacy->bequests, guest->uuid);
}
