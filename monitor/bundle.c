/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/bundle.h"
#include "monitor/hook.h"
#include "monitor/retention.h"
#include "config/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((gsize)1024 * 1024)

/* See FILES_MAX in retention.c. */
#define FILES_MAX 200

typedef struct archive Archive;
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_write_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveEntry, archive_entry_free)

static int
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
names_in(const char *directory)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && names->len < FILES_MAX && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

/* Returns: a descriptor of a plain file, or -1 */
static int
open_file(const char *directory, const char *name, struct stat *ret_about)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, ret_about) == 0 && S_ISREG(ret_about->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- checksums ---- */

/* Returns: (transfer full) (nullable): hexadecimal */
static char *
sha256_of(int fd)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *piece = g_malloc(PIECE);
    gssize got;

    while ((got = read(fd, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return NULL;
        g_checksum_update(checksum, piece, got);
    }
    return g_strdup(g_checksum_get_string(checksum));
}

static gboolean
is_listed(const char *name)
{
    return !g_str_equal(name, "incident.json") && !g_str_equal(name, VITALS_RETENTION_KEEP) &&
           !g_str_equal(name, VITALS_HOOK_NOTE);
}

static json_t *
file_json(const char *directory, const char *name, guint64 most)
{
    g_autofree char *sum = NULL;
    struct stat about;
    int fd = open_file(directory, name, &about);
    json_t *file = NULL;

    if (fd < 0)
        return NULL;
    sum = (guint64)about.st_size <= most ? sha256_of(fd) : NULL;
    close(fd);
    file = json_pack("{s:s, s:I}", "name", name, "bytes", (json_int_t)about.st_size);
    if (sum)
        json_object_set_new(file, "sha256", json_string(sum));
    return file;
}

void
vitals_bundle_add_file(json_t *files, const char *directory, const char *name)
{
    json_t *file = file_json(directory, name, G_MAXUINT64);
    size_t index;
    json_t *old;

    json_array_foreach(files, index, old)
    {
        if (file && g_strcmp0(json_string_value(json_object_get(old, "name")), name) == 0) {
            json_array_set_new(files, index, file);
            return;
        }
    }
    if (file)
        json_array_append_new(files, file);
}

json_t *
vitals_bundle_files(const char *directory, guint64 most)
{
    g_autoptr(GPtrArray) names = names_in(directory);
    json_t *files = json_array();

    for (guint i = 0; i < names->len; i++) {
        json_t *file =
            is_listed(names->pdata[i]) ? file_json(directory, names->pdata[i], most) : NULL;

        if (file)
            json_array_append_new(files, file);
    }
    return files;
}

static json_t *
find_file(const json_t *files, const char *name)
{
    size_t index;
    json_t *file;

    json_array_foreach((json_t *)files, index, file)
    {
        if (g_strcmp0(json_string_value(json_object_get(file, "name")), name) == 0)
            return file;
    }
    return NULL;
}

/* By the checksum; by the size where none was taken. */
static gboolean
is_same(const json_t *listed, const json_t *now)
{
    const char *key = json_object_get(listed, "sha256") ? "sha256" : "bytes";

    return json_equal(json_object_get(listed, key), json_object_get(now, key));
}

/* Adds a line for each file of @from that is not in @with, or with @sums not the same there. */
static void
compare(const json_t *from, const json_t *with, gboolean sums, const char *otherwise,
        GPtrArray *lines)
{
    size_t index;
    json_t *file;

    json_array_foreach((json_t *)from, index, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        g_autofree char *shown = vitals_text_printable(name, -1);
        const json_t *other = find_file(with, name);

        if (!other)
            g_ptr_array_add(lines, g_strdup_printf("%s: %s", shown, otherwise));
        else if (sums && !is_same(file, other))
            g_ptr_array_add(lines, g_strdup_printf("%s: is not what was written", shown));
    }
}

GPtrArray *
vitals_bundle_verify(const char *directory, const json_t *files)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    json_t *now = vitals_bundle_files(directory, G_MAXUINT64);

    compare(files, now, TRUE, "is missing", lines);
    compare(now, files, FALSE, "was added later", lines);
    json_decref(now);
    return lines;
}

/* ---- export ---- */

static gboolean
refuse(Archive *archive, const char *what, GError **error)
{
    g_autofree char *shown = vitals_text_printable(what, -1);
    const char *reason = archive ? archive_error_string(archive) : g_strerror(errno);

    g_set_error(error, G_FILE_ERROR, archive ? G_FILE_ERROR_FAILED : g_file_error_from_errno(errno),
                "%s: %s", shown, reason ? reason : "unknown error");
    return FALSE;
}

static gboolean
copy_bytes(Archive *archive, int fd, guint64 left, GError **error)
{
    g_autofree guchar *piece = g_malloc(PIECE);
    gssize got;

    /* a file that shrinks meanwhile is filled up by the library, one that grows is cut */
    while (left > 0 && (got = read(fd, piece, MIN(PIECE, left))) > 0) {
        if (archive_write_data(archive, piece, (size_t)got) < 0)
            return refuse(archive, "cannot write the archive", error);
        left -= (guint64)got;
    }
    return TRUE;
}

static gboolean
add_file(Archive *archive, const char *directory, const char *folder, const char *name,
         GError **error)
{
    g_autoptr(ArchiveEntry) entry = archive_entry_new();
    g_autofree char *inner = g_build_filename(folder, name, NULL);
    struct stat about;
    int fd = open_file(directory, name, &about);
    gboolean good;

    if (fd < 0) /* no plain file: nothing of ours */
        return TRUE;
    archive_entry_set_pathname(entry, inner);
    archive_entry_set_size(entry, about.st_size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, about.st_mtim.tv_sec, 0);
    good = archive_write_header(archive, entry) == ARCHIVE_OK
               ? copy_bytes(archive, fd, (guint64)about.st_size, error)
               : refuse(archive, inner, error);
    close(fd);
    return good;
}

static gboolean
set_form(Archive *archive, const char *path, GError **error)
{
    int result = ARCHIVE_OK;

    if (g_str_has_suffix(path, ".tar.zst"))
        result = archive_write_add_filter_zstd(archive);
    else if (g_str_has_suffix(path, ".tar.gz"))
        result = archive_write_add_filter_gzip(archive);
    else if (!g_str_has_suffix(path, ".tar")) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "an archive's name ends in .tar.zst, .tar.gz or .tar");
        return FALSE;
    }
    /* ARCHIVE_WARN: libarchive would run a program for it */
    return (result == ARCHIVE_OK || result == ARCHIVE_WARN) &&
                   archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK
               ? TRUE
               : refuse(archive, path, error);
}

