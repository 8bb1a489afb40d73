/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/prefix.h"

#include <string.h>

/* How many prefixes one line may have: logger, syslog, level, stamp, caller, and one to spare. */
enum { MAX_PREFIXES = 6, MAX_HOST = 64, MAX_MONTH = 12 };

typedef struct {
    const char *at;
    const char *end;
} Cursor;

static inline gboolean
accept(Cursor *cursor, const char *text)
{
    const char *at = cursor->at;

    for (; *text; text++, at++) {
        if (at >= cursor->end || *at != *text)
            return FALSE;
    }
    cursor->at = at;
    return TRUE;
}

static inline gboolean
accept_char(Cursor *cursor, char c)
{
    if (cursor->at >= cursor->end || *cursor->at != c)
        return FALSE;
    cursor->at++;
    return TRUE;
}

static inline gboolean
accept_any(Cursor *cursor, const char *set)
{
    if (cursor->at >= cursor->end || !*cursor->at || !strchr(set, *cursor->at))
        return FALSE;
    cursor->at++;
    return TRUE;
}

static inline void
skip_spaces(Cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
}

/* Between @least and @most digits. */
static inline gboolean
accept_number(Cursor *cursor, int least, int most, gint64 *ret_value)
{
    const char *begin = cursor->at;
    gint64 value = 0;

    while (cursor->at < cursor->end && cursor->at - begin < most && g_ascii_isdigit(*cursor->at))
        value = value * 10 + (*cursor->at++ - '0');
    if (cursor->at - begin < least)
        return FALSE;
    *ret_value = value;
    return TRUE;
}

/* What nearly every stamp has, without a branch for each of them. */
static inline gboolean
accept_six_digits(Cursor *cursor, gint64 *ret_value)
{
    const char *at = cursor->at;
    guint value = 0;
    gboolean wrong = FALSE;

    if (cursor->end - at < 7 || g_ascii_isdigit(at[6]))
        return FALSE;
    for (int i = 0; i < 6; i++) {
        guint digit = (guchar)(at[i] - '0');

        wrong |= digit > 9;
        value = value * 10 + digit;
    }
    if (wrong)
        return FALSE;
    cursor->at += 6;
    *ret_value = value;
    return TRUE;
}

/* The digits behind a decimal point, in microseconds. */
static inline gboolean
accept_fraction(Cursor *cursor, gint64 *ret_micros)
{
    gint64 micros = 0;
    int digits = 0;

    if (accept_six_digits(cursor, ret_micros))
        return TRUE;
    for (; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++, digits++)
        micros = digits < 6 ? micros * 10 + (*cursor->at - '0') : micros;
    if (digits < 3 || digits > 9)
        return FALSE;
    for (; digits < 6; digits++)
        micros *= 10;
    *ret_micros = micros;
    return TRUE;
}

/* `[   12.345678]`, by BSD kernels `[  12.3456789]` */
static gboolean
accept_stamp(Cursor *cursor, gint64 *ret_stamp)
{
    gint64 seconds;
    gint64 micros;

    if (!accept_char(cursor, '['))
        return FALSE;
    skip_spaces(cursor);
    if (!accept_number(cursor, 1, 10, &seconds) || !accept_char(cursor, '.') ||
        !accept_fraction(cursor, &micros) || !accept_char(cursor, ']'))
        return FALSE;
    *ret_stamp = seconds * G_USEC_PER_SEC + micros;
    return TRUE;
}

static gboolean
peel_stamp(Cursor *cursor, VitalsPrefix *prefix)
{
    if (!accept_stamp(cursor, &prefix->stamp))
        return FALSE;
    accept(cursor, " ");
    prefix->kernel = TRUE;
    return TRUE;
}

/* `[  T123]`, `[    C0]`; behind a stamp only, as a device driver may well call itself [C2]. */
static gboolean
peel_caller(Cursor *cursor, VitalsPrefix *prefix)
{
    const char *begin;
    gint64 number;

    if (prefix->stamp < 0 || *prefix->caller || !accept(cursor, "["))
        return FALSE;
    skip_spaces(cursor);
    begin = cursor->at;
    if (!accept_any(cursor, "TC") || !accept_number(cursor, 1, 10, &number) ||
        cursor->at >= cursor->end || *cursor->at != ']')
        return FALSE;
    memcpy(prefix->caller, begin, cursor->at - begin);
    cursor->at++;
    accept(cursor, " ");
    return TRUE;
}

/* `<4>` */
static gboolean
peel_level(Cursor *cursor, VitalsPrefix *prefix)
{
    gint64 level;

    if (!accept(cursor, "<") || !accept_number(cursor, 1, 3, &level) || !accept(cursor, ">"))
        return FALSE;
    prefix->level = (int)level & 7;
    prefix->kernel = TRUE;
    return TRUE;
}

