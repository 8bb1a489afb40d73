/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/vmlinux.h"
#include "monitor/file-bytes.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A kernel has a handful of segments, and notes of some hundred bytes. */
#define SEGMENTS_MAX 256
#define NOTES_MAX (64 * 1024)

/* Where a kernel lies below a debug tree's root: Debian, Fedora and SUSE, a build by hand; %s is the
 * release. */
static const char *const places[] = {
    "boot/vmlinux-%s",
    "usr/lib/debug/boot/vmlinux-%s",
    "lib/modules/%s/vmlinux",
    "usr/lib/debug/lib/modules/%s/vmlinux",
    "usr/lib/modules/%s/vmlinux",
    "boot/vmlinux-%s.debug",
    "vmlinux-%s",
    "%s/vmlinux",
};

static gsize
align4(gsize value)
{
    return (value + 3) & ~(gsize)3;
}

static char *
hex(const guint8 *bytes, gsize length)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static char *
find_in_notes(const guint8 *notes, gsize length)
{
    gsize at = 0;

    while (length - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header;
        gsize name = at + sizeof header;
        gsize text;

        memcpy(&header, notes + at, sizeof header);
        text = name + align4(header.n_namesz);
        if (header.n_namesz > length || text > length || header.n_descsz > length - text)
            return NULL;
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(notes + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0)
            return hex(notes + text, header.n_descsz);
        at = text + align4(header.n_descsz);
        if (at > length)
            return NULL;
    }
    return NULL;
}

static char *
read_build_id(int fd)
{
    Elf64_Ehdr header;
    char *id = NULL;

    if (!vitals_bytes_read(fd, 0, &header, sizeof header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
        return NULL;
    for (guint i = 0; !id && i < MIN(header.e_phnum, SEGMENTS_MAX); i++) {
        g_autofree guint8 *notes = NULL;
        Elf64_Phdr segment;

        if (!vitals_bytes_read(fd, header.e_phoff + i * sizeof segment, &segment, sizeof segment))
            return NULL;
        if (segment.p_type != PT_NOTE || segment.p_filesz > NOTES_MAX)
            continue;
        notes = g_malloc(segment.p_filesz + 1);
        if (vitals_bytes_read(fd, segment.p_offset, notes, segment.p_filesz))
            id = find_in_notes(notes, segment.p_filesz);
    }
    return id;
}

char *
vitals_vmlinux_build_id(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint64 size = 0;
    char *id = NULL;

    if (fd < 0)
        return NULL;
    if (vitals_bytes_size(fd, &size))
        id = read_build_id(fd);
    close(fd);
    return id;
}

static gboolean
is_it(const char *path, const char *build_id)
{
    g_autofree char *id = NULL;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return FALSE;
    if (!build_id)
        return TRUE;
    id = vitals_vmlinux_build_id(path);
    return id && g_str_equal(id, build_id);
}

static char *
find_by_release(const char *directory, const char *release, const char *build_id)
{
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(GStrv) halves = g_strsplit(places[i], "%s", 2);
        g_autofree char *name = g_strconcat(halves[0], release, halves[1], NULL);
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (is_it(path, build_id))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static char *
find_by_build_id(const char *directory, const char *build_id)
{
    g_autofree char *name = g_strdup_printf("%.2s/%s.debug", build_id, build_id + 2);
    g_autofree char *path = g_build_filename(directory, ".build-id", name, NULL);

    return is_it(path, build_id) ? g_steal_pointer(&path) : NULL;
}

/* It becomes a part of a path. */
static gboolean
is_release(const char *release)
{
    return *release && *release != '.' &&
           release[strspn(release, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789.-_+~")] == '\0';
}

static gboolean
is_build_id(const char *id)
{
    gsize length = strlen(id);

    return length >= 16 && length <= 128 && strspn(id, "0123456789abcdef") == length;
}

char *
vitals_vmlinux_find(char *const *directories, const char *release, const char *build_id)
{
    char *found = NULL;

    if (!is_release(release))
        return NULL;
    if (build_id && !is_build_id(build_id))
        build_id = NULL;
    for (; !found && *directories; directories++) {
        found = find_by_release(*directories, release, build_id);
        if (!found && build_id)
            found = find_by_build_id(*directories, build_id);
    }
    return found;
}
