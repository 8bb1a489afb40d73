/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/shortage.h"

#include <glib.h>

/*
 * What a guest itself said of its end: the crash reports and loops that the console engine finds in the
 * end of its console's log, or in the kernel's log that was read from its memory.
 */

/* How much a remark explains a guest that died. */
typedef enum {
    VITALS_WEIGHT_NONE,  /* it went on, as far as the remark tells */
    VITALS_WEIGHT_FAULT, /* critical, and it went on at first */
    VITALS_WEIGHT_STALL, /* a CPU made no progress any more */
    VITALS_WEIGHT_END,   /* its kernel gave up */
} VitalsWeight;

/**
 * VitalsRemark: one report
 * @title: kind and function, as kernel developers call it; printable
 * @weight: how much it explains
 * @line: number of its first line, from 1
 * @explanation: what it means; "" if nothing is known of it
 * @remedy: what to do
 * @setting: (nullable): what the kernel was at, see vitals_whereabouts(); static
 * @place: (nullable): where in the kernel that was and which task ran, "in gizmo_run (module gizmo), task gizmod";
 *   printable
 * @of_memory: memory ran out
 */
typedef struct {
    char *title;
    VitalsWeight weight;
    guint64 line;
    char *explanation;
    char *remedy;
    const char *setting;
    char *place;
    gboolean of_memory;
} VitalsRemark;

/**
 * VitalsTestimony:
 * @lines: (element-type utf8): one printable line each, "critical: kernel panic: …", in the order of the log,
 *   from warnings up, at most a few dozen
 * @remarks: (element-type VitalsRemark): the reports since the last boot that the log shows
 * @loop: (nullable): of what came again and again the worst, from warnings up, "'…' (12 times)"; printable
 * @shortage: (nullable): who used the memory, if it ran out
 */
typedef struct {
    GPtrArray *lines;
    GPtrArray *remarks;
    char *loop;
    VitalsShortage *shortage;
} VitalsTestimony;

/**
 * vitals_testimony_read:
 * @log: the end of a log, any bytes
 * @length: its bytes
 *
 * Takes some milliseconds for 256 KiB and does not block; loading the built-in signatures takes some more.
 *
 * Returns: (transfer full)
 */
VitalsTestimony *vitals_testimony_read(const char *log, gsize length);
void vitals_testimony_free(VitalsTestimony *testimony);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsTestimony, vitals_testimony_free)

/* Returns: (nullable): what explains the guest's end best: the last of the weightiest, but the first of faults,
 * as the others are its consequences */
const VitalsRemark *vitals_testimony_best(const VitalsTestimony *testimony);

/* Returns: (nullable): the remark with that title */
const VitalsRemark *vitals_testimony_find(const VitalsTestimony *testimony, const char *title);
