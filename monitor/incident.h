/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/dossier.h"

/*
 * An incident on disk: a directory of plain files under STATE/incidents. It is written under a name
 * that begins with ".partial-" and renamed when it is whole, so that a daemon killed at any moment
 * leaves either a complete incident or one that the next start finds and marks.
 *
 * All functions that touch the disk block on it and are called by a worker.
 */

/**
 * vitals_incident_begin:
 *
 * Chooses the incident's id, makes its partial directory (0700) and writes down what will be lost
 * first: manifest, definition, signals, console. Sets @dossier->view's id and path.
 */
gboolean vitals_incident_begin(VitalsDossier *dossier, GError **error);

/* Writes one more file into an incident that is being written. */
gboolean vitals_incident_add(const char *directory, const char *name, GBytes *bytes,
                             GError **error);

/**
 * vitals_incident_finish:
 *
 * Looks at the dump, writes the report and the final manifest, makes all of it durable and gives the
 * directory its name. What was written before stays, also when this fails.
 */
gboolean vitals_incident_finish(VitalsDossier *dossier, GError **error);

/**
 * vitals_incident_path_of_dump:
 *
 * Returns: (transfer full): where the dump of that incident is to be written now
 */
char *vitals_incident_path_of_dump(const VitalsDossier *dossier);

/**
 * vitals_incident_recover:
 * @ret_paths: (element-type utf8) (nullable): an array to append their directories to
 *
 * Gives incidents that a killed daemon left behind their names, marked as interrupted in their
 * manifests. What another process is writing just now (`virt-vitals capture`) is left to it.
 *
 * Returns: how many there were
 */
guint vitals_incident_recover(const char *state_dir, GPtrArray *ret_paths);

/* Whether incidents can be kept there: makes STATE and STATE/incidents (0700) and tries to write. Not where everybody
 * may. */
gboolean vitals_incident_prepare(const char *state_dir, GError **error);
