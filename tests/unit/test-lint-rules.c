/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"
#include "monitor/schema.h"
#include "probes/fleet.h"
#include "probes/rule.h"
#include "tests/unit/lint-fixture.h"

#include <string.h>

/*
 * tests/lint/<RULE>/ holds definitions for each rule. bad*.xml gives exactly what its comments
 * "<!-- expect: RULE [SEVERITY] -->" say, each in the line of its comment, and one of them nothing of
 * other rules. good*.xml gives nothing at all. lookalike*.xml gives nothing of that rule. "<!-- starts
 * with the host -->" says that the guest does, which is libvirt's to tell. A rule without all three
 * kinds fails. host.json, if there is one, is the host of all these guests; NAME.host.json is that of
 * NAME.xml. A rule about hosts has *.json instead, each of them a host, with what is expected in its
 * member "expect". other*.xml are the other guests of that host.
 */

typedef enum {
    KIND_BAD,
    KIND_GOOD,
    KIND_LOOKALIKE,
    N_KINDS,
} Kind;

static const char *const kinds[] = { "bad", "good", "lookalike" };

/* The other guests that a rule's fixtures are compared with; %NULL for none. */
static VitalsFleet *
fixture_fleet(const char *rule)
{
    g_autofree char *directory = lint_fixture_folder(rule);
    g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
    g_autoptr(VitalsFleet) fleet = vitals_fleet_new(TRUE);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(VitalsDefinition) other = NULL;

        if (!g_str_has_prefix(name, "other"))
            continue;
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        other = lint_fixture_define(path, text, NULL);
        vitals_fleet_add(fleet, other);
    }
    return vitals_fleet_members(fleet)->len > 0 ? g_steal_pointer(&fleet) : NULL;
}

/* One line for each finding, as expectations are written: "LINE RULE [SEVERITY]". */
static void
describe(GString *out, const VitalsFindings *findings, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];
        const char *severity = vitals_severity_name(finding->severity);
        g_autofree char *said = g_strdup_printf("%s %s -->", finding->rule->id, severity);
        gboolean says_severity = strstr(lines[finding->line - 1], said) != NULL;

        g_string_append_printf(out, "%u %s%s%s\n", finding->line, finding->rule->id,
                               says_severity ? " " : "", says_severity ? severity : "");
    }
}

static void
expect(GString *out, const char *text)
{
    static const char marker[] = "<!-- expect: ";
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        const char *at = lines[i];

        while ((at = strstr(at, marker))) {
            at += strlen(marker);
            g_string_append_printf(out, "%u %.*s\n", i + 1, (int)(strstr(at, " -->") - at), at);
        }
    }
}

/* A host's findings have no line and stand in a list of their own. */
static void
describe_host(GString *found, GString *expected, const VitalsFindings *findings, const char *text)
{
    json_t *document = json_loads(text, 0, NULL);
    json_t *value;
    size_t index;

    json_array_foreach(json_object_get(document, "expect"), index, value)
        g_string_append_printf(expected, "%s\n", json_string_value(value));
    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];

        g_assert_cmpuint(finding->line, ==, 0);
        g_string_append_printf(found, "%s %s\n", finding->rule->id,
                               vitals_severity_name(finding->severity));
    }
    json_decref(document);
}

static void
check_kind(const char *rule, const char *found, const char *expected, Kind kind)
{
    if (kind == KIND_LOOKALIKE)
        g_assert_cmpstr(strstr(found, rule), ==, NULL);
    else
        g_assert_cmpstr(found, ==, expected);
    g_assert_true((kind == KIND_BAD) == (strstr(found, rule) != NULL));
    if (kind == KIND_GOOD)
        g_assert_cmpstr(expected, ==, "");
}

static gboolean
is_alone(const char *rule, const VitalsFindings *findings)
{
    for (guint i = 0; i < findings->found->len; i++) {
        if (!g_str_equal(((VitalsFinding *)findings->found->pdata[i])->rule->id, rule))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_host_file(const char *rule, const char *path, Kind kind)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) rules = lint_fixture_all_rules();
    g_autoptr(VitalsHostFacts) host = NULL;
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule);
    g_autoptr(VitalsDefinition) definition = NULL;
    g_autoptr(VitalsFindings) findings = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);

    g_test_message("%s", path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    host = vitals_facts_parse(text, strlen(text));
    g_assert_nonnull(host);
    definition = vitals_definition_new_host(host);
    definition->fleet = fleet;
    findings = vitals_lint(definition, rules);
    describe_host(found, expected, findings, text);
    check_kind(rule, found->str, expected->str, kind);
    return is_alone(rule, findings);
}

/* Returns: whether no other rule found anything in it */
static gboolean
check_file(const char *rule, const char *path, Kind kind)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) rules = lint_fixture_all_rules();
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(VitalsHostFacts) host = lint_fixture_host(directory, name);
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule);
    g_autoptr(VitalsDefinition) definition = NULL;
    g_autoptr(VitalsFindings) findings = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);

    g_test_message("%s", path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    definition = lint_fixture_define(path, text, host);
    definition->fleet = fleet;
    findings = vitals_lint(definition, rules);

    describe(found, findings, text);
    expect(expected, text);
    check_kind(rule, found->str, expected->str, kind);
    return is_alone(rule, findings);
}

