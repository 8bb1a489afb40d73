/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/brake.h"

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
