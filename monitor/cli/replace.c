/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/replace.h"
#include "monitor/cli/input.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static gboolean
fail(GError **error, const char *path, const char *what)
{
    g_autofree char *shown = vitals_text_printable(path, -1);
    int saved_errno = errno;

    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(saved_errno),
                "cannot write '%s': %s%s%s", shown, what ? what : "", what ? ": " : "",
                g_strerror(saved_errno));
    return FALSE;
}

static gboolean
refuse(GError **error, const char *path, const char *why)
{
    g_autofree char *shown = vitals_text_printable(path, -1);

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "'%s' is left as it is: %s", shown, why);
    return FALSE;
}

/* Copies every extended attribute; FALSE with errno set if one cannot be. */
static gboolean
copy_attributes(int from, int to)
{
    ssize_t length = flistxattr(from, NULL, 0);
    g_autofree char *names = length > 0 ? g_malloc((gsize)length) : NULL;

    if (length < 0 && errno == ENOTSUP)
        return TRUE;
    length = length > 0 ? flistxattr(from, names, (gsize)length) : length;
    for (const char *name = names; length >= 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t size = fgetxattr(from, name, NULL, 0);
        g_autofree char *value = size >= 0 ? g_malloc((gsize)size + 1) : NULL;

        size = value ? fgetxattr(from, name, value, (gsize)size) : size;
        if (size < 0 || fsetxattr(to, name, value, (gsize)size, 0) < 0)
            return FALSE;
    }
    return length >= 0;
}

static gboolean
write_all(int fd, GBytes *content)
{
    gsize left;
    const char *at = g_bytes_get_data(content, &left);

    while (left > 0) {
        ssize_t done = write(fd, at, left);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return FALSE;
        at += done;
        left -= (gsize)done;
    }
    return fsync(fd) == 0;
}

/* What the file is must be what the new one becomes. */
static gboolean
prepare(int from, int to, const struct stat *info, GBytes *after)
{
    return fchown(to, info->st_uid, info->st_gid) == 0 && fchmod(to, info->st_mode & 07777) == 0 &&
           copy_attributes(from, to) && write_all(to, after);
}

static gboolean
check_source(const char *path, int fd, GBytes *before, struct stat *ret_info, GError **error)
{
    g_autoptr(GBytes) now = vitals_cli_read(path, g_bytes_get_size(before), NULL);

    if (fstat(fd, ret_info) < 0)
        return fail(error, path, NULL);
    if (!S_ISREG(ret_info->st_mode))
        return refuse(error, path, "it is no regular file");
    if (ret_info->st_nlink > 1)
        return refuse(error, path,
                      "it has other names (hard links), which would keep the old text");
    if (!now || !g_bytes_equal(now, before))
        return refuse(error, path, "it has changed meanwhile");
    return TRUE;
}

static void
sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

gboolean
vitals_cli_replace(const char *path, GBytes *before, GBytes *after, GError **error)
{
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *directory = real ? g_path_get_dirname(real) : NULL;
    g_autofree char *temporary = real ? g_strconcat(real, ".XXXXXX", NULL) : NULL;
    int from = real ? open(real, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    struct stat info;
    gboolean is_done;
    int to;

    if (from < 0)
        return fail(error, path, NULL);
    if (!check_source(real, from, before, &info, error)) {
        close(from);
        return FALSE;
    }
    to = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
    if (to < 0) {
        close(from);
        return fail(error, path, "no new file can be made in its directory");
    }
    is_done = prepare(from, to, &info, after) && rename(temporary, real) == 0;
    if (!is_done) {
        fail(error, path, NULL);
        g_unlink(temporary);
    }
    close(to);
    close(from);
    sync_directory(directory);
    return is_done;
}
