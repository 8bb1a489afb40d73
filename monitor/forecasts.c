/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/forecasts.h"
#include "monitor/boot.h"

#include <string.h>

/* At most 16 KiB for each of some thousand guests. */
#define FILE_MAX (64 * 1024 * 1024)

#define HEADER "virt-vitals forecasts 1 "

typedef struct {
    int id;
    char *text;
} Entry;

struct VitalsForecasts {
    GHashTable *entries; /* by UUID */
};

typedef struct {
    char *uuid;
    int id;
    VitalsForecast forecast;
} Copied;

struct VitalsForecastsCopy {
    GPtrArray *guests;
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->text);
    g_free(entry);
}

static void
copied_free(gpointer data)
{
    Copied *copied = data;

    g_free(copied->uuid);
    g_free(copied);
}

static char *
header(void)
{
    g_autofree char *boot = vitals_boot_id();

    return g_strconcat(HEADER, *boot ? boot : "unknown", NULL);
}

/* One guest's part of the file: "guest UUID ID\n" and its text. */
static void
take_part(VitalsForecasts *forecasts, const char *part)
{
    const char *end = strchr(part, '\n');
    g_autofree char *line = end ? g_strndup(part, (gsize)(end - part)) : NULL;
    g_auto(GStrv) words = line ? g_strsplit(line, " ", 4) : NULL;
    guint64 id;
    Entry *entry;

    if (!words || g_strv_length(words) != 3 || !g_str_equal(words[0], "guest") ||
        !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT, &id, NULL))
        return;
    entry = g_new0(Entry, 1);
    entry->id = (int)id;
    /* its last new line went with the separator */
    entry->text = g_strconcat(end + 1, "\n", NULL);
    g_hash_table_replace(forecasts->entries, g_strdup(words[1]), entry);
}

VitalsForecasts *
vitals_forecasts_load(const char *state_dir)
{
    VitalsForecasts *forecasts = g_new0(VitalsForecasts, 1);
    g_autofree char *path = g_build_filename(state_dir, "forecasts", NULL);
    g_autofree char *expected = header();
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;
    gsize length = 0;

    forecasts->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    if (!g_file_get_contents(path, &text, &length, NULL) || length > FILE_MAX)
        return forecasts;
    parts = g_strsplit(text, "\n.\n", -1);
    if (!parts[0] || !g_str_equal(parts[0], expected))
        return forecasts;
    for (char **part = parts + 1; *part; part++)
        take_part(forecasts, *part);
    return forecasts;
}

void
vitals_forecasts_free(VitalsForecasts *forecasts)
{
    if (!forecasts)
        return;
    g_hash_table_unref(forecasts->entries);
    g_free(forecasts);
}

void
vitals_forecasts_recall(VitalsForecasts *forecasts, VitalsGuest *guest)
{
    const Entry *entry = g_hash_table_lookup(forecasts->entries, guest->uuid);

    if (!entry)
        return;
    if (entry->id == guest->id)
        vitals_forecast_load(entry->text, &guest->watch.forecast);
    g_hash_table_remove(forecasts->entries, guest->uuid);
}

VitalsForecastsCopy *
vitals_forecasts_copy(const GPtrArray *guests)
{
    VitalsForecastsCopy *copy = g_new0(VitalsForecastsCopy, 1);

    copy->guests = g_ptr_array_new_with_free_func(copied_free);
    for (guint i = 0; i < guests->len; i++) {
        const VitalsGuest *guest = g_ptr_array_index(guests, i);
        Copied *copied;

        if (!guest->watch.forecast.since)
            continue;
        copied = g_new0(Copied, 1);
        copied->uuid = g_strdup(guest->uuid);
        copied->id = guest->id;
        copied->forecast = guest->watch.forecast;
        g_ptr_array_add(copy->guests, copied);
    }
    return copy;
}

void
vitals_forecasts_copy_free(VitalsForecastsCopy *copy)
{
    if (!copy)
        return;
    g_ptr_array_unref(copy->guests);
    g_free(copy);
}

gboolean
vitals_forecasts_write(const char *state_dir, const VitalsForecastsCopy *copy, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "forecasts", NULL);
    g_autofree char *first = header();
    g_autoptr(GString) text = g_string_new(first);

    g_string_append(text, "\n.\n");
    for (guint i = 0; i < copy->guests->len; i++) {
        const Copied *copied = g_ptr_array_index(copy->guests, i);
        g_autofree char *forecast = vitals_forecast_save(&copied->forecast);

        g_string_append_printf(text, "guest %s %d\n%s.\n", copied->uuid, copied->id, forecast);
    }
    return g_file_set_contents_full(path, text->str, (gssize)text->len,
                                    G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
