/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/cli/lint-judge.h"

/**
 * VitalsLintFixes: what fixing came to in a run
 * @done: fixes that were applied, or would be
 * @changed: sources that they are in
 * @left: fixes that were held back, as they are unsafe
 */
typedef struct {
    guint done;
    guint changed;
    guint left;
} VitalsLintFixes;

/**
 * vitals_lint_fix:
 * @fixes: counts on
 * @judge: judges source and results
 * @source: its name, and whether it is a guest
 * @before: its definition
 * @error: location for an error
 *
 * Shows, for --diff, or makes, for --fix, the changes that cure what is found: in the file itself, on
 * standard output for "-", or in libvirt for a guest.
 *
 * Returns: (transfer full) (nullable): the definition as it is now; %NULL if it could not be changed
 */
GBytes *vitals_lint_fix(VitalsLintFixes *fixes, VitalsLintJudge *judge,
                        const VitalsLintSource *source, GBytes *before, GError **error);

/* Tells on standard error what it came to. */
void vitals_lint_fix_summary(const VitalsLintFixes *fixes, const VitalsLintOptions *options);
