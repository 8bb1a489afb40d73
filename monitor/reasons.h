/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"

#include <jansson.h>

/**
 * vitals_reasons:
 * @opened: wall clock of the verdict, microseconds
 *
 * Why a verdict is what it is, how sure it is and what speaks against it, as of now:
 *
 *   confidence        "certain": the host saw it itself; "high": silence, and something else that says
 *                     the same; "medium": silence alone; "low": only what the guest printed
 *   confidence_why    a sentence for that
 *   detail            what the guest's console called it; "" if it did not
 *   layers            [{layer, up, last_beat, age_seconds, sources: [{source, last_beat, age_seconds}]}],
 *                     lowest first; up is null where nothing tells, last_beat where there was none
 *   against           what does not fit a dead layer, a line each
 *   alternatives      [{cause, meaning}]: other causes that hold too and were ranked lower
 *
 * Returns: (transfer full): an object; lives on the main loop, as the guest does
 */
json_t *vitals_reasons(const VitalsGuest *guest, const VitalsCause *cause, gint64 opened);

/* When the layer gave its last sign of life, monotonic; 0 if it never did. A kernel that is locked up still prints
 * from its interrupts, so what it prints counts only where nothing else of it was ever heard. */
gint64 vitals_reasons_last_beat(const VitalsSigns *signs, VitalsLayer layer);
