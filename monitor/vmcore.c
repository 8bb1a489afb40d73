/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/vmcore.h"
#include "monitor/file-bytes.h"
#include "monitor/kdump-flat.h"
#include "monitor/kdump.h"
#include "config/text.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(vitals - vmcore - error - quark, vitals_vmcore_error)

/* Notes of hundreds of vCPUs take some hundred KiB; a vmcoreinfo is at most a page or two. */
#define NOTES_MAX (16 * 1024 * 1024)
#define VMCOREINFO_MAX (64 * 1024)
#define PROGRAM_HEADERS_MAX 65536

/* __NEW_UTS_LEN of the kernel's include/uapi/linux/utsname.h: no real release is longer. */
#define RELEASE_MAX 64

/* Twenty bytes in hexadecimal digits, or what another linker may use. */
#define BUILD_ID_MAX 128

/* The first pieces of a flattened dump hold its headers and notes (QEMU, dump/dump.c). */
#define FLAT_PIECES_MAX 64

#define KDUMP_BLOCK_MIN 512
#define KDUMP_BLOCK_MAX (64 * 1024)

/* Where in the kdump header and sub-header the fields stand that we need (x86-64: diskdump_mod.h,
 * struct disk_dump_header and struct kdump_sub_header). */
#define KDUMP_BLOCK_SIZE_AT 428
#define KDUMP_VMCOREINFO_OFFSET_AT 32
#define KDUMP_VMCOREINFO_SIZE_AT 40

typedef struct {
    int fd;
    guint64 size;
    gboolean flat;
} File;

static void
file_clear(File *file)
{
    if (file->fd >= 0)
        close(file->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_clear)

static gboolean
fail(GError **error, VitalsVmcoreError code, const char *message)
{
    g_set_error_literal(error, VITALS_VMCORE_ERROR, code, message);
    return FALSE;
}

static gboolean
read_at(const File *file, guint64 offset, gpointer buffer, gsize length)
{
    return offset <= file->size && length <= file->size - offset &&
           vitals_bytes_read(file->fd, offset, buffer, length);
}

static gboolean
open_file(const char *path, File *file, GError **error)
{
    struct stat info;

    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, &info) < 0) {
        g_set_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_READ,
                    "cannot open the dump: %s", g_strerror(errno));
        return FALSE;
    }
    if (!S_ISREG(info.st_mode))
        return fail(error, VITALS_VMCORE_ERROR_READ, "the dump is not a regular file");
    file->size = (guint64)info.st_size;
    return TRUE;
}

/* ---- vmcoreinfo: lines of KEY=value, written by the guest's kernel ---- */

/* Takes the value of a line that begins with @key, as a printable text of its own. */
static gboolean
take_value(const char *line, const char *key, gsize max, char **text)
{
    if (!g_str_has_prefix(line, key))
        return FALSE;
    line += strlen(key);
    g_free(*text);
    *text = vitals_text_printable(line, (gssize)strnlen(line, max));
    return TRUE;
}

/* The header of a Windows dump, 64 or 32 bits (QEMU, include/qemu/win_dump_defs.h: Signature, ValidDump). */
static gboolean
is_windows_header(const char *text, gsize length)
{
    return length > 8 && (memcmp(text, "PAGEDU64", 8) == 0 || memcmp(text, "PAGEDUMP", 8) == 0);
}

