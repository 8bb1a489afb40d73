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

/**
 * vitals_report_add_moment:
 * @report: a report.txt of ours
 * @time: of the moment, as in its timeline
 * @moment: what came later, its kind and a colon first: "recovered: …"; printable
 *
 * Returns: (transfer full): the same with that at the end of the timeline; as it was if one of that
 * kind is told there already
 */
char *vitals_report_add_moment(const char *report, const char *time, const char *moment);

/* What this incident lacks and why, one printable line each. Returns: (element-type utf8) */
GPtrArray *vitals_report_missing(const VitalsDossier *dossier);
