/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/guest.h"
#include "monitor/lane.h"

/*
 * Questions that a guest has to answer itself: its balloon, its agent, and on suspicion its registers.
 * Each guest has at most one question to its QEMU under way, and none while its last one is unanswered or
 * /proc shows its QEMU stopped. Lives on the main loop.
 */
typedef struct VitalsAsker VitalsAsker;

/* What a guest answered, on the main loop; not called for answers that came too late to be judged. */
typedef void (*VitalsAnswer)(VitalsGuest *guest, VitalsSample *sample, gpointer data);

/**
 * vitals_asker_new:
 * @bulk: the lane for questions that may wait for QEMU; outlives the asker
 * @guests: (element-type utf8 VitalsGuest): whom to ask; owned by the caller
 */
VitalsAsker *vitals_asker_new(VitalsHypervisor *hypervisor, VitalsSettings *settings,
                              VitalsLane *bulk, VitalsAbandoned *abandoned, GHashTable *guests,
                              VitalsAnswer answer, gpointer data);

/* See vitals_lane_free(). */
gboolean vitals_asker_free(VitalsAsker *asker, gint64 patience);

/* Asks the balloons, or looks at the registers, of those whose turn has come. Best right behind a look at
 * /proc, so that hardly anything can happen to a QEMU in between. */
void vitals_asker_ask(VitalsAsker *asker);

/* Pings the agents of those whose turn has come. */
void vitals_asker_ping(VitalsAsker *asker);
