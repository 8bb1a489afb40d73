/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

/**
 * vitals_lint_text:
 * @source: what was linted
 * @colour: whether to mark severities with terminal colours
 *
 * Renders findings for people: place, severity, message and rule, the source line with a caret, the
 * remedy. What passed is not mentioned. Safe on any terminal.
 *
 * Returns: (transfer full): the text; "" if there is nothing to say
 */
char *vitals_lint_text(const VitalsLintSource *source, gboolean colour);

/**
 * vitals_lint_text_unknown:
 *
 * Returns: (transfer full): a line for each missing fact, with the rules that wanted it, once for all
 *   sources; "" if nothing is missing
 */
char *vitals_lint_text_unknown(const VitalsLintTotals *totals);

/**
 * vitals_lint_text_statistics:
 *
 * Returns: (transfer full): a line for each rule that found something, the most frequent first
 */
char *vitals_lint_text_statistics(const VitalsLintTotals *totals);

/**
 * vitals_lint_text_summary:
 * @hint: what to do about missing facts; "" for nothing
 *
 * Returns: (transfer full): one line that counts everything, one for what can be fixed, and one if facts
 *   were missing
 */
char *vitals_lint_text_summary(const VitalsLintTotals *totals, const char *hint);
