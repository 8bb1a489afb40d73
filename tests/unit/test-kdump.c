/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kdump.h"
#include "monitor/file-bytes.h"
#include "monitor/kdump-flat.h"
#include "monitor/vmcore.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A dump as QEMU 7.2 writes it of a small guest: some pages of memory at the bottom, the firmware right
 * below 4 GiB, bitmaps for all that lies between, phys_base misread.
 */
#define BLOCK 4096
#define PAGES ((guint64)40000)
#define FIRMWARE ((guint64)64)
#define FOUR_GIB ((guint64)1 << 20)
#define BITMAP_BLOCKS 64
#define BITMAP_AT ((gsize)3 * BLOCK)
#define HALF ((gsize)BITMAP_BLOCKS / 2 * BLOCK)
#define DESCRIPTORS_AT (BITMAP_AT + 2 * HALF)
#define PAGES_AT (DESCRIPTORS_AT + 24 * (gsize)(PAGES + FIRMWARE))
#define INFO_AT ((gsize)BLOCK + 2000)
#define INFO "OSRELEASE=6.1.0-test\nNUMBER(phys_base)=-77594624\nPAGESIZE=4096\n"

static void
put32(GByteArray *bytes, gsize at, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(bytes->data + at, &value, sizeof value);
}

static void
put64(GByteArray *bytes, gsize at, guint64 value)
{
    value = GUINT64_TO_LE(value);
    memcpy(bytes->data + at, &value, sizeof value);
}

static guint64
get64(const guint8 *bytes, gsize at)
{
    guint64 value;

    memcpy(&value, bytes + at, sizeof value);
    return GUINT64_FROM_LE(value);
}

static void
set_pages(GByteArray *bytes, guint64 from, guint64 count)
{
    for (guint64 pfn = from; pfn < from + count; pfn++) {
        bytes->data[BITMAP_AT + pfn / 8] |= (guint8)(1 << pfn % 8);
        bytes->data[BITMAP_AT + HALF + pfn / 8] |= (guint8)(1 << pfn % 8);
    }
}

static GByteArray *
build(void)
{
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_set_size(bytes, (guint)PAGES_AT + 3 * BLOCK);
    memset(bytes->data, 0, bytes->len);
    memcpy(bytes->data, "KDUMP   ", 8);
    put32(bytes, 8, 6);
    put32(bytes, 428, BLOCK);
    put32(bytes, 432, 2);
    put32(bytes, 436, BITMAP_BLOCKS);
    put32(bytes, 440, (guint32)FOUR_GIB);
    put64(bytes, BLOCK, (guint64)-0x77594624);
    put64(bytes, BLOCK + 32, INFO_AT);
    put64(bytes, BLOCK + 40, strlen(INFO));
    put64(bytes, BLOCK + 96, FOUR_GIB);
    memcpy(bytes->data + INFO_AT, INFO, strlen(INFO));
    set_pages(bytes, 0, PAGES);
    set_pages(bytes, FOUR_GIB - FIRMWARE, FIRMWARE);
    /* the zero page, one of its own, and zeros again to the end */
    for (gsize i = 0; i < PAGES + FIRMWARE; i++) {
        put64(bytes, DESCRIPTORS_AT + 24 * i, PAGES_AT + (i == 7 ? 2 * BLOCK : 0));
        put32(bytes, DESCRIPTORS_AT + 24 * i + 8, BLOCK);
    }
    memset(bytes->data + PAGES_AT + 2 * BLOCK, 'x', BLOCK);
    return bytes;
}

