/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/reader.h"
#include "config/signatures.h"
#include "probes/console/console.h"

#include <string.h>

static VitalsSignatures *
load(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);
    VitalsSignatures *signatures;

    g_assert_no_error(error);
    signatures = vitals_signatures_new(items, &error);
    g_assert_no_error(error);
    return signatures;
}

static VitalsConsole *
scan(VitalsSignatures *signatures, const GPtrArray *lines)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    VitalsConsole *console = vitals_console_new(signatures, &options, NULL, NULL);

    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);

        vitals_console_feed(console, line, strlen(line), 0);
        vitals_console_feed(console, "\n", 1, 0);
    }
    vitals_console_finish(console);
    return console;
}

static gboolean
has_report(const VitalsConsole *console, const char *id)
{
    const GPtrArray *reports = vitals_console_reports(console);

    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        if (g_str_equal(report->signature->id, id))
            return TRUE;
    }
    return FALSE;
}

/* What every signature says of itself is true. */
static void
test_samples(void)
{
    g_autoptr(VitalsSignatures) signatures = load();
    const GPtrArray *list = vitals_signatures_list(signatures);

    g_assert_cmpuint(list->len, >, 100);
    for (guint i = 0; i < list->len; i++) {
        const VitalsSignature *signature = g_ptr_array_index(list, i);
        g_autoptr(VitalsConsole) fires = scan(signatures, signature->fires);
        g_autoptr(VitalsConsole) silent = scan(signatures, signature->silent);

        if (signature->fires->len == 0 || signature->silent->len == 0 || !signature->explanation ||
            !signature->remedy || !has_report(fires, signature->id) ||
            has_report(silent, signature->id)) {
            g_test_message("signature %s: a sample is missing or wrong, or a text is",
                           signature->id);
            g_test_fail();
        }
    }
}

static void
test_ids(void)
{
    g_autoptr(VitalsSignatures) signatures = load();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *list = vitals_signatures_list(signatures);

    for (guint i = 0; i < list->len; i++) {
        const VitalsSignature *signature = g_ptr_array_index(list, i);

        g_assert_true(g_hash_table_add(seen, signature->id));
    }
}

static void
test_errors(void)
{
    static const char *const wrong[] = {
        "[Signature a]\nBegin=x\n",
        "[Signature a]\nBegin=x\nKind=a\nTitle=a\n",
        "[Signature a]\nCorrupted=perhaps\n",
        "[Signature a]\nBegin=(\nKind=a\nTitle=a\n",
        "[Signature a]\nLiteral=abc\n",
        "[Signature a]\nColour=red\n",
        "[Signature a]\nSeverity=dreadful\n",
        "[Signature a]\nSkip=nothing\n",
        "[Signature a]\nLike=nothing\n",
        "[Signature a]\nLines=0\n",
        "[Frames]\nShape=x\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) items =
            vitals_reader_parse("w.conf", wrong[i], strlen(wrong[i]), &error);
        VitalsSignatures *signatures;

        g_assert_no_error(error);
        signatures = vitals_signatures_new(items, &error);
        g_assert_null(signatures);
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, "w.conf:"));
    }
}

static gboolean
count_found(guint literal, gpointer user)
{
    g_array_append_val((GArray *)user, literal);
    return TRUE;
}

/* The scan finds exactly what comparing at each place finds, or at the start for what is short. */
static void
test_literals(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VitalsLiterals) literals = NULL;

    for (int i = 0; i < 40; i++) {
        GString *text = g_string_new(NULL);

        for (int length = g_rand_int_range(random, VITALS_LITERALS_MIN, 12); length > 0; length--)
            g_string_append_c(text, (char)g_rand_int_range(random, 'a', 'd'));
        g_ptr_array_add(texts, g_string_free(text, FALSE));
    }
    literals = vitals_literals_new(texts);

    for (int round = 0; round < 500; round++) {
        gsize length = (gsize)g_rand_int_range(random, 0, 200);
        g_autofree char *text = g_malloc(length + 1);
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(guint));
        guint expected = 0;

        for (gsize i = 0; i < length; i++)
            text[i] = (char)g_rand_int_range(random, 'a', 'd');
        text[length] = '\0';
        vitals_literals_scan(literals, text, length, count_found, found);
        for (gsize at = 0; at < length; at++) {
            for (guint i = 0; i < texts->len; i++) {
                const char *sought = g_ptr_array_index(texts, i);

                expected += (at == 0 || strlen(sought) >= VITALS_LITERALS_ANYWHERE) &&
                            g_str_has_prefix(text + at, sought);
            }
        }
        g_assert_cmpuint(found->len, ==, expected);
    }
}

/* A pattern that would take for ever gives up. */
static void
test_limits(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsPattern) pattern = vitals_pattern_new("^(a+)+$", &error);
    g_autofree char *text = g_strnfill(4000, 'a');

    g_assert_no_error(error);
    text[3999] = 'b';
    g_test_timer_start();
    g_assert_false(vitals_pattern_find(pattern, text, 4000, 0));
    g_assert_cmpfloat(g_test_timer_elapsed(), <, 5.0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console-signature/samples", test_samples);
    g_test_add_func("/console-signature/ids", test_ids);
    g_test_add_func("/console-signature/errors", test_errors);
    g_test_add_func("/console-signature/literals", test_literals);
    g_test_add_func("/console-signature/limits", test_limits);
    return g_test_run();
}
