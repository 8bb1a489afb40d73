/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/sample.h"
#include "config/settings.h"

#include <stdio.h>
#include <string.h>

static char *
committed_path(void)
{
    const char *root = g_getenv("VITALS_SOURCE_ROOT");

    return g_build_filename(root ? root : ".", "config", "virt-vitals.conf", NULL);
}

static void
test_committed(void)
{
    g_autofree char *path = committed_path();
    g_autofree char *rendered = vitals_settings_render_sample();
    g_autofree char *committed = NULL;

    g_file_get_contents(path, &committed, NULL, NULL);
    if (g_strcmp0(rendered, committed) != 0) {
        g_test_message(
            "config/virt-vitals.conf is not what config/options/ says; run in the source "
            "tree: build/monitor/virt-vitals check-config --sample > "
            "config/virt-vitals.conf");
        g_test_fail();
    }
}

static void
test_form(void)
{
    g_autofree char *rendered = vitals_settings_render_sample();
    g_auto(GStrv) lines = g_strsplit(rendered, "\n", -1);

    g_assert_true(g_str_is_ascii(rendered));
    for (char **line = lines; *line; line++) {
        g_assert_cmpuint(strlen(*line), <=, 78);
        g_assert_true(**line == '\0' || **line == '#' || **line == '[');
        g_assert_false(g_str_has_suffix(*line, " "));
    }
}

/* With every comment sign before a key taken away, the sample is a valid file of defaults. */
static void
test_uncommented(void)
{
    g_autofree char *rendered = vitals_settings_render_sample();
    g_autoptr(GRegex) sign = g_regex_new("^#(?=[A-Z][A-Za-z]*=)", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *active = g_regex_replace_literal(sign, rendered, -1, 0, "", 0, NULL);
    g_autofree char *directory = g_dir_make_tmp("test-sample-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(directory, "v.conf", NULL);
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;
    char *guests = strstr(active, "#[Guest");
    const VitalsOption *option = NULL;

    g_assert_nonnull(guests);
    *guests = '\0';
    g_assert_true(g_file_set_contents(file, active, -1, NULL));
    settings = vitals_settings_load(file, warnings, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(warnings->len, ==, 0);
    while ((option = vitals_option_next(option))) {
        g_autofree char *name = g_strconcat(option->section, ".", option->key, NULL);
        const char *origin;

        g_assert_cmpstr(vitals_settings_text(settings, NULL, name, &origin), ==, option->fallback);
        /* An empty default cannot be told from a reset. */
        g_assert_cmpint(*option->fallback == '\0', ==, g_str_equal(origin, "default"));
    }
    g_assert_cmpint(remove(file), ==, 0);
    g_assert_cmpint(remove(directory), ==, 0);
}

static void
test_manual(void)
{
    g_autofree char *manual = vitals_settings_render_manual();
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        g_autofree char *entry = g_strdup_printf(".TP\n\\fB%s\\fR=\\fI", option->key);

        g_assert_nonnull(strstr(manual, entry));
    }
    g_assert_null(strstr(manual, "qemu-"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sample/committed", test_committed);
    g_test_add_func("/sample/form", test_form);
    g_test_add_func("/sample/uncommented", test_uncommented);
    g_test_add_func("/sample/manual", test_manual);
    return g_test_run();
}
