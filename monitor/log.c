/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/log.h"
#include "monitor/output/time.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* syslog's priorities (RFC 5424), as the journal reads them from "<N>" (sd-daemon(3)) */
static int
priority_of(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return 3;
    if (level & G_LOG_LEVEL_WARNING)
        return 4;
    if (level & G_LOG_LEVEL_MESSAGE)
        return 5;
    return level & G_LOG_LEVEL_INFO ? 6 : 7;
}

static const char *
message_of(const GLogField *fields, gsize n_fields, gssize *ret_length)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "MESSAGE")) {
            *ret_length = fields[i].length;
            return fields[i].value;
        }
    }
    *ret_length = 0;
    return "";
}

/* Our own messages were made printable where they were put together; a second time would double
 * their backslashes, so only what no line may hold is replaced here. */
static char *
single_line(const char *text, gssize length)
{
    char *line = vitals_text_printable_lines(text, length);

    g_strdelimit(line, "\n\t", ' ');
    return line;
}

static GLogWriterOutput
write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    static const char *const names[] = { "", "", "", "error", "warning", "note", "info", "debug" };
    gssize length;
    const char *message = message_of(fields, n_fields, &length);
    g_autofree char *line = NULL;
    int priority = priority_of(level);

    if (g_log_writer_default_would_drop(level, G_LOG_DOMAIN))
        return G_LOG_WRITER_HANDLED;
    line = single_line(message, length);
    if (g_getenv("JOURNAL_STREAM") && g_log_writer_is_journald(fileno(stderr))) {
        fprintf(stderr, "<%d>%s\n", priority, line);
    } else {
        g_autofree char *time = vitals_time_rfc3339(g_get_real_time());

        fprintf(stderr, "%s %s: %s\n", time, names[priority], line);
    }
    return G_LOG_WRITER_HANDLED;
}

void
vitals_log_start(void)
{
    g_log_set_writer_func(write_log, NULL, NULL);
}
