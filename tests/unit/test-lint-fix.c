/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"
#include "monitor/output/diff.h"
#include "monitor/schema.h"
#include "probes/fixer.h"
#include "tests/unit/lint-fixture.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>

/*
 * The fixes of all rules, tried on every bad*.xml in tests/lint: the finding goes, nothing else
 * changes, and a second run does nothing.
 */

/* Rules whose findings have a fix in at least one fixture; more is better. */
#define MIN_RULES 50

typedef struct {
    const GPtrArray *rules; /* NULL for all */
    const VitalsHostFacts *host;
    const char *log_directory;
} Judge;

static void
check_description(const VitalsFinding *finding)
{
    g_autofree char *description = finding->fix ? vitals_fix_describe(finding->fix) : NULL;

    g_assert_cmpstr(description, !=, "");
    if (finding->fix)
        g_assert_cmpuint(
            finding->rule->fixes &
                (vitals_fix_is_safe(finding->fix) ? VITALS_FIXES_SAFE : VITALS_FIXES_UNSAFE),
            !=, 0);
}

static VitalsFindings *
judge(VitalsDefinition *definition, gpointer data)
{
    const Judge *judge = data;
    VitalsFindings *findings;

    definition->host = judge->host;
    definition->today = "2026-11-21";
    definition->log_directory = judge->log_directory;
    findings = vitals_lint(definition, judge->rules);
    for (guint i = 0; i < findings->found->len; i++)
        check_description(findings->found->pdata[i]);
    return findings;
}

static VitalsFixed *
fix(const Judge *with, const char *bytes, gsize length)
{
    const VitalsFixer fixer = { .lint = judge, .data = (gpointer)with, .unsafe = TRUE };
    g_autoptr(GError) error = NULL;
    VitalsFixed *fixed = vitals_fixer_run(&fixer, "test", bytes, length, &error);

    g_assert_no_error(error);
    return fixed;
}

static GPtrArray *
all_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++)
        g_ptr_array_add(rules, (gpointer)*rule);
    return rules;
}

static VitalsFindings *
lint(const Judge *with, const char *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsDefinition) definition =
        vitals_definition_new("test", bytes, length, NULL, &error);

    g_assert_no_error(error);
    return judge(definition, (gpointer)with);
}

/* Every finding that had a fix is gone, and no error came. */
static guint
check_cured(const Judge *with, const char *text, const VitalsFixed *fixed)
{
    g_autoptr(VitalsFindings) before = lint(with, text, strlen(text));
    g_autoptr(VitalsFindings) after = lint(with, fixed->bytes, fixed->length);
    guint errors = 0;
    guint n_fixes = 0;

    for (guint i = 0; i < after->found->len; i++) {
        const VitalsFinding *finding = after->found->pdata[i];

        if (finding->fix)
            g_error("still there: %u: %s %s\n%s", finding->line, finding->rule->id,
                    finding->message, fixed->bytes);
        errors += finding->severity == VITALS_SEVERITY_ERROR;
    }
    for (guint i = 0; i < before->found->len; i++) {
        const VitalsFinding *finding = before->found->pdata[i];

        n_fixes += finding->fix != NULL;
        errors -= finding->severity == VITALS_SEVERITY_ERROR && errors > 0;
    }
    g_assert_cmpuint(errors, ==, 0);
    g_assert_cmpuint(g_hash_table_size(fixed->failed), ==, 0);
    return n_fixes;
}

static void
check_same(const VitalsFixed *fixed, const char *bytes, gsize length)
{
    g_assert_cmpmem(fixed->bytes, fixed->length, bytes, length);
}

