/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-text.h"
#include "config/text.h"

#include <string.h>

/* How much of a source line is shown, and how much of that before the caret in a longer one: a terminal
 * of 100 columns holds it. */
#define EXCERPT_WIDTH 90
#define EXCERPT_LEAD 20
/* As many characters take no more than this: four bytes each, and some to spare. */
#define EXCERPT_BYTES 400

static const char *const colours[] = {
    [VITALS_SEVERITY_NOTICE] = "\033[1;36m",
    [VITALS_SEVERITY_WARNING] = "\033[1;33m",
    [VITALS_SEVERITY_ERROR] = "\033[1;31m",
};

static const char *
paint(gboolean colour, const char *sequence)
{
    return colour ? sequence : "";
}

/* Text from a document that takes one line; tabs become blanks so that the caret below stays right. */
static char *
excerpt(const char *text, gsize length)
{
    g_autofree char *plain = g_strndup(text, MIN(length, EXCERPT_BYTES));

    g_strdelimit(plain, "\t", ' ');
    return vitals_text_printable(plain, -1);
}

static guint
width_of(const char *text)
{
    guint width = 0;

    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);

        if (!g_unichar_iszerowidth(character))
            width += g_unichar_iswide(character) ? 2 : 1;
    }
    return width;
}

/* The excerpt begins at the element itself if that stands too far to the right. */
static void
append_source_line(GString *out, const VitalsXml *xml, const VitalsFinding *finding)
{
    gsize length = 0;
    const char *line = vitals_xml_source_line(xml, finding->line, &length);
    const char *element = line + finding->offset;
    gboolean is_far = finding->offset > EXCERPT_WIDTH - EXCERPT_LEAD;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autofree char *shown = NULL;

    before = is_far ? g_strdup("… ") : excerpt(line, finding->offset);
    after = excerpt(element, length - finding->offset);
    shown = g_utf8_substring(after, 0, MIN(g_utf8_strlen(after, -1), EXCERPT_WIDTH));
    g_string_append_printf(out, "%6u | %s%s%s\n       | %*s^\n", finding->line, before, shown,
                           strlen(shown) < strlen(after) ? "…" : "", (int)width_of(before), "");
}

static void
append_finding(GString *out, const VitalsLintSource *source, const char *name,
               const VitalsFinding *finding, gboolean colour)
{
    g_autofree char *place = finding->line > 0
                                 ? g_strdup_printf("%s:%u:%u", name, finding->line, finding->column)
                                 : g_strdup(name);

    g_string_append_printf(out, "%s%s:%s %s%s:%s %s [%s %s]\n", paint(colour, "\033[1m"), place,
                           paint(colour, "\033[0m"), paint(colour, colours[finding->severity]),
                           vitals_severity_name(finding->severity), paint(colour, "\033[0m"),
                           finding->message, finding->rule->id, finding->rule->name);
    if (finding->line > 0)
        append_source_line(out, source->definition->xml, finding);
    g_string_append_printf(out, "       = remedy: %s\n", finding->remedy);
}

char *
vitals_lint_text(const VitalsLintSource *source, gboolean colour)
{
    g_autofree char *name = vitals_text_printable(source->name, -1);
    GString *out = g_string_new(NULL);

    if (!source->findings)
        return g_string_free(out, FALSE);
    for (guint i = 0; i < source->findings->found->len; i++)
        append_finding(out, source, name, source->findings->found->pdata[i], colour);
    return g_string_free(out, FALSE);
}

static gint
compare_ids(gconstpointer left, gconstpointer right)
{
    return strcmp(((const VitalsRule *)left)->id, ((const VitalsRule *)right)->id);
}

static void
append_fact(GString *out, const char *fact, GHashTable *wanted)
{
    g_autoptr(GList) rules = g_list_sort(g_hash_table_get_keys(wanted), compare_ids);

    g_string_append_printf(out, "not evaluated, as not known: %s [", fact);
    for (const GList *item = rules; item; item = item->next)
        g_string_append_printf(out, "%s%s", item == rules ? "" : ", ",
                               ((const VitalsRule *)item->data)->id);
    g_string_append(out, "]\n");
}

