/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/kernel-log.h"
#include "monitor/output/time.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A read that has less room than the record is long fails: the kernel's own bound is 1024 + 8192. */
#define RECORD_MAX ((gsize)16 * 1024)

/* What is read at most; the kernel's ring is seldom larger than 16 MiB. */
#define READ_MAX ((gsize)32 * 1024 * 1024)

#define KEPT_MAX ((gsize)256 * 1024)

/* Reads all there is: each read gives one record, or from a plain file as much as fits. */
static GString *
read_records(const char *root, GError **error)
{
    g_autofree char *path = g_build_filename(root, "dev/kmsg", NULL);
    g_autofree char *piece = g_malloc(RECORD_MAX);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    GString *records;
    gssize got = 0;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "/dev/kmsg: %s",
                    g_strerror(errno));
        return NULL;
    }
    records = g_string_new(NULL);
    /* EPIPE: records were overwritten while we read; the next read goes on behind the gap */
    while (records->len < READ_MAX &&
           ((got = read(fd, piece, RECORD_MAX)) > 0 || (got < 0 && errno == EPIPE))) {
        if (got > 0)
            g_string_append_len(records, piece, got);
    }
    close(fd);
    return records;
}

static gboolean
is_picked(const char *message, const char *const *picks)
{
    for (; picks && *picks; picks++) {
        if (strcasestr(message, *picks))
            return TRUE;
    }
    return !picks;
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];MESSAGE"; the time counts from the host's start. */
static void
append_record(GString *text, const char *record, gint64 start, gint64 since,
              const char *const *picks)
{
    const char *message = strchr(record, ';');
    g_auto(GStrv) fields = message ? g_strsplit(record, ",", 4) : NULL;
    gint64 at;
    g_autofree char *time = NULL;
    g_autofree char *printable = NULL;

    if (!fields || g_strv_length(fields) < 4)
        return;
    at = start + g_ascii_strtoll(fields[2], NULL, 10);
    if (at < since || !is_picked(message + 1, picks))
        return;
    time = vitals_time_rfc3339(at);
    printable = vitals_text_printable_lines(message + 1, -1);
    g_string_append_printf(text, "%s  %s\n", time, printable);
}

char *
vitals_kernel_log_read(const char *root, gint64 since, const char *const *picks, GError **error)
{
    GString *records = read_records(root, error);
    gint64 start = g_get_real_time() - g_get_monotonic_time();
    g_auto(GStrv) lines = NULL;
    GString *text;

    if (!records)
        return NULL;
    lines = g_strsplit(records->str, "\n", -1);
    g_string_free(records, TRUE);
    text = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (g_ascii_isdigit(**line)) /* others begin with a blank and tell of the device */
            append_record(text, *line, start, since, picks);
    }
    if (text->len > KEPT_MAX) {
        const char *cut = strchr(text->str + text->len - KEPT_MAX, '\n');

        g_string_erase(text, 0, cut ? cut + 1 - text->str : 0);
    }
    return g_string_free(text, FALSE);
}
