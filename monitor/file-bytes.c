/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/file-bytes.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean
vitals_bytes_read(int fd, guint64 offset, gpointer buffer, gsize length)
{
    gsize done = 0;

    errno = 0;
    if (offset > G_MAXINT64 || length > G_MAXINT64 - offset)
        return FALSE;
    while (done < length) {
        ssize_t got = pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FALSE;
        done += (gsize)got;
    }
    return TRUE;
}

gboolean
vitals_bytes_write(int fd, guint64 offset, gconstpointer buffer, gsize length)
{
    gsize done = 0;

    errno = EFBIG;
    if (offset > G_MAXINT64 || length > G_MAXINT64 - offset)
        return FALSE;
    while (done < length) {
        ssize_t put =
            pwrite(fd, (const char *)buffer + done, length - done, (off_t)(offset + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return FALSE;
        done += (gsize)put;
    }
    return TRUE;
}

gboolean
vitals_bytes_size(int fd, guint64 *ret_size)
{
    struct stat info;

    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return FALSE;
    *ret_size = (guint64)info.st_size;
    return TRUE;
}
