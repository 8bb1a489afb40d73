/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-json.h"

static json_t *
render_finding(const VitalsFinding *finding)
{
    /* "?": null for a text that is not there */
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:s?}", "rule", finding->rule->id, "name",
                     finding->rule->name, "severity", vitals_severity_name(finding->severity),
                     "line", (int)finding->line, "column", (int)finding->column, "message",
                     finding->message, "remedy", finding->remedy, "fix", finding->fix);
}

json_t *
vitals_lint_json(const VitalsLintSource *source)
{
    g_autofree char *name = g_utf8_make_valid(source->name, -1);
    json_t *findings = json_array();
    json_t *suppressed = json_array();
    json_t *unknown = json_array();
    json_t *object;

    for (guint i = 0; source->findings && i < source->findings->found->len; i++)
        json_array_append_new(findings, render_finding(source->findings->found->pdata[i]));
    for (guint i = 0; source->findings && i < source->findings->unknown->len; i++) {
        const VitalsUnknown *missing = source->findings->unknown->pdata[i];

        json_array_append_new(
            unknown, json_pack("{s:s, s:s}", "rule", missing->rule->id, "fact", missing->fact));
    }

    for (guint i = 0; source->findings && i < source->findings->suppressed->len; i++)
        json_array_append_new(suppressed, render_finding(source->findings->suppressed->pdata[i]));

    object = json_pack("{s:s, s:o, s:o, s:o}", "source", name, "findings", findings, "suppressed",
                       suppressed, "not_evaluated", unknown);
    if (source->problem)
        json_object_set_new(object, "error", json_string(source->problem));
    return object;
}
