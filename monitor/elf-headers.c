/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/elf-headers.h"
#include "monitor/file-bytes.h"
#include "monitor/vmcore.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A guest has a few segments for each of its memory devices. */
#define HEADERS_MAX 65536

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT,
                "the dump's headers cannot be moved: %s", why);
    return FALSE;
}

static gboolean
is_ours(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_type == ET_CORE && header->e_phentsize == sizeof(Elf64_Phdr);
}

/* How many program headers there are. @ret_section: the section header that says so, if one does */
static guint
count_headers(int fd, const Elf64_Ehdr *header, Elf64_Shdr *ret_section)
{
    if (header->e_phnum != PN_XNUM)
        return header->e_phnum;
    if (header->e_shentsize != sizeof *ret_section ||
        !vitals_bytes_read(fd, header->e_shoff, ret_section, sizeof *ret_section) ||
        ret_section->sh_info > HEADERS_MAX)
        return 0;
    return ret_section->sh_info;
}

/* Whether @length bytes at the beginning are free for headers: no segment has its content there. */
static gboolean
is_free(const Elf64_Phdr *segments, guint count, guint64 length)
{
    for (guint i = 0; i < count; i++) {
        if (segments[i].p_filesz > 0 && segments[i].p_offset < length)
            return FALSE;
    }
    return TRUE;
}

/* The beginning of the file as it should be. */
static GByteArray *
build_head(Elf64_Ehdr header, const Elf64_Phdr *segments, guint count, Elf64_Shdr *section)
{
    GByteArray *head = g_byte_array_new();
    gboolean many = header.e_phnum == PN_XNUM;

    header.e_phoff = header.e_ehsize = sizeof header;
    header.e_shoff = many ? sizeof header + count * sizeof *segments : 0;
    header.e_shnum = many ? 1 : 0;
    header.e_shstrndx = SHN_UNDEF;
    g_byte_array_append(head, (const guint8 *)&header, sizeof header);
    g_byte_array_append(head, (const guint8 *)segments, count * (guint)sizeof *segments);
    if (many) {
        section->sh_size = header.e_shnum;
        section->sh_link = SHN_UNDEF;
        g_byte_array_append(head, (const guint8 *)section, sizeof *section);
    }
    return head;
}

gboolean
vitals_elf_move_headers(int fd, gboolean *ret_moved, GError **error)
{
    Elf64_Ehdr header;
    Elf64_Shdr section = { 0 };
    g_autofree Elf64_Phdr *segments = NULL;
    g_autoptr(GByteArray) head = NULL;
    guint count;

    if (!vitals_bytes_read(fd, 0, &header, sizeof header) || !is_ours(&header))
        return refuse(error, "it is no core of a 64-bit little-endian guest");
    if (header.e_phoff == sizeof header && header.e_ehsize == sizeof header) {
        *ret_moved = FALSE;
        return TRUE;
    }
    count = count_headers(fd, &header, &section);
    if (count == 0)
        return refuse(error, "it has no program headers, or too many");
    segments = g_new(Elf64_Phdr, count);
    if (!vitals_bytes_read(fd, header.e_phoff, segments, count * sizeof *segments))
        return refuse(error, "it ends within its program headers");
    head = build_head(header, segments, count, &section);
    if (!is_free(segments, count, head->len))
        return refuse(error, "there is no room for them before its first segment");
    if (!vitals_bytes_write(fd, 0, head->data, head->len) || fdatasync(fd) < 0)
        return refuse(error, g_strerror(errno));
    *ret_moved = TRUE;
    return TRUE;
}
