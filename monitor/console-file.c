/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-file.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(vitals - console - file - error - quark, vitals_console_file_error)

/* virtlogd keeps three (max_backups); whoever configures more than this loses what lies further back. */
#define BACKUPS_MAX 64

/* So many bytes before the position tell whether a file is still the one that was read. */
#define TAIL_MAX 64

/* Names that move while they are looked at are looked at again. */
#define TRIES 5

/* Files carry the time of the last tick, and network file systems that of another clock. */
#define CLOCKS_DIFFER 2

struct VitalsConsoleFile {
    char *path;
    int fd; /* -1 while nothing is open */
    dev_t device;
    ino_t inode;
    guint64 offset;
    char tail[TAIL_MAX]; /* the bytes just before the offset */
    gsize tail_length;
    GByteArray *partial;
    gint64 seen;
    guint64 history;
    gboolean gap;
    gboolean placed; /* @place says where to go on, nothing is open yet */
    VitalsConsolePlace place;
};

void
vitals_console_place_clear(VitalsConsolePlace *place)
{
    g_clear_pointer(&place->partial, g_bytes_unref);
    g_clear_pointer(&place->rhythms, g_array_unref);
}

VitalsConsoleFile *
vitals_console_file_new(const char *path, const VitalsConsolePlace *place, guint64 history)
{
    VitalsConsoleFile *file = g_new0(VitalsConsoleFile, 1);

    file->path = g_strdup(path);
    file->fd = -1;
    file->history = history;
    file->partial = g_byte_array_new();
    if (place) {
        file->placed = TRUE;
        file->place = *place;
        file->place.partial = NULL;
        file->place.rhythms = NULL;
        file->seen = place->seen;
        if (place->partial)
            g_byte_array_append(file->partial, g_bytes_get_data(place->partial, NULL),
                                (guint)g_bytes_get_size(place->partial));
    }
    return file;
}

void
vitals_console_file_free(VitalsConsoleFile *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    g_byte_array_unref(file->partial);
    g_free(file->path);
    g_free(file);
}

const char *
vitals_console_file_path(const VitalsConsoleFile *file)
{
    return file->path;
}

/* ---- names ---- */

/* @backup: -1 for the file itself, else the number behind its name */
static char *
name_of(const VitalsConsoleFile *file, int backup)
{
    return backup < 0 ? g_strdup(file->path) : g_strdup_printf("%s.%d", file->path, backup);
}

static gboolean
look_at(const VitalsConsoleFile *file, int backup, struct stat *ret_info)
{
    g_autofree char *name = name_of(file, backup);

    return lstat(name, ret_info) == 0 && S_ISREG(ret_info->st_mode);
}

static void
set_error(const VitalsConsoleFile *file, int number, GError **error)
{
    g_autofree char *shown = vitals_text_printable(file->path, -1);

    if (number == ELOOP)
        g_set_error(error, VITALS_CONSOLE_FILE_ERROR, VITALS_CONSOLE_FILE_ERROR_KIND,
                    "the console's log %s is no regular file", shown);
    else
        g_set_error(error, VITALS_CONSOLE_FILE_ERROR, VITALS_CONSOLE_FILE_ERROR_READ,
                    "the console's log %s: %s", shown, g_strerror(number));
}

/* Returns: a descriptor, or -1 with errno; a pipe or a device is ELOOP, as a symbolic link is. */
static int
open_backup(const VitalsConsoleFile *file, int backup, struct stat *ret_info)
{
    g_autofree char *name = name_of(file, backup);
    int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return -1;
    if (fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode))
        return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

/* The backup that is our file now, -1 if it still has its name; BACKUPS_MAX if it has none. */
static int
find_inode(const VitalsConsoleFile *file, guint64 device, guint64 inode)
{
    for (int backup = -1; backup < BACKUPS_MAX; backup++) {
        struct stat info;

        if (!look_at(file, backup, &info)) {
            if (backup > 1)
                break; /* logrotate has no 0 */
        } else if (info.st_ino == inode && info.st_dev == device) {
            return backup;
        }
    }
    return BACKUPS_MAX;
}

/* The oldest backup that was written since then, seconds of the wall clock; or -1. */
static int
oldest_since(const VitalsConsoleFile *file, gint64 since)
{
    int oldest = -1;

    for (int backup = 0; backup < BACKUPS_MAX; backup++) {
        struct stat info;

        if (!look_at(file, backup, &info)) {
            if (backup > 1)
                break;
        } else if (info.st_mtime >= since) {
            oldest = backup;
        }
    }
    return oldest;
}

/* ---- positions ---- */

static void
read_tail(VitalsConsoleFile *file)
{
    gsize wanted = (gsize)MIN(file->offset, TAIL_MAX);
    ssize_t got = pread(file->fd, file->tail, wanted, (off_t)(file->offset - wanted));

    file->tail_length = got > 0 ? (gsize)got : 0;
}

