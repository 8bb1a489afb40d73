/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/sample.h"
#include "config/option.h"
#include "config/roff.h"
#include "config/value.h"

#include <string.h>

/* Fits a terminal of 80 columns in an editor with a margin. */
static const gsize width = 78;

static const char preamble[] =
    "This is the sample configuration of virt-vitals; 'virt-vitals check-config --sample' prints "
    "it. "
    "Each key stands here with its default, commented out. Copy the file to "
    "/etc/virt-vitals/virt-vitals.conf, or put only the lines you change into files in "
    "/etc/virt-vitals/virt-vitals.conf.d/*.conf, which are read after it in the order of their "
    "names. "
    "The last line read counts, and 'Key=' alone goes back to the default. 'virt-vitals "
    "check-config' "
    "says whether the result is right.";

static const char guest_note[] =
    "What is said above to hold for single guests may also stand in sections of their own. The "
    "pattern, with * ? and [a-z] as in a shell, is matched against the domain's name; where "
    "several "
    "match, the last one that sets a key counts.";

/* How a file is written, for who has not got the sample before him. */
static const char manual_head[] =
    ".TH VIRT\\-VITALS.CONF 5 \"\" \"virt\\-vitals " VITALS_VERSION "\" \"File formats\"\n"
    ".SH NAME\n"
    "virt\\-vitals.conf \\- configuration of virt\\-vitals\n"
    ".SH SYNOPSIS\n"
    ".I /etc/virt\\-vitals/virt\\-vitals.conf\n"
    ".br\n"
    ".I /etc/virt\\-vitals/virt\\-vitals.conf.d/*.conf\n"
    ".SH DESCRIPTION\n"
    "The file is made of sections in brackets and, in them, of lines\n"
    ".IR Key = value .\n"
    "Lines that begin with # or ; are comments. Drop\\-ins are read after the file, in the order "
    "of\n"
    "their names; the last line read counts, and\n"
    ".IR Key =\n"
    "alone goes back to the default. An unknown section or key is a warning, a wrong value an "
    "error.\n"
    ".PP\n"
    ".B virt\\-vitals check\\-config\n"
    "says whether the result is right, with\n"
    ".B \\-\\-show\n"
    "what is in force and where it came from, with\n"
    ".B \\-\\-sample\n"
    "it prints all of what follows as a file of comments.\n"
    ".SH OPTIONS\n";

/* Appends @text as comments, broken at blanks; a word that is too long gets a line of its own. */
static void
append_comment(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    gsize column = 0;

    for (char **word = words; *word; word++) {
        if (column > 0 && column + 1 + strlen(*word) > width) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append(out, column == 0 ? "# " : " ");
        g_string_append(out, *word);
        column += (column == 0 ? 2 : 1) + strlen(*word);
    }
    g_string_append_c(out, '\n');
}

/* What is allowed, as a sentence that closes the description. */
static char *
describe_allowed(const VitalsOption *option)
{
    g_autofree char *allowed = vitals_value_allowed(option);

    return g_strdup_printf("Allowed: %s.%s", allowed,
                           option->per_guest ? " May be set for single guests." : "");
}

static void
append_sample(GString *out, const VitalsOption *option)
{
    g_autofree char *allowed = describe_allowed(option);

    g_string_append_c(out, '\n');
    append_comment(out, option->text);
    append_comment(out, allowed);
    g_string_append_printf(out, "#%s=%s\n", option->key, option->fallback);
}

char *
vitals_settings_render_sample(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *section = "";
    const VitalsOption *option = NULL;

    append_comment(out, preamble);
    while ((option = vitals_option_next(option))) {
        if (!g_str_equal(section, option->section))
            g_string_append_printf(out, "\n[%s]\n", option->section);
        section = option->section;
        append_sample(out, option);
    }
    g_string_append_c(out, '\n');
    append_comment(out, guest_note);
    g_string_append(out, "#[Guest web-*]\n#OnKernelDead=capture-reset\n");
    return g_strdup(out->str);
}

static void
append_manual(GString *out, const VitalsOption *option)
{
    g_autofree char *allowed = describe_allowed(option);

    g_string_append_printf(out, ".TP\n\\fB%s\\fR=\\fI", option->key);
    vitals_roff_append(out, option->fallback);
    g_string_append(out, "\\fR\n");
    vitals_roff_append(out, option->text);
    g_string_append_c(out, '\n');
    vitals_roff_append(out, allowed);
    g_string_append_c(out, '\n');
}

char *
vitals_settings_render_manual(void)
{
    g_autoptr(GString) out = g_string_new(manual_head);
    const char *section = "";
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        if (!g_str_equal(section, option->section))
            g_string_append_printf(out, ".SS [%s]\n", option->section);
        section = option->section;
        append_manual(out, option);
    }
    g_string_append(out, ".SS [Guest \\fIPATTERN\\fP]\n");
    vitals_roff_append(out, guest_note);
    g_string_append(out, "\n.SH SEE ALSO\n.BR virt\\-vitals (8),\n.BR systemd.syntax (7)\n");
    return g_strdup(out->str);
}
