/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/banner.h"
#include "monitor/file-bytes.h"

#include <string.h>

#define CHUNK ((gsize)4 * 1024 * 1024)

/* No kernel's is as long; a distribution's takes some 250 bytes. */
#define BANNER_MAX ((gsize)1024)

/* __NEW_UTS_LEN of the kernel's include/uapi/linux/utsname.h. */
#define RELEASE_MAX ((gsize)64)

#define RELEASES_MAX 8

static const char begin[] = "Linux version ";

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

GPtrArray *
vitals_banner_find(int fd, guint seconds)
{
    GPtrArray *releases = g_ptr_array_new_with_free_func(g_free);
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 size = 0;
    guint64 at = 0;

    if (!vitals_bytes_size(fd, &size))
        return releases;
    while (at < size && g_get_monotonic_time() < until) {
        gsize length = (gsize)MIN(CHUNK, size - at);

        if (!vitals_bytes_read(fd, at, chunk, length))
            break;
        search(chunk, length, releases);
        /* one that begins at the end of a chunk is whole in the next */
        at += length < CHUNK ? length : CHUNK - BANNER_MAX - sizeof begin;
    }
    return releases;
}