static guint
tail_hash(const VitalsConsoleFile *file)
{
    g_autoptr(GBytes) tail = g_bytes_new_static(file->tail, file->tail_length);

    return g_bytes_hash(tail);
}

/* Whether what stands before the offset is what was read there. */
static gboolean
is_unchanged(const VitalsConsoleFile *file)
{
    char now[TAIL_MAX];
    ssize_t got =
        pread(file->fd, now, file->tail_length, (off_t)(file->offset - file->tail_length));

    return got == (ssize_t)file->tail_length && memcmp(now, file->tail, file->tail_length) == 0;
}

static void
adopt(VitalsConsoleFile *file, int fd, const struct stat *info, guint64 offset)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
    file->device = info->st_dev;
    file->inode = info->st_ino;
    file->offset = offset;
    read_tail(file);
}

static void
step_back(VitalsConsoleFile *file, guint64 bytes)
{
    if (bytes == 0)
        return;
    file->offset -= bytes;
    read_tail(file);
    g_byte_array_set_size(file->partial, 0);
}

/* Likewise into the file before that @backup, which the first of those bytes are in. Where there is none any more
 * they are lost. */
static void
step_back_over(VitalsConsoleFile *file, int backup, guint64 bytes)
{
    struct stat info;
    int fd = -1;

    /* logrotate has no 0 */
    for (int older = backup + 1; fd < 0 && older <= MAX(backup + 1, 1); older++)
        fd = open_backup(file, older, &info);
    if (fd < 0)
        return;
    close(file->fd);
    adopt(file, fd, &info, (guint64)info.st_size - MIN(bytes, (guint64)info.st_size));
    g_byte_array_set_size(file->partial, 0);
}

/* Goes on where an earlier reading stood, if that file is still what it was. @backup: where it is now */
static gboolean
resume(VitalsConsoleFile *file, int backup)
{
    const VitalsConsolePlace *place = &file->place;
    struct stat info;
    int fd = backup < BACKUPS_MAX ? open_backup(file, backup, &info) : -1;

    if (fd < 0)
        return FALSE;
    adopt(file, fd, &info, place->offset);
    if (info.st_ino == place->inode && (guint64)info.st_size >= place->offset &&
        tail_hash(file) == place->hash) {
        guint64 here = MIN(place->back, place->offset);

        step_back(file, here);
        if (place->back > here)
            step_back_over(file, backup, place->back - here);
        return TRUE;
    }
    close(file->fd);
    file->fd = -1;
    return FALSE;
}

/* Begins with that backup, or with the file itself if there is none such. */
static gboolean
open_anew(VitalsConsoleFile *file, int backup, GError **error)
{
    struct stat info;
    int fd = open_backup(file, backup, &info);

    if (fd < 0 && backup >= 0)
        fd = open_backup(file, -1, &info);
    if (fd < 0) {
        if (errno != ENOENT)
            set_error(file, errno, error);
        return FALSE;
    }
    adopt(file, fd, &info, 0);
    return TRUE;
}

/* Without an earlier reading: the end of what is there. */
static gboolean
open_first(VitalsConsoleFile *file, GError **error)
{
    struct stat info;

    if (!open_anew(file, -1, error))
        return FALSE;
    if (fstat(file->fd, &info) == 0 && (guint64)info.st_size > file->history)
        file->offset = (guint64)info.st_size - file->history;
    read_tail(file);
    file->seen = g_get_real_time() / G_USEC_PER_SEC;
    return TRUE;
}

/*
 * What was being read is gone: what is unread begins with the oldest backup that was written since. One that
 * has its number and other bytes was emptied, and nothing older is unread unless it is clearly newer; but
 * its number may also have been given to another file.
 */
static gboolean
open_again(VitalsConsoleFile *file, GError **error)
{
    int backup = find_inode(file, file->place.device, file->place.inode);

    if (!resume(file, backup)) {
        int oldest = backup == BACKUPS_MAX
                         ? oldest_since(file, file->seen - CLOCKS_DIFFER)
                         : MAX(backup, oldest_since(file, file->seen + CLOCKS_DIFFER));

        if (!open_anew(file, oldest, error))
            return FALSE;
        file->gap = TRUE;
        g_byte_array_set_size(file->partial, 0);
    }
    file->placed = FALSE;
    return TRUE;
}

