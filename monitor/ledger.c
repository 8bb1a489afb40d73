/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/ledger.h"
#include "monitor/boot.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Some hundred bytes a guest. */
#define LEDGER_MAX (4 * 1024 * 1024)

/* @pulse: see vitals_watch_has_pulse(); @captured: wall clock, microseconds; 0 for never */
typedef struct {
    int id;
    gboolean pulse;
    VitalsHealth episode;
    gboolean unsettled;
    gboolean period_ours;
    gint64 captured;
} Entry;

struct VitalsLedger {
    char *boot;
    GHashTable *entries; /* by UUID */
};

static VitalsHealth
health_named(const char *name)
{
    for (guint health = 0; name && health < VITALS_N_HEALTHS; health++) {
        if (g_str_equal(vitals_health_name(health), name))
            return health;
    }
    return VITALS_HEALTH_HEALTHY;
}

static void
take_entries(VitalsLedger *ledger, json_t *guests)
{
    const char *uuid;
    json_t *json;

    json_object_foreach(guests, uuid, json)
    {
        Entry *entry = g_new0(Entry, 1);

        entry->id = (int)json_integer_value(json_object_get(json, "id"));
        entry->pulse = json_is_true(json_object_get(json, "pulse"));
        entry->episode = health_named(json_string_value(json_object_get(json, "episode")));
        entry->unsettled = json_is_true(json_object_get(json, "unsettled"));
        entry->period_ours = json_is_true(json_object_get(json, "period_ours"));
        /* the wall clock may have been set back since: that must not free it of its cool-down */
        entry->captured =
            CLAMP(json_integer_value(json_object_get(json, "captured")), 0, g_get_real_time());
        g_hash_table_replace(ledger->entries, g_strdup(uuid), entry);
    }
}

VitalsLedger *
vitals_ledger_load(const char *state_dir)
{
    VitalsLedger *ledger = g_new0(VitalsLedger, 1);
    g_autofree char *path = g_build_filename(state_dir, "guests.json", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    json_t *json = NULL;
    const char *boot;

    ledger->boot = vitals_boot_id();
    ledger->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (g_file_get_contents(path, &text, &length, NULL) && length <= LEDGER_MAX)
        json = json_loadb(text, length, 0, NULL);
    boot = json_string_value(json_object_get(json, "boot"));
    if (boot && g_str_equal(boot, ledger->boot))
        take_entries(ledger, json_object_get(json, "guests"));
    json_decref(json);
    return ledger;
}

void
vitals_ledger_free(VitalsLedger *ledger)
{
    if (!ledger)
        return;
    g_free(ledger->boot);
    g_hash_table_unref(ledger->entries);
    g_free(ledger);
}

static gint64
to_realtime(gint64 monotonic)
{
    return g_get_real_time() - (g_get_monotonic_time() - monotonic);
}

void
vitals_ledger_recall(const VitalsLedger *ledger, VitalsGuest *guest)
{
    const Entry *entry = g_hash_table_lookup(ledger->entries, guest->uuid);

    if (!entry)
        return;
    /* the last dump counts for the domain, whichever run of it that was */
    if (entry->captured && !(entry->unsettled && entry->id == guest->id))
        guest->captured = MAX(1, entry->captured - to_realtime(0));
    if (entry->id != guest->id)
        return;
    guest->period_ours = entry->period_ours;
    if (entry->pulse)
        vitals_watch_recall_pulse(&guest->watch);
    if (entry->unsettled)
        vitals_watch_resume_silence(&guest->watch);
    else
        guest->episode = entry->episode;
}

gboolean
vitals_ledger_note(VitalsLedger *ledger, const VitalsGuest *guest)
{
    Entry *entry = g_hash_table_lookup(ledger->entries, guest->uuid);
    gint64 captured = guest->captured ? to_realtime(guest->captured) : 0;
    gboolean pulse = vitals_watch_has_pulse(&guest->watch);
    VitalsHealth episode = guest->revived ? VITALS_HEALTH_HEALTHY : guest->episode;
    /* the two clocks drift: a second is no difference */
    gboolean same = entry && entry->id == guest->id && entry->pulse == pulse &&
                    entry->episode == episode && entry->unsettled == guest->unsettled &&
                    entry->period_ours == guest->period_ours &&
                    ABS(entry->captured - captured) < G_USEC_PER_SEC;

    if (same)
        return FALSE;
    if (!entry) {
        entry = g_new0(Entry, 1);
        g_hash_table_replace(ledger->entries, g_strdup(guest->uuid), entry);
    }
    entry->id = guest->id;
    entry->pulse = pulse;
    entry->episode = episode;
    entry->unsettled = guest->unsettled;
    entry->period_ours = guest->period_ours;
    entry->captured = captured;
    return TRUE;
}

gboolean
vitals_ledger_forget(VitalsLedger *ledger, const VitalsGuest *guest)
{
    Entry *entry = g_hash_table_lookup(ledger->entries, guest->uuid);

    if (!entry || entry->id != guest->id)
        return FALSE;
    /* a guest that was dumped is remembered for its cool-down, though this run of it is over */
    if (entry->captured) {
        entry->id = -1;
        entry->unsettled = FALSE;
        return TRUE;
    }
    return g_hash_table_remove(ledger->entries, guest->uuid);
}

char *
vitals_ledger_text(const VitalsLedger *ledger)
{
    json_t *guests = json_object();
    json_t *json = json_pack("{s:s, s:o}", "boot", ledger->boot, "guests", guests);
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;
    char *dumped;
    char *text;

    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        const Entry *entry = value;

        json_object_set_new(guests, uuid,
                            json_pack("{s:i, s:b, s:s, s:b, s:b, s:I}", "id", entry->id, "pulse",
                                      entry->pulse, "episode", vitals_health_name(entry->episode),
                                      "unsettled", entry->unsettled, "period_ours",
                                      entry->period_ours, "captured", (json_int_t)entry->captured));
    }
    dumped = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    text = g_strconcat(dumped, "\n", NULL);
    free(dumped);
    json_decref(json);
    return text;
}

gboolean
vitals_ledger_write(const char *state_dir, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "guests.json", NULL);

    return g_file_set_contents_full(path, text, (gssize)strlen(text),
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}
