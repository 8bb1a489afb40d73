/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

/*
 * Findings that are known and not to be shown again, so that an old fleet can be held to what is new.
 * A baseline is an earlier output of `lint --format json`. A finding is known by its source, rule and
 * message; its line may move. One in the baseline covers one finding.
 */

typedef struct VitalsLintBaseline VitalsLintBaseline;

/**
 * vitals_lint_baseline_parse:
 * @bytes: JSON as `lint --format json` prints it
 * @length: its bytes
 *
 * Returns: (transfer full) (nullable): the baseline; %NULL if it is none
 */
VitalsLintBaseline *vitals_lint_baseline_parse(const char *bytes, gsize length);

/**
 * vitals_lint_baseline_apply:
 *
 * Takes what is known out of @source's findings.
 *
 * Returns: how many that were
 */
guint vitals_lint_baseline_apply(VitalsLintBaseline *baseline, VitalsLintSource *source);

void vitals_lint_baseline_free(VitalsLintBaseline *baseline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLintBaseline, vitals_lint_baseline_free)
