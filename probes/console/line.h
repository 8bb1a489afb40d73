/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/prefix.h"

#include <glib.h>

/* Longer lines are cut; printk's own limit is 1 KiB and nobody reads more. */
enum { VITALS_LINE_MAX = 4096 };

/**
 * VitalsLine: a line of a console as handed out
 * @text: the line without prefixes and without anything that drives a terminal: printable, or a tab;
 *   bytes that are no UTF-8 appear as `?`. Not ended by NUL; stays for the time of the call
 * @number: of the line, from 1; parts of a line that others broke into have the same one
 * @arrived: the time that came with its last byte
 * @cut: whether it was longer than %VITALS_LINE_MAX
 */
typedef struct {
    const char *text;
    gsize length;
    guint64 number;
    gint64 arrived;
    gboolean cut;
    VitalsPrefix prefix;
} VitalsLine;

typedef void (*VitalsLineFunc)(const VitalsLine *line, gpointer user);

/**
 * VitalsLines: makes lines of bytes that arrive in pieces. Pieces never change the result.
 *
 * A carriage return ends a part of a line as if the rest came on its own: what a terminal would
 * overwrite is not lost, and a progress bar cannot hide a message. Escape sequences vanish.
 */
typedef struct VitalsLines VitalsLines;

/* @func: called for each line, from within the functions below */
VitalsLines *vitals_lines_new(VitalsLineFunc func, gpointer user);
void vitals_lines_free(VitalsLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLines, vitals_lines_free)

/* Takes @length more bytes that arrived at @now, microseconds of any clock that does not go back. */
void vitals_lines_feed(VitalsLines *lines, const char *bytes, gsize length, gint64 now);

/* Hands out what there is of an unfinished line: a prompt. What follows is a new part of that line. */
void vitals_lines_flush(VitalsLines *lines);

/* How many bytes there were before the line at hand. */
guint64 vitals_lines_start(const VitalsLines *lines);

/* How many line ends were seen. */
guint64 vitals_lines_count(const VitalsLines *lines);
