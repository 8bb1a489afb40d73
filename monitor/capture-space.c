/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture-space.h"
#include "monitor/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What st_blocks counts, whatever the file system's own block is: inode(7). */
#define STAT_BLOCK 512

guint64
vitals_space_free(const char *directory)
{
    struct statvfs info;

    return statvfs(directory, &info) == 0 ? (guint64)info.f_bavail * info.f_frsize : 0;
}

guint64
vitals_space_used(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 ? (guint64)info.st_blocks * STAT_BLOCK : 0;
}

gboolean
vitals_space_check(const char *path, guint64 expected, guint64 promised, guint64 keep_free,
                   GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    guint64 available = vitals_space_free(directory);
    guint64 needed = expected + promised;
    g_autofree char *has = NULL;
    g_autofree char *needs = NULL;
    g_autofree char *keeps = NULL;

    if (available >= needed && available - needed >= keep_free)
        return TRUE;
    has = g_format_size_full(available, G_FORMAT_SIZE_IEC_UNITS);
    needs = g_format_size_full(needed, G_FORMAT_SIZE_IEC_UNITS);
    keeps = g_format_size_full(keep_free, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_SPACE,
                "not enough space: the dump may take %s%s and %s are to stay free (KeepFree), but "
                "only %s are free",
                needs, promised ? " with what a dump that hangs may still take" : "", keeps, has);
    return FALSE;
}

gboolean
vitals_space_sacrifice(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    gboolean done = FALSE;
    struct stat info;

    if (fd < 0)
        return FALSE;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_blocks > 0) {
        done = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, info.st_size) == 0 ||
               ftruncate(fd, 0) == 0; /* a file system without holes: NFS before 4.2 */
    }
    close(fd);
    return done;
}
