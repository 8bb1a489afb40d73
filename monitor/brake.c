/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/brake.h"

#include <jansson.h>
#include <stdlib.h>

#define KEPT G_TIME_SPAN_DAY

typedef struct {
    char *uuid;
    gint64 at;
} Deed;

struct VitalsBrake {
    GPtrArray *deeds; /* the oldest first */
};

static void
deed_free(gpointer data)
{
    Deed *deed = data;

    g_free(deed->uuid);
    g_free(deed);
}

VitalsBrake *
vitals_brake_new(void)
{
    VitalsBrake *brake = g_new0(VitalsBrake, 1);

    brake->deeds = g_ptr_array_new_with_free_func(deed_free);
    return brake;
}

void
vitals_brake_free(VitalsBrake *brake)
{
    if (!brake)
        return;
    g_ptr_array_unref(brake->deeds);
    g_free(brake);
}

static void
forget(VitalsBrake *brake, gint64 before)
{
    guint old = 0;

    while (old < brake->deeds->len && ((Deed *)g_ptr_array_index(brake->deeds, old))->at < before)
        old++;
    if (old > 0)
        g_ptr_array_remove_range(brake->deeds, 0, old);
}

void
vitals_brake_note(VitalsBrake *brake, const char *uuid, gint64 now)
{
    Deed *deed = g_new(Deed, 1);

    forget(brake, now - KEPT);
    deed->uuid = g_strdup(uuid);
    deed->at = now;
    g_ptr_array_add(brake->deeds, deed);
}

guint
vitals_brake_count(const VitalsBrake *brake, const char *uuid, gint64 now, gint64 window)
{
    guint count = 0;

    for (guint i = 0; i < brake->deeds->len; i++) {
        const Deed *deed = g_ptr_array_index(brake->deeds, i);

        count += now - deed->at < window && g_str_equal(deed->uuid, uuid);
    }
    return count;
}

char *
vitals_brake_text(const VitalsBrake *brake, gint64 now, gint64 realtime)
{
    json_t *list = json_array();
    json_t *json = json_pack("{s:i, s:o}", "version", 1, "recoveries", list);
    char *dumped;
    char *text;

    for (guint i = 0; i < brake->deeds->len; i++) {
        const Deed *deed = g_ptr_array_index(brake->deeds, i);

        json_array_append_new(list, json_pack("{s:s, s:I}", "uuid", deed->uuid, "at",
                                              (json_int_t)(realtime - (now - deed->at))));
    }
    dumped = json_dumps(json, JSON_INDENT(1));
    text = g_strconcat(dumped, "\n", NULL);
    free(dumped);
    json_decref(json);
    return text;
}

void
vitals_brake_take(VitalsBrake *brake, const char *text, gsize length, gint64 now, gint64 realtime)
{
    json_t *json = json_loadb(text, length, 0, NULL);
    json_t *entry;
    size_t index;

    json_array_foreach(json_object_get(json, "recoveries"), index, entry)
    {
        const char *uuid = json_string_value(json_object_get(entry, "uuid"));
        gint64 at = json_integer_value(json_object_get(entry, "at"));

        if (uuid && at > 0 && realtime - at < KEPT)
            vitals_brake_note(brake, uuid, now - MAX(realtime - at, 0));
    }
    json_decref(json);
}
