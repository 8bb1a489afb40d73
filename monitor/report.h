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

/* What this incident lacks and why, one printable line each. Returns: (element-type utf8) */
GPtrArray *vitals_report_missing(const VitalsDossier *dossier);