static gboolean
write_archive(int fd, const char *directory, const char *folder, const char *path,
              gboolean with_dump, GError **error)
{
    g_autoptr(Archive) archive = archive_write_new();
    g_autoptr(GPtrArray) names = names_in(directory);

    if (!set_form(archive, path, error))
        return FALSE;
    if (archive_write_open_fd(archive, fd) != ARCHIVE_OK)
        return refuse(archive, path, error);
    for (guint i = 0; i < names->len; i++) {
        if (!with_dump && g_str_has_prefix(names->pdata[i], "vmcore"))
            continue;
        if (!add_file(archive, directory, folder, names->pdata[i], error))
            return FALSE;
    }
    return archive_write_close(archive) == ARCHIVE_OK ? TRUE : refuse(archive, path, error);
}

/* A file without a name, so that nobody takes half an archive for a whole one, where the file system has such.
 * Returns: -1 with errno, EEXIST if there is something by that name */
static int
open_archive(const char *path, gboolean *ret_nameless)
{
    g_autofree char *directory = g_path_get_dirname(path);
    struct stat about;
    int fd;

    if (lstat(path, &about) == 0) {
        errno = EEXIST;
        return -1;
    }
    fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    *ret_nameless = fd >= 0;
    return fd >= 0 ? fd : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static gboolean
name_archive(int fd, const char *path, GError **error)
{
    g_autofree char *own = g_strdup_printf("/proc/self/fd/%d", fd);

    return linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ||
           refuse(NULL, path, error);
}

gboolean
vitals_bundle_export(const char *directory, const char *name, const char *path, gboolean with_dump,
                     GError **error)
{
    gboolean nameless = FALSE;
    int fd = open_archive(path, &nameless);
    gboolean good;

    if (fd < 0)
        return refuse(NULL, path, error);
    good = write_archive(fd, directory, name, path, with_dump, error);
    if (good && fsync(fd) < 0 && errno != EINVAL)
        good = refuse(NULL, path, error);
    if (good && nameless)
        good = name_archive(fd, path, error);
    close(fd);
    if (!good && !nameless)
        unlink(path);
    return good;
}
