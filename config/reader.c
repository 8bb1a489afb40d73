/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/reader.h"
#include "config/settings.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Where we are; @line counts the lines taken so far. */
typedef struct {
    const char *file;
    const char *at;
    const char *end;
    guint line;
} Cursor;

void
vitals_reader_item_free(VitalsReaderItem *item)
{
    if (!item)
        return;
    g_free(item->key);
    g_free(item->value);
    g_free(item);
}

static gboolean
refuse(const char *file, guint line, const char *reason, GError **error)
{
    g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX, "%s:%u: %s", file, line,
                reason);
    return FALSE;
}

static gboolean
is_comment(const char *text)
{
    return *text == '#' || *text == ';';
}

/* Takes one line of the file without its end and without blanks around it. */
static gboolean
take_physical(Cursor *cursor, char **ret_text, GError **error)
{
    const char *newline = memchr(cursor->at, '\n', cursor->end - cursor->at);
    const char *stop = newline ? newline : cursor->end;
    gsize length = stop - cursor->at;
    const char *begin = cursor->at;

    cursor->at = newline ? newline + 1 : cursor->end;
    cursor->line++;
    if (length > VITALS_READER_MAX_LINE)
        return refuse(cursor->file, cursor->line, "the line is longer than 16 KiB", error);
    if (memchr(begin, 0, length))
        return refuse(cursor->file, cursor->line,
                      "the line holds a NUL byte: the file is no text, or is UTF-16", error);
    if (!g_utf8_validate(begin, length, NULL))
        return refuse(cursor->file, cursor->line,
                      "the line is no valid UTF-8: save the file in UTF-8", error);

    *ret_text = g_strstrip(g_strndup(begin, length));
    return TRUE;
}

/* Takes a line with those that continue it. */
static gboolean
take_logical(Cursor *cursor, char **ret_text, GError **error)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    guint first = cursor->line + 1;
    gboolean more = TRUE;

    while (more && cursor->at < cursor->end) {
        g_autofree char *text = NULL;
        gsize length;

        if (!take_physical(cursor, &text, error))
            return FALSE;
        if (is_comment(text)) {
            more = whole->len > 0;
            continue;
        }
        length = strlen(text);
        more = length > 0 && text[length - 1] == '\\';
        if (more)
            text[length - 1] = ' ';
        g_string_append(whole, text);
        if (whole->len > VITALS_READER_MAX_LINE)
            return refuse(cursor->file, first, "the line is longer than 16 KiB", error);
    }

    *ret_text = g_strstrip(g_strdup(whole->str));
    return TRUE;
}

static gboolean
parse_line(const char *file, guint line, const char *text, GPtrArray *items, GError **error)
{
    VitalsReaderItem *item;
    const char *equals = strchr(text, '=');
    gsize length = strlen(text);

    if (!*text)
        return TRUE;
    if (*text == '[') {
        if (length < 3 || text[length - 1] != ']')
            return refuse(file, line, "a section header is written [Name], alone on its line",
                          error);
        item = g_new0(VitalsReaderItem, 1);
        item->value = g_strstrip(g_strndup(text + 1, length - 2));
    } else {
        if (!equals || equals == text)
            return refuse(file, line,
                          "the line is neither [Section], Key=value nor a comment with # or ;",
                          error);
        item = g_new0(VitalsReaderItem, 1);
        item->key = g_strstrip(g_strndup(text, equals - text));
        item->value = g_strstrip(g_strdup(equals + 1));
    }
    item->file = g_intern_string(file);
    item->line = line;
    g_ptr_array_add(items, item);
    return TRUE;
}

GPtrArray *
vitals_reader_parse(const char *file, const char *bytes, gsize length, GError **error)
{
    g_autoptr(GPtrArray) items =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_reader_item_free);
    Cursor cursor = { .file = file, .at = bytes, .end = bytes + length };

    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        cursor.at += 3;
    while (cursor.at < cursor.end) {
        guint line = cursor.line + 1;
        g_autofree char *text = NULL;

        if (!take_logical(&cursor, &text, error) || !parse_line(file, line, text, items, error))
            return NULL;
    }
    return g_steal_pointer(&items);
}

static gboolean
is_readable_kind(const struct stat *status)
{
    /* /dev/null is character device 1:3 (kernel, admin-guide/devices.txt): "no settings". */
    return S_ISREG(status->st_mode) ||
           (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3));
}

/* At most one byte more than is allowed, so that the caller sees it is too much. */
static GByteArray *
slurp(int fd, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(VITALS_READER_MAX_FILE + 1);
    struct stat status;
    gssize got = 1;

    if (fstat(fd, &status) < 0) {
        g_set_error_literal(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ,
                            g_strerror(errno));
        return NULL;
    }
    if (!is_readable_kind(&status)) {
        g_set_error_literal(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ,
                            "it is no regular file");
        return NULL;
    }
    while (got > 0 && bytes->len <= VITALS_READER_MAX_FILE) {
        got = TEMP_FAILURE_RETRY(read(fd, buffer, VITALS_READER_MAX_FILE + 1 - bytes->len));
        if (got > 0)
            g_byte_array_append(bytes, buffer, got);
    }
    if (got < 0) {
        g_set_error_literal(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ,
                            g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

GPtrArray *
vitals_reader_read(const char *path, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);
    g_autoptr(GByteArray) bytes = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ,
                    "%s: cannot be read: %s", shown, g_strerror(errno));
        return NULL;
    }
    bytes = slurp(fd, error);
    close(fd);
    if (!bytes) {
        g_prefix_error(error, "%s: cannot be read: ", shown);
        return NULL;
    }
    if (bytes->len > VITALS_READER_MAX_FILE) {
        g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ,
                    "%s: is larger than 1 MiB, which no settings file is", shown);
        return NULL;
    }
    return vitals_reader_parse(shown, (const char *)bytes->data, bytes->len, error);
}
