/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

#include <jansson.h>

/*
 * SARIF 2.1.0, the format that code scanning of forges reads:
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */

#define VITALS_LINT_SARIF_SCHEMA                                          \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" \
    "sarif-schema-2.1.0.json"

/* The parts of a document, which is written source by source. All return (transfer full) values. */

/* The tool with all its rules. */
json_t *vitals_lint_sarif_tool(void);

/**
 * vitals_lint_sarif_results:
 *
 * Returns: an array with a result for each finding; what the definition itself says to ignore is there as
 *   suppressed
 */
json_t *vitals_lint_sarif_results(const VitalsLintSource *source);

/* What to tell of a source that could not be read: its @problem. */
json_t *vitals_lint_sarif_notification(const VitalsLintSource *source);

/* How the run went. @notifications: (transfer none): array of these */
json_t *vitals_lint_sarif_invocation(json_t *notifications);
