/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/elf-headers.h"
#include "monitor/vmcore.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* As QEMU 7.2 writes it: two section headers, the program headers behind them, e_ehsize 8. */
#define PHOFF (sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Shdr))

static GByteArray *
build(guint count, gboolean many)
{
    GByteArray *bytes = g_byte_array_new();
    Elf64_Shdr sections[2] = { { .sh_info = many ? count : 0 }, { .sh_type = SHT_STRTAB } };
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                                       EV_CURRENT },
                          .e_type = ET_CORE,
                          .e_machine = EM_X86_64,
                          .e_phoff = PHOFF,
                          .e_shoff = sizeof header,
                          .e_ehsize = 8,
                          .e_phentsize = sizeof(Elf64_Phdr),
                          .e_shentsize = sizeof(Elf64_Shdr),
                          .e_phnum = many ? PN_XNUM : (guint16)count,
                          .e_shnum = 2,
                          .e_shstrndx = 1 };

    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    g_byte_array_append(bytes, (const guint8 *)sections, sizeof sections);
    for (guint i = 0; i < count; i++) {
        Elf64_Phdr segment = { .p_type = PT_LOAD,
                               .p_offset = PHOFF + count * sizeof segment + 8 * i,
                               .p_paddr = 4096 * i,
                               .p_filesz = 8 };

        g_byte_array_append(bytes, (const guint8 *)&segment, sizeof segment);
    }
    for (guint i = 0; i < count; i++)
        g_byte_array_append(bytes, (const guint8 *)"contents", 8);
    return bytes;
}

static Elf64_Ehdr *
header_of(GByteArray *bytes)
{
    return (Elf64_Ehdr *)(gpointer)bytes->data;
}

/* Moves the headers of @bytes, and reads them back. */
static gboolean
move(GByteArray *bytes, gboolean *ret_moved, GError **error)
{
    gboolean good;
    int fd;

    test_write_file("core", bytes->data, bytes->len);
    fd = open("core", O_RDWR | O_CLOEXEC);
    good = vitals_elf_move_headers(fd, ret_moved, error);
    g_assert_cmpint(pread(fd, bytes->data, bytes->len, 0), ==, bytes->len);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), ==, bytes->len);
    close(fd);
    return good;
}

static void
check_moved(guint count, gboolean many)
{
    g_autoptr(GByteArray) before = build(count, many);
    g_autoptr(GByteArray) bytes = build(count, many);
    g_autoptr(VitalsVmcore) vmcore = NULL;
    g_autoptr(GError) error = NULL;
    gsize headers = count * sizeof(Elf64_Phdr);
    gboolean moved = FALSE;

    g_assert_true(move(bytes, &moved, &error));
    g_assert_no_error(error);
    g_assert_true(moved);
    g_assert_cmpuint(header_of(bytes)->e_phoff, ==, 64);
    g_assert_cmpuint(header_of(bytes)->e_ehsize, ==, 64);
    g_assert_cmpuint(header_of(bytes)->e_phnum, ==, many ? PN_XNUM : count);
    g_assert_cmpuint(header_of(bytes)->e_shnum, ==, many);
    g_assert_cmpmem(bytes->data + 64, headers, before->data + PHOFF, headers);
    g_assert_cmpmem(bytes->data + PHOFF + headers, 8 * count, before->data + PHOFF + headers,
                    8 * count);
    vmcore = vitals_vmcore_inspect("core", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(vmcore->format, ==, "elf");

    g_assert_true(move(bytes, &moved, &error));
    g_assert_false(moved);
}

static void
test_move(void)
{
    check_moved(1, FALSE);
    check_moved(3, FALSE);
    check_moved(1000, FALSE);
    check_moved(3, TRUE);
    check_moved(65536, TRUE);
}

/* Takes @bytes: nothing of it is changed. */
static void
check_refused(GByteArray *bytes)
{
    g_autoptr(GByteArray) before = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    gboolean moved = FALSE;

    g_byte_array_append(before, bytes->data, bytes->len);
    g_assert_false(move(bytes, &moved, &error));
    g_assert_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT);
    g_assert_cmpmem(bytes->data, bytes->len, before->data, before->len);
    g_byte_array_unref(bytes);
}

static void
test_refuse(void)
{
    static const guint64 odd[] = { G_MAXUINT64, G_MAXINT64, G_MAXUINT32, 1u << 20 };
    GByteArray *bytes = build(3, FALSE);

    /* a segment where the headers would have to go */
    ((Elf64_Phdr *)(gpointer)(bytes->data + PHOFF))->p_offset = 100;
    check_refused(bytes);
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        bytes = build(3, FALSE);
        header_of(bytes)->e_phoff = odd[i];
        check_refused(bytes);
        bytes = build(3, TRUE);
        header_of(bytes)->e_shoff = odd[i];
        check_refused(bytes);
    }
    bytes = build(3, TRUE);
    ((Elf64_Shdr *)(gpointer)(bytes->data + sizeof(Elf64_Ehdr)))->sh_info = G_MAXUINT32;
    check_refused(bytes);
    bytes = build(0, FALSE);
    check_refused(bytes);
    bytes = build(3, FALSE);
    header_of(bytes)->e_ident[EI_CLASS] = ELFCLASS32;
    check_refused(bytes);
    bytes = build(3, FALSE);
    header_of(bytes)->e_ident[EI_DATA] = ELFDATA2MSB;
    check_refused(bytes);
    bytes = build(3, FALSE);
    header_of(bytes)->e_type = ET_EXEC;
    check_refused(bytes);
    bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)"\177ELF", 4);
    check_refused(bytes);
}

int
main(int argc, char **argv)
{
    g_autofree char *directory = g_dir_make_tmp("test-elf-headers-XXXXXX", NULL);
    int status;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(g_chdir(directory), ==, 0);
    g_test_add_func("/elf-headers/move", test_move);
    g_test_add_func("/elf-headers/refuse", test_refuse);
    status = g_test_run();
    g_assert_cmpint(g_chdir("/"), ==, 0);
    test_remove_tree(directory);
    return status;
}
