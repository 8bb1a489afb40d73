/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/dossier.h"
#include "monitor/testimony.h"

/* The last of these samples in which the guest told of its memory. @samples: (element-type VitalsSample)
 * Returns: (nullable) */
const VitalsSample *vitals_diagnosis_memory(const GPtrArray *samples);

/**
 * vitals_diagnosis_make:
 * @console: (nullable): what the guest said on its console
 * @log: (nullable): what its kernel's log says, as it was read from the dump
 *
 * A verdict is made of signs of life, within seconds; what the guest died of may be known only when its
 * dump was read. Names it in the incident's title and reasons, and says in them:
 *
 *   detail            what it died of, in the words of kernel developers where there are any
 *   detail_by         who says so: "console", "log", "stacks", or "memory": the last figures of its
 *                     balloon; "" if nobody does
 *   detail_meaning    what that means, a sentence or two; "" if nothing is known of it
 *   detail_remedy     what to do about it
 *   console_line      where on its console that begins: a line of console.log, from 1; absent if nowhere
 *   place             where in the kernel it was and which task ran, as VitalsRemark has it; ""
 *   besides           what the console says again and again, as VitalsTestimony has it; ""
 *   setting           what the kernel was at, as vitals_whereabouts() has it; ""
 *   confidence, confidence_why   as vitals_reasons() has them, raised by what agrees
 *
 * If memory ran out, who had it becomes @dossier->shortage, which is taken out of one of the two, and is told with
 * the detail. The weightiest word wins: a panic in the kernel's own log before one on the console, then stalls and
 * faults, then the stacks, then the figures of memory. What stands in the log cannot be of an earlier boot.
 */
void vitals_diagnosis_make(VitalsDossier *dossier, VitalsTestimony *console, VitalsTestimony *log);
