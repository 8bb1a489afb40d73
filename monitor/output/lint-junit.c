/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-junit.h"
#include "config/text.h"

static void
append_finding(GString *out, const char *suite, const VitalsFinding *finding)
{
    g_autofree char *message = g_markup_escape_text(finding->message, -1);
    g_autofree char *remedy = g_markup_escape_text(finding->remedy, -1);

    g_string_append_printf(out,
                           "    <testcase classname=\"%s\" name=\"%s %s line %u\">\n"
                           "      <failure type=\"%s\" message=\"%s\">%s:%u:%u: %s\n"
                           "remedy: %s</failure>\n"
                           "    </testcase>\n",
                           suite, finding->rule->id, finding->rule->name, finding->line,
                           vitals_severity_name(finding->severity), message, suite, finding->line,
                           finding->column, message, remedy);
}

static void
append_unknown(GString *out, const char *suite, const VitalsUnknown *unknown)
{
    g_autofree char *fact = g_markup_escape_text(unknown->fact, -1);

    g_string_append_printf(out,
                           "    <testcase classname=\"%s\" name=\"%s %s\">\n"
                           "      <skipped message=\"not known: %s\"/>\n"
                           "    </testcase>\n",
                           suite, unknown->rule->id, unknown->rule->name, fact);
}

char *
vitals_lint_junit(const VitalsLintSource *source)
{
    g_autofree char *shown = vitals_text_printable(source->name, -1);
    g_autofree char *suite = g_markup_escape_text(shown, -1);
    guint failed = source->findings ? source->findings->found->len : 0;
    guint skipped = source->findings ? source->findings->unknown->len : 0;
    guint cases = failed + skipped > 0 ? failed + skipped : 1;
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "  <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"%d\" "
                           "skipped=\"%u\">\n",
                           suite, cases, failed, source->problem ? 1 : 0, skipped);
    for (guint i = 0; i < failed; i++)
        append_finding(out, suite, source->findings->found->pdata[i]);
    for (guint i = 0; i < skipped; i++)
        append_unknown(out, suite, source->findings->unknown->pdata[i]);
    if (source->problem) {
        g_autofree char *problem = g_markup_escape_text(source->problem, -1);

        g_string_append_printf(out,
                               "    <testcase classname=\"%s\" name=\"lint\">\n"
                               "      <error message=\"%s\"/>\n"
                               "    </testcase>\n",
                               suite, problem);
    } else if (failed + skipped == 0) {
        g_string_append_printf(out, "    <testcase classname=\"%s\" name=\"lint\"/>\n", suite);
    }
    g_string_append(out, "  </testsuite>\n");
    return g_string_free(out, FALSE);
}