static int
open_written(const GByteArray *bytes)
{
    int fd;

    test_write_file("dump", bytes->data, bytes->len);
    fd = open("dump", O_RDWR | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

/* ---- whole ---- */

static gboolean
is_whole(const GByteArray *bytes, guint length, GError **error)
{
    int fd = open_written(bytes);
    VitalsKdump kdump;
    gboolean whole;

    g_assert_cmpint(ftruncate(fd, length), ==, 0);
    whole = vitals_kdump_open(fd, &kdump, error) && vitals_kdump_check_whole(fd, &kdump, error);
    close(fd);
    return whole;
}

static void
test_whole(void)
{
    g_autoptr(GByteArray) bytes = build();
    g_autoptr(GError) error = NULL;
    const guint cuts[] = { 100,
                           BLOCK,
                           (guint)BITMAP_AT + 1,
                           (guint)DESCRIPTORS_AT,
                           (guint)DESCRIPTORS_AT + 24 * 100,
                           (guint)PAGES_AT,
                           (guint)PAGES_AT + BLOCK,
                           bytes->len - 1 };

    g_assert_true(is_whole(bytes, bytes->len, &error));
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(cuts); i++) {
        g_assert_false(is_whole(bytes, cuts[i], &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
}

/* ---- rearranging ---- */

static void
append_piece(GByteArray *flat, gint64 at, gint64 size, const guint8 *data)
{
    gint64 piece[2] = { GINT64_TO_BE(at), GINT64_TO_BE(size) };

    g_byte_array_append(flat, (const guint8 *)piece, sizeof piece);
    if (data)
        g_byte_array_append(flat, data, (guint)size);
}

static GByteArray *
new_flat(void)
{
    GByteArray *flat = g_byte_array_new();

    g_byte_array_set_size(flat, 4096);
    memset(flat->data, 0, flat->len);
    memcpy(flat->data, "makedumpfile", 12);
    return flat;
}

/* In pieces of odd sizes, the second half before the first. */
static GByteArray *
flatten(const GByteArray *bytes)
{
    GByteArray *flat = new_flat();
    guint half = bytes->len / 2;

    for (guint at = half; at < bytes->len; at += 5000)
        append_piece(flat, at, MIN(5000, bytes->len - at), bytes->data + at);
    append_piece(flat, 0, half, bytes->data);
    append_piece(flat, -1, -1, NULL);
    return flat;
}

/* Returns: (nullable): what it unfolds to */
static GByteArray *
unflatten(const GByteArray *flat, guint64 limit, GError **error)
{
    int from = open_written(flat);
    int to = open("whole", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    GByteArray *bytes = NULL;
    guint64 size = 0;

    if (vitals_kdump_unflatten(from, to, limit, error)) {
        g_assert_true(vitals_bytes_size(to, &size));
        bytes = g_byte_array_new();
        g_byte_array_set_size(bytes, (guint)size);
        g_assert_true(size == 0 || vitals_bytes_read(to, 0, bytes->data, size));
    }
    close(from);
    close(to);
    return bytes;
}

static void
test_unflatten(void)
{
    g_autoptr(GByteArray) bytes = build();
    g_autoptr(GByteArray) flat = flatten(bytes);
    g_autoptr(GByteArray) whole = unflatten(flat, bytes->len, NULL);
    struct stat info;

    g_assert_cmpmem(whole->data, whole->len, bytes->data, bytes->len);
    g_assert_cmpint(stat("whole", &info), ==, 0);
    g_assert_cmpint(info.st_blocks, <=, bytes->len / 512 + 64);
}

/* Zeros over what was written before are no hole. */
static void
test_overwritten(void)
{
    g_autoptr(GByteArray) flat = new_flat();
    g_autoptr(GByteArray) whole = NULL;
    static const guint8 zeros[8];

    append_piece(flat, 0, 8, (const guint8 *)"abcdefgh");
    append_piece(flat, 2, 3, zeros);
    append_piece(flat, 8, 8, zeros);
    append_piece(flat, -1, -1, NULL);
    whole = unflatten(flat, 100, NULL);
    g_assert_cmpmem(whole->data, whole->len, "ab\0\0\0fgh\0\0\0\0\0\0\0\0", 16);
}

static void
test_bad_flat(void)
{
    g_autoptr(GByteArray) bytes = build();
    g_autoptr(GByteArray) flat = flatten(bytes);
    static const gint64 odd[][2] = { { -2, 8 }, { 8, -1 }, { G_MAXINT64, 8 }, { 0, G_MAXINT64 } };
    g_autoptr(GError) error = NULL;

    g_assert_null(unflatten(flat, bytes->len - 1, &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT);
    g_clear_error(&error);
    g_byte_array_set_size(flat, flat->len - 16);
    g_assert_null(unflatten(flat, bytes->len, &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_TRUNCATED);
    g_clear_error(&error);
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autoptr(GByteArray) one = new_flat();

        append_piece(one, odd[i][0], odd[i][1], NULL);
        append_piece(one, -1, -1, NULL);
        g_assert_null(unflatten(one, 1 << 30, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_null(unflatten(bytes, bytes->len, &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT);
}

/* ---- repairing ---- */

static VitalsKdumpRepairs
repair(GByteArray *bytes)
{
    int fd = open_written(bytes);
    VitalsKdumpRepairs repairs = { 0 };
    g_autoptr(GError) error = NULL;
    VitalsKdump kdump;

    vitals_kdump_repair(fd, &repairs, &error);
    g_assert_no_error(error);
    g_assert_true(vitals_kdump_open(fd, &kdump, NULL));
    g_assert_true(vitals_kdump_check_whole(fd, &kdump, &error));
    g_assert_true(vitals_bytes_read(fd, 0, bytes->data, bytes->len));
    close(fd);
    return repairs;
}

static void
test_repair(void)
{
    g_autoptr(GByteArray) bytes = build();
    g_autoptr(GByteArray) before = build();
    VitalsKdumpRepairs repairs = repair(bytes);
    gsize half = 2 * BLOCK; /* 40000 bits */
    gsize at = DESCRIPTORS_AT - 2 * half;

    g_assert_true(repairs.phys_base && repairs.firmware);
    g_assert_cmpint((gint64)get64(bytes->data, BLOCK), ==, -77594624);
    g_assert_cmpuint(get64(bytes->data, BLOCK + 96), ==, PAGES);
    /* where makedumpfile looks for them, counting from the highest page */
    g_assert_cmpmem(bytes->data + at, half, before->data + BITMAP_AT, half);
    g_assert_cmpmem(bytes->data + at + half, half, before->data + BITMAP_AT, half);
    g_assert_cmpmem(bytes->data + DESCRIPTORS_AT, bytes->len - DESCRIPTORS_AT,
                    before->data + DESCRIPTORS_AT, bytes->len - DESCRIPTORS_AT);
    /* once is enough */
    repairs = repair(bytes);
    g_assert_false(repairs.phys_base || repairs.firmware);
}

/* What needs no repair is left as it is. */
static void
test_leave_alone(void)
{
    g_autoptr(GByteArray) bytes = build();
    g_autoptr(GByteArray) before = NULL;
    VitalsKdumpRepairs repairs;

    put64(bytes, BLOCK, (guint64)-77594624);
    /* memory above 4 GiB: the highest page is memory's own */
    put64(bytes, BLOCK + 96, FOUR_GIB + 1);
    before = g_byte_array_new();
    g_byte_array_append(before, bytes->data, bytes->len);
    repairs = repair(bytes);
    g_assert_false(repairs.phys_base || repairs.firmware);
    g_assert_cmpmem(bytes->data, bytes->len, before->data, before->len);

    /* no number, or none that a kernel would write */
    put64(bytes, BLOCK + 40, 0);
    g_assert_false(repair(bytes).phys_base);
    put64(bytes, BLOCK + 40, G_MAXUINT64);
    g_assert_false(repair(bytes).phys_base);
    put64(bytes, BLOCK + 40, strlen(INFO));
    put64(bytes, BLOCK + 32, G_MAXUINT64 - 8);
    g_assert_false(repair(bytes).phys_base);
    put64(bytes, BLOCK + 32, INFO_AT);
    memcpy(bytes->data + INFO_AT + strlen("OSRELEASE=6.1.0-test\nNUMBER(phys_base)="), "+0x1", 4);
    g_assert_false(repair(bytes).phys_base);
}

/* Headers with some bytes turned round: an answer or an error, within the file. */
static void
test_hostile(void)
{
    g_autoptr(GByteArray) good = build();

    for (guint i = 0; i < 300; i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        guint64 size = 0;
        VitalsKdumpRepairs repairs;
        VitalsKdump kdump;
        int fd;

        g_byte_array_append(bytes, good->data, good->len);
        for (guint n = (guint)g_test_rand_int_range(1, 6); n > 0; n--) {
            static const gint from[] = { 424, BLOCK, (gint)INFO_AT };
            gint at = from[g_test_rand_int_range(0, 3)] + g_test_rand_int_range(0, 110);

            bytes->data[at] = (guint8)g_test_rand_int();
        }
        fd = open_written(bytes);
        if (vitals_kdump_open(fd, &kdump, NULL))
            vitals_kdump_check_whole(fd, &kdump, NULL);
        vitals_kdump_repair(fd, &repairs, NULL);
        g_assert_true(vitals_bytes_size(fd, &size));
        g_assert_cmpuint(size, ==, bytes->len);
        close(fd);
    }
}

int
main(int argc, char **argv)
{
    g_autofree char *directory = g_dir_make_tmp("test-kdump-XXXXXX", NULL);
    int status;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(g_chdir(directory), ==, 0);
    g_test_add_func("/kdump/whole", test_whole);
    g_test_add_func("/kdump/unflatten", test_unflatten);
    g_test_add_func("/kdump/overwritten", test_overwritten);
    g_test_add_func("/kdump/bad-flat", test_bad_flat);
    g_test_add_func("/kdump/repair", test_repair);
    g_test_add_func("/kdump/leave-alone", test_leave_alone);
    g_test_add_func("/kdump/hostile", test_hostile);
    status = g_test_run();
    g_assert_cmpint(g_chdir("/"), ==, 0);
    test_remove_tree(directory);
    return status;
}
