/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/lane.h"

/*
 * The command of ExecOnIncident=, which uploads an incident or opens a ticket. One at a time, on a worker
 * of its own: whatever it does, neither the watch nor a dump waits for it.
 */
typedef struct VitalsHook VitalsHook;

/* What came of it is written here, in the incident. */
#define VITALS_HOOK_NOTE "exec.txt"

/**
 * vitals_hook_run:
 * @command: split as a shell would, but run without one
 * @directory: of the incident: the command's working directory and its $VITALS_INCIDENT; incident.json
 *   is its standard input
 * @deadline: microseconds after which it is killed, with all that it started
 *
 * Blocks until it has ended. Of its output the first 16 KiB are kept.
 *
 * Returns: (transfer full): how it ended and what it said, printable lines; on failure %G_SPAWN_ERROR,
 * %G_SHELL_ERROR or %G_FILE_ERROR, also when its exit status is not 0
 */
char *vitals_hook_run(const char *command, const char *directory, gint64 deadline, GError **error);

/* Returns: (nullable): %NULL if the settings name no command */
VitalsHook *vitals_hook_new(const VitalsSettings *settings);

/* See vitals_lane_free(). */
gboolean vitals_hook_free(VitalsHook *hook, gint64 patience);

/* Runs it for that incident, when its turn comes; does not block. @hook: (nullable) */
void vitals_hook_submit(VitalsHook *hook, const char *directory);

/* Whether it runs or is to run. @hook: (nullable) */
gboolean vitals_hook_is_busy(const VitalsHook *hook);
