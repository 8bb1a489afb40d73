/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-sarif.h"
#include "monitor/output/lint-json.h"

static const char *const levels[] = {
    [VITALS_SEVERITY_NOTICE] = "note",
    [VITALS_SEVERITY_WARNING] = "warning",
    [VITALS_SEVERITY_ERROR] = "error",
};

static int
rule_index(const VitalsRule *wanted)
{
    int index = 0;

    while (vitals_rules[index] != wanted)
        index++;
    return index;
}

/* A reference that is relative to where lint ran, unless the path is absolute. A ':' before the first
 * '/' would begin a scheme, so it is escaped. */
static char *
uri_of(const char *name)
{
    g_autofree char *escaped = g_uri_escape_string(name, "/", FALSE);

    return *name == '/' ? g_strconcat("file://", escaped, NULL) : g_steal_pointer(&escaped);
}

static json_t *
render_result(const VitalsLintSource *source, const VitalsFinding *finding)
{
    g_autofree char *uri = uri_of(source->file ? source->file : source->name);
    g_autofree char *text = g_strdup_printf("%s. Remedy: %s.", finding->message, finding->remedy);
    g_autofree char *identity =
        g_strjoin("\n", source->name, finding->rule->id, finding->message, NULL);
    g_autofree char *fingerprint = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
    /* A host has no line, and code-scanning takes no result without a region: the first one stands for it. */
    json_t *location =
        json_pack("{s:{s:s}, s:{s:i, s:i}}", "artifactLocation", "uri", uri, "region", "startLine",
                  (int)MAX(finding->line, 1), "startColumn", (int)MAX(finding->column, 1));

    return json_pack("{s:s, s:i, s:s, s:{s:s}, s:[{s:o}], s:{s:s}}", "ruleId", finding->rule->id,
                     "ruleIndex", rule_index(finding->rule), "level", levels[finding->severity],
                     "message", "text", text, "locations", "physicalLocation", location,
                     "partialFingerprints", "finding/v1", fingerprint);
}

static json_t *
render_replacement(guint line, guint column, guint end_line, guint end_column, const char *text)
{
    return json_pack("{s:{s:i, s:i, s:i, s:i}, s:{s:s}}", "deletedRegion", "startLine", (int)line,
                     "startColumn", (int)column, "endLine", (int)end_line, "endColumn",
                     (int)end_column, "insertedContent", "text", text);
}

/* A viewer offers what stands here at a click, so it says which fixes change the guest. */
static void
add_fix(json_t *result, const VitalsLintSource *source, const VitalsFix *fix)
{
    g_autofree char *uri = uri_of(source->name);
    g_autofree char *what = vitals_fix_describe(fix);
    gboolean is_safe = vitals_fix_is_safe(fix);
    g_autofree char *text = g_strconcat(is_safe ? "safe: " : "unsafe: ", what, NULL);
    json_t *replacements = vitals_lint_edits_json(source->definition->xml, fix, render_replacement);

    if (json_array_size(replacements) == 0) {
        json_decref(replacements);
        return;
    }
    json_object_set_new(result, "fixes",
                        json_pack("[{s:{s:s}, s:[{s:{s:s}, s:o}], s:{s:b}}]", "description", "text",
                                  text, "artifactChanges", "artifactLocation", "uri", uri,
                                  "replacements", replacements, "properties", "safe",
                                  (int)is_safe));
}

json_t *
vitals_lint_sarif_results(const VitalsLintSource *source)
{
    json_t *results = json_array();

    for (guint i = 0; source->findings && i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];
        json_t *result = render_result(source, finding);

        if (finding->fix)
            add_fix(result, source, finding->fix);
        json_array_append_new(results, result);
    }
    for (guint i = 0; source->findings && i < source->findings->suppressed->len; i++) {
        json_t *result = render_result(source, source->findings->suppressed->pdata[i]);

        json_object_set_new(result, "suppressions", json_pack("[{s:s}]", "kind", "inSource"));
        json_array_append_new(results, result);
    }
    return results;
}

json_t *
vitals_lint_sarif_notification(const VitalsLintSource *source)
{
    return json_pack("{s:s, s:{s:s}}", "level", "error", "message", "text", source->problem);
}

json_t *
vitals_lint_sarif_invocation(json_t *notifications)
{
    return json_pack("{s:b, s:O}", "executionSuccessful",
                     (int)(json_array_size(notifications) == 0), "toolExecutionNotifications",
                     notifications);
}

static json_t *
render_rule(const VitalsRule *rule)
{
    g_autofree char *help = g_strdup_printf("%s\n\nRemedy: %s.\n\nExceptions: %s", rule->why,
                                            rule->remedy, rule->exceptions);

    return json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}", "id", rule->id, "name",
                     rule->name, "shortDescription", "text", rule->title, "fullDescription", "text",
                     rule->why, "help", "text", help, "defaultConfiguration", "level",
                     levels[rule->severity]);
}

json_t *
vitals_lint_sarif_tool(void)
{
    json_t *rules = json_array();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++)
        json_array_append_new(rules, render_rule(*rule));
    return json_pack("{s:{s:s, s:s, s:o}}", "driver", "name", "virt-vitals", "version",
                     VITALS_VERSION, "rules", rules);
}
