/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/lane.h"
#include "monitor/triage.h"
#include "probes/outline.h"

/*
 * Dumps that are whole are examined one after the other, on a thread of their own, so that neither the
 * main loop nor the next dump waits for it. Lives on the main loop.
 */
typedef struct VitalsExaminer VitalsExaminer;

/* @triage: (transfer full) (nullable): what was found; on the main loop, exactly once */
typedef void (*VitalsExamined)(VitalsTriage *triage, gpointer data);

/**
 * vitals_examiner_new:
 * @settings: a reference is taken
 * @abandoned: borrowed: where an examination that hangs is counted
 *
 * Looks once, on the disk, whether makedumpfile is there.
 */
VitalsExaminer *vitals_examiner_new(VitalsSettings *settings, VitalsAbandoned *abandoned);

/* See vitals_lane_free(). A tool that still runs is killed when this process ends. */
gboolean vitals_examiner_free(VitalsExaminer *examiner, gint64 patience);

/* Whether dumps are filtered afterwards, so that they may be written as they are first. */
gboolean vitals_examiner_filters(const VitalsExaminer *examiner, const char *guest);

/**
 * vitals_examiner_submit:
 * @guest: its name, for the settings
 * @outline: (nullable): of its definition
 * @path: (transfer full): the dump
 */
void vitals_examiner_submit(VitalsExaminer *examiner, const char *guest,
                            const VitalsOutline *outline, char *path, VitalsExamined examined,
                            gpointer data);
