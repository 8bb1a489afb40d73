/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

#include <jansson.h>

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