/* The writer has gone on to another file and all of ours is read: opens the one behind it. */
static gboolean
open_successor(VitalsConsoleFile *file, GError **error)
{
    for (int try = 0; try < TRIES; try++) {
        int backup = find_inode(file, file->device, file->inode);
        struct stat info;
        int fd = -1;

        if (backup < 0)
            return FALSE; /* it was put back */
        if (backup == BACKUPS_MAX) {
            file->gap = TRUE;
            return open_anew(file, oldest_since(file, file->seen - CLOCKS_DIFFER), error);
        }
        for (int next = backup - 1; fd < 0 && next >= -1; next--)
            fd = open_backup(file, next, &info);
        if (fd < 0)
            return FALSE; /* its name is not there again yet */
        if (find_inode(file, file->device, file->inode) == backup) {
            adopt(file, fd, &info, 0);
            return TRUE;
        }
        close(fd);
    }
    return FALSE;
}

/* Whether the file's name stands for another file now; while there is none, wait. */
static gboolean
has_moved_on(const VitalsConsoleFile *file)
{
    struct stat info;

    return look_at(file, -1, &info) && (info.st_ino != file->inode || info.st_dev != file->device);
}

/* ---- reading ---- */

/* Takes note of what was handed out. */
static void
pass(VitalsConsoleFile *file, const char *bytes, gsize length)
{
    const char *end = memrchr(bytes, '\n', length);
    gsize rest = end ? length - (gsize)(end + 1 - bytes) : length;
    gsize keep = MIN(length, TAIL_MAX);
    gsize old = MIN(file->tail_length, TAIL_MAX - keep);

    if (end)
        g_byte_array_set_size(file->partial, 0);
    g_byte_array_append(file->partial, (const guint8 *)bytes + length - rest, (guint)rest);
    if (file->partial->len > VITALS_CONSOLE_PARTIAL_MAX)
        g_byte_array_remove_range(file->partial, 0,
                                  file->partial->len - VITALS_CONSOLE_PARTIAL_MAX);

    memmove(file->tail, file->tail + file->tail_length - old, old);
    memcpy(file->tail + old, bytes + length - keep, keep);
    file->tail_length = old + keep;
    file->offset += length;
}

/* Returns: bytes read, 0 at the end, -1 with errno */
static gssize
read_on(VitalsConsoleFile *file, char *buffer, gsize size)
{
    struct stat info;
    ssize_t got;

    if (fstat(file->fd, &info) < 0)
        return -1;
    /* shorter than it was, or as long again but of other bytes: it was emptied and begun anew */
    if ((guint64)info.st_size < file->offset || !is_unchanged(file)) {
        file->offset = 0;
        file->tail_length = 0;
        g_byte_array_set_size(file->partial, 0);
    }
    got = pread(file->fd, buffer, size, (off_t)file->offset);
    if (got > 0)
        pass(file, buffer, (gsize)got);
    return got;
}

gssize
vitals_console_file_read(VitalsConsoleFile *file, char *buffer, gsize size, GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    if (file->fd < 0 && !(file->placed ? open_again(file, error) : open_first(file, error)))
        return error && *error ? -1 : 0;
    for (int files = 0; files <= BACKUPS_MAX; files++) {
        gboolean moved_on;
        gssize got = read_on(file, buffer, size);

        if (got > 0)
            return got;
        moved_on = got == 0 && has_moved_on(file);
        /* what was written up to the moment at which it went on */
        if (moved_on)
            got = read_on(file, buffer, size);
        if (got > 0)
            return got;
        if (got < 0) {
            set_error(file, errno, error);
            /* as on a network file system whose server was away: looked for again */
            file->place = vitals_console_file_place(file);
            vitals_console_place_clear(&file->place);
            file->placed = TRUE;
            close(file->fd);
            file->fd = -1;
            return -1;
        }
        if (!moved_on || !open_successor(file, error))
            break;
    }
    file->seen = now;
    return error && *error ? -1 : 0;
}

gboolean
vitals_console_file_take_gap(VitalsConsoleFile *file)
{
    gboolean gap = file->gap;

    file->gap = FALSE;
    return gap;
}

guint64
vitals_console_file_skip(VitalsConsoleFile *file, guint64 keep)
{
    struct stat info;
    guint64 skipped;

    if (file->fd < 0 || fstat(file->fd, &info) < 0 || (guint64)info.st_size <= file->offset + keep)
        return 0;
    skipped = (guint64)info.st_size - keep - file->offset;
    file->offset += skipped;
    file->gap = TRUE;
    g_byte_array_set_size(file->partial, 0);
    read_tail(file);
    return skipped;
}

VitalsConsolePlace
vitals_console_file_place(const VitalsConsoleFile *file)
{
    VitalsConsolePlace place = file->place;

    if (!file->placed)
        place = (VitalsConsolePlace){
            .device = file->device,
            .inode = file->inode,
            .offset = file->offset,
            .hash = tail_hash(file),
        };
    place.seen = file->seen;
    place.partial = g_bytes_new(file->partial->data, file->partial->len);
    return place;
}