static gboolean
accept_clock(Cursor *cursor, gint64 days, gint64 *ret_wall)
{
    gint64 hours;
    gint64 minutes;
    gint64 seconds;
    gint64 micros = 0;

    if (!accept_number(cursor, 2, 2, &hours) || !accept(cursor, ":") ||
        !accept_number(cursor, 2, 2, &minutes) || !accept(cursor, ":") ||
        !accept_number(cursor, 2, 2, &seconds))
        return FALSE;
    if (accept_any(cursor, ".,") && !accept_fraction(cursor, &micros))
        return FALSE;
    *ret_wall = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * G_USEC_PER_SEC + micros;
    return TRUE;
}

static gint64
days_of(gint64 year, gint64 month, gint64 day)
{
    if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
        return 0;
    {
        GDate date;

        g_date_clear(&date, 1);
        g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
        return g_date_get_julian(&date);
    }
}

static void
skip_zone(Cursor *cursor)
{
    gint64 ignored;

    if (accept(cursor, "Z") || accept(cursor, " UTC"))
        return;
    if (accept_any(cursor, "+-") && accept_number(cursor, 2, 4, &ignored) && accept(cursor, ":"))
        accept_number(cursor, 2, 2, &ignored);
}

/* `kernel: ` or `host kernel: ` behind a time */
static void
skip_kernel_tag(Cursor *cursor, VitalsPrefix *prefix)
{
    Cursor ahead = *cursor;

    if (!accept(&ahead, "kernel: ")) {
        const char *last = MIN(ahead.at + MAX_HOST, ahead.end);

        while (ahead.at < last && *ahead.at != ' ' && *ahead.at != ':' && *ahead.at != '[')
            ahead.at++;
        if (!accept(&ahead, " kernel: "))
            return;
    }
    prefix->kernel = TRUE;
    *cursor = ahead;
}

/* `2024-01-31T12:00:00.123+01:00 `, `2024/01/31 12:00:00 `, both also in brackets or with a colon */
static gboolean
peel_date(Cursor *cursor, VitalsPrefix *prefix)
{
    gboolean bracket = accept(cursor, "[");
    gint64 year;
    gint64 month;
    gint64 day;
    gint64 wall;

    if (!accept_number(cursor, 4, 4, &year) || !accept_any(cursor, "-/") ||
        !accept_number(cursor, 2, 2, &month) || !accept_any(cursor, "-/") ||
        !accept_number(cursor, 2, 2, &day) || !accept_any(cursor, "T ") ||
        !accept_clock(cursor, days_of(year, month, day), &wall))
        return FALSE;
    skip_zone(cursor);
    if (bracket && !accept(cursor, "]"))
        return FALSE;
    accept(cursor, ":");
    if (cursor->at < cursor->end && !accept(cursor, " "))
        return FALSE;
    prefix->wall = wall;
    skip_kernel_tag(cursor, prefix);
    return TRUE;
}

static gboolean
accept_month(Cursor *cursor, gint64 *ret_month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char name[4] = "";
    const char *at;

    if (cursor->end - cursor->at < 4 || cursor->at[3] != ' ')
        return FALSE;
    memcpy(name, cursor->at, 3);
    at = strstr(names, name);
    if (!at || (at - names) % 3 != 0)
        return FALSE;
    cursor->at += 4;
    *ret_month = (at - names) / 3 + 1;
    return TRUE;
}

/* A month in the language of whoever saved the log: a short word, of letters or bytes of UTF-8. */
static gboolean
accept_foreign_month(Cursor *cursor)
{
    const char *begin = cursor->at;
    const char *last = MIN(begin + MAX_MONTH, cursor->end);

    while (cursor->at < last && (g_ascii_isalpha(*cursor->at) || (guchar)*cursor->at >= 0x80))
        cursor->at++;
    accept(cursor, ".");
    return cursor->at > begin && accept(cursor, " ");
}

/* `июл 27 12:00:00 host kernel: `: only the kernel's, so that nothing else is taken for a date */
static gboolean
peel_foreign_syslog(Cursor *cursor, VitalsPrefix *prefix)
{
    VitalsPrefix found = *prefix;
    gint64 day;

    /* only at a line's beginning: behind another prefix there are words more often than not */
    if (prefix->stamp >= 0 || prefix->wall >= 0 || prefix->level >= 0 ||
        !accept_foreign_month(cursor))
        return FALSE;
    skip_spaces(cursor);
    if (!accept_number(cursor, 1, 2, &day) || !accept(cursor, " ") ||
        !accept_clock(cursor, day, &found.wall) || !accept(cursor, " "))
        return FALSE;
    found.kernel = FALSE;
    skip_kernel_tag(cursor, &found);
    if (!found.kernel)
        return FALSE;
    *prefix = found;
    return TRUE;
}

