/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-program.h"

#include <string.h>

/* What lint prints for other programs. */

static void
check_json_fix(json_t *fix)
{
    int safe;
    const char *description;
    const char *texts[2];
    int places[4];

    g_assert_cmpint(json_unpack(fix, "{s:b, s:s, s:[{s:s}, {s:i, s:i, s:i, s:i, s:s}]}", "safe",
                                &safe, "description", &description, "edits", "text", &texts[0],
                                "line", &places[0], "column", &places[1], "end_line", &places[2],
                                "end_column", &places[3], "text", &texts[1]),
                    ==, 0);
    g_assert_true(safe);
    g_assert_cmpstr(description, ==,
                    "set type='virtio' on <target>, set name='org.qemu.guest_agent.0' on <target>");
    g_assert_cmpstr(texts[0], ==, "virtio");
    g_assert_cmpstr(texts[1], ==, "org.qemu.guest_agent.0");
    g_assert_cmpint(places[0], ==, 8);
    g_assert_cmpint(places[1], ==, 54);
    g_assert_cmpint(places[2], ==, 8);
    g_assert_cmpint(places[3], ==, 76);
}

static void
test_json(LintFixture *fixture, gconstpointer data)
{
    json_t *document;
    json_t *sources;
    json_t *finding;
    const char *rule;
    const char *fact;

    lint_check(fixture, "lint --format json error.xml broken.xml unknown.xml notice.xml", 2);
    g_assert_true(g_str_has_prefix(fixture->err, "virt-vitals: broken.xml:2: "));
    document = lint_parse_json(fixture->out);
    sources = json_object_get(document, "sources");
    g_assert_cmpuint(json_array_size(sources), ==, 4);

    finding = json_array_get(json_object_get(json_array_get(sources, 0), "findings"), 0);
    g_assert_cmpuint(json_object_size(finding), ==, 8);
    g_assert_cmpstr(json_string_value(json_object_get(finding, "rule")), ==, "AGT002");
    g_assert_cmpstr(json_string_value(json_object_get(finding, "name")), ==,
                    "agent-channel-misnamed");
    g_assert_cmpstr(json_string_value(json_object_get(finding, "severity")), ==, "error");
    g_assert_cmpint(json_integer_value(json_object_get(finding, "line")), ==, 8);
    g_assert_cmpint(json_integer_value(json_object_get(finding, "column")), ==, 26);
    g_assert_true(json_is_string(json_object_get(finding, "message")));
    g_assert_true(json_is_string(json_object_get(finding, "remedy")));
    check_json_fix(json_object_get(finding, "fix"));

    g_assert_cmpuint(json_array_size(json_object_get(json_array_get(sources, 1), "findings")), ==,
                     0);
    g_assert_true(json_is_string(json_object_get(json_array_get(sources, 1), "error")));
    g_assert_cmpint(json_unpack(json_array_get(sources, 2), "{s:[{s:s, s:s}]}", "not_evaluated",
                                "rule", &rule, "fact", &fact),
                    ==, 0);
    g_assert_cmpstr(rule, ==, "PCI001");
    finding = json_array_get(json_object_get(json_array_get(sources, 3), "findings"), 0);
    g_assert_true(json_is_false(json_object_get(json_object_get(finding, "fix"), "safe")));
    json_decref(document);
}

static void
test_sarif(LintFixture *fixture, gconstpointer data)
{
    json_t *document;
    const char *version;
    const char *rule;
    const char *level;
    const char *uri;
    const char *of_index;
    int index;
    int line;
    json_t *rules;
    json_t *results;

    lint_check(fixture, "lint --format sarif error.xml broken.xml", 2);
    document = lint_parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:s, s:[{s:{s:{s:o}}, s:o}]}", "version", &version,
                                "runs", "tool", "driver", "rules", &rules, "results", &results),
                    ==, 0);
    g_assert_cmpstr(version, ==, "2.1.0");
    g_assert_cmpuint(json_array_size(results), ==, 1);
    g_assert_cmpint(json_unpack(json_array_get(results, 0),
                                "{s:s, s:i, s:s, s:[{s:{s:{s:s}, s:{s:i}}}]}", "ruleId", &rule,
                                "ruleIndex", &index, "level", &level, "locations",
                                "physicalLocation", "artifactLocation", "uri", &uri, "region",
                                "startLine", &line),
                    ==, 0);
    g_assert_cmpstr(rule, ==, "AGT002");
    g_assert_cmpstr(level, ==, "error");
    g_assert_cmpstr(uri, ==, "error.xml");
    g_assert_cmpint(line, ==, 8);
    g_assert_cmpint(json_unpack(json_array_get(rules, (size_t)index), "{s:s}", "id", &of_index), ==,
                    0);
    g_assert_cmpstr(of_index, ==, "AGT002");
    json_decref(document);
}

/*
 * The objects that we write, as the schema of SARIF 2.1.0 has them: it allows no member that it does not
 * name, and requires some. code-scanning wants some more, which are required here.
 */
