/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Bounds on what is read; a settings file written by people is a few KiB. */
enum {
    VITALS_READER_MAX_FILE = 1024 * 1024,
    VITALS_READER_MAX_LINE = 16 * 1024, /* with its continuations; twice PATH_MAX and ample */
};

/**
 * VitalsReaderItem: a section header or an assignment
 * @file: its name as it was given; never freed
 * @line: where it begins, counted from 1
 * @key: %NULL for a section header
 * @value: the value, or the section's name; blanks around it are gone; valid UTF-8 in one line
 */
typedef struct {
    const char *file;
    guint line;
    char *key;
    char *value;
} VitalsReaderItem;

void vitals_reader_item_free(VitalsReaderItem *item);

/**
 * vitals_reader_parse:
 * @file: its name for messages, printable
 * @bytes: its contents
 *
 * Reads the syntax of systemd.syntax(7): `[Section]`, `Key=value`, comments that begin a line with `#`
 * or `;`, and a backslash at the end of a line that turns into a blank and continues with the next line
 * that is no comment. A byte order mark and CR before LF are skipped. NUL bytes, invalid UTF-8 and lines
 * that are too long are errors, as is any other line.
 *
 * Returns: (transfer full) (element-type VitalsReaderItem): the items in their order
 */
GPtrArray *vitals_reader_parse(const char *file, const char *bytes, gsize length, GError **error);

/**
 * vitals_reader_read:
 * @path: the file; symbolic links are followed
 *
 * Reads a file of at most %VITALS_READER_MAX_FILE bytes and parses it. Only regular files and
 * /dev/null are read, so that a FIFO or a device cannot block us.
 *
 * Returns: (transfer full) (element-type VitalsReaderItem): as vitals_reader_parse()
 */
GPtrArray *vitals_reader_read(const char *path, GError **error);
