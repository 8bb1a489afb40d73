/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/input.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Large enough that reading costs few calls, small enough for a file of a few lines. */
#define CHUNK (64 * 1024)

/* Reads until the end or above the limit; FALSE with errno set if it cannot. */
static gboolean
read_all(int fd, gsize limit, GByteArray *content)
{
    while (content->len <= limit) {
        guint before = content->len;
        ssize_t got;

        g_byte_array_set_size(content, before + CHUNK);
        got = read(fd, content->data + before, CHUNK);
        g_byte_array_set_size(content, before + (got > 0 ? (guint)got : 0));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
    }
    return TRUE;
}

GBytes *
vitals_cli_read(const char *path, gsize limit, GError **error)
{
    gboolean is_stdin = g_str_equal(path, "-");
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autofree char *name = vitals_text_printable(is_stdin ? "standard input" : path, -1);
    gboolean is_read = fd >= 0 && read_all(fd, limit, content);
    int saved_errno = errno;

    if (fd >= 0 && !is_stdin)
        close(fd);
    if (!is_read) {
        g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(saved_errno),
                    "cannot read '%s': %s", name, g_strerror(saved_errno));
        return NULL;
    }
    if (content->len > limit) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                    "cannot read '%s': larger than %" G_GSIZE_FORMAT " MiB", name,
                    limit / (1024 * 1024));
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&content));
}