/* The same fixes whatever way the document is written, and nothing of that way is lost. */
static void
check_ways(const Judge *with, const char *text, const VitalsFixed *fixed)
{
    g_autoptr(GString) windows = g_string_new(text);
    g_autoptr(GString) expected = g_string_new(fixed->bytes);
    g_autofree char *marked = g_strconcat("\xef\xbb\xbf", text, NULL);
    g_autofree char *expected_marked = g_strconcat("\xef\xbb\xbf", fixed->bytes, NULL);
    g_autofree char *wide_text = g_strconcat("\xef\xbb\xbf", text, NULL);
    gsize length;
    gsize expected_length;
    g_autofree char *wide = g_convert(wide_text, -1, "UTF-16BE", "UTF-8", NULL, &length, NULL);
    g_autofree char *expected_wide =
        g_convert(expected_marked, -1, "UTF-16BE", "UTF-8", NULL, &expected_length, NULL);
    g_autoptr(VitalsFixed) fixed_marked = fix(with, marked, strlen(marked));
    g_autoptr(VitalsFixed) fixed_wide = fix(with, wide, length);
    g_autoptr(VitalsFixed) fixed_windows = NULL;

    g_string_replace(windows, "\n", "\r\n", 0);
    g_string_replace(expected, "\n", "\r\n", 0);
    fixed_windows = fix(with, windows->str, windows->len);
    check_same(fixed_windows, expected->str, expected->len);
    check_same(fixed_marked, expected_marked, strlen(expected_marked));
    check_same(fixed_wide, expected_wide, expected_length);
}

/* What libvirt's schema, if there is one, accepted before it accepts afterwards. */
static void
check_schema(const char *path, const char *text, const VitalsFixed *fixed)
{
    g_autoptr(VitalsDefinition) before =
        vitals_definition_new(path, text, strlen(text), NULL, NULL);
    g_autoptr(VitalsDefinition) after =
        vitals_definition_new(path, fixed->bytes, fixed->length, NULL, NULL);
    g_autoptr(VitalsSchema) schema = vitals_schema_load(VITALS_SCHEMA_PATH, NULL);
    g_autoptr(GPtrArray) old = schema ? vitals_schema_check(schema, before) : NULL;
    g_autoptr(GPtrArray) new = old ? vitals_schema_check(schema, after) : NULL;

    if (new && old->len == 0 && new->len > 0)
        g_error("%s: %s\n%s", path, ((VitalsViolation *)new->pdata[0])->message, fixed->bytes);
}

static guint
check_fixture(const Judge *with, const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(VitalsFixed) fixed = NULL;
    g_autoptr(VitalsFixed) again = NULL;
    guint n_fixes;

    g_test_message("%s", path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    fixed = fix(with, text, strlen(text));
    n_fixes = check_cured(with, text, fixed);
    if (n_fixes > 0)
        check_schema(path, text, fixed);
    again = fix(with, fixed->bytes, fixed->length);
    g_assert_cmpuint(again->done->len, ==, 0);
    check_same(again, fixed->bytes, fixed->length);
    if (n_fixes > 0)
        check_ways(with, text, fixed);
    else
        check_same(fixed, text, strlen(text));
    return n_fixes;
}

/* Each fixture with the one rule that it is about, and with all rules at once. */
static guint
check_rule(const VitalsRule *rule)
{
    g_autofree char *directory = lint_fixture_folder(rule->id);
    g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GPtrArray) all = all_rules();
    guint n_fixes = 0;
    const char *name;

    g_assert_nonnull(files);
    g_ptr_array_add(one, (gpointer)rule);
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autoptr(VitalsHostFacts) host = lint_fixture_host(directory, name);

        if (!g_str_has_prefix(name, "bad") || !g_str_has_suffix(name, ".xml"))
            continue;
        n_fixes += check_fixture(&(Judge){ .rules = one, .host = host }, path);
        check_fixture(&(Judge){ .rules = all, .host = host }, path);
    }
    return n_fixes;
}

/* A rule that tells of fixes has one in its fixtures, and the other way round; some are known only where
 * the host's files are. */
static gboolean
has_fixed_as_told(const VitalsRule *rule)
{
    gboolean is_fixed = check_rule(rule) > 0;

    if (is_fixed ? rule->fixes == 0 : rule->fixes != 0 && !rule->needs)
        g_error("%s: its descriptor tells otherwise of its fixes", rule->id);
    return is_fixed;
}

static void
test_fixtures(void)
{
    guint n_rules = 0;

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++)
        n_rules += has_fixed_as_told(*rule);
    g_test_message("%u rules have a fix", n_rules);
    g_assert_cmpuint(n_rules, >=, MIN_RULES);
}

