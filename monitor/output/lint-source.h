/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/rule.h"

/**
 * VitalsLintSource: one thing that was linted, as the outputs show it
 * @name: what the user called it, as it came
 * @file: (nullable): the file that it comes from, where that is not @name: the facts of a host
 * @is_domain: libvirt was asked for it
 * @definition: (nullable): what it held; %NULL if it could not be read
 * @findings: (nullable): what was found in it; %NULL likewise
 * @problem: (nullable): why it could not be read, safe to show
 */
typedef struct {
    char *name;
    char *file;
    gboolean is_domain;
    VitalsDefinition *definition;
    VitalsFindings *findings;
    char *problem;
} VitalsLintSource;

void vitals_lint_source_free(VitalsLintSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLintSource, vitals_lint_source_free)

/**
 * VitalsLintTotals: what all sources of one run add up to
 * @sources: how many there were
 * @hosts: how many of them were hosts
 * @unreadable: how many of them could not be read or judged
 * @by_severity: how many findings
 * @unknown: how many facts were missing, each once
 * @facts: (element-type utf8 GHashTable): the first of them, each with the rules that wanted it
 * @unevaluated: (element-type VitalsRule): the rules that wanted one of them
 * @suppressed: how many findings the definitions say to ignore
 * @known: how many findings the baseline holds
 * @fixable: how many findings have a safe fix
 * @unsafely_fixable: how many have one that is not safe
 * @by_rule: (element-type VitalsRule guint): how many findings of each rule
 */
typedef struct {
    guint sources;
    guint hosts;
    guint unreadable;
    guint by_severity[VITALS_SEVERITY_ERROR + 1];
    guint unknown;
    guint suppressed;
    guint known;
    guint fixable;
    guint unsafely_fixable;
    GHashTable *by_rule;
    GHashTable *facts;
    GHashTable *unevaluated;
} VitalsLintTotals;

/* Missing facts that are told of; a thousand guests miss a thousand, and memory is to stay flat. */
#define VITALS_LINT_MAX_FACTS 20

/* Nothing was counted; to be cleared at the end. */
void vitals_lint_totals_init(VitalsLintTotals *totals);
void vitals_lint_totals_clear(VitalsLintTotals *totals);

/* Counts @source in. */
void vitals_lint_totals_add(VitalsLintTotals *totals, const VitalsLintSource *source);
