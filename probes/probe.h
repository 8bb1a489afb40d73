/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/signs.h"

/* What a probe makes of a sample. */
typedef enum {
    VITALS_PULSE_NONE,  /* nothing new */
    VITALS_PULSE_BEAT,  /* its layer gave a sign of life */
    VITALS_PULSE_RESET, /* the guest started over: what was learnt before no longer counts */
} VitalsPulse;

/**
 * VitalsProbe: a live probe; one file in probes/live, named after its id
 * @id: its name in metrics, JSON and evidence
 * @layer: whose life its beats prove; %VITALS_LAYER_NONE for context alone
 * @summary: one line: what it looks at
 * @arms_at: how many beats since the (re)start make its silence mean something
 * @passing: its beats prove life at their moment alone: it may be silent for days, and is not even
 *   missed then
 * @absorb: takes what concerns it from @sample into @signs and its own @source. Called for every
 *   sample, in the order they were taken; looks at the parts it understands. A beat that is older than
 *   the sample that shows it sets @last_beat of its source. No clock, no I/O.
 */
typedef struct {
    const char *id;
    VitalsLayer layer;
    const char *summary;
    guint arms_at;
    gboolean passing;
    VitalsPulse (*absorb)(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source);
} VitalsProbe;

/* All live probes in the order of the build's list, ended by NULL. */
extern const VitalsProbe *const vitals_probes[];

/* The place of that probe in the table, or -1. */
int vitals_probe_index(const char *id);
