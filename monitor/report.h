/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/incident.h"

/**
 * vitals_report_text:
 *
 * Returns: (transfer full): the post-mortem that a person reads, report.txt; every byte from outside
 * is printable
 */
char *vitals_report_text(const VitalsDossier *dossier, const char *console);

/* The same, shorter, of an incident whose monitor was killed, from its manifest, which may hold anything.
 * Returns: (transfer full) */
char *vitals_report_rest(const json_t *manifest);

/* What this incident lacks and why, one printable line each. Returns: (element-type utf8) */
GPtrArray *vitals_report_missing(const VitalsDossier *dossier);
