/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/banner.h"
#include "tests/unit/program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BANNER(release) "Linux version " release " (build@host) (gcc 12) #1 SMP Debian 6.1 (2026)"

static gboolean windows;

static GPtrArray *
find_in(const void *bytes, gsize length)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "test-banner-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    GPtrArray *found;

    g_assert_cmpint(fd, >=, 0);
    unlink(path);
    g_assert_cmpint(write(fd, bytes, length), ==, (gssize)length);
    found = vitals_banner_find(fd, 20, &windows);
    close(fd);
    return found;
}

static void
test_found(void)
{
    static const char memory[] = "\0\1\2" BANNER("6.1.0-56-amd64") "\n\0and more" BANNER(
        "5.10.0+x") "\n\0" BANNER("6.1.0-56-amd64") "\n\0";
    g_autoptr(GPtrArray) found = find_in(memory, sizeof memory);

    g_assert_cmpuint(found->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(found, 0), ==, "6.1.0-56-amd64");
    g_assert_cmpstr(g_ptr_array_index(found, 1), ==, "5.10.0+x");
}

/* What somebody wrote about a kernel, and what somebody wrote to lead us astray. */
static void
test_lookalikes(void)
{
    static const char *const texts[] = {
        BANNER("6.1.0") "\n[    0.1] Command line:", /* a log */
        BANNER("6.1.0"),                             /* cut off */
        "Linux version 6.1.0\n",
        "Linux version %s (%s@%s) (%s) #%s\n",
        BANNER("../../etc/passwd") "\n",
        BANNER("") "\n",
        BANNER("6.1.0/../../x") "\n",
        BANNER("6aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "a") "\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        gboolean ends = g_str_has_suffix(texts[i], "\n");
        g_autoptr(GPtrArray) found = find_in(texts[i], strlen(texts[i]) + ends);

        if (found->len)
            g_error("'%s' gave %s", texts[i], (char *)g_ptr_array_index(found, 0));
    }
}

/* Across the border of what is read at once, and without end. */
static void
test_borders(void)
{
    gsize length = 9 * 1024 * 1024;
    g_autofree char *memory = g_malloc0(length);
    static const char banner[] = BANNER("6.1.0") "\n";

    for (gsize at = 4 * 1024 * 1024 - 200; at < 4 * 1024 * 1024 + 200; at += 7) {
        g_autoptr(GPtrArray) found = NULL;

        memset(memory, 0, length);
        memcpy(memory + at, banner, sizeof banner);
        found = find_in(memory, length);
        g_assert_cmpuint(found->len, ==, 1);
    }
    for (gsize i = 0; i + 100 < length; i += 100) {
        g_autofree char *one = g_strdup_printf(BANNER("6.%" G_GSIZE_FORMAT) "\n", i);

        memcpy(memory + i, one, strlen(one) + 1);
    }
    {
        g_autoptr(GPtrArray) found = find_in(memory, length);

        g_assert_cmpuint(found->len, <=, 8);
    }
}

/* ---- Windows ---- */

#define PDB "RSDS\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\1\0\0\0ntkrnlmp.pdb"

static void
test_windows(void)
{
    static const char alone[] = "MZ" PDB;
    static const char cut[] = "RSDS";
    static const char other[] = "RSDS0123456789abcdef\1\0\0\0ntdll.pdb";
    static const char both[] = PDB "\0" BANNER("6.1.0") "\n";
    g_autoptr(GPtrArray) none = find_in(alone, sizeof alone);
    g_autoptr(GPtrArray) one = NULL;

    g_assert_true(windows);
    g_ptr_array_unref(find_in(cut, sizeof cut));
    g_assert_false(windows);
    g_ptr_array_unref(find_in(other, sizeof other));
    g_assert_false(windows);
    /* a guest with Linux has files of Windows in its cache */
    one = find_in(both, sizeof both);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_false(windows);
}

/* ---- compressed ---- */

#define BLOCK ((gsize)4096)

static void
put(GByteArray *bytes, gsize at, guint64 value, gsize length)
{
    value = GUINT64_TO_LE(value);
    memcpy(bytes->data + at, &value, length);
}

/* A kdump of @n pages, each by its own zlib; a page that this does not make smaller is raw. */
static GByteArray *
pack(const guint8 *memory, guint n)
{
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_set_size(bytes, 4 * BLOCK + 24 * n);
    memset(bytes->data, 0, bytes->len);
    memcpy(bytes->data, "KDUMP   ", 8);
    put(bytes, 428, BLOCK, 4);
    put(bytes, 432, 1, 4); /* blocks of the sub-header */
    put(bytes, 436, 2, 4); /* and of both bitmaps */
    for (guint i = 0; i < n; i++) {
        guint8 packed[2 * BLOCK];
        uLongf length = sizeof packed;
        gboolean smaller =
            compress(packed, &length, memory + i * BLOCK, BLOCK) == Z_OK && length < BLOCK;
        gsize descriptor = 4 * BLOCK + 24 * (gsize)i;

        bytes->data[3 * BLOCK + i / 8] |= (guint8)(1 << i % 8);
        put(bytes, descriptor, bytes->len, 8);
        put(bytes, descriptor + 8, smaller ? length : BLOCK, 4);
        put(bytes, descriptor + 12, smaller, 4);
        g_byte_array_append(bytes, smaller ? packed : memory + i * BLOCK,
                            (guint)(smaller ? length : BLOCK));
    }
    return bytes;
}

/* The banner is found in compressed pages, and where two of them meet; nothing that is broken is believed, or read
 * beyond the file. */
static void
test_compressed(void)
{
    static const char banner[] = BANNER("6.1.0") "\n";
    g_autofree guint8 *memory = g_malloc0(3000 * BLOCK);
    g_autoptr(GByteArray) dump = NULL;
    g_autoptr(GPtrArray) found = NULL;

    for (gsize i = 0; i < 20 * BLOCK; i++)
        memory[i] = (guint8)g_random_int(); /* raw */
    memcpy(memory + 2900 * BLOCK - 20, banner, sizeof banner);
    dump = pack(memory, 3000);
    found = find_in(dump->data, dump->len);
    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(found, 0), ==, "6.1.0");
    for (guint i = 0; i < 200; i++) {
        g_autofree guint8 *broken = g_memdup2(dump->data, dump->len);

        for (guint j = 0; j < 20; j++)
            broken[4 * BLOCK + g_random_int_range(0, 24 * 3000)] = (guint8)g_random_int();
        g_ptr_array_unref(find_in(broken, i % 2 ? dump->len : dump->len / 2));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/banner/found", test_found);
    g_test_add_func("/banner/lookalikes", test_lookalikes);
    g_test_add_func("/banner/borders", test_borders);
    g_test_add_func("/banner/windows", test_windows);
    g_test_add_func("/banner/compressed", test_compressed);
    return g_test_run();
}
