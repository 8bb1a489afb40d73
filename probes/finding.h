/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/fix.h"

typedef enum {
    VITALS_SEVERITY_NOTICE,  /* advice, or a matter of the site's profile */
    VITALS_SEVERITY_WARNING, /* a likely outage, or evidence that will be missing */
    VITALS_SEVERITY_ERROR,   /* will not start, is provably dead configuration, or risks data */
} VitalsSeverity;

/* What a rule says of a definition. Missing knowledge is never a pass. */
typedef enum {
    VITALS_ANSWER_PASS,
    VITALS_ANSWER_FAIL,
    VITALS_ANSWER_NOT_APPLICABLE, /* nothing in this definition that the rule is about */
    VITALS_ANSWER_UNKNOWN,        /* depends on a fact that nobody could tell */
    VITALS_N_ANSWERS,
} VitalsAnswer;

typedef struct VitalsRule VitalsRule;

/**
 * VitalsFinding: one thing that is wrong with a definition
 * @rule: whose finding it is
 * @severity: the rule's, or what the rule made of it in this case
 * @line: the line of the element it is about, from 1; 0 where it is about no document but a host
 * @column: its column in characters, from 1
 * @offset: the bytes of that line before it
 * @message: one line with the guest's own values, safe on a terminal
 * @remedy: one line: what to do; safe on a terminal
 * @is_taste: as it stands it matters to the rule's profiles only
 * @fix: (nullable): what cures it, where the rule knows it exactly
 */
typedef struct {
    const VitalsRule *rule;
    VitalsSeverity severity;
    guint line;
    guint column;
    gsize offset;
    char *message;
    char *remedy;
    gboolean is_taste;
    VitalsFix *fix;
} VitalsFinding;

/**
 * VitalsUnknown: a rule that could not be evaluated, wholly or in part
 * @rule: which
 * @fact: what would have to be known, e.g. "driver of the host's PCI device 0000:01:00.0"; safe to show
 */
typedef struct {
    const VitalsRule *rule;
    char *fact;
} VitalsUnknown;

/**
 * VitalsFindings: what linting one definition brought
 * @found: (element-type VitalsFinding): in the order of the document once linting is over
 * @suppressed: (element-type VitalsFinding): what the definition itself says to ignore
 * @unknown: (element-type VitalsUnknown): what could not be evaluated
 * @answers: how many rules gave each answer
 * @rule: the rule at work; new entries are its
 * @found_before: length of @found when it began
 * @unknown_before: length of @unknown when it began
 */
typedef struct {
    GPtrArray *found;
    GPtrArray *suppressed;
    GPtrArray *unknown;
    guint answers[VITALS_N_ANSWERS];
    const VitalsRule *rule;
    guint found_before;
    guint unknown_before;
} VitalsFindings;

/* "notice", "warning" or "error". */
const char *vitals_severity_name(VitalsSeverity severity);

/**
 * vitals_severity_parse:
 * @name: a severity's name
 * @ret_severity: (out): set on success
 *
 * Returns: whether it is one
 */
gboolean vitals_severity_parse(const char *name, VitalsSeverity *ret_severity);

/* Frees a VitalsFinding; for arrays of them. */
void vitals_finding_free(gpointer finding);

/* Returns: (transfer full): nothing found, nothing answered */
VitalsFindings *vitals_findings_new(void);
void vitals_findings_free(VitalsFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsFindings, vitals_findings_free)

/**
 * vitals_findings_begin:
 *
 * Says whose the next entries are.
 */
void vitals_findings_begin(VitalsFindings *findings, const VitalsRule *rule);

/**
 * vitals_findings_add:
 * @where: (nullable): the element to point at; %NULL for a host
 * @format: the message; values of the guest may stand in it as they came
 *
 * Adds a finding of the rule at work, with the rule's severity and remedy.
 *
 * Returns: (transfer none): it, for the rule to change; its strings are freed with g_free()
 */
VitalsFinding *vitals_findings_add(VitalsFindings *findings, const VitalsXmlNode *where,
                                   const char *format, ...) G_GNUC_PRINTF(3, 4);

/**
 * vitals_finding_offer:
 *
 * Gives a finding a fix, to be filled by the rule with vitals_fix_…(). It has to cure the finding and
 * bring no error of its own; tests/lint tries it on every bad*.xml.
 *
 * Returns: (transfer none): the fix
 */
VitalsFix *vitals_finding_offer(VitalsFinding *finding, VitalsFixSafety safety);

/**
 * vitals_findings_add_unknown:
 * @format: the fact that is missing; values of the guest may stand in it as they came
 */
void vitals_findings_add_unknown(VitalsFindings *findings, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/**
 * vitals_findings_answer:
 *
 * Returns: what the entries of the rule at work add up to: fail before unknown before pass
 */
VitalsAnswer vitals_findings_answer(const VitalsFindings *findings);
