/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-places.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

/* A log and its backups, as virtlogd keeps them; what was read of it, and by whom. */
typedef struct {
    char *directory;
    char *path;
    VitalsConsoleFile *file;
    GString *read;
    guint gaps;
} Log;

#define BACKUPS 3

static void
log_set_up(Log *log, gconstpointer data)
{
    log->directory = g_dir_make_tmp("test-console-XXXXXX", NULL);
    log->path = g_build_filename(log->directory, "guest.log", NULL);
    log->read = g_string_new(NULL);
}

static char *
backup_path(const Log *log, int backup)
{
    return backup < 0 ? g_strdup(log->path) : g_strdup_printf("%s.%d", log->path, backup);
}

static void
log_tear_down(Log *log, gconstpointer data)
{
    vitals_console_file_free(log->file);
    for (int backup = -1; backup <= BACKUPS; backup++) {
        g_autofree char *path = backup_path(log, backup);

        unlink(path);
    }
    g_assert_cmpint(g_rmdir(log->directory), ==, 0);
    g_free(log->directory);
    g_free(log->path);
    g_string_free(log->read, TRUE);
}

static void
append(const Log *log, const char *bytes, gsize length)
{
    FILE *file = fopen(log->path, "a");

    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(bytes, 1, length, file), ==, length);
    fclose(file);
}

/* As virRotatingFileWriterRollover() does it. */
static void
rotate(const Log *log)
{
    for (int backup = BACKUPS - 1; backup >= 0; backup--) {
        g_autofree char *to = backup_path(log, backup);
        g_autofree char *from = backup_path(log, backup - 1);

        rename(from, to);
    }
    append(log, "", 0);
}

static void
begin(Log *log)
{
    log->file = vitals_console_file_new(log->path, NULL, G_MAXUINT64);
}

/* Returns: bytes read, at most @size */
static gssize
read_some(Log *log, gsize size)
{
    char buffer[512];
    g_autoptr(GError) error = NULL;
    gssize got = vitals_console_file_read(log->file, buffer, MIN(size, sizeof buffer), &error);

    g_assert_no_error(error);
    if (got > 0)
        g_string_append_len(log->read, buffer, got);
    log->gaps += vitals_console_file_take_gap(log->file);
    return got;
}

static void
read_all(Log *log)
{
    while (read_some(log, 512) > 0)
        ;
}

/* Through the file of places, as a restart of ours goes. */
static void
restart(Log *log)
{
    g_autoptr(GHashTable) places = vitals_console_places_new();
    g_autoptr(GHashTable) again = NULL;
    g_autofree char *text = NULL;
    g_autofree char *file = g_build_filename(log->directory, "consoles.json", NULL);
    g_autoptr(GError) error = NULL;
    VitalsConsolePlace place = vitals_console_file_place(log->file);

    vitals_console_places_set(places, log->path, &place);
    text = vitals_console_places_text(places);
    g_assert_true(vitals_console_places_write(log->directory, text, &error));
    vitals_console_file_free(log->file);
    again = vitals_console_places_load(log->directory);
    unlink(file);
    log->file =
        vitals_console_file_new(log->path, g_hash_table_lookup(again, log->path), G_MAXUINT64);
}

/* ---- tests ---- */

static void
note_place(GHashTable *places, const char *path, gint64 seen, guint64 offset)
{
    VitalsConsolePlace place = { .inode = 1, .seen = seen, .offset = offset };

    vitals_console_places_set(places, path, &place);
}

/* Where thousands of guests came and went, those that are there keep their places all the same. */
static void
test_many_places(void)
{
    g_autoptr(GHashTable) places = vitals_console_places_new();
    const VitalsConsolePlace *place;
    guint size = 0;

    note_place(places, "/stays", 1000, 1);
    for (guint i = 0; i < 5000; i++) {
        g_autofree char *path = g_strdup_printf("/gone-%u", i);

        note_place(places, path, i, 1);
        note_place(places, "/stays", 1001 + i, i);
        g_assert_cmpuint(g_hash_table_size(places), >=, size);
        size = g_hash_table_size(places);
    }
    g_assert_cmpuint(size, <, 5000);
    place = g_hash_table_lookup(places, "/stays");
    g_assert_nonnull(place);
    g_assert_cmpuint(place->offset, ==, 4999);
    g_assert_null(g_hash_table_lookup(places, "/gone-0"));
    g_assert_nonnull(g_hash_table_lookup(places, "/gone-4999"));
}

