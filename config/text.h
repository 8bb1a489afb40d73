/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Text that came from somewhere else.
 *
 * Domain names, console bytes, agent replies, file names and libvirt's own messages may hold
 * anything: new lines that forge a log record, escape sequences that drive a terminal, bidirectional
 * overrides that reorder what a human reads, bytes that are no UTF-8. Every such string passes one of
 * these functions before it reaches a log, a terminal, a report or a file name.
 */

/**
 * vitals_text_printable:
 * @bytes: (nullable): text from outside; need not be UTF-8 nor end in NUL
 * @length: its length in bytes, or -1 if it ends in NUL
 *
 * Makes one line that is safe on any terminal: valid UTF-8 without control characters (C0, C1, DEL),
 * line or paragraph separators, and bidirectional or invisible formatting characters. What is not
 * allowed appears as `\xNN` (a byte) or `\u{NNNN}` (a character), and a backslash as `\\`, so that the
 * original can be told from the result.
 *
 * Returns: (transfer full): the line; "" for %NULL
 */
char *vitals_text_printable(const char *bytes, gssize length);

/**
 * vitals_text_printable_lines:
 *
 * Like vitals_text_printable(), but new line and tab stay, "\r\n" becomes a new line, and a backslash
 * stays as it is: for console logs that people read. Other carriage returns are escaped, as they
 * would let a guest overwrite what was printed before.
 *
 * Returns: (transfer full): the text
 */
char *vitals_text_printable_lines(const char *bytes, gssize length);

/**
 * vitals_text_slug:
 * @name: (nullable): a name from outside
 * @max: the longest result in bytes, at least 8
 *
 * Makes a single path component out of a name: only `A-Z a-z 0-9 . _ -`, never empty, never
 * beginning with a dot or dash. libvirt accepts domain names such as ".." and names with new lines
 * (measured with 9.0). Different names may give the same slug.
 *
 * Returns: (transfer full): the component
 */
char *vitals_text_slug(const char *name, gsize max);

/* "0.3 s", "12 s", "3 min 20 s", "2 h 5 min", "50 d 4 h": whole units, rounded down from 10 s on. @seconds is not
 * negative. Returns: (transfer full) */
char *vitals_text_span(double seconds);
