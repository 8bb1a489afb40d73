/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture-orphan.h"

#include "tests/unit/program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A dump whose end nobody tells. */

#define PIECE 4096
#define PIECES 6

typedef struct {
    char *directory;
    char *path;
    guint pieces; /* that are written */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("test-orphan-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "vmcore", NULL);
    fixture->pieces = PIECES;
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->directory);
    g_free(fixture->directory);
    g_free(fixture->path);
}

/* As QEMU does: headers that promise all of it, then piece after piece. */
static gpointer
write_slowly(gpointer data)
{
    const Fixture *fixture = data;
    Elf64_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
        .e_phoff = sizeof header,
        .e_phnum = 1,
    };
    Elf64_Phdr segment = { .p_type = PT_LOAD, .p_offset = PIECE, .p_filesz = (PIECES - 1) * PIECE };
    g_autofree char *piece = g_malloc0(PIECE);
    int fd = open(fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    memcpy(piece, &header, sizeof header);
    memcpy(piece + sizeof header, &segment, sizeof segment);
    for (guint i = 0; i < fixture->pieces; i++) {
        g_assert_cmpint(write(fd, piece, PIECE), ==, PIECE);
        memset(piece, 'x', PIECE);
        g_usleep(G_USEC_PER_SEC / 10);
    }
    close(fd);
    return NULL;
}

static gboolean
wait_beside_writer(Fixture *fixture)
{
    GThread *writer = g_thread_new("writer", write_slowly, fixture);
    gboolean whole;

    while (!g_file_test(fixture->path, G_FILE_TEST_EXISTS))
        g_usleep(1000);
    whole = vitals_orphan_wait(fixture->path, 3 * G_USEC_PER_SEC);
    g_thread_join(writer);
    return whole;
}

static void
test_becomes_whole(Fixture *fixture, gconstpointer data)
{
    g_assert_true(wait_beside_writer(fixture));
}

static void
test_stays_torn(Fixture *fixture, gconstpointer data)
{
    fixture->pieces = PIECES - 1;
    g_assert_false(wait_beside_writer(fixture));
}

static void
test_not_begun(Fixture *fixture, gconstpointer data)
{
    gint64 began = g_get_monotonic_time();

    g_assert_false(vitals_orphan_wait(fixture->path, G_TIME_SPAN_HOUR));
    g_assert_cmpint(g_get_monotonic_time() - began, <, G_TIME_SPAN_MINUTE);
}

#define ADD(path, test) g_test_add("/orphan/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("becomes-whole", test_becomes_whole);
    ADD("stays-torn", test_stays_torn);
    ADD("not-begun", test_not_begun);
    return g_test_run();
}