static void
take_vmcoreinfo(VitalsVmcore *vmcore, const char *text, gsize length)
{
    g_autofree char *copy = g_strndup(text, length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

    vmcore->windows = vmcore->windows || is_windows_header(text, length);
    for (char **line = lines; *line; line++) {
        if (take_value(*line, "OSRELEASE=", RELEASE_MAX, &vmcore->release))
            vmcore->vmcoreinfo = TRUE;
        else
            take_value(*line, "BUILD-ID=", BUILD_ID_MAX, &vmcore->build_id);
    }
}

/* ---- ELF ---- */

static gsize
align4(gsize value)
{
    return (value + 3) & ~(gsize)3;
}

/* Walks the notes of a PT_NOTE segment for the one called VMCOREINFO. */
static void
scan_notes(VitalsVmcore *vmcore, const char *notes, gsize length)
{
    gsize at = 0;

    while (length - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header;
        gsize name;
        gsize text;

        memcpy(&header, notes + at, sizeof header);
        if (header.n_namesz > length || header.n_descsz > length)
            return;
        name = at + sizeof header;
        text = name + align4(header.n_namesz);
        if (text > length || header.n_descsz > length - text)
            return;
        if (header.n_namesz == sizeof "VMCOREINFO" &&
            memcmp(notes + name, "VMCOREINFO", sizeof "VMCOREINFO") == 0 &&
            header.n_descsz <= VMCOREINFO_MAX)
            take_vmcoreinfo(vmcore, notes + text, header.n_descsz);
        at = text + align4(header.n_descsz);
        if (at > length)
            return;
    }
}

/* @budget: how many bytes of notes may still be read; one segment has them all, but a broken file may
 * say that each of thousands has */
static gboolean
take_segment(const File *file, VitalsVmcore *vmcore, const Elf64_Phdr *segment, gsize *budget,
             GError **error)
{
    g_autofree char *notes = NULL;

    if (segment->p_offset > file->size || segment->p_filesz > file->size - segment->p_offset)
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends before its last segment");
    if (segment->p_type != PT_NOTE || segment->p_filesz > *budget)
        return TRUE;
    *budget -= segment->p_filesz;
    notes = g_malloc(segment->p_filesz + 1);
    if (!read_at(file, segment->p_offset, notes, segment->p_filesz))
        return fail(error, VITALS_VMCORE_ERROR_READ, "cannot read the dump's notes");
    scan_notes(vmcore, notes, segment->p_filesz);
    return TRUE;
}

static gboolean
inspect_elf(const File *file, VitalsVmcore *vmcore, GError **error)
{
    gsize budget = NOTES_MAX;
    Elf64_Ehdr header;
    guint count;

    vmcore->format = "elf";
    if (!read_at(file, 0, &header, sizeof header))
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends within its header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return TRUE; /* a 32-bit or big-endian guest: whole as far as we can tell, notes not read */

    count = header.e_phnum;
    if (count == PN_XNUM) {
        Elf64_Shdr section;

        if (!read_at(file, header.e_shoff, &section, sizeof section))
            return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends within its header");
        count = MIN(section.sh_info, PROGRAM_HEADERS_MAX);
    }
    if (count == 0)
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump holds no memory");
    for (guint i = 0; i < count; i++) {
        Elf64_Phdr segment;

        if (!read_at(file, header.e_phoff + i * sizeof segment, &segment, sizeof segment))
            return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends within its header");
        if (!take_segment(file, vmcore, &segment, &budget, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- kdump ---- */

static guint64
big_endian(const guint8 *bytes)
{
    guint64 value;

    memcpy(&value, bytes, sizeof value);
    return GUINT64_FROM_BE(value);
}

/*
 * Reads from the file that a flattened dump would unfold to. QEMU writes headers and notes in its
 * first pieces, so only a bounded number of them is walked.
 */
static gboolean
read_flat(const File *file, guint64 offset, gpointer buffer, gsize length)
{
    guint64 at = VITALS_FLAT_HEADER;

    for (guint i = 0; i < FLAT_PIECES_MAX; i++) {
        guint8 piece[16];
        guint64 start;
        guint64 size;

        if (!read_at(file, at, piece, sizeof piece))
            return FALSE;
        start = big_endian(piece);
        size = big_endian(piece + 8);
        at += sizeof piece;
        if (size > file->size - at)
            return FALSE;
        if (offset >= start && offset - start < size && length <= size - (offset - start))
            return read_at(file, at + (offset - start), buffer, length);
        at += size;
    }
    return FALSE;
}

static gboolean
read_kdump(const File *file, guint64 offset, gpointer buffer, gsize length)
{
    return file->flat ? read_flat(file, offset, buffer, length)
                      : read_at(file, offset, buffer, length);
}

static gboolean
has_flat_end(const File *file)
{
    static const guint8 end[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    guint8 last[16];

    return file->size >= VITALS_FLAT_HEADER + sizeof end &&
           read_at(file, file->size - sizeof last, last, sizeof last) &&
           memcmp(last, end, sizeof end) == 0;
}

static void
read_kdump_vmcoreinfo(const File *file, VitalsVmcore *vmcore, guint32 block)
{
    guint64 offset = 0;
    guint64 size = 0;
    g_autofree char *text = NULL;

    if (!read_kdump(file, block + KDUMP_VMCOREINFO_OFFSET_AT, &offset, sizeof offset) ||
        !read_kdump(file, block + KDUMP_VMCOREINFO_SIZE_AT, &size, sizeof size))
        return;
    offset = GUINT64_FROM_LE(offset);
    size = GUINT64_FROM_LE(size);
    if (offset == 0 || size == 0 || size > VMCOREINFO_MAX)
        return;
    text = g_malloc(size);
    if (read_kdump(file, offset, text, size))
        take_vmcoreinfo(vmcore, text, size);
}

static gboolean
inspect_kdump(const File *file, VitalsVmcore *vmcore, GError **error)
{
    char signature[8];
    guint32 block = 0;
    VitalsKdump kdump;

    vmcore->format = "kdump-zlib";
    if (file->flat && !has_flat_end(file))
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump has no end mark");
    if (!file->flat && (!vitals_kdump_open(file->fd, &kdump, error) ||
                        !vitals_kdump_check_whole(file->fd, &kdump, error)))
        return FALSE;
    if (!read_kdump(file, 0, signature, sizeof signature) ||
        memcmp(signature, VITALS_KDUMP_SIGNATURE, sizeof signature) != 0 ||
        !read_kdump(file, KDUMP_BLOCK_SIZE_AT, &block, sizeof block))
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump has no kdump header");
    block = GUINT32_FROM_LE(block);
    if (block < KDUMP_BLOCK_MIN || block > KDUMP_BLOCK_MAX)
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump's block size is absurd");
    read_kdump_vmcoreinfo(file, vmcore, block);
    return TRUE;
}

VitalsVmcore *
vitals_vmcore_inspect(const char *path, GError **error)
{
    g_autoptr(VitalsVmcore) vmcore = g_new0(VitalsVmcore, 1);
    g_auto(File) file = { .fd = -1 };
    char magic[16] = { 0 };
    gboolean whole;

    if (!open_file(path, &file, error))
        return NULL;
    vmcore->bytes = file.size;
    if (!read_at(&file, 0, magic, sizeof magic)) {
        fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump is empty");
        return NULL;
    }
    file.flat = memcmp(magic, VITALS_FLAT_SIGNATURE, strlen(VITALS_FLAT_SIGNATURE)) == 0;

    if (memcmp(magic, ELFMAG, SELFMAG) == 0)
        whole = inspect_elf(&file, vmcore, error);
    else if (file.flat ||
             memcmp(magic, VITALS_KDUMP_SIGNATURE, strlen(VITALS_KDUMP_SIGNATURE)) == 0)
        whole = inspect_kdump(&file, vmcore, error);
    else
        whole = fail(error, VITALS_VMCORE_ERROR_FORMAT, "the file is no ELF and no kdump");
    return whole ? g_steal_pointer(&vmcore) : NULL;
}

void
vitals_vmcore_free(VitalsVmcore *vmcore)
{
    if (!vmcore)
        return;
    g_free(vmcore->release);
    g_free(vmcore->build_id);
    g_free(vmcore);
}

guint64
vitals_vmcore_size(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) ? (guint64)info.st_size : 0;
}