static void
check_text(const char *select, const char *before, const char *after)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    g_auto(GStrv) ids = g_strsplit(select, " ", -1);
    g_autoptr(VitalsFixed) fixed = NULL;

    for (guint i = 0; ids[i]; i++)
        g_ptr_array_add(rules, (gpointer)vitals_rule_find(ids[i]));
    fixed = fix(&(Judge){ .rules = rules }, before, strlen(before));
    g_assert_cmpstr(fixed->bytes, ==, after);
}

/* Where a new element goes, and how it is dressed. */
static void
test_dress(void)
{
    /* tabs, double quotes, a comment behind, no end tag */
    check_text("CAP001 CAP007",
               "<domain type=\"kvm\">\n\t<features/> <!-- f -->\n\t<devices>\n\t\t<!-- none -->\n"
               "\t</devices> <!-- d -->\n</domain>",
               "<domain type=\"kvm\">\n\t<features>\n\t\t<vmcoreinfo state=\"on\"/>\n\t</features> "
               "<!-- f -->\n\t<devices>\n\t\t<!-- none -->\n\t\t<panic model=\"isa\"/>\n"
               "\t</devices> <!-- d -->\n</domain>");
    /* all on one line */
    check_text("CAP001 CAP007", "<domain type='kvm'><devices></devices></domain>",
               "<domain type='kvm'><devices><panic model='isa'/></devices><features><vmcoreinfo "
               "state='on'/></features></domain>");
    /* nothing there at all */
    check_text("CAP001", "<domain type='kvm'/>\n",
               "<domain type='kvm'>\n  <devices>\n    <panic model='isa'/>\n  </devices>\n"
               "</domain>\n");
    /* four blanks */
    check_text("CAP001 AGT001",
               "<domain type='kvm'>\n    <devices>\n        <input type='tablet'/>\n"
               "    </devices>\n</domain>\n",
               "<domain type='kvm'>\n    <devices>\n        <input type='tablet'/>\n"
               "        <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>"
               "</channel>\n        <panic model='isa'/>\n    </devices>\n</domain>\n");
    /* an attribute among others, over several lines, '>' in a value */
    check_text("DSK003",
               "<domain type='kvm'><devices><disk><driver a='>'\n   cache = \"unsafe\"\n  b='/'/>"
               "</disk></devices></domain>",
               "<domain type='kvm'><devices><disk><driver a='>'\n  b='/'/></disk></devices>"
               "</domain>");
    check_text("CAP010",
               "<domain type='kvm'><devices><watchdog\taction=\"shutdown\" /></devices></domain>",
               "<domain type='kvm'><devices><watchdog\taction=\"reset\" /></devices></domain>");
}

/* What is dropped takes its line along, but nothing that stands beside it. */
static void
test_drop(void)
{
    check_text("MEM002",
               "<domain type='kvm'>\n  <memory>65536</memory>\n"
               "  <currentMemory>99999</currentMemory>  \n  <vcpu>1</vcpu>\n</domain>\n",
               "<domain type='kvm'>\n  <memory>65536</memory>\n  <vcpu>1</vcpu>\n</domain>\n");
    check_text("MEM002",
               "<domain type='kvm'><memory>65536</memory>\n"
               "<currentMemory>99999</currentMemory><vcpu>1</vcpu></domain>",
               "<domain type='kvm'><memory>65536</memory>\n<vcpu>1</vcpu></domain>");
    check_text("AGT006",
               "<domain type='kvm'>\n <devices>\n  <channel type='pty'>\n   <target type='virtio' "
               "name='a'/>\n  </channel>\n  <channel type='pty'>\n   <target type='virtio' "
               "name='a'/>\n  </channel>\n </devices>\n</domain>\n",
               "<domain type='kvm'>\n <devices>\n  <channel type='pty'>\n   <target type='virtio' "
               "name='a'/>\n  </channel>\n </devices>\n</domain>\n");
}

