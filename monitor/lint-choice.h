/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "probes/rule.h"

/*
 * Which rules a site uses, and how grave it takes what they find: for lint on the command line, and for
 * the daemon.
 */

#define VITALS_LINT_CHOICE_ERROR (vitals_lint_choice_error_quark())
GQuark vitals_lint_choice_error_quark(void);
typedef enum {
    VITALS_LINT_CHOICE_ERROR_WORD, /* no rule, profile or severity is called so */
} VitalsLintChoiceError;

/**
 * VitalsLintChoice:
 * @rules: (element-type VitalsRule): those to use
 * @severities: (element-type VitalsRule gint): severities that were set for rules
 * @profiles: set of VitalsProfile
 * @is_selected: somebody asked for these rules, by id or name
 */
typedef struct {
    GPtrArray *rules;
    GHashTable *severities;
    guint profiles;
    gboolean is_selected;
} VitalsLintChoice;

/**
 * VitalsLintWords: a choice as it is written; words are separated by commas or blanks, "" is none
 * @select: rules to use only: ids, names or beginnings of ids
 * @ignore: rules to leave out, likewise
 * @profile: profiles
 * @severity: RULE:SEVERITY or RULE=SEVERITY
 */
typedef struct {
    const char *select;
    const char *ignore;
    const char *profile;
    const char *severity;
} VitalsLintWords;

/**
 * vitals_lint_choice_new:
 * @error: location for an error of domain %VITALS_LINT_CHOICE_ERROR, that names the word
 *
 * Matters of taste are used where a profile or a selection asks for them.
 *
 * Returns: (transfer full) (nullable): the choice
 */
VitalsLintChoice *vitals_lint_choice_new(const VitalsLintWords *words, GError **error);

/* What the section [Lint] says, as words that live as long as @settings. */
VitalsLintWords vitals_lint_choice_words(const VitalsSettings *settings);

void vitals_lint_choice_free(VitalsLintChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLintChoice, vitals_lint_choice_free)

/**
 * vitals_lint_choice_apply:
 *
 * Leaves out what is a matter of taste and nobody asked for, and gives the rest the severities of the
 * choice: profiles raise first, so that what was set for a rule is
 * the last word.
 */
void vitals_lint_choice_apply(const VitalsLintChoice *choice, VitalsFindings *findings);
