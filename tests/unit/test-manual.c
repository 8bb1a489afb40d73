/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/roff.h"
#include "tests/unit/program.h"

#include <string.h>

static void
check_roff(const char *text, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);

    vitals_roff_append(out, text);
    g_assert_cmpstr(out->str, ==, expected);
}

static void
test_roff(void)
{
    check_roff("", "");
    check_roff("a --fix of C:\\x", "a \\-\\-fix of C:\\ex");
    check_roff(".so /etc/passwd\n'br\na.b", "\\&.so /etc/passwd\n\\&'br\na.b");
    check_roff("FILE…", "FILE...");
}

/* The first words of the lines in which --help lists verbs. */
static GStrv
list_verbs(void)
{
    g_autoptr(GRegex) line = g_regex_new("^  ([a-z][a-z-]*) ", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GStrvBuilder) verbs = g_strv_builder_new();
    g_autoptr(GMatchInfo) match = NULL;
    g_auto(TestRun) help = test_run_program("--help", NULL);

    for (g_regex_match(line, help.out, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *verb = g_match_info_fetch(match, 1);

        g_strv_builder_add(verbs, verb);
    }
    return g_strv_builder_end(verbs);
}

/* Each option that --help knows has an entry in the manual. */
static void
check_options(const char *verb)
{
    g_autoptr(GRegex) option = g_regex_new("^  (?:-., )?(--[a-z.-]+)", G_REGEX_MULTILINE, 0, NULL);
    g_auto(TestRun) help = test_run_program(verb, "--help", NULL);
    g_auto(TestRun) manual = test_run_program(verb, "--help-man", NULL);
    g_autoptr(GMatchInfo) match = NULL;
    guint count = 0;

    g_test_message("%s", verb);
    g_assert_cmpint(manual.status, ==, 0);
    g_assert_true(g_str_has_prefix(manual.out, ".SS \""));
    for (g_regex_match(option, help.out, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);
        g_autoptr(GString) entry = g_string_new("\\fB");

        if (g_str_equal(name, "--help"))
            continue;
        vitals_roff_append(entry, name);
        g_string_append(entry, "\\fR");
        g_assert_nonnull(strstr(manual.out, entry->str));
        count++;
    }
    g_assert_cmpuint(count, >, 0);
}

static void
test_verbs(void)
{
    g_auto(GStrv) verbs = list_verbs();

    g_assert_cmpuint(g_strv_length(verbs), >, 8);
    for (char **verb = verbs; *verb; verb++)
        check_options(*verb);
}

/* Who mistypes a verb is told which one was meant, and what to do. */
static void
test_unknown_verb(void)
{
    g_auto(TestRun) near = test_run_program("monitr", NULL);
    g_auto(TestRun) far = test_run_program("x\033[31m", NULL);

    g_assert_cmpint(near.status, ==, 2);
    g_assert_cmpstr(near.err, ==,
                    "virt-vitals: unknown verb 'monitr'; did you mean 'monitor'? See 'virt-vitals "
                    "--help'\n");
    g_assert_cmpint(far.status, ==, 2);
    g_assert_null(strchr(far.err, '\033'));
    g_assert_null(strstr(far.err, "did you mean"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manual/roff", test_roff);
    g_test_add_func("/manual/verbs", test_verbs);
    g_test_add_func("/manual/unknown-verb", test_unknown_verb);
    return g_test_run();
}
