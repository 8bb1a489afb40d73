/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/line.h"
#include "probes/console/block.h"

#include <string.h>

struct VitalsLines {
    VitalsLineFunc func;
    gpointer user;
    GString *partial; /* of the line that has not ended, at most VITALS_LINE_MAX bytes */
    GString *clean;
    guint64 ended;
    guint64 fed;   /* bytes before those at hand */
    guint64 start; /* of them, where the line at hand began */
    gint64 now;
    gboolean cut;
};

VitalsLines *
vitals_lines_new(VitalsLineFunc func, gpointer user)
{
    VitalsLines *lines = g_new0(VitalsLines, 1);

    lines->func = func;
    lines->user = user;
    lines->partial = g_string_sized_new(VITALS_LINE_MAX);
    lines->clean = g_string_sized_new(VITALS_LINE_MAX);
    return lines;
}

void
vitals_lines_free(VitalsLines *lines)
{
    if (!lines)
        return;
    g_string_free(lines->partial, TRUE);
    g_string_free(lines->clean, TRUE);
    g_free(lines);
}

static inline gboolean
is_plain(char c)
{
    return (guchar)(c - 0x20) < 0x7f - 0x20;
}

enum { BLOCK = 16 }; /* bytes that compilers look at all at once */

/* Whether @BLOCK bytes are all shown as they are. */
static inline gboolean
is_plain_block(const char *text)
{
    guint8 bad = 0;

    for (gsize at = 0; at < BLOCK; at++)
        bad |= !is_plain(text[at]);
    return !bad;
}

/* How many bytes from here on are shown as they are. */
static gsize
count_plain(const char *text, gsize length)
{
    gsize at = 0;

    while (at + BLOCK <= length && is_plain_block(text + at))
        at += BLOCK;
    while (at < length && (is_plain(text[at]) || text[at] == '\t'))
        at++;
    return at;
}

/* Whether all of a line is; its last block overlaps the one before. */
static gboolean
is_plain_line(const char *text, gsize length)
{
    gsize at = 0;

    if (length < BLOCK)
        return count_plain(text, length) == length;
    for (; at + BLOCK <= length; at += BLOCK) {
        if (!is_plain_block(text + at))
            return FALSE;
    }
    return at == length || is_plain_block(text + length - BLOCK);
}

/* Skips an escape sequence (ECMA-48): CSI … final byte, a string up to BEL or ST, or two bytes. */
static gsize
escape_length(const char *text, gsize length)
{
    gsize at = 2;

    if (length < 2)
        return length;
    if (text[1] == '[') {
        while (at < length && (guchar)text[at] >= 0x20 && (guchar)text[at] < 0x40)
            at++;
        return MIN(at + 1, length);
    }
    if (strchr("]P_^X", text[1])) {
        for (; at < length; at++) {
            if (text[at] == '\a')
                return at + 1;
            if (text[at] == '\033')
                return MIN(at + 2, length);
        }
        /* never ended: do not let it swallow the line */
        return 2;
    }
    /* intermediate bytes, as in ESC ( B */
    while (at - 1 < length && (guchar)text[at - 1] >= 0x20 && (guchar)text[at - 1] < 0x30)
        at++;
    return MIN(at, length);
}

static void
append_clean(GString *out, const char *text, gsize length)
{
    for (gsize at = 0; at < length;) {
        gsize plain = count_plain(text + at, length - at);
        gunichar character;

        if (plain > 0) {
            g_string_append_len(out, text + at, (gssize)plain);
            at += plain;
            continue;
        }
        if (text[at] == '\033') {
            at += escape_length(text + at, length - at);
            continue;
        }
        if ((guchar)text[at] < 0x80) {
            at++;
            continue;
        }
        character = g_utf8_get_char_validated(text + at, (gssize)(length - at));
        if (character >= (gunichar)-2 || !g_unichar_isprint(character)) {
            g_string_append_c(out, '?');
            at++;
        } else {
            gsize bytes = (gsize)g_unichar_to_utf8(character, NULL);

            g_string_append_len(out, text + at, (gssize)bytes);
            at += bytes;
        }
    }
}

static void
hand_out(VitalsLines *lines, const char *text, gsize length)
{
    while (length > 0) {
        VitalsLine line = { .number = lines->ended + 1, .arrived = lines->now, .cut = lines->cut };
        gsize taken = vitals_prefix_peel(text, length, &line.prefix);
        gsize next = vitals_prefix_find_stamp(text, length, taken);

        line.text = text + taken;
        line.length = next - taken;
        lines->func(&line, lines->user);
        text += next;
        length -= next;
    }
}