/* Whatever was read before, and wherever the line is torn. */
static void
test_rotation(Log *log, gconstpointer data)
{
    static const char text[] = "[    1.000000] one line\nanother\nand the third\n";
    const gsize length = strlen(text);

    for (gsize first = 0; first <= length; first++) {
        for (guint variant = 0; variant < 8; variant++) {
            gsize second = first + (length - first) / 2;

            g_string_truncate(log->read, 0);
            vitals_console_file_free(log->file);
            unlink(log->path);
            begin(log);
            append(log, text, first);
            read_some(log, 1); /* it is open */
            if (variant & 1)
                read_all(log);
            rotate(log);
            append(log, text + first, second - first);
            if (variant & 2)
                restart(log);
            if (variant & 4)
                rotate(log);
            append(log, text + second, length - second);
            read_all(log);
            g_assert_cmpstr(log->read->str, ==, text);
        }
    }
}

static void
test_truncation(Log *log, gconstpointer data)
{
    append(log, "before\npart", 11);
    begin(log);
    read_all(log);
    g_assert_cmpint(truncate(log->path, 0), ==, 0);
    read_all(log);
    append(log, "after\n", 6);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "before\npartafter\n");

    /* as long as before, and longer, when it is looked at */
    g_assert_true(g_file_set_contents_full(log->path, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    append(log, "other\nx", 7);
    read_all(log);
    g_assert_true(g_str_has_suffix(log->read->str, "after\nother\nx"));
}

/* Emptied in place and longer than it was by the time we look. */
static void
test_rewritten(Log *log, gconstpointer data)
{
    append(log, "first\n", 6);
    begin(log);
    read_all(log);
    g_assert_cmpint(truncate(log->path, 0), ==, 0);
    append(log, "second and longer\n", 18);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "first\nsecond and longer\n");
}

/* append='off': libvirt unlinks all of them when the guest starts anew. */
static void
test_replacement(Log *log, gconstpointer data)
{
    append(log, "old 1\n", 6);
    begin(log);
    read_all(log);
    rotate(log);
    append(log, "old 2\n", 6);
    read_all(log);
    append(log, "unread\n", 7);
    for (int backup = -1; backup < BACKUPS; backup++) {
        g_autofree char *path = backup_path(log, backup);

        unlink(path);
    }
    append(log, "new\n", 4);
    read_all(log);
    /* it was open, so even what was unlinked could be read */
    g_assert_cmpstr(log->read->str, ==, "old 1\nold 2\nunread\nnew\n");
}

/* More than is kept happened while nobody looked: what is there is read, and the gap is told. */
static void
test_gap(Log *log, gconstpointer data)
{
    append(log, "1\n", 2);
    begin(log);
    read_all(log);
    g_assert_cmpuint(log->gaps, ==, 0);
    for (char name = '2'; name < '8'; name++) {
        rotate(log);
        append(log, &name, 1);
        append(log, "\n", 1);
    }
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "1\n4\n5\n6\n7\n");
    g_assert_cmpuint(log->gaps, ==, 1);
}

/* Old backups are no news when the file itself was taken away. */
static void
test_old_backups(Log *log, gconstpointer data)
{
    const struct utimbuf old = { 1000000, 1000000 };
    g_autofree char *backup = backup_path(log, 0);

    append(log, "1\n", 2);
    begin(log);
    read_all(log);
    rotate(log);
    append(log, "2\n", 2);
    read_all(log);
    g_assert_cmpint(utime(backup, &old), ==, 0);
    unlink(log->path);
    append(log, "3\n", 2);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "1\n2\n3\n");
}

static void
test_not_there_yet(Log *log, gconstpointer data)
{
    begin(log);
    g_assert_cmpint(read_some(log, 100), ==, 0);
    append(log, "here\n", 5);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "here\n");
}

static void
test_history(Log *log, gconstpointer data)
{
    append(log, "0123456789", 10);
    log->file = vitals_console_file_new(log->path, NULL, 4);
    read_all(log);
    append(log, "ab", 2);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "6789ab");
}

static void
test_skip(Log *log, gconstpointer data)
{
    append(log, "0123456789", 10);
    begin(log);
    read_some(log, 3);
    g_assert_cmpuint(vitals_console_file_skip(log->file, 20), ==, 0);
    g_assert_cmpuint(vitals_console_file_skip(log->file, 2), ==, 5);
    read_all(log);
    g_assert_cmpstr(log->read->str, ==, "01289");
    g_assert_cmpuint(log->gaps, ==, 1);
}

/* A link to somewhere else, a pipe that never ends, a directory. */
static void
test_no_file(Log *log, gconstpointer data)
{
    char buffer[16];

    for (int kind = 0; kind < 3; kind++) {
        g_autoptr(GError) error = NULL;

        if (kind == 0)
            g_assert_cmpint(symlink("/etc/passwd", log->path), ==, 0);
        else if (kind == 1)
            g_assert_cmpint(mkfifo(log->path, 0600), ==, 0);
        else
            g_assert_cmpint(g_mkdir(log->path, 0700), ==, 0);
        begin(log);
        g_assert_cmpint(vitals_console_file_read(log->file, buffer, sizeof buffer, &error), ==, -1);
        g_assert_error(error, VITALS_CONSOLE_FILE_ERROR, VITALS_CONSOLE_FILE_ERROR_KIND);
        g_clear_pointer(&log->file, vitals_console_file_free);
        g_assert_cmpint(g_remove(log->path), ==, 0);
    }
}

