/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/vmcore.h"

#include "tests/fuzz/fuzz.h"
#include "tests/unit/program.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"
#define MEMORY 512

/* ---- building dumps ---- */

static void
append_note(GByteArray *bytes, const char *name, const char *text, gsize length)
{
    static const guint8 zeros[4];
    Elf64_Nhdr header = { .n_namesz = (guint32)strlen(name) + 1, .n_descsz = (guint32)length };

    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    g_byte_array_append(bytes, (const guint8 *)name, header.n_namesz);
    g_byte_array_append(bytes, zeros, -header.n_namesz % 4);
    g_byte_array_append(bytes, (const guint8 *)text, header.n_descsz);
    g_byte_array_append(bytes, zeros, -header.n_descsz % 4);
}

static GByteArray *
notes_with(const char *name, const char *text, gsize length)
{
    GByteArray *notes = g_byte_array_new();

    append_note(notes, "CORE", "registers", 9);
    append_note(notes, name, text, length);
    append_note(notes, "QEMU", "more registers", 14);
    return notes;
}

static GByteArray *
good_notes(void)
{
    return notes_with("VMCOREINFO", INFO, strlen(INFO));
}

/* An ELF dump; takes @notes. @memory_first: the memory stands before the notes, and the section header
 * before the program headers, as QEMU 7.2 writes it; @many: the count stands in the section header. */
static GByteArray *
build_elf(GByteArray *notes, gboolean memory_first, gboolean many)
{
    GByteArray *bytes = g_byte_array_new();
    g_autofree guint8 *memory = g_malloc0(MEMORY);
    gsize phoff = sizeof(Elf64_Ehdr) + (many || memory_first ? sizeof(Elf64_Shdr) : 0);
    gsize body = phoff + 2 * sizeof(Elf64_Phdr);
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                       ELFDATA2LSB },
                          .e_type = ET_CORE,
                          .e_phoff = phoff,
                          .e_shoff = sizeof header,
                          .e_phnum = many ? PN_XNUM : 2 };
    Elf64_Shdr section = { .sh_info = 2 };
    Elf64_Phdr note = { .p_type = PT_NOTE,
                        .p_offset = memory_first ? body + MEMORY : body,
                        .p_filesz = notes->len };
    Elf64_Phdr load = { .p_type = PT_LOAD,
                        .p_offset = memory_first ? body : body + notes->len,
                        .p_filesz = MEMORY };

    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    if (phoff > sizeof header)
        g_byte_array_append(bytes, (const guint8 *)&section, sizeof section);
    g_byte_array_append(bytes, (const guint8 *)&note, sizeof note);
    g_byte_array_append(bytes, (const guint8 *)&load, sizeof load);
    if (memory_first)
        g_byte_array_append(bytes, memory, MEMORY);
    g_byte_array_append(bytes, notes->data, notes->len);
    if (!memory_first)
        g_byte_array_append(bytes, memory, MEMORY);
    g_byte_array_unref(notes);
    return bytes;
}

/* A compressed kdump, not flattened: header, sub-header and the note in blocks of @block bytes; bitmaps
 * and one page behind them, as they have to be in blocks of 4096. */
static GByteArray *
build_kdump(guint32 block, guint64 at, guint64 length)
{
    static const guint32 blocks[] = { 2, 2 }; /* of the sub-header, of the bitmaps */
    static const guint64 descriptor[] = { 5 * 4096 + 24, 1000, 0 };
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_set_size(bytes, 6 * 4096);
    memset(bytes->data, 0, bytes->len);
    memcpy(bytes->data, "KDUMP   ", 8);
    memcpy(bytes->data + 428, &block, sizeof block);
    memcpy(bytes->data + 432, blocks, sizeof blocks);
    bytes->data[3 * 4096] = bytes->data[4 * 4096] = 1;
    memcpy(bytes->data + 5 * 4096, descriptor, sizeof descriptor);
    memcpy(bytes->data + 4096 + 32, &at, sizeof at);
    memcpy(bytes->data + 4096 + 40, &length, sizeof length);
    memcpy(bytes->data + 8192, INFO, strlen(INFO));
    return bytes;
}