static const struct {
    const char *path;
    const char *required;
    const char *optional;
} sarif_objects[] = {
    { "", "version runs $schema", "" },
    { "/runs", "tool results columnKind invocations", "" },
    { "/runs/tool", "driver", "" },
    { "/runs/tool/driver", "name version rules", "" },
    { "/runs/tool/driver/rules",
      "id name shortDescription fullDescription help defaultConfiguration", "" },
    { "/runs/tool/driver/rules/shortDescription", "text", "" },
    { "/runs/tool/driver/rules/fullDescription", "text", "" },
    { "/runs/tool/driver/rules/help", "text", "" },
    { "/runs/tool/driver/rules/defaultConfiguration", "level", "" },
    { "/runs/invocations", "executionSuccessful", "toolExecutionNotifications" },
    { "/runs/invocations/toolExecutionNotifications", "level message", "" },
    { "/runs/invocations/toolExecutionNotifications/message", "text", "" },
    { "/runs/results", "ruleId ruleIndex level message locations partialFingerprints",
      "fixes suppressions" },
    { "/runs/results/message", "text", "" },
    { "/runs/results/locations", "physicalLocation", "" },
    { "/runs/results/locations/physicalLocation", "artifactLocation region", "" },
    { "/runs/results/locations/physicalLocation/artifactLocation", "uri", "" },
    { "/runs/results/locations/physicalLocation/region", "startLine startColumn", "" },
    { "/runs/results/partialFingerprints", "finding/v1", "" },
    { "/runs/results/suppressions", "kind", "" },
    { "/runs/results/fixes", "description artifactChanges", "properties" },
    { "/runs/results/fixes/description", "text", "" },
    { "/runs/results/fixes/properties", "safe", "" },
    { "/runs/results/fixes/artifactChanges", "artifactLocation replacements", "" },
    { "/runs/results/fixes/artifactChanges/artifactLocation", "uri", "" },
    { "/runs/results/fixes/artifactChanges/replacements", "deletedRegion insertedContent", "" },
    { "/runs/results/fixes/artifactChanges/replacements/deletedRegion",
      "startLine startColumn endLine endColumn", "" },
    { "/runs/results/fixes/artifactChanges/replacements/insertedContent", "text", "" },
};

static void
check_members(const char *path, json_t *object)
{
    g_auto(GStrv) required = NULL;
    g_auto(GStrv) optional = NULL;
    const char *name;
    json_t *value;
    gsize row = 0;

    while (row < G_N_ELEMENTS(sarif_objects) && !g_str_equal(sarif_objects[row].path, path))
        row++;
    if (row == G_N_ELEMENTS(sarif_objects))
        g_error("no object is known at '%s'", path);
    required = g_strsplit(sarif_objects[row].required, " ", -1);
    optional = g_strsplit(sarif_objects[row].optional, " ", -1);
    for (guint i = 0; required[i]; i++) {
        if (!json_object_get(object, required[i]))
            g_error("no '%s' in '%s'", required[i], path);
    }
    json_object_foreach(object, name, value)
    {
        if (!g_strv_contains((const char *const *)required, name) &&
            !g_strv_contains((const char *const *)optional, name))
            g_error("'%s' is not allowed in '%s'", name, path);
    }
}

static void
check_value(const char *name, const json_t *value)
{
    static const char *const levels[] = { "none", "note", "warning", "error", NULL };
    const char *text = json_string_value(value);
    gboolean may_be_empty = g_str_equal(name, "text"); /* what is inserted may be nothing */

    if (json_is_integer(value) && !g_str_equal(name, "ruleIndex"))
        g_assert_cmpint(json_integer_value(value), >=, 1);
    if (text && !may_be_empty)
        g_assert_cmpstr(text, !=, "");
    if (g_str_equal(name, "level"))
        g_assert_true(g_strv_contains(levels, text));
    if (g_str_equal(name, "uri")) {
        g_assert_true(g_uri_is_valid(text, G_URI_FLAGS_NONE, NULL) ||
                      (*text != '/' && !strpbrk(text, " :\\")));
    }
}

static void
check_sarif_object(const char *path, const char *name, json_t *value)
{
    const char *member;
    json_t *child;
    size_t index;

    if (json_is_array(value)) {
        json_array_foreach(value, index, child) check_sarif_object(path, name, child);
        return;
    }
    if (!json_is_object(value)) {
        check_value(name, value);
        return;
    }
    check_members(path, value);
    json_object_foreach(value, member, child)
    {
        g_autofree char *below = g_strdup_printf("%s/%s", path, member);

        check_sarif_object(below, member, child);
    }
}

/* No member that the schema does not know, and all that it or code-scanning wants; a viewer refuses the
 * whole file for one that is wrong. */
