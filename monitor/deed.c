/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/deed.h"

/* A reset takes a moment; destroying gives QEMU 15 s to end by itself before it is killed. */
#define ACTION_DEADLINE (30 * G_TIME_SPAN_SECOND)

/* QEMU answers within milliseconds, or is stuck. */
#define JOB_DEADLINE (2 * G_TIME_SPAN_SECOND)

typedef struct {
    char *uuid;
    int id;
    VitalsAction action;
    VitalsActed acted;
    VitalsJob job;
    VitalsJobTold told;
    gpointer data;
} Deed;

static void
deed_free(gpointer data)
{
    Deed *deed = data;

    g_free(deed->uuid);
    g_free(deed);
}

static gpointer
refuse(GError **error)
{
    g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                "this hypervisor cannot do that");
    return NULL;
}

static gpointer
run_action(VitalsConnection *connection, gpointer data, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    Deed *deed = data;

    if (!driver->act)
        return refuse(error);
    return driver->act(connection, deed->uuid, deed->id, deed->action, error) ? deed : NULL;
}

static gpointer
run_job(VitalsConnection *connection, gpointer data, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    Deed *deed = data;

    if (!driver->job)
        return refuse(error);
    return driver->job(connection, deed->uuid, &deed->job, error) ? deed : NULL;
}

static void
tell(Deed *deed, const GError *error)
{
    if (deed->acted)
        deed->acted(error, deed->data);
    else
        deed->told(error ? VITALS_JOB_NONE : deed->job, error, deed->data);
}

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    if (!late)
        tell(data, error);
}

static void
on_overdue(gpointer data)
{
    Deed *deed = data;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "libvirt did not answer within %d s; it may still happen",
                    (int)((deed->acted ? ACTION_DEADLINE : JOB_DEADLINE) / G_TIME_SPAN_SECOND));

    tell(deed, error);
}

static void
submit(VitalsLane *lane, Deed *deed, VitalsWork work, gint64 deadline)
{
    VitalsCall call = {
        .work = work,
        .done = on_done,
        .overdue = on_overdue,
        .deadline = deadline,
        .data = deed,
        .free_data = deed_free,
    };

    vitals_lane_submit(lane, &call);
}

void
vitals_deed_do(VitalsLane *lane, const char *uuid, int id, VitalsAction action, VitalsActed acted,
               gpointer data)
{
    Deed *deed = g_new0(Deed, 1);

    deed->uuid = g_strdup(uuid);
    deed->id = id;
    deed->action = action;
    deed->acted = acted;
    deed->data = data;
    submit(lane, deed, run_action, ACTION_DEADLINE);
}

void
vitals_deed_ask_job(VitalsLane *lane, const char *uuid, VitalsJobTold told, gpointer data)
{
    Deed *deed = g_new0(Deed, 1);

    deed->uuid = g_strdup(uuid);
    deed->told = told;
    deed->data = data;
    submit(lane, deed, run_job, JOB_DEADLINE);
}