char *
vitals_lint_text_unknown(const VitalsLintTotals *totals)
{
    g_autoptr(GList) facts =
        g_list_sort(g_hash_table_get_keys(totals->facts), (GCompareFunc)strcmp);
    guint n_told = g_hash_table_size(totals->facts);
    GString *out = g_string_new(NULL);

    for (const GList *item = facts; item; item = item->next)
        append_fact(out, item->data, g_hash_table_lookup(totals->facts, item->data));
    if (totals->unknown > n_told)
        g_string_append_printf(out, "not evaluated for want of more facts: %u\n",
                               totals->unknown - n_told);
    return g_string_free(out, FALSE);
}

/* By count, then by id. */
static gint
compare_counts(gconstpointer left, gconstpointer right, gpointer data)
{
    const VitalsRule *one = *(const VitalsRule *const *)left;
    const VitalsRule *other = *(const VitalsRule *const *)right;
    guint ones = GPOINTER_TO_UINT(g_hash_table_lookup(data, one));
    guint others = GPOINTER_TO_UINT(g_hash_table_lookup(data, other));

    if (ones != others)
        return ones > others ? -1 : 1;
    return strcmp(one->id, other->id);
}

char *
vitals_lint_text_statistics(const VitalsLintTotals *totals)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    GString *out = g_string_new(NULL);
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, totals->by_rule);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(rules, key);

    g_ptr_array_sort_with_data(rules, compare_counts, totals->by_rule);
    for (guint i = 0; i < rules->len; i++) {
        const VitalsRule *rule = rules->pdata[i];

        g_string_append_printf(out, "%6u  %s %-25s %s\n",
                               GPOINTER_TO_UINT(g_hash_table_lookup(totals->by_rule, rule)),
                               rule->id, rule->name, rule->title);
    }
    return g_string_free(out, FALSE);
}

static void
append_count(GString *out, const char *lead, guint count, const char *noun)
{
    g_string_append_printf(out, "%s%u %s%s", lead, count, noun, count == 1 ? "" : "s");
}

static void
append_fixable(GString *out, const VitalsLintTotals *totals)
{
    if (totals->fixable > 0 && totals->unsafely_fixable > 0)
        g_string_append_printf(
            out,
            "%u can be fixed safely, %u unsafely: --diff and --unsafe-fixes show "
            "how, --fix does it\n",
            totals->fixable, totals->unsafely_fixable);
    else if (totals->fixable > 0)
        g_string_append_printf(out, "%u can be fixed: --diff shows how, --fix does it\n",
                               totals->fixable);
    else if (totals->unsafely_fixable > 0)
        g_string_append_printf(out, "%u can be fixed unsafely: --unsafe-fixes shows how\n",
                               totals->unsafely_fixable);
}

static void
append_unevaluated(GString *out, const VitalsLintTotals *totals, const char *hint)
{
    guint rules = g_hash_table_size(totals->unevaluated);

    if (rules == 0)
        return;
    append_count(out, "", rules, "rule");
    append_count(out, " not evaluated for want of ", totals->unknown, "fact");
    g_string_append_printf(out, "%s%s\n", *hint ? ": " : "", hint);
}

char *
vitals_lint_text_summary(const VitalsLintTotals *totals, const char *hint)
{
    GString *out = g_string_new(NULL);

    append_count(out, "", totals->sources - totals->unreadable - totals->hosts, "definition");
    g_string_append(out, totals->hosts > 0 ? " and the host checked" : " checked");
    append_count(out, ": ", totals->by_severity[VITALS_SEVERITY_ERROR], "error");
    append_count(out, ", ", totals->by_severity[VITALS_SEVERITY_WARNING], "warning");
    append_count(out, ", ", totals->by_severity[VITALS_SEVERITY_NOTICE], "notice");
    if (totals->suppressed > 0)
        g_string_append_printf(out, "; %u suppressed", totals->suppressed);
    if (totals->known > 0)
        g_string_append_printf(out, "; %u in the baseline", totals->known);
    if (totals->unreadable > 0)
        g_string_append_printf(out, "; %u not checked", totals->unreadable);
    g_string_append_c(out, '\n');
    append_fixable(out, totals);
    append_unevaluated(out, totals, hint);
    return g_string_free(out, FALSE);
}
