/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-json.h"

/* Columns are counted from the line's begin for each edit; a definition that is all one line does not
 * get them far into it. */
#define MAX_LINE 10000

json_t *
vitals_lint_edits_json(const VitalsXml *xml, const VitalsFix *fix,
                       json_t *(*render)(guint line, guint column, guint end_line, guint end_column,
                                         const char *text))
{
    g_autoptr(GPtrArray) edits = vitals_fix_edits(fix, xml);
    json_t *array = json_array();

    for (guint i = 0; edits && i < edits->len; i++) {
        const VitalsTextEdit *edit = edits->pdata[i];
        guint places[4];

        if (!vitals_xml_place(xml, edit->offset, MAX_LINE, &places[0], &places[1]) ||
            !vitals_xml_place(xml, edit->offset + edit->length, MAX_LINE, &places[2], &places[3])) {
            json_array_clear(array);
            break;
        }
        json_array_append_new(array,
                              render(places[0], places[1], places[2], places[3], edit->text));
    }
    return array;
}

static json_t *
render_edit(guint line, guint column, guint end_line, guint end_column, const char *text)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:s}", "line", (int)line, "column", (int)column,
                     "end_line", (int)end_line, "end_column", (int)end_column, "text", text);
}

static json_t *
render_fix(const VitalsXml *xml, const VitalsFix *fix)
{
    g_autofree char *description = vitals_fix_describe(fix);

    return json_pack("{s:b, s:s, s:o}", "safe", (int)vitals_fix_is_safe(fix), "description",
                     description, "edits", vitals_lint_edits_json(xml, fix, render_edit));
}

static json_t *
render_finding(const VitalsLintSource *source, const VitalsFinding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o}", "rule", finding->rule->id, "name",
                     finding->rule->name, "severity", vitals_severity_name(finding->severity),
                     "line", (int)finding->line, "column", (int)finding->column, "message",
                     finding->message, "remedy", finding->remedy, "fix",
                     finding->fix ? render_fix(source->definition->xml, finding->fix)
                                  : json_null());
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
        json_array_append_new(findings, render_finding(source, source->findings->found->pdata[i]));
    for (guint i = 0; source->findings && i < source->findings->unknown->len; i++) {
        const VitalsUnknown *missing = source->findings->unknown->pdata[i];

        json_array_append_new(
            unknown, json_pack("{s:s, s:s}", "rule", missing->rule->id, "fact", missing->fact));
    }

    for (guint i = 0; source->findings && i < source->findings->suppressed->len; i++)
        json_array_append_new(suppressed,
                              render_finding(source, source->findings->suppressed->pdata[i]));

    object = json_pack("{s:s, s:o, s:o, s:o}", "source", name, "findings", findings, "suppressed",
                       suppressed, "not_evaluated", unknown);
    if (source->problem)
        json_object_set_new(object, "error", json_string(source->problem));
    return object;
}