static void
append_piece(GByteArray *bytes, gint64 at, gint64 size, const guint8 *data)
{
    gint64 piece[2] = { GINT64_TO_BE(at), GINT64_TO_BE(size) };

    g_byte_array_append(bytes, (const guint8 *)piece, sizeof piece);
    if (data)
        g_byte_array_append(bytes, data, (guint)size);
}

/* The same in the flattened form; takes @dump. */
static GByteArray *
flatten(GByteArray *dump, gboolean end)
{
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_set_size(bytes, 4096);
    memset(bytes->data, 0, bytes->len);
    memcpy(bytes->data, "makedumpfile", 12);
    for (guint at = 0; at < dump->len; at += 4096)
        append_piece(bytes, at, 4096, dump->data + at);
    if (end)
        append_piece(bytes, -1, -1, NULL);
    g_byte_array_unref(dump);
    return bytes;
}

/* ---- looking ---- */

static VitalsVmcore *
inspect(const GByteArray *bytes, GError **error)
{
    test_write_file("dump", bytes->data, bytes->len);
    return vitals_vmcore_inspect("dump", error);
}

/* Takes @bytes. */
static void
check_good(GByteArray *bytes, const char *format, const char *release)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsVmcore) vmcore = inspect(bytes, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(vmcore->format, ==, format);
    g_assert_cmpuint(vmcore->bytes, ==, bytes->len);
    g_assert_cmpstr(vmcore->release, ==, release);
    g_assert_cmpint(vmcore->vmcoreinfo, ==, release != NULL);
    g_byte_array_unref(bytes);
}

/* Takes @bytes. */
static void
check_bad(GByteArray *bytes, VitalsVmcoreError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(inspect(bytes, &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, (int)code);
    g_byte_array_unref(bytes);
}

static void
test_elf(void)
{
    check_good(build_elf(good_notes(), FALSE, FALSE), "elf", "6.1.0-test");
    check_good(build_elf(good_notes(), TRUE, FALSE), "elf", "6.1.0-test");
    check_good(build_elf(good_notes(), FALSE, TRUE), "elf", "6.1.0-test");
    check_good(build_elf(notes_with("OTHER", "", 0), FALSE, FALSE), "elf", NULL);
    check_good(build_elf(notes_with("VMCOREINFO", "", 0), FALSE, FALSE), "elf", NULL);
    /* Xen's hypervisor leaves one of its own */
    check_good(build_elf(notes_with("VMCOREINFO_XEN", INFO, strlen(INFO)), FALSE, FALSE), "elf",
               NULL);
}

/* What the kernel is called is the guest's to say. */
static void
test_release(void)
{
    g_autofree char *filler = g_strnfill(60000, 'x');
    g_autofree char *endless = g_strconcat("OSRELEASE=", filler, NULL);
    g_autofree char *cut = g_strnfill(64, 'x');

    check_good(build_elf(notes_with("VMCOREINFO", "OSRELEASE=\x1b[2J\n", 15), FALSE, FALSE), "elf",
               "\\x1b[2J");
    check_good(build_elf(notes_with("VMCOREINFO", "OSRELEASE=\xff", 11), FALSE, FALSE), "elf",
               "\\xff");
    check_good(build_elf(notes_with("VMCOREINFO", "a\0OSRELEASE=b", 13), FALSE, FALSE), "elf",
               NULL);
    check_good(build_elf(notes_with("VMCOREINFO", endless, strlen(endless)), FALSE, FALSE), "elf",
               cut);
}

static void
test_truncated(void)
{
    for (guint form = 0; form < 3; form++) {
        g_autoptr(GByteArray) whole = build_elf(good_notes(), form == 1, form == 2);

        for (guint length = SELFMAG; length < whole->len; length++) {
            GByteArray *part = g_byte_array_new();

            g_byte_array_append(part, whole->data, length);
            check_bad(part, VITALS_VMCORE_ERROR_TRUNCATED);
        }
    }
}

static void
test_not_a_dump(void)
{
    GByteArray *text = g_byte_array_new();
    GByteArray *bare = build_elf(good_notes(), FALSE, FALSE);

    g_byte_array_append(text, (const guint8 *)"This is not a dump at all.", 26);
    check_bad(text, VITALS_VMCORE_ERROR_FORMAT);
    ((Elf64_Ehdr *)(gpointer)bare->data)->e_phnum = 0;
    check_bad(bare, VITALS_VMCORE_ERROR_FORMAT);
}

/* Sizes and places that point anywhere but into the file. */
static void
test_absurd_numbers(void)
{
    static const guint64 odd[] = { G_MAXUINT64, G_MAXUINT64 - 8, G_MAXINT64,
                                   G_MAXUINT32, G_MAXINT32,      1u << 20 };

    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        for (guint field = 0; field < 4; field++) {
            GByteArray *bytes = build_elf(good_notes(), FALSE, FALSE);
            Elf64_Ehdr *header = (Elf64_Ehdr *)(gpointer)bytes->data;
            Elf64_Phdr *segment = (Elf64_Phdr *)(gpointer)(bytes->data + header->e_phoff);
            guint64 *const fields[] = { &header->e_phoff, &segment->p_offset, &segment->p_filesz,
                                        &segment[1].p_filesz };

            *fields[field] = odd[i];
            check_bad(bytes, VITALS_VMCORE_ERROR_TRUNCATED);
        }
        for (guint field = 0; field < 2; field++) {
            GByteArray *notes = good_notes();
            Elf64_Nhdr *note = (Elf64_Nhdr *)(gpointer)notes->data;

            *(field ? &note->n_namesz : &note->n_descsz) = (guint32)odd[i];
            check_good(build_elf(notes, FALSE, FALSE), "elf", NULL);
        }
    }
}

