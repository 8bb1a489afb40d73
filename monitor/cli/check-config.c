/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "config/sample.h"
#include "config/settings.h"
#include "config/text.h"

extern const VitalsVerb vitals_verb_check_config;

typedef struct {
    gboolean show;
    gboolean strict;
    gboolean sample;
    gboolean manual;
    char *guest;
} Choices;

static void
clear_choices(Choices *choices)
{
    g_free(choices->guest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, clear_choices)

static gboolean
parse_choices(int *argc, char ***argv, Choices *ret_choices)
{
    const GOptionEntry entries[] = {
        { "show", 0, 0, G_OPTION_ARG_NONE, &ret_choices->show,
          "print every value in force and where it came from", NULL },
        { "guest", 0, 0, G_OPTION_ARG_FILENAME, &ret_choices->guest,
          "likewise, as they count for the guest NAME", "NAME" },
        { "strict", 0, 0, G_OPTION_ARG_NONE, &ret_choices->strict, "exit with 1 on warnings",
          NULL },
        { "sample", 0, 0, G_OPTION_ARG_NONE, &ret_choices->sample,
          "print the sample configuration with all defaults", NULL },
        { "manual", 0, 0, G_OPTION_ARG_NONE, &ret_choices->manual,
          "print the manual page virt-vitals.conf(5)", NULL },
        { NULL },
    };

    if (!vitals_verb_parse(&vitals_verb_check_config, entries,
                           "Without FILE, " VITALS_SETTINGS_FILE " is checked. Drop-ins in\n"
                           "FILE.d/*.conf are checked with it.\n\n"
                           "Exit status: 0 right, 1 warnings with --strict, 2 errors.",
                           argc, argv))
        return FALSE;
    ret_choices->show = ret_choices->show || ret_choices->guest;
    if (*argc <= 2)
        return TRUE;
    g_printerr("virt-vitals: one FILE at a time; see 'virt-vitals check-config --help'\n");
    return FALSE;
}

static void
show(const VitalsSettings *settings, const char *guest)
{
    const char *section = "";
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        g_autofree char *name = g_strconcat(option->section, ".", option->key, NULL);
        const char *origin;
        const char *value = vitals_settings_text(settings, guest, name, &origin);
        g_autofree char *shown = vitals_text_printable(value, -1);

        if (!g_str_equal(section, option->section))
            g_print("\n[%s]\n", option->section);
        section = option->section;
        g_print("# %s\n%s=%s\n", origin, option->key, shown);
    }
}

static void
print_warnings(const GPtrArray *warnings)
{
    for (guint i = 0; i < warnings->len; i++) {
        const VitalsSettingsWarning *warning = g_ptr_array_index(warnings, i);

        g_printerr("virt-vitals: %s:%u: warning: %s\n", warning->file, warning->line,
                   warning->message);
    }
}

static int
check(const char *file, const Choices *choices)
{
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsSettings) settings = vitals_settings_load(file, warnings, &error);
    gboolean missing = !file && !g_file_test(VITALS_SETTINGS_FILE, G_FILE_TEST_EXISTS);
    g_autofree char *shown = vitals_text_printable(file ? file : VITALS_SETTINGS_FILE, -1);

    print_warnings(warnings);
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    /* What --show prints can be read as a configuration again. */
    g_print("%s%s: %s\n", choices->show ? "# " : "", shown,
            missing ? "not there, the defaults count" : "ok");
    if (choices->show)
        show(settings, choices->guest);
    return choices->strict && warnings->len > 0 ? VITALS_EXIT_FINDINGS : VITALS_EXIT_OK;
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { 0 };

    if (!parse_choices(&argc, &argv, &choices))
        return VITALS_EXIT_USAGE;
    if (choices.manual) {
        g_autofree char *manual = vitals_settings_render_manual();

        g_print("%s", manual);
        return VITALS_EXIT_OK;
    }
    if (choices.sample) {
        g_autofree char *sample = vitals_settings_render_sample();

        g_print("%s", sample);
        return VITALS_EXIT_OK;
    }
    return check(argc == 2 ? argv[1] : NULL, &choices);
}

const VitalsVerb vitals_verb_check_config = {
    .name = "check-config",
    .synopsis = "[FILE]",
    .summary = "check the configuration and show what is in force",
    .run = run,
};