/* `Jan 31 12:00:00 host tag: `; what is not the kernel's keeps its tag */
static gboolean
peel_syslog(Cursor *cursor, VitalsPrefix *prefix)
{
    gint64 month;
    gint64 day;
    gint64 wall;

    if (!accept_month(cursor, &month))
        return FALSE;
    skip_spaces(cursor);
    /* Any leap year does: no year is given, and only distances are asked for. */
    if (!accept_number(cursor, 1, 2, &day) || !accept(cursor, " ") ||
        !accept_clock(cursor, days_of(2000, month, day), &wall) || !accept(cursor, " "))
        return FALSE;
    prefix->wall = wall;
    skip_kernel_tag(cursor, prefix);
    return TRUE;
}

/* dmesg -T: `[Wed Jan 31 12:00:00 2024] ` */
static gboolean
peel_ctime(Cursor *cursor, VitalsPrefix *prefix)
{
    gint64 month;
    gint64 day;
    gint64 year;
    gint64 wall;

    if (!accept(cursor, "[") || cursor->end - cursor->at < 24 || cursor->at[3] != ' ')
        return FALSE;
    cursor->at += 4;
    if (!accept_month(cursor, &month))
        return FALSE;
    skip_spaces(cursor);
    if (!accept_number(cursor, 1, 2, &day) || !accept(cursor, " ") ||
        !accept_clock(cursor, 0, &wall) || !accept(cursor, " ") ||
        !accept_number(cursor, 4, 4, &year) || !accept(cursor, "] "))
        return FALSE;
    prefix->wall = wall + days_of(year, month, day) * G_TIME_SPAN_DAY;
    prefix->kernel = TRUE;
    return TRUE;
}

/* dmesg -x: `kern  :warn  : ` */
static gboolean
peel_facility(Cursor *cursor, VitalsPrefix *prefix)
{
    if (!accept(cursor, "kern  :") || cursor->end - cursor->at < 8 || cursor->at[6] != ':')
        return FALSE;
    cursor->at += 7;
    accept(cursor, " ");
    prefix->kernel = TRUE;
    return TRUE;
}

static gboolean
peel_xen(Cursor *cursor, VitalsPrefix *prefix)
{
    return accept(cursor, "(XEN) ");
}

typedef gboolean (*Peel)(Cursor *cursor, VitalsPrefix *prefix);

static gboolean
peel_with(Cursor *cursor, VitalsPrefix *prefix, Peel peel)
{
    Cursor ahead = *cursor;

    if (!peel(&ahead, prefix))
        return FALSE;
    *cursor = ahead;
    return TRUE;
}

/* What a prefix begins with tells which it may be: most lines of userspace are done here. */
static inline gboolean
peel_one(Cursor *cursor, VitalsPrefix *prefix)
{
    char c = *cursor->at;

    switch (c) {
    case '[':
        return peel_with(cursor, prefix, peel_stamp) || peel_with(cursor, prefix, peel_caller) ||
               peel_with(cursor, prefix, peel_date) || peel_with(cursor, prefix, peel_ctime);
    case '<':
        return peel_with(cursor, prefix, peel_level);
    case '(':
        return peel_with(cursor, prefix, peel_xen);
    case 'k':
        return peel_with(cursor, prefix, peel_facility) ||
               peel_with(cursor, prefix, peel_foreign_syslog);
    case 'J':
    case 'F':
    case 'M':
    case 'A':
    case 'S':
    case 'O':
    case 'N':
    case 'D':
        return peel_with(cursor, prefix, peel_syslog) ||
               peel_with(cursor, prefix, peel_foreign_syslog);
    default:
        if (g_ascii_isdigit(c))
            return peel_with(cursor, prefix, peel_date);
        return (g_ascii_isalpha(c) || (guchar)c >= 0x80) &&
               peel_with(cursor, prefix, peel_foreign_syslog);
    }
}

gsize
vitals_prefix_peel(const char *text, gsize length, VitalsPrefix *ret_prefix)
{
    Cursor cursor = { text, text + length };

    *ret_prefix = (VitalsPrefix){ .stamp = -1, .wall = -1, .level = -1 };
    for (int i = 0; i < MAX_PREFIXES && cursor.at < cursor.end; i++) {
        if (!peel_one(&cursor, ret_prefix))
            break;
    }
    /* journalctl -o short-monotonic has the tag behind the stamp */
    if (ret_prefix->stamp >= 0 && !*ret_prefix->caller)
        skip_kernel_tag(&cursor, ret_prefix);
    return cursor.at - text;
}

gsize
vitals_prefix_find_stamp(const char *text, gsize length, gsize from)
{
    const char *end = text + length;
    const char *at = text + from;

    while (at < end && (at = memchr(at, '[', end - at))) {
        Cursor cursor = { at, end };
        gint64 stamp;

        if (accept_stamp(&cursor, &stamp) && cursor.at - at >= 12)
            return at - text;
        at++;
    }
    return length;
}
