/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/cli/lint-fleet.h"
#include "monitor/cli/lint-options.h"
#include "monitor/output/lint-baseline.h"
#include "monitor/schema.h"

/**
 * VitalsLintJudge: what all sources of a run are judged by
 * @baseline: (nullable): what is known
 * @facts: (nullable): of every guest's host, where the user said so
 * @schema: (nullable): libvirt's, where it is installed and used
 * @survey: (nullable): the connection's host and guests, once they were asked for
 * @fleet: (nullable): what the guests must not share; the caller's to set
 * @guest_cmdline: (nullable): what the guest at hand said, where the user wants guests to be asked
 * @guest_nmi: (nullable): likewise
 * @log_directory: (nullable): as in VitalsDefinition
 * @own: (nullable): of this host, once a guest of its libvirt asked for it
 * @is_connected: @facts have what the connection tells of this host, or nobody wants that
 * @looked_for: (nullable): the facts that hold what @fleet's images are
 */
typedef struct {
    const VitalsLintOptions *options;
    VitalsLintBaseline *baseline;
    VitalsHostFacts *facts;
    VitalsHostFacts *own;
    gboolean is_connected;
    const VitalsHostFacts *looked_for;
    VitalsSurvey *survey;
    VitalsFleet *fleet;
    char *guest_cmdline;
    char *guest_nmi;
    VitalsSchema *schema;
    char *today;
    char *log_directory;
} VitalsLintJudge;

/**
 * vitals_lint_judge_init:
 * @options: must outlive the judge
 *
 * Reads what the options name. Tells on standard error what is wrong.
 *
 * Returns: whether it can judge
 */
gboolean vitals_lint_judge_init(VitalsLintJudge *judge, const VitalsLintOptions *options);
void vitals_lint_judge_clear(VitalsLintJudge *judge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VitalsLintJudge, vitals_lint_judge_clear)

/**
 * vitals_lint_judge_survey:
 *
 * Asks libvirt for its guests and host, once.
 *
 * Returns: (transfer none) (nullable): the answer; %NULL with @error if there is none
 */
const VitalsSurvey *vitals_lint_judge_survey(VitalsLintJudge *judge, GError **error);

/**
 * vitals_lint_judge_facts:
 * @is_domain: it is about a guest of the connection: it runs on this host if libvirt does. A file may
 *   be for any host.
 *
 * Returns: (transfer none) (nullable): what is known of the host
 */
const VitalsHostFacts *vitals_lint_judge_facts(VitalsLintJudge *judge, gboolean is_domain);

/**
 * vitals_lint_judge:
 * @source: with a definition, which is given host (unless it is the host's) and day; gets its findings
 *
 * Judges one source by rules, severities and baseline.
 *
 * Returns: how many findings the baseline held
 */
guint vitals_lint_judge(VitalsLintJudge *judge, VitalsLintSource *source);
