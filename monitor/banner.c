/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/banner.h"
#include "monitor/file-bytes.h"
#include "monitor/kdump-pages.h"

#include <string.h>

#define CHUNK ((gsize)4 * 1024 * 1024)

/* No kernel's is as long; a distribution's takes some 250 bytes. */
#define BANNER_MAX ((gsize)1024)

/* __NEW_UTS_LEN of the kernel's include/uapi/linux/utsname.h. */
#define RELEASE_MAX ((gsize)64)

#define RELEASES_MAX 8

/* Where the name stands behind "RSDS". */
#define PDB_NAME_AT 24

static const char begin[] = "Linux version ";

#define OVERLAP (BANNER_MAX + sizeof begin)

static gboolean
is_of_release(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr(".-_+~", c) != NULL);
}

/* Whether a kernel's banner begins there, and not a line of a log about it. @ret_length: of its release */
static gboolean
is_banner(const char *text, gsize length, gsize *ret_length)
{
    const char *end = memchr(text, '\n', MIN(length, BANNER_MAX));
    gsize release = 0;

    if (!end || end + 1 == text + length || end[1] != '\0' ||
        !g_strstr_len(text, end - text, ") #"))
        return FALSE;
    while (release <= RELEASE_MAX && is_of_release(text[release]))
        release++;
    *ret_length = release;
    return release > 0 && release <= RELEASE_MAX && g_ascii_isdigit(*text) &&
           text[release] == ' ' && text[release + 1] == '(';
}

static void
search(const char *bytes, gsize length, GPtrArray *releases)
{
    const char *end = bytes + length;
    const char *at = bytes;

    while ((at = memmem(at, (gsize)(end - at), begin, strlen(begin)))) {
        gsize size;

        at += strlen(begin);
        if (is_banner(at, (gsize)(end - at), &size) && releases->len < RELEASES_MAX) {
            g_autofree char *release = g_strndup(at, size);

            if (!g_ptr_array_find_with_equal_func(releases, release, g_str_equal, NULL))
                g_ptr_array_add(releases, g_steal_pointer(&release));
        }
    }
}

/* RSDS, a GUID, an age, and the name: the PE format, CodeView's record in the debug directory. */
static gboolean
has_windows(const char *bytes, gsize length)
{
    static const char *const names[] = { "ntkrnlmp.pdb", "ntoskrnl.pdb", "ntkrpamp.pdb",
                                         "ntkrnlpa.pdb" };
    const char *end = bytes + length;
    const char *at = bytes;

    while ((at = memmem(at, (gsize)(end - at), "RSDS", 4)) && end - at > PDB_NAME_AT + 12) {
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            if (memcmp(at + PDB_NAME_AT, names[i], strlen(names[i]) + 1) == 0)
                return TRUE;
        }
        at += 4;
    }
    return FALSE;
}

/* Of @pages, or if that is NULL of a file in which memory lies as it is. */
typedef struct {
    VitalsKdumpPages *pages;
    int fd;
    guint64 at;
    guint64 size;
} Memory;

static gsize
read_on(Memory *memory, char *buffer, gsize most)
{
    gsize length = (gsize)MIN(most, memory->size - memory->at);

    if (memory->pages)
        return vitals_kdump_pages_read(memory->pages, buffer, most);
    if (length == 0 || !vitals_bytes_read(memory->fd, memory->at, buffer, length))
        return 0;
    memory->at += length;
    return length;
}

GPtrArray *
vitals_banner_find(int fd, guint seconds, gboolean *ret_windows)
{
    GPtrArray *releases = g_ptr_array_new_with_free_func(g_free);
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    g_autofree char *chunk = g_malloc(CHUNK);
    g_autoptr(VitalsKdumpPages) pages = vitals_kdump_pages_new(fd);
    Memory memory = { .pages = pages, .fd = fd };
    gboolean windows = FALSE;
    gsize kept = 0;
    gsize got;

    if (!vitals_bytes_size(fd, &memory.size))
        memory.size = 0;
    while (g_get_monotonic_time() < until && (got = read_on(&memory, chunk + kept, CHUNK - kept))) {
        gsize length = kept + got;

        search(chunk, length, releases);
        windows = windows || has_windows(chunk, length);
        /* what begins at the end of a chunk is whole in the next */
        kept = MIN(length, OVERLAP);
        memmove(chunk, chunk + length - kept, kept);
    }
    *ret_windows = windows && releases->len == 0;
    return releases;
}