/* A fix that another one makes needless is not made as well. */
static void
test_conflicts(void)
{
    check_text("CAP001 CAP002 CAP013",
               "<domain type='kvm'>\n  <on_reboot>destroy</on_reboot>\n"
               "  <on_crash>restart</on_crash>\n</domain>\n",
               "<domain type='kvm'>\n  <on_reboot>destroy</on_reboot>\n"
               "  <on_crash>restart</on_crash>\n  <devices>\n    <panic model='isa'/>\n"
               "  </devices>\n</domain>\n");
}

static void
test_encodings(void)
{
    static const char latin[] = "<?xml version='1.0' encoding='iso-8859-1'?>\n<domain type='kvm'>"
                                "<title>\xfc</title><devices></devices></domain>";
    static const char expected[] =
        "<?xml version='1.0' encoding='iso-8859-1'?>\n<domain type='kvm'><title>\xfc</title>"
        "<devices><panic model='isa'/></devices></domain>";
    /* "\x1b$B" switches to Japanese and "\x1b(B" back, here twice for nothing */
    static const char shifts[] =
        "<?xml version='1.0' encoding='iso-2022-jp'?>\n<domain type='kvm'><title>\x1b$B\x1b(B"
        "</title><devices></devices></domain>";
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    Judge with = { .rules = rules };
    const VitalsFixer fixer = { .lint = judge, .data = &with, .unsafe = TRUE };
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsFixed) fixed = NULL;

    g_ptr_array_add(rules, (gpointer)vitals_rule_find("CAP001"));
    fixed = fix(&with, latin, strlen(latin));
    check_same(fixed, expected, strlen(expected));
    g_assert_null(vitals_fixer_run(&fixer, "x.xml", shifts, strlen(shifts), &error));
    g_assert_nonnull(strstr(error->message, "cannot be written back byte for byte"));
}

/* Safe fixes alone unless it is asked for more. */
static void
test_safety(void)
{
    static const char text[] =
        "<domain type='kvm'><devices><serial type='pty'/></devices></domain>";
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    Judge with = { .rules = rules };
    const VitalsFixer fixer = { .lint = judge, .data = &with };
    g_autoptr(VitalsFixed) fixed = NULL;

    g_ptr_array_add(rules, (gpointer)vitals_rule_find("SER009"));
    g_ptr_array_add(rules, (gpointer)vitals_rule_find("CAP001"));
    fixed = vitals_fixer_run(&fixer, "x.xml", text, strlen(text), NULL);
    g_assert_cmpuint(fixed->done->len, ==, 1);
    g_assert_cmpuint(fixed->left, ==, 1);
    g_assert_cmpstr(fixed->done->pdata[0], ==,
                    "SER009 console-not-logged: add <log file='/var/log/libvirt/qemu/"
                    "unnamed-serial0.log' append='on'/> to <serial>");
    g_assert_null(strstr(fixed->bytes, "panic"));
}

static char *
fix_console(const char *text, const char *log_directory)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    Judge with = { .rules = rules, .log_directory = log_directory };
    g_autoptr(VitalsFixed) fixed = NULL;

    g_ptr_array_add(rules, (gpointer)vitals_rule_find("SER009"));
    fixed = fix(&with, text, strlen(text));
    return g_strndup(fixed->bytes, fixed->length);
}

/* A session's libvirt may not write to the system's directory: the guest would no longer start. */
static void
test_session(void)
{
    static const char plain[] =
        "<domain type='kvm'><name>x</name><devices><serial type='pty'/></devices></domain>";
    static const char own[] =
        "<domain type='kvm'><name>x</name><devices><disk type='file'>"
        "<source file='/home/a&amp;b/.local/share/libvirt/images/x.img'/></disk>"
        "<serial type='pty'/></devices></domain>";
    g_autofree char *asked = fix_console(plain, "/home/it's/.cache/libvirt/qemu/log");
    g_autofree char *unknown = fix_console(plain, "");
    g_autofree char *seen = fix_console(own, NULL);

    g_assert_nonnull(strstr(
        asked, "<log file='/home/it&apos;s/.cache/libvirt/qemu/log/x-serial0.log' append='on'/>"));
    g_assert_cmpstr(unknown, ==, plain);
    g_assert_nonnull(
        strstr(seen, "<log file='/home/a&amp;b/.cache/libvirt/qemu/log/x-serial0.log'"));
}

