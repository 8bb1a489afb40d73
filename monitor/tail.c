/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/tail.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static GBytes *
read_end(int fd, gsize most, const char **ret_why)
{
    struct stat info;
    char *bytes;
    ssize_t got;
    off_t start;

    if (fstat(fd, &info) < 0) {
        *ret_why = g_strerror(errno);
        return NULL;
    }
    if (!S_ISREG(info.st_mode)) {
        *ret_why = "is not a regular file";
        return NULL;
    }
    start = info.st_size > (off_t)most ? info.st_size - (off_t)most : 0;
    bytes = g_malloc(most);
    got = pread(fd, bytes, most, start);
    if (got < 0) {
        *ret_why = g_strerror(errno);
        g_free(bytes);
        return NULL;
    }
    return g_bytes_new_take(bytes, (gsize)got);
}

GBytes *
vitals_tail_read(const char *path, gsize most, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    int failure = fd < 0 ? errno : EIO;
    const char *why = fd < 0 ? g_strerror(failure) : NULL;
    GBytes *end = fd < 0 ? NULL : read_end(fd, most, &why);

    if (fd >= 0)
        close(fd);
    if (!end) {
        g_autofree char *shown = vitals_text_printable(path, -1);

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(failure), "%s: %s", shown, why);
    }
    return end;
}