static void
test_sarif_shape(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *accepted =
        lint_change(lint_clean, "  <os>",
                    "  <metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'><vitals:ignore "
                    "rule='CAP009' reason='no'/></vitals:lint></metadata>\n  <os>");
    json_t *document;

    lint_add_file(fixture, "a name: ä.xml", accepted);
    lint_add_file(fixture, "host.json",
                  "{\"virt_vitals_facts\": 1, \"words\": {\"journal_storage\": \"volatile\"}}");
    lint_check(
        fixture,
        "lint --profile production --format sarif clean.xml notice.xml warning.xml error.xml "
        "unknown.xml broken.xml . --facts host.json",
        2);
    document = lint_parse_json(fixture->out);
    check_sarif_object("", "", document);
    g_assert_nonnull(strstr(fixture->out, "\"uri\": \"./a%20name%3A%20%C3%A4.xml\""));
    g_assert_nonnull(strstr(fixture->out, "\"kind\": \"inSource\""));
    g_assert_nonnull(strstr(fixture->out, "\"uri\": \"host.json\""));
    json_decref(document);
}

/* What a viewer puts in at a click, as the standard wants it. */
static void
test_sarif_fixes(LintFixture *fixture, gconstpointer data)
{
    json_t *document;
    json_t *fixes;
    const char *text;
    const char *uri;
    const char *inserted;
    int line;
    int end_line;
    int safe;

    lint_check(fixture, "lint --format sarif warning.xml", 0);
    document = lint_parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:[{s:[{s:o}]}]}", "runs", "results", "fixes", &fixes),
                    ==, 0);
    g_assert_cmpuint(json_array_size(fixes), ==, 1);
    g_assert_cmpint(json_unpack(json_array_get(fixes, 0),
                                "{s:{s:s}, s:[{s:{s:s}, s:[{s:{s:i, s:i}, s:{s:s}}]}], s:{s:b}}",
                                "description", "text", &text, "artifactChanges", "artifactLocation",
                                "uri", &uri, "replacements", "deletedRegion", "startLine", &line,
                                "endLine", &end_line, "insertedContent", "text", &inserted,
                                "properties", "safe", &safe),
                    ==, 0);
    g_assert_cmpstr(text, ==, "safe: add <stats period='10'/> to <memballoon>");
    g_assert_cmpstr(uri, ==, "warning.xml");
    g_assert_cmpint(line, ==, 9);
    g_assert_cmpint(end_line, ==, 9);
    g_assert_nonnull(strstr(inserted, "<stats period='10'/>"));
    g_assert_true(safe);
    json_decref(document);
}

static void
test_junit(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint --format junit clean.xml error.xml unknown.xml broken.xml", 2);
    g_assert_true(g_str_has_prefix(fixture->out, "<?xml version='1.0' encoding='UTF-8'?>\n"
                                                 "<testsuites>\n  <testsuite name=\"clean.xml\" "
                                                 "tests=\"1\" failures=\"0\""));
    g_assert_nonnull(strstr(fixture->out, "<failure type=\"error\" message=\"the agent&apos;s"));
    g_assert_nonnull(strstr(fixture->out, "<skipped message=\"not known: driver"));
    g_assert_nonnull(strstr(fixture->out, "<error message=\"broken.xml:2: "));
    g_assert_true(g_str_has_suffix(fixture->out, "</testsuites>\n"));
}

static void
test_statistics(LintFixture *fixture, gconstpointer data)
{
    lint_check(fixture, "lint --statistics error.xml warning.xml error.xml", 1);
    g_assert_cmpstr(
        fixture->out, ==,
        "     2  AGT002 agent-channel-misnamed    agent channel has the wrong name or target type\n"
        "     1  MEM004 no-balloon-statistics     balloon statistics period not set: no guest "
        "memory figures\n"
        "3 definitions checked: 2 errors, 1 warning, 0 notices\n"
        "3 can be fixed: --diff shows how, --fix does it\n");
}

static void
test_hostile_name(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *evil = lint_change(lint_clean, "<stats period='5'/>", "");
    json_t *document;
    const char *source;

    lint_add_file(fixture, "evil\x1b[31m\n.xml", evil);
    lint_check(fixture, "lint evil\x1b[31m\n.xml", 0);
    g_assert_true(g_str_has_prefix(fixture->out, "evil\\x1b[31m\\x0a.xml:9:5: "));
    lint_check(fixture, "lint --format json evil\x1b[31m\n.xml", 0);
    document = lint_parse_json(fixture->out);
    g_assert_cmpint(json_unpack(document, "{s:[{s:s}]}", "sources", "source", &source), ==, 0);
    g_assert_cmpstr(source, ==, "evil\x1b[31m\n.xml");
    json_decref(document);
    lint_check(fixture, "lint gone\x1b[31m\n.xml", 2);
}

int
main(int argc, char **argv)
{
    static const LintTest tests[] = {
        { "/lint-formats/json", test_json },
        { "/lint-formats/statistics", test_statistics },
        { "/lint-formats/sarif", test_sarif },
        { "/lint-formats/sarif/shape", test_sarif_shape },
        { "/lint-formats/sarif/fixes", test_sarif_fixes },
        { "/lint-formats/junit", test_junit },
        { "/lint-formats/hostile-name", test_hostile_name },
    };

    g_test_init(&argc, &argv, NULL);
    lint_add_tests(tests, G_N_ELEMENTS(tests));
    return g_test_run();
}