/* Ten thousand findings in one element each, and as many that all want to change the same one. */
static void
test_many(void)
{
    GString *text = g_string_new("<domain type='kvm'><devices>");
    g_autofree char *owned = NULL;
    g_autoptr(VitalsFixed) fixed = NULL;
    g_autoptr(GPtrArray) all = all_rules();

    for (guint i = 0; i < 10000; i++)
        g_string_append(text, "<disk device='cdrom'><source file='/a'/></disk>\n");
    g_string_append(text, "</devices></domain>");
    owned = g_string_free(text, FALSE);
    fixed = fix(&(Judge){ .rules = all }, owned, strlen(owned));
    g_assert_cmpuint(fixed->done->len, >=, 10000);
    g_assert_cmpuint(g_hash_table_size(fixed->failed), ==, 0);
}

static void
check_diff(const char *before, const char *after, const char *expected)
{
    g_autoptr(GString) diff = vitals_diff("d/x.xml", before, strlen(before), after, strlen(after));

    g_assert_cmpstr(diff->str, ==, expected);
}

static void
test_diff(void)
{
    check_diff("a\n", "a\n", "");
    check_diff(
        "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\nj\nk\n",
        "--- a/d/x.xml\n+++ b/d/x.xml\n@@ -2,9 +2,10 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n i\n"
        " j\n+k\n");
    check_diff("a", "a\nb",
               "--- a/d/x.xml\n+++ b/d/x.xml\n@@ -1,1 +1,2 @@\n-a\n"
               "\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n");
    check_diff("", "a\n", "--- a/d/x.xml\n+++ b/d/x.xml\n@@ -0,0 +1,1 @@\n+a\n");
    check_diff(
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n",
        "--- a/d/x.xml\n+++ b/d/x.xml\n@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4\n@@ -8,3 +7,4 @@\n 8\n"
        " 9\n 10\n+11\n");
}

/* Random texts: what patch(1) makes of the diff is the second one. */
static void
test_diff_applies(void)
{
    g_autofree char *directory = g_dir_make_tmp("test-lint-fix-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(directory, "x", NULL);
    g_autofree char *patch = g_build_filename(directory, "p", NULL);
    g_autofree char *program = g_find_program_in_path("patch");

    for (guint round = 0; program && round < 60; round++) {
        g_autoptr(GString) before = g_string_new(NULL);
        g_autoptr(GString) after = g_string_new(NULL);
        g_autoptr(GString) diff = NULL;
        g_autofree char *result = NULL;
        const char *const command[] = { program, "-s", file, patch, NULL };

        for (gint i = g_test_rand_int_range(0, 40); i > 0; i--) {
            gint line = g_test_rand_int_range(0, 5);
            gint what = g_test_rand_int_range(0, 6);

            if (what != 0)
                g_string_append_printf(before, "%d\n", line);
            if (what != 1)
                g_string_append_printf(after, "%d\n", what == 2 ? 9 : line);
        }
        diff = vitals_diff("x", before->str, before->len, after->str, after->len);
        if (diff->len == 0 || after->len == 0)
            continue;
        test_write_file(file, before->str, before->len);
        test_write_file(patch, diff->str, diff->len);
        g_assert_true(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                   NULL, NULL, NULL));
        g_assert_true(g_file_get_contents(file, &result, NULL, NULL));
        g_assert_cmpstr(result, ==, after->str);
    }
    test_remove_tree(directory);
    if (!program)
        g_test_skip("there is no patch(1)");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lint-fix/fixtures", test_fixtures);
    g_test_add_func("/lint-fix/dress", test_dress);
    g_test_add_func("/lint-fix/drop", test_drop);
    g_test_add_func("/lint-fix/conflicts", test_conflicts);
    g_test_add_func("/lint-fix/encodings", test_encodings);
    g_test_add_func("/lint-fix/safety", test_safety);
    g_test_add_func("/lint-fix/session", test_session);
    g_test_add_func("/lint-fix/many", test_many);
    g_test_add_func("/lint-fix/diff/text", test_diff);
    g_test_add_func("/lint-fix/diff/applies", test_diff_applies);
    return g_test_run();
}
