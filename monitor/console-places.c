/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-places.h"

#include "probes/console/loop.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

/* A place takes up to 6 KiB; of more guests than this the one that was not read for
 * longest begins anew after a restart. */
#define PLACES_MAX 4096

/* What nobody has looked at for so long is another guest's by now. */
#define KEPT (30 * 24 * 3600)

static void
place_free(gpointer data)
{
    vitals_console_place_clear(data);
    g_free(data);
}

GHashTable *
vitals_console_places_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, place_free);
}

/* Guests come and go while this process lives, and each may leave a path of its own behind. */
static void
make_room(GHashTable *places)
{
    const char *oldest = NULL;
    gint64 seen = G_MAXINT64;
    GHashTableIter iter;
    gpointer path;
    gpointer place;

    g_hash_table_iter_init(&iter, places);
    while (g_hash_table_iter_next(&iter, &path, &place)) {
        if (((VitalsConsolePlace *)place)->seen >= seen)
            continue;
        seen = ((VitalsConsolePlace *)place)->seen;
        oldest = path;
    }
    if (oldest)
        g_hash_table_remove(places, oldest);
}

void
vitals_console_places_set(GHashTable *places, const char *path, VitalsConsolePlace *place)
{
    if (place->inode) {
        if (g_hash_table_size(places) >= PLACES_MAX && !g_hash_table_contains(places, path))
            make_room(places);
        g_hash_table_replace(places, g_strdup(path), g_memdup2(place, sizeof *place));
        place->partial = NULL;
        place->rhythms = NULL;
    }
    vitals_console_place_clear(place);
}

static guint64
number_at(const json_t *json, const char *key)
{
    return (guint64)json_integer_value(json_object_get(json, key));
}

/* What is odd among them is left out where they are used. */
static GArray *
read_rhythms(const json_t *array)
{
    GArray *rhythms = g_array_new(FALSE, FALSE, sizeof(VitalsRhythm));
    const json_t *row;
    size_t index;

    json_array_foreach(array, index, row)
    {
        VitalsRhythm rhythm = {
            .hash = number_at(row, "hash"),
            .last = (gint64)number_at(row, "last"),
            .period = (gint64)number_at(row, "period"),
            .steady = (guint32)number_at(row, "steady"),
            .count = (guint32)number_at(row, "count"),
            .looped = json_is_true(json_object_get(row, "looped")),
        };
        const char *text = json_string_value(json_object_get(row, "text"));

        if (text)
            vitals_template_begin(&rhythm.template, text, strlen(text));

        if (rhythms->len < VITALS_RHYTHMS_MAX)
            g_array_append_val(rhythms, rhythm);
    }
    return rhythms;
}

static json_t *
rhythms_json(const GArray *rhythms)
{
    json_t *array = json_array();

    for (guint i = 0; rhythms && i < rhythms->len; i++) {
        const VitalsRhythm *rhythm = &g_array_index(rhythms, VitalsRhythm, i);

        const char *text = rhythm->template.text;
        const char *end; /* the template may end within a character */

        g_utf8_validate_len(text, rhythm->template.length, &end);
        json_array_append_new(
            array,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:s%}", "hash", (json_int_t)rhythm->hash,
                      "last", (json_int_t)rhythm->last, "period", (json_int_t)rhythm->period,
                      "steady", (json_int_t)rhythm->steady, "count", (json_int_t)rhythm->count,
                      "looped", rhythm->looped, "text", text, (size_t)(end - text)));
    }
    return array;
}

static void
take_place(GHashTable *places, const json_t *json, gint64 now)
{
    const char *path = json_string_value(json_object_get(json, "path"));
    const char *partial = json_string_value(json_object_get(json, "partial"));
    gsize length = 0;
    g_autofree guchar *bytes = partial ? g_base64_decode(partial, &length) : NULL;
    VitalsConsolePlace place = {
        .device = number_at(json, "device"),
        .inode = number_at(json, "inode"),
        .offset = number_at(json, "offset"),
        .back = number_at(json, "back"),
        .hash = (guint)number_at(json, "hash"),
        .seen = (gint64)number_at(json, "seen"),
    };

    if (!path || !g_path_is_absolute(path) || place.offset > G_MAXINT64 || now - place.seen > KEPT)
        return;
    place.partial = g_bytes_new(bytes, MIN(length, VITALS_CONSOLE_PARTIAL_MAX));
    place.run = (int)number_at(json, "run");
    place.rhythms = read_rhythms(json_object_get(json, "rhythms"));
    vitals_console_places_set(places, path, &place);
}

GHashTable *
vitals_console_places_load(const char *state_dir)
{
    g_autofree char *path = g_build_filename(state_dir, "consoles.json", NULL);
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    json_t *array = json_object_get(document, "places");
    GHashTable *places = vitals_console_places_new();
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    json_t *row;
    size_t index;

    if (number_at(document, "version") == VERSION) {
        json_array_foreach(array, index, row)
        {
            take_place(places, row, now);
        }
    }
    json_decref(document);
    return places;
}

char *
vitals_console_places_text(GHashTable *places)
{
    json_t *array = json_array();
    json_t *document = json_pack("{s:i, s:o}", "version", VERSION, "places", array);
    GHashTableIter iter;
    gpointer path;
    gpointer value;
    char *dumped;
    char *text;

    g_hash_table_iter_init(&iter, places);
    while (g_hash_table_iter_next(&iter, &path, &value)) {
        const VitalsConsolePlace *place = value;
        gsize length = 0;
        gconstpointer bytes = place->partial ? g_bytes_get_data(place->partial, &length) : NULL;
        g_autofree char *partial = g_base64_encode(bytes, length);

        json_array_append_new(
            array,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:i, s:o}", "path", path, "device",
                      (json_int_t)place->device, "inode", (json_int_t)place->inode, "offset",
                      (json_int_t)place->offset, "back", (json_int_t)place->back, "hash",
                      (json_int_t)place->hash, "seen", (json_int_t)place->seen, "partial", partial,
                      "run", place->run, "rhythms", rhythms_json(place->rhythms)));
    }
    dumped = json_dumps(document, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    text = g_strconcat(dumped, "\n", NULL);
    free(dumped);
    json_decref(document);
    return text;
}

gboolean
vitals_console_places_write(const char *state_dir, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "consoles.json", NULL);

    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
