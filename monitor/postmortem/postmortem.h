/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * The post-mortem that people read, made from what lies in an incident's directory: incident.json
 * (monitor/manifest.h) and the files beside it. So it can be made again at any time, also of an incident
 * whose monitor was killed. Everything there is taken for hostile: it was decided by the guest, or by
 * whoever could write there.
 */

/**
 * vitals_postmortem_page:
 * @directory: the incident's; files in it are read, at most a few MiB of each. Blocks on the disk
 * @manifest: incident.json as it will be
 * @samples: (element-type VitalsSample): the signals before the fault, oldest first
 *
 * Returns: (transfer full): report.html: one file that needs nothing else, without a script
 */
char *vitals_postmortem_page(const char *directory, const json_t *manifest,
                             const GPtrArray *samples);
