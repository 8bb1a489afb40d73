/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/sample.h"
#include "config/option.h"
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

/* Appends @text so that man(7) sees neither requests, escapes nor hyphens in it. */
static void
append_roff(GString *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\\')
            g_string_append(out, "\\e");
        else if (*at == '-')
            g_string_append(out, "\\-");
        else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
            g_string_append_printf(out, "\\&%c", *at);
        else
            g_string_append_c(out, *at);
    }
}

char *
vitals_settings_render_manual(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *section = "";
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        g_autofree char *allowed = describe_allowed(option);

        if (!g_str_equal(section, option->section))
            g_string_append_printf(out, ".SS [%s]\n", option->section);
        section = option->section;
        g_string_append_printf(out, ".TP\n\\fB%s\\fR=\\fI", option->key);
        append_roff(out, option->fallback);
        g_string_append(out, "\\fR\n");
        append_roff(out, option->text);
        g_string_append_c(out, '\n');
        append_roff(out, allowed);
        g_string_append_c(out, '\n');
    }
    return g_strdup(out->str);
}
