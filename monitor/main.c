/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/manual.h"
#include "monitor/cli/verb.h"
#include "config/nearest.h"
#include "config/text.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
print_help(void)
{
    g_print("Usage: virt-vitals VERB [OPTION…]\n\n"
            "Vital signs, lint and crash capture for libvirt guests, from the host.\n\n"
            "Verbs:\n");
    for (const VitalsVerb *const *verb = vitals_verbs; *verb; verb++)
        g_print("  %-13s %s\n", (*verb)->name, (*verb)->summary);
    g_print("\n"
            "  --help        show this help; after a verb, that verb's help\n"
            "  --version     show the version\n");
}

/* For the build, which puts the manual page together. As GLib does for --help, it does not come back;
 * what the verb has allocated by then is no leak, which would end the build under a sanitizer. */
G_NORETURN static void
print_manual(const VitalsVerb *verb, const GOptionEntry *entries, const char *details)
{
    g_autofree char *manual = vitals_verb_manual(verb, entries, details);

    g_print("%s", manual);
    fflush(stdout);
    _exit(VITALS_EXIT_OK);
}

gboolean
vitals_verb_parse(const VitalsVerb *verb, const GOptionEntry *entries, const char *details,
                  int *argc, char ***argv)
{
    g_autofree char *program = g_strdup_printf("virt-vitals %s", verb->name);
    g_autofree char *summary =
        g_strdup_printf("%c%s.", g_ascii_toupper(verb->summary[0]), verb->summary + 1);
    g_autofree char *message = NULL;
    g_autoptr(GOptionContext) context = NULL;
    g_autoptr(GError) error = NULL;

    if (*argc == 2 && g_str_equal((*argv)[1], "--help-man"))
        print_manual(verb, entries, details);
    context = g_option_context_new(*verb->synopsis ? verb->synopsis : NULL);
    g_option_context_set_summary(context, summary);
    if (details)
        g_option_context_set_description(context, details);
    g_option_context_add_main_entries(context, entries, NULL);
    g_set_prgname(program);

    if (g_option_context_parse(context, argc, argv, &error))
        return TRUE;

    message = vitals_text_printable(error->message, -1);
    g_printerr("virt-vitals: %s; see 'virt-vitals %s --help'\n", message, verb->name);
    return FALSE;
}

static const VitalsVerb *
find_verb(const char *name)
{
    for (const VitalsVerb *const *verb = vitals_verbs; *verb; verb++) {
        if (g_str_equal((*verb)->name, name))
            return *verb;
    }
    return NULL;
}

static int
refuse_verb(const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = vitals_text_printable(name, -1);
    const char *nearest;

    for (const VitalsVerb *const *verb = vitals_verbs; *verb; verb++)
        g_ptr_array_add(names, (gpointer)(*verb)->name);
    nearest = vitals_nearest(name, names);
    if (nearest)
        g_printerr("virt-vitals: unknown verb '%s'; did you mean '%s'? See 'virt-vitals --help'\n",
                   shown, nearest);
    else
        g_printerr("virt-vitals: unknown verb '%s'; see 'virt-vitals --help'\n", shown);
    return VITALS_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
    const VitalsVerb *verb;

    setlocale(LC_ALL, "");

    if (argc < 2) {
        g_printerr("virt-vitals: no verb given; see 'virt-vitals --help'\n");
        return VITALS_EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
        g_str_equal(argv[1], "help")) {
        print_help();
        return VITALS_EXIT_OK;
    }
    if (g_str_equal(argv[1], "--version")) {
        g_print("virt-vitals %s\n", VITALS_VERSION);
        return VITALS_EXIT_OK;
    }

    verb = find_verb(argv[1]);
    if (!verb)
        return refuse_verb(argv[1]);
    for (int i = 2; i < argc; i++) {
        if (g_str_equal(argv[i], "--"))
            break;
        if (g_str_equal(argv[i], "--version")) {
            g_print("virt-vitals %s\n", VITALS_VERSION);
            return VITALS_EXIT_OK;
        }
    }
    return verb->run(argc - 1, argv + 1);
}