static void
test_fixtures(gconstpointer data)
{
    const char *rule = data;
    g_autofree char *path = lint_fixture_folder(rule);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint counts[N_KINDS] = { 0 };
    guint n_alone = 0;
    const char *name;

    g_assert_nonnull(directory);
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        guint kind = 0;

        if (g_str_has_suffix(name, "host.json") || g_str_has_prefix(name, "other"))
            continue;
        while (kind < N_KINDS && !g_str_has_prefix(name, kinds[kind]))
            kind++;
        g_assert_cmpuint(kind, <, N_KINDS);
        counts[kind]++;
        if (g_str_has_suffix(name, ".json") ? check_host_file(rule, file, (Kind)kind)
                                            : check_file(rule, file, (Kind)kind))
            n_alone += kind == KIND_BAD;
    }
    g_assert_cmpuint(n_alone, >, 0);
    for (guint kind = 0; kind < N_KINDS; kind++)
        g_assert_cmpuint(counts[kind], >, 0);
}

/* The examples that `rules` shows have to be true. */
static void
check_example(const VitalsRule *rule, const char *example, gboolean is_bad)
{
    const char *os = strstr(example, "<os>") ? "" : "<os><type arch='x86_64'>hvm</type></os>";
    g_autofree char *text =
        g_str_has_prefix(example, "<domain")
            ? g_strdup(example)
            : g_strdup_printf("<domain type='%s'><name>n</name>%s%s</domain>",
                              rule->drivers == VITALS_DRIVER_XEN ? "xen" : "kvm", os, example);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autofree char *directory = lint_fixture_folder(rule->id);
    g_autoptr(VitalsHostFacts) host = lint_fixture_host(directory, NULL);
    g_autoptr(VitalsFleet) fleet = fixture_fleet(rule->id);
    g_autoptr(VitalsDefinition) definition = lint_fixture_define(rule->id, text, host);
    g_autoptr(VitalsFindings) findings = NULL;

    definition->fleet = fleet;
    g_ptr_array_add(only, (gpointer)rule);
    findings = vitals_lint(definition, only);
    g_assert_cmpuint(findings->found->len, ==, is_bad ? 1 : 0);
    g_assert_cmpuint(findings->answers[VITALS_ANSWER_FAIL], ==, is_bad ? 1 : 0);

    /* Without its facts a rule about a host says that it does not know. */
    if (host && is_bad) {
        g_autoptr(VitalsDefinition) anywhere = lint_fixture_define(rule->id, text, NULL);
        g_autoptr(VitalsFindings) unsure = vitals_lint(anywhere, only);

        g_assert_nonnull(rule->needs);
        g_assert_cmpuint(unsure->found->len, ==, 0);
        g_assert_cmpuint(unsure->unknown->len, ==, 1);
        g_assert_cmpuint(unsure->answers[VITALS_ANSWER_UNKNOWN], ==, 1);
    }
}

static void
check_prose(const char *text)
{
    g_assert_nonnull(text);
    g_assert_cmpuint(strlen(text), >, 3);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strstr(text, "  "));
}

/* Of a host that nobody looked at nothing is said to be well. */
static void
check_unknown_host(const VitalsRule *rule)
{
    g_autoptr(VitalsHostFacts) nothing = vitals_host_facts_new();
    g_autoptr(VitalsDefinition) host = vitals_definition_new_host(nothing);
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_autoptr(VitalsFindings) findings = NULL;

    g_assert_nonnull(rule->needs);
    g_ptr_array_add(only, (gpointer)rule);
    findings = vitals_lint(host, only);
    g_assert_cmpuint(findings->found->len, ==, 0);
    g_assert_cmpuint(findings->answers[VITALS_ANSWER_PASS], ==, 0);
}

static void
test_descriptor(gconstpointer data)
{
    const VitalsRule *rule = vitals_rule_find(data);
    g_autofree char *family = NULL;

    g_assert_nonnull(rule);
    g_assert_true(g_regex_match_simple("^[A-Z]{3}[0-9]{3}$", rule->id, 0, 0));
    g_assert_true(g_regex_match_simple("^[a-z0-9]+(-[a-z0-9]+)+$", rule->name, 0, 0));
    g_assert_true(vitals_rule_find(rule->name) == rule);
    check_prose(rule->title);
    check_prose(rule->why);
    check_prose(rule->remedy);
    check_prose(rule->exceptions);
    g_assert_nonnull(rule->evidence[0]);
    for (const char *const *item = rule->evidence; *item; item++)
        check_prose(*item);
    g_assert_false(g_str_has_suffix(rule->title, "."));
    g_assert_false(g_str_has_suffix(rule->remedy, "."));
    if (rule->drivers == VITALS_DRIVER_HOST) {
        check_prose(rule->bad);
        check_prose(rule->good);
        check_unknown_host(rule);
        return;
    }
    check_example(rule, rule->bad, TRUE);
    check_example(rule, rule->good, FALSE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        g_autofree char *fixtures = g_strdup_printf("/lint/fixtures/%s", (*rule)->id);
        g_autofree char *descriptor = g_strdup_printf("/lint/descriptor/%s", (*rule)->id);

        if (g_str_equal((*rule)->id, "XML001") &&
            !g_file_test(VITALS_SCHEMA_PATH, G_FILE_TEST_EXISTS))
            continue; /* libvirt is not installed here */
        g_test_add_data_func(fixtures, (*rule)->id, test_fixtures);
        g_test_add_data_func(descriptor, (*rule)->id, test_descriptor);
    }
    return g_test_run();
}
