/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

#include <jansson.h>

/**
 * vitals_lint_edits_json:
 * @xml: the document that the fix is about
 * @render: makes one object of an edit; lines and columns are from 1, the end is behind what goes
 *
 * Returns: (transfer full): an array of what @render made; empty where the edits are too far into a
 *   line to count columns
 */
json_t *vitals_lint_edits_json(const VitalsXml *xml, const VitalsFix *fix,
                               json_t *(*render)(guint line, guint column, guint end_line,
                                                 guint end_column, const char *text));

/**
 * vitals_lint_json:
 * @source: what was linted
 *
 * Renders one element of "sources": "source", "findings", "suppressed", "not_evaluated", and "error" if it could not
 * be read. A program relies on these names.
 *
 * Returns: (transfer full): the object
 */
json_t *vitals_lint_json(const VitalsLintSource *source);
