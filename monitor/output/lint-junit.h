/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/lint-source.h"

/* What stands before and behind all sources. */
#define VITALS_LINT_JUNIT_BEGIN "<?xml version='1.0' encoding='UTF-8'?>\n<testsuites>\n"
#define VITALS_LINT_JUNIT_END "</testsuites>\n"

/**
 * vitals_lint_junit:
 *
 * Renders a source as one <testsuite> of the JUnit XML that build servers read: a failed <testcase>
 * for each finding, a skipped one for each fact that is missing, and one that passed if there is
 * nothing else.
 *
 * Returns: (transfer full): the XML
 */
char *vitals_lint_junit(const VitalsLintSource *source);
