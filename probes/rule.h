/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"
#include "probes/finding.h"

/* What a site cares for beyond what is wrong everywhere; a set in rules and in a run. */
typedef enum {
    VITALS_PROFILE_CRASH_CAPTURE = 1 << 0, /* a dead guest has to leave evidence */
    VITALS_PROFILE_PASSTHROUGH = 1 << 1,   /* guests own devices of the host */
    VITALS_PROFILE_AUTOSTART = 1 << 2,     /* guests have to come back by themselves */
    VITALS_PROFILE_XEN = 1 << 3,
    VITALS_PROFILE_PRODUCTION = 1 << 4, /* all of them */
} VitalsProfile;

/* The kinds of fix that a rule offers, of VitalsFixSafety; a set. */
typedef enum {
    VITALS_FIXES_SAFE = 1 << 0,
    VITALS_FIXES_UNSAFE = 1 << 1,
} VitalsFixes;

/**
 * VitalsRule: a lint rule: everything about it stands in its descriptor
 * @id: stable and never used again, e.g. "SER001"; its letters are the family
 * @name: readable and as stable, e.g. "no-serial-port"
 * @title: one line without a period: what is wrong
 * @severity: the default one
 * @drivers: set of VitalsDefinitionDriver that it is about; others are not applicable
 * @machines: set of VitalsMachine that it is about; others are not applicable
 * @profiles: set of VitalsProfile in which its notices are warnings; all are in production
 * @is_gated: a matter of taste: used in its profiles only, or when it is asked for by id or name
 * @needs: (nullable): the fact beyond the definition that sharpens it; without it the definition is
 *   enough. What is missing in a given case, the check says itself.
 * @why: the problem and what it leads to, in full sentences
 * @bad: XML that it finds; of a rule about hosts alone, what it finds there in words
 * @good: the same, cured
 * @remedy: one line: what to do
 * @fixes: set of VitalsFixes that its findings may come with; empty where only people can know
 * @exceptions: when the finding may be ignored, and where the rule holds back by itself
 * @evidence: how this is known: measurements and references, ended by %NULL
 * @check: looks at a definition that it is about; adds to @findings and returns their answer, or
 *   %VITALS_ANSWER_NOT_APPLICABLE with nothing added
 *
 * A rule is a check function followed by its descriptor `vitals_rule_<id in lower case>` in the file of
 * its family, probes/lint/<family>.c; probes/meson.build lists the ids.
 */
struct VitalsRule {
    const char *id;
    const char *name;
    const char *title;
    VitalsSeverity severity;
    guint drivers;
    guint machines;
    guint profiles;
    gboolean is_gated;
    const char *needs;
    const char *why;
    const char *bad;
    const char *good;
    const char *remedy;
    guint fixes;
    const char *exceptions;
    const char *const *evidence;
    VitalsAnswer (*check)(const VitalsDefinition *definition, VitalsFindings *findings);
};

/* All rules in the order of the build's lists, ended by %NULL. */
extern const VitalsRule *const vitals_rules[];

/**
 * vitals_rule_find:
 * @word: an id or a name, in any case
 *
 * Returns: (transfer none) (nullable): the rule
 */
const VitalsRule *vitals_rule_find(const char *word);

/**
 * vitals_rule_matches:
 * @word: an id, a name, or what ids begin with ("SER"), in any case
 *
 * Returns: whether @word means this rule
 */
gboolean vitals_rule_matches(const VitalsRule *rule, const char *word);

/**
 * vitals_rule_nearest:
 * @word: what was taken for an id or a name
 *
 * Returns: (transfer none) (nullable): the id or name that was probably meant; %NULL if none is near
 */
const char *vitals_rule_nearest(const char *word);

/**
 * vitals_lint:
 * @definition: what to look at
 * @rules: (nullable) (element-type VitalsRule): which rules to use; %NULL for all that are no matter
 *   of taste
 *
 * Judges a definition. Pure: the same definition gives the same findings. What the definition's
 * metadata says to ignore is apart from the rest.
 *
 * Returns: (transfer full): what was found, sorted by place
 */
VitalsFindings *vitals_lint(const VitalsDefinition *definition, const GPtrArray *rules);

/**
 * vitals_profile_parse:
 * @name: "default", "crash-capture", "passthrough", "autostart", "xen" or "production"
 * @ret_profiles: (out): the set of VitalsProfile that it means; empty for "default"
 *
 * Returns: whether it is a profile
 */
gboolean vitals_profile_parse(const char *name, guint *ret_profiles);

/**
 * vitals_rule_in_profiles:
 *
 * Returns: whether one of these profiles is about the rule
 */
gboolean vitals_rule_in_profiles(const VitalsRule *rule, guint profiles);

/**
 * vitals_findings_drop_taste:
 *
 * Takes out what is a matter of taste, unless one of these profiles is about the rule.
 */
void vitals_findings_drop_taste(VitalsFindings *findings, guint profiles);

/**
 * vitals_findings_raise:
 *
 * Makes warnings of those notices that these profiles are about.
 */
void vitals_findings_raise(VitalsFindings *findings, guint profiles);
