/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/manual.h"
#include "config/roff.h"

static void
append_option(GString *out, const GOptionEntry *entry)
{
    g_string_append(out, ".TP\n\\fB");
    if (entry->short_name)
        g_string_append_printf(out, "\\-%c\\fR, \\fB", entry->short_name);
    g_string_append(out, "\\-\\-");
    vitals_roff_append(out, entry->long_name);
    g_string_append(out, "\\fR");
    if (entry->arg_description) {
        g_string_append(out, "=\\fI");
        vitals_roff_append(out, entry->arg_description);
        g_string_append(out, "\\fR");
    }
    g_string_append_c(out, '\n');
    vitals_roff_append(out, entry->description);
    g_string_append_c(out, '\n');
}

char *
vitals_verb_manual(const VitalsVerb *verb, const GOptionEntry *entries, const char *details)
{
    g_autoptr(GString) out = g_string_new(".SS \"");

    vitals_roff_append(out, verb->name);
    g_string_append(out, " [OPTION...] ");
    vitals_roff_append(out, verb->synopsis);
    g_string_append_printf(out, "\"\n%c", g_ascii_toupper(verb->summary[0]));
    vitals_roff_append(out, verb->summary + 1);
    g_string_append(out, ".\n");
    for (const GOptionEntry *entry = entries; entry->long_name; entry++)
        append_option(out, entry);
    if (details) {
        g_string_append(out, ".PP\n.nf\n");
        vitals_roff_append(out, details);
        g_string_append(out, "\n.fi\n");
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
