/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/finding.h"
#include "config/text.h"
#include "probes/rule.h"

static const char *const severity_names[] = {
    [VITALS_SEVERITY_NOTICE] = "notice",
    [VITALS_SEVERITY_WARNING] = "warning",
    [VITALS_SEVERITY_ERROR] = "error",
};

const char *
vitals_severity_name(VitalsSeverity severity)
{
    return severity_names[severity];
}

gboolean
vitals_severity_parse(const char *name, VitalsSeverity *ret_severity)
{
    for (guint i = 0; i < G_N_ELEMENTS(severity_names); i++) {
        if (g_str_equal(severity_names[i], name)) {
            *ret_severity = (VitalsSeverity)i;
            return TRUE;
        }
    }
    return FALSE;
}

void
vitals_finding_free(gpointer data)
{
    VitalsFinding *finding = data;

    if (!finding)
        return;
    g_free(finding->message);
    g_free(finding->remedy);
    vitals_fix_free(finding->fix);
    g_free(finding);
}

static void
free_unknown(gpointer data)
{
    VitalsUnknown *unknown = data;

    g_free(unknown->fact);
    g_free(unknown);
}

VitalsFindings *
vitals_findings_new(void)
{
    VitalsFindings *findings = g_new0(VitalsFindings, 1);

    findings->found = g_ptr_array_new_with_free_func(vitals_finding_free);
    findings->suppressed = g_ptr_array_new_with_free_func(vitals_finding_free);
    findings->unknown = g_ptr_array_new_with_free_func(free_unknown);
    return findings;
}

void
vitals_findings_free(VitalsFindings *findings)
{
    if (!findings)
        return;
    g_ptr_array_unref(findings->found);
    g_ptr_array_unref(findings->suppressed);
    g_ptr_array_unref(findings->unknown);
    g_free(findings);
}

void
vitals_findings_begin(VitalsFindings *findings, const VitalsRule *rule)
{
    findings->rule = rule;
    findings->found_before = findings->found->len;
    findings->unknown_before = findings->unknown->len;
}

VitalsFinding *
vitals_findings_add(VitalsFindings *findings, const VitalsXmlNode *where, const char *format, ...)
{
    VitalsFinding *finding = g_new0(VitalsFinding, 1);
    g_autofree char *message = NULL;
    va_list values;

    va_start(values, format);
    message = g_strdup_vprintf(format, values);
    va_end(values);

    finding->rule = findings->rule;
    finding->severity = findings->rule->severity;
    if (where) {
        finding->line = vitals_xml_line(where);
        finding->column = vitals_xml_column(where);
        finding->offset = vitals_xml_offset(where);
    }
    finding->message = vitals_text_printable(message, -1);
    finding->remedy = g_strdup(findings->rule->remedy);
    g_ptr_array_add(findings->found, finding);
    return finding;
}

VitalsFix *
vitals_finding_offer(VitalsFinding *finding, VitalsFixSafety safety)
{
    vitals_fix_free(finding->fix);
    finding->fix = vitals_fix_new(safety);
    return finding->fix;
}

void
vitals_findings_add_unknown(VitalsFindings *findings, const char *format, ...)
{
    VitalsUnknown *unknown = g_new0(VitalsUnknown, 1);
    g_autofree char *fact = NULL;
    va_list values;

    va_start(values, format);
    fact = g_strdup_vprintf(format, values);
    va_end(values);

    unknown->rule = findings->rule;
    unknown->fact = vitals_text_printable(fact, -1);
    g_ptr_array_add(findings->unknown, unknown);
}

VitalsAnswer
vitals_findings_answer(const VitalsFindings *findings)
{
    if (findings->found->len > findings->found_before)
        return VITALS_ANSWER_FAIL;
    if (findings->unknown->len > findings->unknown_before)
        return VITALS_ANSWER_UNKNOWN;
    return VITALS_ANSWER_PASS;
}
