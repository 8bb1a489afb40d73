/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What becomes of a guest after its incident was closed, added to what lies in the incident's directory.
 */

/**
 * vitals_aftermath_recovered:
 * @directory: a finished incident's
 * @realtime: when its guest was found healthy again
 *
 * Adds that to the timeline and to the heads of report.txt, report.html and incident.json, each of which
 * is replaced as a whole, the manifest last. Done only once: if a manifest tells of it already, nothing is
 * written; if we were killed in between, the next call does what was left. Sums of other files stay as they
 * are. Blocks on the disk.
 *
 * Returns: whether it is told of now; on failure %G_FILE_ERROR
 */
gboolean vitals_aftermath_recovered(const char *directory, gint64 realtime, GError **error);

/**
 * vitals_aftermath_add:
 * @moment: a line for the end of the timeline, printable
 * @outcome: what became of the guest, a sentence, in the place of what was known; printable
 *
 * Likewise for anything else that came later; each call adds a line.
 */
gboolean vitals_aftermath_add(const char *directory, gint64 realtime, const char *moment,
                              const char *outcome, GError **error);