/* A part of a line between line ends or carriage returns. */
static void
take_part(VitalsLines *lines, const char *text, gsize length)
{
    if (!is_plain_line(text, length)) {
        g_string_truncate(lines->clean, 0);
        append_clean(lines->clean, text, length);
        text = lines->clean->str;
        length = lines->clean->len;
    }
    hand_out(lines, text, length);
}

/* @plain: whether it is known that all of it, but for line ends of a terminal, is shown as it is */
static void
take_line(VitalsLines *lines, const char *text, gsize length, gboolean plain)
{
    if (length > VITALS_LINE_MAX) {
        lines->cut = TRUE;
        length = VITALS_LINE_MAX;
    }
    while (length > 0 && text[length - 1] == '\r')
        length--;
    if (plain || is_plain_line(text, length)) {
        hand_out(lines, text, length);
        return;
    }
    while (length > 0) {
        const char *back = memchr(text, '\r', length);
        gsize part = back ? (gsize)(back - text) : length;

        take_part(lines, text, part);
        if (!back)
            break;
        text += part + 1;
        length -= part + 1;
    }
}

static void
keep_partial(VitalsLines *lines, const char *bytes, gsize length)
{
    gsize room = VITALS_LINE_MAX - lines->partial->len;

    lines->cut = lines->cut || length > room;
    g_string_append_len(lines->partial, bytes, (gssize)MIN(length, room));
}

/* Of a block, a bit for each byte. @newlines: where lines end. @odd: what is not shown as it is; `\r\n` ends a
 * line, as a rule: where the two are torn apart the return counts as odd */
typedef struct {
    guint64 newlines;
    guint64 odd;
} Marks;

static Marks
mark(const char *bytes)
{
    guint64 newlines = vitals_block_between(bytes, '\n', '\n');
    guint64 returns = vitals_block_between(bytes, '\r', '\r');
    guint64 plain = vitals_block_between(bytes, 0x20, 0x7e);

    return (Marks){ newlines, ~(plain | newlines | (returns & newlines >> 1)) };
}

static Marks
mark_rest(const char *bytes, gsize length)
{
    char padded[VITALS_BLOCK];

    memset(padded, ' ', sizeof padded);
    memcpy(padded, bytes, length);
    return mark(padded);
}

/* A line has ended; @bytes: what there is of it since the last piece. */
static void
end_line(VitalsLines *lines, const char *bytes, gsize length, gboolean plain)
{
    if (lines->partial->len > 0) {
        keep_partial(lines, bytes, length);
        take_line(lines, lines->partial->str, lines->partial->len, FALSE);
        g_string_truncate(lines->partial, 0);
    } else {
        take_line(lines, bytes, length, plain);
    }
    lines->cut = FALSE;
    lines->ended++;
}

void
vitals_lines_feed(VitalsLines *lines, const char *bytes, gsize length, gint64 now)
{
    gsize begin = 0; /* of the line at hand */
    gboolean plain = TRUE;

    lines->now = now;
    for (gsize at = 0; at < length; at += VITALS_BLOCK) {
        Marks marks =
            length - at >= VITALS_BLOCK ? mark(bytes + at) : mark_rest(bytes + at, length - at);

        while (marks.newlines) {
            guint64 before = (marks.newlines - 1) & ~marks.newlines;
            gsize end = at + (gsize)__builtin_ctzll(marks.newlines);

            end_line(lines, bytes + begin, end - begin, plain && !(marks.odd & before));
            begin = end + 1;
            lines->start = lines->fed + begin;
            plain = TRUE;
            marks.odd &= ~before;
            marks.newlines &= marks.newlines - 1;
        }
        plain = plain && !marks.odd;
    }
    if (begin < length)
        keep_partial(lines, bytes + begin, length - begin);
    lines->fed += length;
}

void
vitals_lines_flush(VitalsLines *lines)
{
    take_line(lines, lines->partial->str, lines->partial->len, FALSE);
    g_string_truncate(lines->partial, 0);
}

guint64
vitals_lines_start(const VitalsLines *lines)
{
    return lines->start;
}

guint64
vitals_lines_count(const VitalsLines *lines)
{
    return lines->ended;
}
