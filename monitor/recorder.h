/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/*
 * The last minutes of one guest: the very samples that were judged, so that what was written into an
 * incident can be judged again. Bounded in time and number.
 */
typedef struct VitalsRecorder VitalsRecorder;

/* @keep: how far back, microseconds */
VitalsRecorder *vitals_recorder_new(gint64 keep);
void vitals_recorder_free(VitalsRecorder *recorder);

/* Keeps a reference to the sample, and forgets those that are too old by it. */
void vitals_recorder_add(VitalsRecorder *recorder, VitalsSample *sample);

/* Returns: (transfer full) (element-type VitalsSample): all that is kept, oldest first */
GPtrArray *vitals_recorder_list(const VitalsRecorder *recorder);

/**
 * vitals_sample_to_line:
 *
 * Returns: (transfer full): the sample as one line of JSON with its new line: the form of
 * signals.jsonl. Times are "at", monotonic seconds, and "time", RFC 3339; each part is an object
 * under its name, or the word of its state where it has no value. monitor/recording.h reads it back.
 */
char *vitals_sample_to_line(const VitalsSample *sample);
