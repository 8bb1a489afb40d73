/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/response.h"

static const char *const trouble_names[VITALS_N_TROUBLES] = {
    [VITALS_TROUBLE_NONE] = "none",
    [VITALS_TROUBLE_CRASHED] = "crashed",
    [VITALS_TROUBLE_KERNEL_DEAD] = "kernel-dead",
    [VITALS_TROUBLE_USERSPACE_DEAD] = "userspace-dead",
    [VITALS_TROUBLE_STUCK] = "stuck",
    [VITALS_TROUBLE_PAUSED] = "paused",
    [VITALS_TROUBLE_DEGRADED] = "degraded",
};

static const char *const response_names[VITALS_N_RESPONSES] = {
    [VITALS_RESPONSE_UNSET] = "unset",
    [VITALS_RESPONSE_NOTHING] = "nothing",
    [VITALS_RESPONSE_INCIDENT] = "incident",
    [VITALS_RESPONSE_CAPTURE] = "capture",
    [VITALS_RESPONSE_CAPTURE_INJECT_NMI] = "capture-inject-nmi",
    [VITALS_RESPONSE_CAPTURE_RESET] = "capture-reset",
    [VITALS_RESPONSE_CAPTURE_RESTART] = "capture-restart",
    [VITALS_RESPONSE_CAPTURE_DESTROY] = "capture-destroy",
};

/* Returns: the place of @name, or @count */
static guint
place_of(const char *const *names, guint count, const char *name)
{
    guint place = 0;

    while (place < count && g_strcmp0(names[place], name) != 0)
        place++;
    return place;
}

const char *
vitals_trouble_name(VitalsTrouble trouble)
{
    return (guint)trouble < VITALS_N_TROUBLES ? trouble_names[trouble] : "invalid";
}

VitalsTrouble
vitals_trouble_find(const char *name)
{
    guint place = place_of(trouble_names, VITALS_N_TROUBLES, name);

    return place < VITALS_N_TROUBLES ? (VitalsTrouble)place : VITALS_TROUBLE_NONE;
}

VitalsTrouble
vitals_trouble_of(const VitalsCause *cause)
{
    switch (cause->health) {
    case VITALS_HEALTH_CRASHED:
        return VITALS_TROUBLE_CRASHED;
    case VITALS_HEALTH_UNRESPONSIVE:
        return cause->layer == VITALS_LAYER_USERSPACE ? VITALS_TROUBLE_USERSPACE_DEAD
                                                      : VITALS_TROUBLE_KERNEL_DEAD;
    case VITALS_HEALTH_STUCK:
        return VITALS_TROUBLE_STUCK;
    case VITALS_HEALTH_PAUSED:
        return cause->layer == VITALS_LAYER_NONE ? VITALS_TROUBLE_NONE : VITALS_TROUBLE_PAUSED;
    case VITALS_HEALTH_DEGRADED:
        return cause->advice ? VITALS_TROUBLE_NONE : VITALS_TROUBLE_DEGRADED;
    case VITALS_HEALTH_STARTING:
    case VITALS_HEALTH_HEALTHY:
    case VITALS_HEALTH_UNKNOWN:
    case VITALS_N_HEALTHS:
        break;
    }
    return VITALS_TROUBLE_NONE;
}

const char *
vitals_response_name(VitalsResponse response)
{
    return (guint)response < VITALS_N_RESPONSES ? response_names[response] : "invalid";
}

VitalsResponse
vitals_response_find(const char *name)
{
    guint place = place_of(response_names, VITALS_N_RESPONSES, name);

    return place < VITALS_N_RESPONSES ? (VitalsResponse)place : VITALS_RESPONSE_UNSET;
}