/* Thousands of segments that are all the same notes must not be read thousands of times. */
static void
test_many_notes(void)
{
    GByteArray *bytes = g_byte_array_new();
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                       ELFDATA2LSB },
                          .e_phoff = sizeof header,
                          .e_phnum = 65000 };
    Elf64_Phdr note = { .p_type = PT_NOTE, .p_filesz = 3 * 1024 * 1024 };
    g_autoptr(VitalsVmcore) vmcore = NULL;
    gint64 begun = g_get_monotonic_time();

    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    for (guint i = 0; i < header.e_phnum; i++)
        g_byte_array_append(bytes, (const guint8 *)&note, sizeof note);
    vmcore = inspect(bytes, NULL);
    g_assert_nonnull(vmcore);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, 3 * G_USEC_PER_SEC);
    g_byte_array_unref(bytes);
}

static void
test_kdump(void)
{
    check_good(build_kdump(4096, 8192, strlen(INFO)), "kdump-zlib", "6.1.0-test");
    check_good(flatten(build_kdump(4096, 8192, strlen(INFO)), TRUE), "kdump-zlib", "6.1.0-test");
    check_good(build_kdump(4096, 0, 0), "kdump-zlib", NULL);
    check_good(build_kdump(4096, 1 << 30, 100), "kdump-zlib", NULL);
    check_good(build_kdump(4096, G_MAXUINT64, 100), "kdump-zlib", NULL);
    check_good(build_kdump(4096, 8192, G_MAXUINT64), "kdump-zlib", NULL);
    check_good(flatten(build_kdump(4096, 1 << 30, 100), TRUE), "kdump-zlib", NULL);
    /* a note that two pieces share is not put together */
    check_good(flatten(build_kdump(4096, 4096 * 2 - 8, 100), TRUE), "kdump-zlib", NULL);
}

/* Takes a whole dump and leaves its first @length bytes. */
static GByteArray *
cut(GByteArray *bytes, guint length)
{
    g_byte_array_set_size(bytes, length);
    return bytes;
}

