/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * The files of an incident's directory, as its writers (incident.c, incident-recover.c, …) put them
 * there: each is written aside, made durable and renamed, 0600, so that it is there whole or not at
 * all. All of it blocks on the disk; failures are %G_FILE_ERROR.
 */

/* The beginning of the name of a directory that is being written; a finished one has none. */
#define VITALS_INCIDENT_PARTIAL ".partial-"

/* Writes @length bytes of @text as the file @name. */
gboolean vitals_incident_write(const char *directory, const char *name, const char *text,
                               gsize length, GError **error);
/* Likewise, up to the end of @text. */
gboolean vitals_incident_write_text(const char *directory, const char *name, const char *text,
                                    GError **error);
/* incident.json as it is given. */
gboolean vitals_incident_write_manifest(const char *directory, const json_t *manifest,
                                        GError **error);

/**
 * vitals_incident_write_page:
 * @manifest: gets "files", the list of what is there with sums, before it is written
 * @samples: (element-type VitalsSample): the signals before the fault
 * @most: of larger files no sum is made
 *
 * Writes report.html, then the manifest, the last file of all: it tells of the others.
 */
gboolean vitals_incident_write_page(const char *directory, json_t *manifest,
                                    const GPtrArray *samples, guint64 most, GError **error);

/* Makes what was renamed or created in a directory, or written to a file, survive a power cut. */
void vitals_incident_sync(const char *path);

/* Gives a directory its name, durably. */
gboolean vitals_incident_rename(const char *from, const char *to, GError **error);

/**
 * vitals_incident_claim:
 *
 * Locks a partial directory as long as the descriptor is open.
 *
 * Returns: it, or -1 with errno set: EWOULDBLOCK if somebody else has it
 */
int vitals_incident_claim(const char *directory);
