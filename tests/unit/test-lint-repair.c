/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lint changes when it is told to, and what it leaves alone. */

static void
test_diff(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *before = lint_content_of(fixture, "error.xml");
    g_autofree char *after = NULL;

    lint_check(fixture, "lint --diff error.xml clean.xml", 1);
    g_assert_true(g_str_has_prefix(fixture->out, "--- a/error.xml\n+++ b/error.xml\n@@ -5,7 +5,7"));
    g_assert_nonnull(strstr(fixture->out, "guest_agent.0'/></channel>\n     <mem"));
    g_assert_cmpstr(fixture->err, ==, "Would apply 1 fix in 1 definition\n");
    after = lint_content_of(fixture, "error.xml");
    g_assert_cmpstr(after, ==, before);
    lint_check(fixture, "lint --diff clean.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "");
    lint_check(fixture, "lint --unsafe-fixes notice.xml", 0);
    g_assert_nonnull(strstr(fixture->out, "\n+    <panic model='isa'/>\n"));
}

/* The file becomes another, but nothing that it was known by changes. */
static void
test_fix(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->directory, "error.xml", NULL);
    g_autofree char *link = g_build_filename(fixture->directory, "link.xml", NULL);
    g_autofree char *fixed = NULL;
    GStatBuf info;

    g_assert_cmpint(g_chmod(file, 0640), ==, 0);
    g_assert_cmpint(symlink("error.xml", link), ==, 0);
    lint_check(fixture, "lint --fix link.xml", 0);
    g_assert_cmpstr(fixture->out, ==, "1 definition checked: 0 errors, 0 warnings, 0 notices\n");
    g_assert_cmpstr(fixture->err, ==, "Applied 1 fix in 1 definition\n");
    fixed = lint_content_of(fixture, "error.xml");
    g_assert_cmpstr(fixed, ==, lint_clean);
    g_assert_cmpint(g_lstat(link, &info), ==, 0);
    g_assert_true(S_ISLNK(info.st_mode));
    g_assert_cmpint(g_stat(file, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0640);
    lint_check(fixture, "lint --fix link.xml", 0);
    g_assert_cmpstr(fixture->err, ==, "Applied 0 fixes in 0 definitions\n");
}

/* Another name would go on to hold the old text. */
static void
test_fix_refused(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->directory, "error.xml", NULL);
    g_autofree char *name = g_build_filename(fixture->directory, "name.xml", NULL);
    g_autofree char *before = lint_content_of(fixture, "error.xml");
    g_autofree char *after = NULL;

    g_assert_cmpint(link(file, name), ==, 0);
    lint_check(fixture, "lint --fix name.xml", 2);
    g_assert_nonnull(strstr(fixture->err, "name.xml' is left as it is: it has other names"));
    after = lint_content_of(fixture, "name.xml");
    g_assert_cmpstr(after, ==, before);
}

static void
test_fix_stdin(LintFixture *fixture, gconstpointer data)
{
    g_autofree char *text = lint_content_of(fixture, "error.xml");

    lint_run(fixture, "lint --fix -", text);
    g_assert_cmpint(fixture->status, ==, 0);
    g_assert_cmpstr(fixture->out, ==, lint_clean);
    lint_run(fixture, "lint --fix -", lint_clean);
    g_assert_cmpstr(fixture->out, ==, lint_clean);
}

int
main(int argc, char **argv)
{
    static const LintTest tests[] = {
        { "/lint-repair/diff", test_diff },
        { "/lint-repair/fix", test_fix },
        { "/lint-repair/fix/refused", test_fix_refused },
        { "/lint-repair/fix/stdin", test_fix_stdin },
    };

    g_test_init(&argc, &argv, NULL);
    lint_add_tests(tests, G_N_ELEMENTS(tests));
    return g_test_run();
}