static void
test_bad_kdump(void)
{
    static const guint32 blocks[] = { 0, 1, 511, 65537, G_MAXUINT32 };
    static const guint cuts[] = {
        512, 4096, 3 * 4096, 5 * 4096 - 1, 5 * 4096 + 23, 5 * 4096 + 1023
    };
    GByteArray *bytes;

    /* one that is not flattened and lacks its end passed for a whole one */
    for (gsize i = 0; i < G_N_ELEMENTS(cuts); i++)
        check_bad(cut(build_kdump(4096, 8192, strlen(INFO)), cuts[i]),
                  VITALS_VMCORE_ERROR_TRUNCATED);
    bytes = build_kdump(4096, 8192, strlen(INFO));
    bytes->data[424] = 0x8; /* makedumpfile ran out of space and says so */
    check_bad(bytes, VITALS_VMCORE_ERROR_TRUNCATED);
    bytes = build_kdump(4096, 8192, strlen(INFO));
    bytes->data[4 * 4096] = 0;
    check_bad(bytes, VITALS_VMCORE_ERROR_FORMAT);

    check_bad(flatten(build_kdump(4096, 0, 0), FALSE), VITALS_VMCORE_ERROR_TRUNCATED);
    for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++)
        check_bad(build_kdump(blocks[i], 0, 0), VITALS_VMCORE_ERROR_FORMAT);

    /* pieces of an absurd size, and none at all */
    bytes = flatten(build_kdump(4096, 0, 0), TRUE);
    memset(bytes->data + 4096 + 8, 0x7f, 8);
    check_bad(bytes, VITALS_VMCORE_ERROR_FORMAT);
    bytes = flatten(g_byte_array_new(), TRUE);
    check_bad(bytes, VITALS_VMCORE_ERROR_FORMAT);
}

static void
test_files(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents("empty", "", 0, NULL));
    g_assert_cmpint(symlink("dump", "link"), ==, 0);
    g_assert_cmpint(mkfifo("pipe", 0600), ==, 0);
    g_assert_cmpint(g_mkdir("directory", 0700), ==, 0);
    g_assert_null(vitals_vmcore_inspect("empty", &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_TRUNCATED);
    for (const char *const *name =
             (const char *const[]){ "link", "pipe", "directory", "nothing", NULL };
         *name; name++) {
        g_clear_error(&error);
        g_assert_null(vitals_vmcore_inspect(*name, &error));
        g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_READ);
    }
    vitals_vmcore_free(NULL);
}

/* The fuzzer's target over dumps with some bytes turned round. */
static void
test_fuzz(void)
{
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(GByteArray) bytes = i % 3 == 0 ? build_elf(good_notes(), i % 2, i % 4 == 1)
                                                 : build_kdump(512 << i % 8, 8192, strlen(INFO));

        if (i % 3 == 2)
            bytes = flatten(g_steal_pointer(&bytes), TRUE);
        for (guint n = (guint)g_test_rand_int_range(1, 6); n > 0; n--)
            bytes->data[g_test_rand_int_range(0, MIN((gint)bytes->len, 600))] =
                (guint8)g_test_rand_int();
        LLVMFuzzerTestOneInput(bytes->data, (gsize)g_test_rand_int_range(0, (gint)bytes->len + 1));
        LLVMFuzzerTestOneInput(bytes->data, bytes->len);
    }
}

int
main(int argc, char **argv)
{
    g_autofree char *directory = g_dir_make_tmp("test-vmcore-XXXXXX", NULL);
    int status;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(g_chdir(directory), ==, 0);
    g_test_add_func("/vmcore/elf", test_elf);
    g_test_add_func("/vmcore/release", test_release);
    g_test_add_func("/vmcore/truncated", test_truncated);
    g_test_add_func("/vmcore/not-a-dump", test_not_a_dump);
    g_test_add_func("/vmcore/absurd-numbers", test_absurd_numbers);
    g_test_add_func("/vmcore/many-notes", test_many_notes);
    g_test_add_func("/vmcore/kdump", test_kdump);
    g_test_add_func("/vmcore/bad-kdump", test_bad_kdump);
    g_test_add_func("/vmcore/files", test_files);
    g_test_add_func("/vmcore/fuzz", test_fuzz);
    status = g_test_run();
    g_assert_cmpint(g_chdir("/"), ==, 0);
    test_remove_tree(directory);
    return status;
}
