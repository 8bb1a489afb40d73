/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

#include <jansson.h>

/*
 * SARIF 2.1.0, the format that code scanning of forges reads:
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */

/**
 * vitals_lint_sarif_add:
 * @results: array to add a result to for each finding; what the definition itself says to ignore is
 *   there as suppressed
 * @notifications: array to add to if the source could not be read
 */
void vitals_lint_sarif_add(json_t *results, json_t *notifications, const VitalsLintSource *source);

/**
 * vitals_lint_sarif_document:
 * @results: (transfer full): as filled above
 * @notifications: (transfer full): likewise
 *
 * Returns: (transfer full): the document, with all rules
 */
json_t *vitals_lint_sarif_document(json_t *results, json_t *notifications);