static void
test_partial(Log *log, gconstpointer data)
{
    g_autofree char *wide = g_strnfill(3 * VITALS_CONSOLE_PARTIAL_MAX, 'w');
    VitalsConsolePlace place;
    gsize length;

    append(log, "done\nlogin: ", 12);
    begin(log);
    read_all(log);
    restart(log);
    place = vitals_console_file_place(log->file);
    g_assert_cmpmem(g_bytes_get_data(place.partial, NULL), g_bytes_get_size(place.partial),
                    "login: ", 7);
    vitals_console_place_clear(&place);
    append(log, wide, strlen(wide));
    read_all(log);
    place = vitals_console_file_place(log->file);
    g_bytes_get_data(place.partial, &length);
    g_assert_cmpuint(length, ==, VITALS_CONSOLE_PARTIAL_MAX);
    vitals_console_place_clear(&place);
}

/* A file of places that is odd is an empty one, and no place of it is believed unseen. */
static void
test_odd_places(Log *log, gconstpointer data)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\":1}",
        "{\"version\":1,\"places\":{}}",
        "{\"version\":1,\"places\":[1,{\"path\":\"relative\",\"inode\":1,\"seen\":99999999999},"
        "{\"path\":\"/x\",\"inode\":-1,\"offset\":-5,\"seen\":99999999999,\"partial\":\"%%\"}]}",
    };
    g_autofree char *path = g_build_filename(log->directory, "consoles.json", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GHashTable) places = NULL;

        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        places = vitals_console_places_load(log->directory);
        g_assert_cmpuint(g_hash_table_size(places), ==, 0);
    }
    unlink(path);
}

/* Any order of writing, rotating, emptying, reading and restarting gives the bytes that were written. */
static void
test_any_schedule(Log *log, gconstpointer data)
{
    g_autoptr(GString) written = g_string_new(NULL);
    guint unread_rotations = 0;

    append(log, "", 0);
    begin(log);
    read_all(log);
    for (guint step = 0; step < 4000; step++) {
        char bytes[200];
        gsize length = (gsize)g_test_rand_int_range(0, sizeof bytes);

        switch (g_test_rand_int_range(0, 12)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            for (gsize i = 0; i < length; i++)
                bytes[i] = g_test_rand_int_range(0, 9) ? (char)g_test_rand_int_range(0, 256) : '\n';
            append(log, bytes, length);
            g_string_append_len(written, bytes, (gssize)length);
            break;
        case 5:
            if (unread_rotations < BACKUPS) {
                rotate(log);
                unread_rotations++;
            }
            break;
        case 6:
            read_all(log);
            unread_rotations = 0;
            if (g_test_rand_bit())
                g_assert_cmpint(truncate(log->path, 0), ==, 0);
            /* bytes enough to tell it by: one byte may be the same again */
            for (gsize i = 0; i < 100; i++)
                bytes[i] = (char)g_test_rand_int_range(0, 256);
            append(log, bytes, 100);
            g_string_append_len(written, bytes, 100);
            read_all(log);
            break;
        case 7:
            restart(log);
            break;
        default:
            read_some(log, (gsize)g_test_rand_int_range(1, 300));
        }
        if (written->len > 20000) {
            read_all(log);
            unread_rotations = 0;
            g_assert_cmpmem(log->read->str, log->read->len, written->str, written->len);
            g_string_truncate(written, 0);
            g_string_truncate(log->read, 0);
        }
    }
    read_all(log);
    g_assert_cmpmem(log->read->str, log->read->len, written->str, written->len);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Log *log, gconstpointer data);
    } tests[] = {
        { "/console-file/rotation", test_rotation },
        { "/console-file/truncation", test_truncation },
        { "/console-file/rewritten", test_rewritten },
        { "/console-file/replacement", test_replacement },
        { "/console-file/gap", test_gap },
        { "/console-file/old-backups", test_old_backups },
        { "/console-file/not-there-yet", test_not_there_yet },
        { "/console-file/history", test_history },
        { "/console-file/skip", test_skip },
        { "/console-file/no-file", test_no_file },
        { "/console-file/partial", test_partial },
        { "/console-file/odd-places", test_odd_places },
        { "/console-file/any-schedule", test_any_schedule },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Log, NULL, log_set_up, tests[i].test, log_tear_down);
    g_test_add_func("/console-file/many-places", test_many_places);
    return g_test_run();
}
