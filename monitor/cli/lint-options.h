/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/lint-choice.h"

/**
 * VitalsLintOptions: what the command line of lint asks for
 * @uri: (nullable): where to look guests up
 * @format: "text", "json", "sarif" or "junit"
 * @fail_on: least severity of a finding that makes the run fail
 * @choice: rules and severities, of the configuration and the command line
 * @state_dir: where backups go
 * @all: take all guests of the connection
 * @baseline: (nullable): file of findings that are known
 * @facts: (nullable): "host", "none" or a file of facts
 * @guest: ask the agents of guests that run
 * @live: of a guest that runs, take what it runs with
 * @host: look at the host itself too
 * @schema: (nullable): file of libvirt's schema; "none" to go without; %NULL for the installed one
 * @statistics: count findings by rule instead of showing them
 * @diff: show what fixes would change
 * @fix: make these changes
 * @unsafe_fixes: take unsafe fixes too
 * @skip_others: pass over XML that defines no guest
 * @hook: it runs in libvirt's hook, about one guest
 * @verbose: name each missing fact
 * @define: change guests' definitions as well
 */
typedef struct {
    char *uri;
    char *format;
    VitalsSeverity fail_on;
    VitalsLintChoice *choice;
    char *state_dir;
    gboolean all;
    gboolean guest;
    gboolean live;
    gboolean host;
    char *baseline;
    char *facts;
    char *schema;
    gboolean statistics;
    gboolean diff;
    gboolean fix;
    gboolean unsafe_fixes;
    gboolean skip_others;
    gboolean hook;
    gboolean define;
    gboolean verbose;
} VitalsLintOptions;

/**
 * vitals_lint_options_parse:
 * @argc: (inout): as the verb was given it; afterwards counts what is left: the verb's name and sources
 * @argv: (inout): likewise
 *
 * Reads the options. What is wrong with them is told on standard error.
 *
 * Returns: (transfer full) (nullable): the options; %NULL after an error
 */
VitalsLintOptions *vitals_lint_options_parse(int *argc, char ***argv);

void vitals_lint_options_free(VitalsLintOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLintOptions, vitals_lint_options_free)
