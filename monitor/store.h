/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

#include <jansson.h>

/*
 * Incidents on the disk: STATE_DIR/incidents/ID/incident.json and what lies beside it. Read without the
 * daemon, which may be dead; and with distrust, as whoever can write there may have put anything.
 * Nothing is followed that is a symbolic link, and nothing read without a bound. All of it blocks on
 * the disk.
 */

/* The largest manifest and the largest report that are read. */
#define VITALS_STORE_MANIFEST_MAX ((gsize)1024 * 1024)
#define VITALS_STORE_REPORT_MAX ((gsize)16 * 1024 * 1024)

/**
 * vitals_store_list:
 * @ret_problems: (element-type utf8): an array to append to: a printable line for each incident that
 *   cannot be read, with its path
 *
 * Incidents that are still being written or were interrupted are listed too, marked so, with what their
 * manifest says if they have one yet. A state directory without incidents in it gives an empty list.
 *
 * Returns: (transfer full) (element-type VitalsIncidentView): newest first; on failure %G_FILE_ERROR:
 * there is no such state directory, or it cannot be read
 */
GPtrArray *vitals_store_list(const char *state_dir, GPtrArray *ret_problems, GError **error);

/**
 * vitals_store_find:
 * @incidents: (element-type VitalsIncidentView)
 * @id: an incident's whole name, or the beginning of only one
 *
 * Returns: (transfer none): the element; on failure %G_FILE_ERROR
 */
const VitalsIncidentView *vitals_store_find(const GPtrArray *incidents, const char *id,
                                            GError **error);

/* The manifest of the incident in that directory. Returns: (transfer full): an object */
json_t *vitals_store_read_manifest(const char *directory, GError **error);

/**
 * vitals_store_open:
 * @name: of a file in that directory
 * @most: larger ones are refused
 *
 * Returns: a descriptor of a plain file, to be closed; -1 with %G_FILE_ERROR
 */
int vitals_store_open(const char *directory, const char *name, gsize most, gsize *ret_size,
                      GError **error);

/* Its report.txt, made printable; what is beyond the bound is left out. Returns: (transfer full) */
char *vitals_store_read_report(const char *directory, GError **error);
