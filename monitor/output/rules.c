/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/rules.h"

#include <string.h>

/* The last column of running text. */
#define TEXT_WIDTH 79

/* A set's members by name, in the order of its bits. */
static const char *const driver_names[] = { "qemu", "xen", "other", NULL };
static const char *const machine_names[] = { "x86", "arm", "other", NULL };
static const char *const profile_names[] = { "crash-capture", "passthrough", "autostart", "xen",
                                             NULL };
static const char *const fix_names[] = { "safe", "unsafe", NULL };

/* What --fix does about it, by the set of VitalsFixes. */
static const char *const fix_words[] = {
    [0] = "none; what is right only you can say",
    [VITALS_FIXES_SAFE] = "safe: --diff shows it, --fix does it",
    [VITALS_FIXES_UNSAFE] = "unsafe: --unsafe-fixes shows it, and does it together with --fix",
    [VITALS_FIXES_SAFE | VITALS_FIXES_UNSAFE] =
        "safe or unsafe, as the case may be: --diff and --unsafe-fixes show it",
};

static GPtrArray *
members(guint set, const char *const *names)
{
    GPtrArray *found = g_ptr_array_new();

    for (guint i = 0; names[i]; i++) {
        if (set & 1U << i)
            g_ptr_array_add(found, (gpointer)names[i]);
    }
    return found;
}

static char *
join_members(guint set, const char *const *names)
{
    g_autoptr(GPtrArray) found = members(set, names);

    g_ptr_array_add(found, NULL);
    return g_strjoinv(", ", (char **)found->pdata);
}

char *
vitals_rules_table(const GPtrArray *rules)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < rules->len; i++) {
        const VitalsRule *rule = rules->pdata[i];

        g_string_append_printf(out, "%-7s %-8s %-25s %s\n", rule->id,
                               vitals_severity_name(rule->severity), rule->name, rule->title);
    }
    return g_string_free(out, FALSE);
}

/* Appends words in lines of the text's width, the first one behind @lead. */
static void
append_wrapped(GString *out, const char *lead, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong width = g_utf8_strlen(lead, -1);
    glong column = width;

    g_string_append(out, lead);
    for (guint i = 0; words[i]; i++) {
        glong length = g_utf8_strlen(words[i], -1);

        if (column > width && column + 1 + length > TEXT_WIDTH) {
            g_string_append_printf(out, "\n%*s", (int)width, "");
            column = width;
        } else if (column > width) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, words[i]);
        column += length;
    }
    g_string_append_c(out, '\n');
}

static void
append_section(GString *out, const char *heading, const char *text)
{
    g_string_append_printf(out, "\n%s\n", heading);
    append_wrapped(out, "  ", text);
}

static void
append_example(GString *out, const char *kind, const char *xml)
{
    g_auto(GStrv) lines = g_strsplit(xml, "\n", -1);

    g_string_append_printf(out, "  %s:\n", kind);
    for (guint i = 0; lines[i]; i++)
        g_string_append_printf(out, "    %s\n", lines[i]);
}

char *
vitals_rules_explain(const VitalsRule *rule)
{
    GString *out = g_string_new(NULL);
    g_autofree char *drivers = join_members(rule->drivers, driver_names);
    g_autofree char *machines = rule->machines == VITALS_MACHINE_ANY
                                    ? g_strdup("any")
                                    : join_members(rule->machines, machine_names);
    g_autofree char *problem =
        g_strdup_printf("%c%s.", g_ascii_toupper(rule->title[0]), rule->title + 1);

    g_string_append_printf(out, "%s %s\n\n", rule->id, rule->name);
    g_string_append_printf(out, "Severity: %s   Drivers: %s   Machines: %s\n",
                           vitals_severity_name(rule->severity), drivers, machines);
    if (rule->profiles) {
        g_autofree char *profiles = join_members(rule->profiles, profile_names);

        g_string_append_printf(
            out, "%s: %s\n", rule->is_gated ? "Only in profile" : "A warning in profile", profiles);
    }
    g_string_append_printf(out, "Fix: %s\n", fix_words[rule->fixes]);
    if (rule->needs)
        g_string_append_printf(out, "Sharper with: %s\n", rule->needs);

    append_section(out, "Problem", problem);
    append_section(out, "Why", rule->why);
    g_string_append(out, "\nExample\n");
    append_example(out, "Bad", rule->bad);
    append_example(out, "Good", rule->good);
    append_section(out, "Remedy", rule->remedy);
    append_section(out, "Exceptions", rule->exceptions);
    g_string_append(out, "\nEvidence\n");
    for (const char *const *item = rule->evidence; *item; item++)
        append_wrapped(out, "  - ", *item);
    return g_string_free(out, FALSE);
}

static json_t *
strings(const GPtrArray *texts)
{
    json_t *array = json_array();

    for (guint i = 0; i < texts->len; i++)
        json_array_append_new(array, json_string(texts->pdata[i]));
    return array;
}

static json_t *
render_rule(const VitalsRule *rule)
{
    g_autoptr(GPtrArray) drivers = members(rule->drivers, driver_names);
    g_autoptr(GPtrArray) machines = members(rule->machines, machine_names);
    g_autoptr(GPtrArray) profiles = members(rule->profiles, profile_names);
    g_autoptr(GPtrArray) fixes = members(rule->fixes, fix_names);
    json_t *evidence = json_array();

    for (const char *const *item = rule->evidence; *item; item++)
        json_array_append_new(evidence, json_string(*item));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:s?, s:s, s:{s:s, s:s}, s:s, s:o, s:s, s:o}",
        "id", rule->id, "name", rule->name, "title", rule->title, "severity",
        vitals_severity_name(rule->severity), "drivers", strings(drivers), "machines",
        strings(machines), "profiles", strings(profiles), "only_in_profiles", (int)rule->is_gated,
        "needs", rule->needs, "why", rule->why, "example", "bad", rule->bad, "good", rule->good,
        "remedy", rule->remedy, "fixes", strings(fixes), "exceptions", rule->exceptions, "evidence",
        evidence);
}

json_t *
vitals_rules_json(const GPtrArray *rules)
{
    json_t *array = json_array();

    for (guint i = 0; i < rules->len; i++)
        json_array_append_new(array, render_rule(rules->pdata[i]));
    return json_pack("{s:o}", "rules", array);
}
