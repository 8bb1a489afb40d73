/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds the console engine whatever it is given: the files named as arguments, or what libFuzzer
 * makes up (build with -Dc_args=-DVITALS_LIBFUZZER and -fsanitize=fuzzer). Run over tests/fuzz/console and
 * tests/console it is an ordinary test.
 */
#include "config/signatures.h"
#include "probes/console/console.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static guint inputs;

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

static void
check_text(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at; at++)
        g_assert_false(g_ascii_iscntrl(*at));
}

static GString *
scan(VitalsSignatures *signatures, const char *bytes, gsize size, gsize piece)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, NULL, NULL);
    const GPtrArray *reports = vitals_console_reports(console);
    const GPtrArray *loops = vitals_console_loops(console);
    GString *out = g_string_new(NULL);

    for (gsize at = 0; at < size; at += piece)
        vitals_console_feed(console, bytes + at, MIN(piece, size - at), 0);
    vitals_console_finish(console);
    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        check_text(report->title);
        g_assert_cmpuint(report->line_end, >=, report->line_start);
        g_string_append_printf(out, "%s %d\n", report->title, report->corrupted);
    }
    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);

        check_text(loop->template_);
        g_string_append_printf(out, "%s\n", loop->template_);
    }
    return out;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static VitalsSignatures *signatures;
    g_autoptr(GString) whole = NULL;
    g_autoptr(GString) split = NULL;

    if (!signatures)
        signatures = load();
    whole = scan(signatures, (const char *)data, size, MAX(size, 1));
    split = scan(signatures, (const char *)data, size, 7);
    g_assert_cmpstr(whole->str, ==, split->str);
    inputs++;
    return 0;
}

#ifndef VITALS_LIBFUZZER
/* Each file as it is, and some hundred times with bytes changed: always the same ones. */
static void
run_file(const char *path)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autofree char *bytes = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    LLVMFuzzerTestOneInput((guint8 *)bytes, size);
    for (int round = 0; round < 100 && size > 0; round++) {
        for (int change = 0; change < 5; change++)
            bytes[g_rand_int_range(random, 0, (gint32)size)] =
                (char)g_rand_int_range(random, 0, 256);
        LLVMFuzzerTestOneInput((guint8 *)bytes, size);
    }
}

static void
run_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        run_file(file);
    }
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_IS_DIR))
            run_folder(argv[i]);
        else
            run_file(argv[i]);
    }
    g_print("%u inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
#endif
