/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"
#include "monitor/policy.h"

/*
 * What an earlier monitor had begun to do to guests when it was killed. A guest whose memory is saved already, or
 * that was reset and not continued, is not dumped once more: what the policy does behind the dump is brought to its
 * end, which counts as no new recovery. Lives on the main loop.
 */
typedef struct VitalsLegacy VitalsLegacy;

/* Nothing was begun. Returns: (transfer full) */
VitalsLegacy *vitals_legacy_new(void);
void vitals_legacy_free(VitalsLegacy *legacy);

/* Takes in what the manifest of the interrupted incident in @directory says; blocks on the disk. */
void vitals_legacy_take(VitalsLegacy *legacy, const char *directory);

/* Calls @restart for each guest that was about to be started anew, and may be off now. @incident: the directory of the
 * incident that tells why */
void vitals_legacy_each_restart(const VitalsLegacy *legacy,
                                void (*restart)(const char *uuid, const char *incident,
                                                gpointer data),
                                gpointer data);

/**
 * vitals_legacy_apply:
 * @action: what the policy does to such a guest now, whatever it did then
 * @decision: (inout): what it decided for this one, which is dead: an incident; its texts are borrowed from @legacy and last
 *   until the next call
 *
 * Puts what is left to do in the place of the decision, if that is the same run of the guest and no sign of its life
 * was seen by this monitor. Nothing is left behind that.
 */
void vitals_legacy_apply(VitalsLegacy *legacy, const VitalsGuest *guest, VitalsAction action,
                         VitalsDecision *decision);
