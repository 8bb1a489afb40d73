/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"
#include "probes/suppression.h"

/*
 * The definition's own word on findings that are to be ignored.
 */

static const char *
problem_of(VitalsSuppressionState state)
{
    switch (state) {
    case VITALS_SUPPRESSION_NO_REASON:
        return "gives no reason";
    case VITALS_SUPPRESSION_NO_RULE:
        return "names no rule that there is";
    case VITALS_SUPPRESSION_BAD_DATE:
        return "has a date that is not of the form 2027-01-31";
    case VITALS_SUPPRESSION_EXPIRED:
        return "has expired";
    case VITALS_SUPPRESSION_VALID:
        break;
    }
    return NULL;
}

static VitalsAnswer
check_lnt001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) suppressions = vitals_suppressions(definition);

    if (suppressions->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < suppressions->len; i++) {
        const VitalsSuppression *suppression = &g_array_index(suppressions, VitalsSuppression, i);
        const char *problem = problem_of(suppression->state);

        if (problem)
            vitals_findings_add(findings, suppression->node,
                                "the suppression of '%s' %s, so nothing is suppressed",
                                suppression->rule, problem);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_lnt001 = {
    .id = "LNT001",
    .name = "suppression-not-valid",
    .title = "suppression in the metadata does not hold",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "Somebody meant to accept a finding, but the suppression names no rule, gives no "
           "reason, or "
           "has expired. The finding is reported again, and the suppression misleads who reads it.",
    .bad = "<metadata>\n"
           "  <vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>\n"
           "    <vitals:ignore rule='SER001'/>\n"
           "  </vitals:lint>\n"
           "</metadata>",
    .good = "<metadata>\n"
            "  <vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>\n"
            "    <vitals:ignore rule='SER001' reason='appliance' until='2999-01-01'/>\n"
            "  </vitals:lint>\n"
            "</metadata>",
    .remedy = "correct rule, reason or until, or remove the suppression and what it was for",
    .exceptions =
        "A suppression may name an id, a rule's name or what ids begin with (SER). until is "
        "the first day on which it no longer holds, and may be left out. Other elements in "
        "the metadata are nobody's business here.",
    .evidence =
        (const char *const[]){
            "libvirt keeps foreign elements of <metadata>, and drops comments, at define: "
            "https://libvirt.org/formatdomain.html#general-metadata",
            NULL },
    .check = check_lnt001,
};
