/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/storekeeper.h"
#include "monitor/capture-space.h"
#include "monitor/retention.h"

#define PERIOD_SECONDS 3600

struct VitalsStorekeeper {
    VitalsLane *lane;
    VitalsRetention limits;
    char *state_dir;
    void (*removed)(const char *id, gpointer data);
    gpointer data;
    guint timer;
    gboolean tidying;
    gboolean again;
    gboolean failed;
};

/* What the worker takes with it: it may outlive the keeper.
 * @made: (nullable): who waits for room, with @data and @free_data */
typedef struct {
    VitalsStorekeeper *keeper;
    VitalsRetention limits;
    char *state_dir;
    void (*made)(gpointer data);
    gpointer data;
    GDestroyNotify free_data;
} Round;

static void
round_free(gpointer data)
{
    Round *round = data;

    if (round->free_data)
        round->free_data(round->data);
    g_free(round->state_dir);
    g_free(round);
}

static gpointer
apply(VitalsConnection *connection, gpointer data, GError **error)
{
    Round *round = data;

    return vitals_retention_apply(round->state_dir, &round->limits, FALSE, error);
}

/* Nothing is to be read for room that is there: a guest waits for its dump. */
static gpointer
make_room(VitalsConnection *connection, gpointer data, GError **error)
{
    Round *round = data;

    if (vitals_space_free(round->state_dir) >= round->limits.keep_free)
        return g_ptr_array_new();
    return vitals_retention_apply(round->state_dir, &round->limits, FALSE, error);
}

static void
tell(VitalsStorekeeper *keeper, const GPtrArray *gone)
{
    for (guint i = 0; i < gone->len; i++) {
        const VitalsHolding *holding = g_ptr_array_index(gone, i);

        g_message("incident %s is deleted (%s)", holding->id, holding->excess);
        keeper->removed(holding->id, keeper->data);
    }
}

static void
on_applied(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Round *round = data;
    VitalsStorekeeper *keeper = round->keeper;
    g_autoptr(GPtrArray) gone = result;

    keeper->tidying = FALSE;
    if (error && !keeper->failed) /* once is enough to be told */
        g_warning("old incidents cannot be deleted: %s", error->message);
    keeper->failed = error != NULL;
    if (gone)
        tell(keeper, gone);
    if (keeper->again)
        vitals_storekeeper_tidy(keeper);
}

static void
on_room_made(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Round *round = data;
    g_autoptr(GPtrArray) gone = result;

    if (error)
        g_warning("no room can be made: %s", error->message);
    if (gone)
        tell(round->keeper, gone);
    round->made(round->data);
}

static Round *
new_round(VitalsStorekeeper *keeper)
{
    Round *round = g_new0(Round, 1);

    round->keeper = keeper;
    round->limits = keeper->limits;
    round->state_dir = g_strdup(keeper->state_dir);
    return round;
}

void
vitals_storekeeper_make_room(VitalsStorekeeper *keeper, guint64 bytes, void (*done)(gpointer data),
                             gpointer data, GDestroyNotify free_data)
{
    Round *round = new_round(keeper);
    VitalsCall call = {
        .work = make_room,
        .done = on_room_made,
        .data = round,
        .free_data = round_free,
        .free_result = (GDestroyNotify)g_ptr_array_unref,
    };

    round->limits.keep_free += bytes;
    round->made = done;
    round->data = data;
    round->free_data = free_data;
    vitals_lane_submit(keeper->lane, &call);
}

void
vitals_storekeeper_tidy(VitalsStorekeeper *keeper)
{
    VitalsCall call = {
        .work = apply,
        .done = on_applied,
        .free_data = round_free,
        .free_result = (GDestroyNotify)g_ptr_array_unref,
    };

    keeper->again = keeper->tidying;
    if (keeper->tidying)
        return;
    call.data = new_round(keeper);
    keeper->tidying = TRUE;
    vitals_lane_submit(keeper->lane, &call);
}

static gboolean
on_timer(gpointer data)
{
    vitals_storekeeper_tidy(data);
    return G_SOURCE_CONTINUE;
}

VitalsStorekeeper *
vitals_storekeeper_new(VitalsSettings *settings, const char *state_dir, VitalsAbandoned *abandoned,
                       void (*removed)(const char *id, gpointer data), gpointer data)
{
    VitalsStorekeeper *keeper = g_new0(VitalsStorekeeper, 1);

    /* one that tidies up for minutes keeps no dump from its room */
    keeper->lane = vitals_lane_new("store", NULL, 2, abandoned);
    keeper->limits = vitals_retention_from(settings);
    keeper->state_dir = g_strdup(state_dir);
    keeper->removed = removed;
    keeper->data = data;
    keeper->timer = g_timeout_add_seconds(PERIOD_SECONDS, on_timer, keeper);
    vitals_storekeeper_tidy(keeper);
    return keeper;
}

gboolean
vitals_storekeeper_free(VitalsStorekeeper *keeper, gint64 patience)
{
    gboolean ended;

    if (!keeper)
        return TRUE;
    g_source_remove(keeper->timer);
    ended = vitals_lane_free(keeper->lane, patience);
    g_free(keeper->state_dir);
    g_free(keeper);
    return ended;
}
