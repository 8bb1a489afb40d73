/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"
#include "monitor/lane.h"

/* Reads the guests' definitions. All on the main loop; the reading itself is done by the lane. */
typedef struct VitalsDefinitions VitalsDefinitions;

/* @guest has its definition, the first or a new one, in @xml and @outline. */
typedef void (*VitalsDefined)(VitalsGuest *guest, gpointer data);

/**
 * vitals_definitions_new:
 * @lane: (transfer none): whose workers ask libvirt; it is freed before the result is
 * @deadline: of one reading, in microseconds
 *
 * Returns: (transfer full):
 */
VitalsDefinitions *vitals_definitions_new(VitalsLane *lane, gint64 deadline, VitalsDefined defined,
                                          gpointer data);
void vitals_definitions_free(VitalsDefinitions *definitions);

/**
 * vitals_definitions_fetch:
 *
 * Has @guest's live definition read; does not block. Where that fails, the guest's @define_at says when it
 * is worth another try.
 */
void vitals_definitions_fetch(VitalsDefinitions *definitions, VitalsGuest *guest);
