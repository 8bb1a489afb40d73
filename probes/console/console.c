/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/console.h"
#include "probes/console/assembly.h"
#include "probes/console/line.h"

#include <string.h>

/* A guest that has been up for this long was running, not booting. */
#define RUNNING_AFTER (5 * G_USEC_PER_SEC)

/* A stamp may be this much ahead of what the clock allows: lines come late from a busy host. */
#define STAMP_SLACK (5 * G_USEC_PER_SEC)

/* CPUs of a guest write at the same time. */
#define STAMP_BACK G_USEC_PER_SEC

/* A stamp that did not fit is believed when another one fits to it after this time: the guest was put
 * back to a snapshot. Old logs that are copied to a console take less. */
#define STAMP_ODD (10 * G_USEC_PER_SEC)

/**
 * Clock: printk's clock beside the one of arrivals
 * @stamp: the last one; -1 for none
 * @ahead: the most by which a stamp was ahead of the time of its arrival; only with @timed
 * @odd_stamp: the last one that did not fit, and when it came; -1 for none
 */
typedef struct {
    gint64 stamp;
    gboolean timed;
    gint64 ahead;
    gint64 odd_stamp;
    gint64 odd_now;
} Clock;

struct VitalsConsole {
    VitalsSignatures *signatures;
    VitalsConsoleOptions options;
    VitalsConsoleFunc func;
    gpointer user;
    VitalsLines *lines;
    VitalsAssembly *assembly;
    VitalsLoops *loops;
    VitalsConsoleStats stats;
    Clock clock;
    gboolean live;    /* the line at hand is */
    gint64 now;       /* as fed */
    gint64 stamp;     /* printk's clock, last seen */
    gint64 log_base;  /* what to add to it: it begins anew with each boot */
    gint64 wall_base; /* what to add to a logger's clock */
    gint64 wall;      /* as it was last seen, or -1 */
    gint64 log_now;   /* of the log's own clock, or -1 */
    gboolean running; /* this boot is behind its first seconds and was not shut down */
    gboolean kernel_beat;
    gboolean userspace_beat;
    gint64 window; /* for the rate: when the running second began */
    guint64 window_bytes;
    gboolean flooded;
    gboolean replaying;
    guint64 open_since; /* bytes before the reports that are open */
};

static void
emit(VitalsConsole *console, VitalsConsoleEvent event)
{
    event.time = console->now;
    if (console->func)
        console->func(&event, console->user);
}

static void
on_report(const VitalsSignature *begun, const VitalsReport *ended, gboolean again, guint64 line,
          gpointer user)
{
    VitalsConsole *console = user;
    VitalsConsoleEventKind kind = begun && again ? VITALS_CONSOLE_PANICKED
                                  : begun        ? VITALS_CONSOLE_REPORT_BEGUN
                                  : again        ? VITALS_CONSOLE_REPORT_REPEATED
                                                 : VITALS_CONSOLE_REPORT_ENDED;

    if (kind == VITALS_CONSOLE_REPORT_BEGUN)
        console->stats.reports_begun++;
    emit(console, (VitalsConsoleEvent){ .kind = kind,
                                        .line = line,
                                        .live = console->live,
                                        .signature = begun ? begun : ended->signature,
                                        .report = ended });
}

/*
 * The time of a line as the log tells it: by a logger's clock, or printk's, which begins anew with each
 * boot. A log that has both, or loggers that tell dates in several ways, is one: where another clock begins
 * it tells the time that the first had come to. A line without either came when the last one did.
 */
static gint64
follow_log_clock(VitalsConsole *console, const VitalsPrefix *prefix)
{
    gint64 now = console->log_now;

    if (prefix->wall >= 0) {
        if (console->wall < 0 || ABS(prefix->wall - console->wall) > G_TIME_SPAN_DAY)
            console->wall_base = MAX(console->log_now, 0) - prefix->wall;
        console->wall = prefix->wall;
        now = console->wall_base + prefix->wall;
    } else if (prefix->stamp >= 0) {
        if (prefix->stamp < console->stamp - RUNNING_AFTER)
            console->log_base = MAX(console->log_now, console->log_base + console->stamp);
        now = console->log_base + prefix->stamp;
    }
    console->log_now = MAX(now, console->log_now);
    return console->log_now;
}

static gboolean
fits(const Clock *clock, gint64 stamp, gint64 now)
{
    if (stamp < clock->stamp - STAMP_BACK)
        return FALSE;
    /* a guest that was paused is behind; none is ahead, but by the drift of its clock */
    return !clock->timed || stamp - now <= clock->ahead + STAMP_SLACK + (stamp - clock->stamp) / 50;
}

static gboolean
fits_odd_one(const Clock *clock, gint64 stamp, gint64 now)
{
    gint64 apart = (stamp - clock->odd_stamp) - (now - clock->odd_now);

    return clock->odd_stamp >= 0 && now - clock->odd_now >= STAMP_ODD && ABS(apart) <= STAMP_BACK;
}

/* Returns: whether a line with that prefix was written just now */
static gboolean
follow_stamp(VitalsConsole *console, const VitalsPrefix *prefix)
{
    Clock *clock = &console->clock;
    gint64 ahead = prefix->stamp - console->now;

    if (!prefix->kernel || prefix->stamp < 0)
        return FALSE;
    if (console->replaying) {
        *clock = (Clock){ .stamp = prefix->stamp, .odd_stamp = -1 };
        return FALSE;
    }
    if (!fits(clock, prefix->stamp, console->now)) {
        if (!fits_odd_one(clock, prefix->stamp, console->now)) {
            clock->odd_stamp = prefix->stamp;
            clock->odd_now = console->now;
            return FALSE;
        }
        *clock = (Clock){ .odd_stamp = -1 };
    }
    clock->ahead = clock->timed ? MAX(clock->ahead, ahead) : ahead;
    clock->timed = TRUE;
    clock->stamp = MAX(clock->stamp, prefix->stamp);
    return TRUE;
}

static inline gboolean
starts_with(const VitalsLine *line, const char *text)
{
    gsize length = strlen(text);

    return line->length >= length && memcmp(line->text, text, length) == 0;
}

/* A kernel that is quiet hides its banner, and by kexec nobody else tells of a boot either. What little it writes shows
 * that its clock began anew; older ones say that they make way. */
static gboolean
begins_anew(const VitalsConsole *console, const VitalsLine *line)
{
    return line->prefix.kernel && console->running &&
           ((line->prefix.stamp < RUNNING_AFTER &&
             line->prefix.stamp < console->stamp - RUNNING_AFTER) ||
            starts_with(line, "kexec_core: Starting new kernel") ||
            starts_with(line, "Starting new kernel"));
}

static void
follow_boot(VitalsConsole *console, const VitalsLine *line)
{
    if (line->prefix.stamp < 0) {
        /* a boot loader that stamps its lines, too, has done its part */
        if (starts_with(line, "Starting kernel ..."))
            console->running = FALSE;
        return;
    }
    if (begins_anew(console, line))
        console->stats.boots++;
    console->stamp = line->prefix.stamp;
    if (console->stamp >= RUNNING_AFTER)
        console->running = TRUE;
    if (console->running && starts_with(line, "reboot: "))
        console->running = FALSE;
}

/* Userspace's lines in the kernel's log name who wrote them: `systemd[1]: ` */
static gboolean
has_user_tag(const VitalsLine *line)
{
    gsize at = 0;

    while (at < line->length && at < 32 &&
           (g_ascii_isalnum(line->text[at]) || line->text[at] == '-'))
        at++;
    if (at == 0 || at + 4 > line->length || line->text[at] != '[')
        return FALSE;
    for (at++; at < line->length && g_ascii_isdigit(line->text[at]);)
        at++;
    return at + 1 < line->length && line->text[at] == ']' && line->text[at + 1] == ':';
}

/*
 * Only a kernel that stamps its lines can be told from userspace, and what stands bare inside a report is
 * more likely a torn piece of it.
 */
static void
note_beat(VitalsConsole *console, const VitalsLine *line)
{
    if (line->prefix.kernel && !has_user_tag(line)) {
        console->stats.kernel_lines++;
        console->kernel_beat = TRUE;
    } else if (line->length > 0 && console->stats.kernel_lines > 0 &&
               (line->prefix.kernel || !vitals_assembly_is_open(console->assembly))) {
        console->stats.userspace_lines++;
        console->userspace_beat = TRUE;
    }
}

/* A boot is worth a report if nobody asked for it. */
static GPtrArray *
drop_ordinary_boot(VitalsConsole *console, GPtrArray *candidates)
{
    const VitalsSignature *first = g_ptr_array_index(candidates, 0);
    gboolean expected = !console->running;

    if (!first->again)
        return candidates;
    console->running = FALSE;
    console->stats.boots++;
    vitals_console_rebooted(console);
    if (!expected)
        return candidates;
    vitals_assembly_close(console->assembly);
    g_ptr_array_unref(candidates);
    return NULL;
}

/* Whether something was said before: words that are no tag (`rcu: `, `login:`), or a quotation mark. */
static gboolean
is_prose(const char *text, gsize length)
{
    while (length > 0 && text[length - 1] != ':') {
        char last = text[--length];

        if (g_ascii_isalpha(last) || strchr("\"'`", last))
            return TRUE;
    }
    return FALSE;
}

/*
 * Userspace talks about crashes, too: somebody looks for "Kernel panic" in the documentation. What stands
 * amid a line that the kernel did not stamp is such a mention; two CPUs mix up their words only where the
 * line is the kernel's own.
 */
static GPtrArray *
drop_mentions(const VitalsLine *line, GPtrArray *candidates)
{
    for (guint i = candidates->len; i > 0 && !line->prefix.kernel; i--) {
        const VitalsSignature *signature = g_ptr_array_index(candidates, i - 1);

        if (vitals_pattern_find(signature->begin, line->text, line->length, 0) &&
            is_prose(line->text, vitals_pattern_start(signature->begin)))
            g_ptr_array_remove_index(candidates, i - 1);
    }
    if (candidates->len > 0)
        return candidates;
    g_ptr_array_unref(candidates);
    return NULL;
}

static void
on_line(const VitalsLine *line, gpointer user)
{
    VitalsConsole *console = user;
    gint64 log_now = follow_log_clock(console, &line->prefix);
    gint64 now = console->options.log_clock ? log_now : console->now;
    GPtrArray *candidates = NULL;
    const VitalsLoop *loop;
    guint64 key;

    if (line->cut)
        console->stats.cut_lines++;
    if (line->length == 0)
        return;
    console->live = follow_stamp(console, &line->prefix);
    note_beat(console, line);
    key = vitals_loops_key(console->loops, line->text, line->length);
    candidates = vitals_signatures_begin(console->signatures, line->text, line->length);
    if (candidates)
        candidates = drop_mentions(line, candidates);
    if (candidates)
        candidates = drop_ordinary_boot(console, candidates);
    follow_boot(console, line);
    if (!vitals_assembly_is_open(console->assembly))
        console->open_since = vitals_lines_start(console->lines);
    if (candidates || vitals_assembly_is_open(console->assembly))
        vitals_assembly_add(console->assembly, line, candidates, now);
    loop = vitals_loops_see(console->loops, key, line->text, line->length, line->number, now);
    if (loop)
        emit(console, (VitalsConsoleEvent){
                          .kind = VITALS_CONSOLE_LOOP, .line = line->number, .loop = loop });
}

VitalsConsole *
vitals_console_new(VitalsSignatures *signatures, const VitalsConsoleOptions *options,
                   VitalsConsoleFunc func, gpointer user)
{
    VitalsConsole *console = g_new0(VitalsConsole, 1);

    console->signatures = signatures;
    console->options = *options;
    console->func = func;
    console->user = user;
    console->log_now = -1;
    console->wall = -1;
    vitals_console_rebooted(console);
    console->lines = vitals_lines_new(on_line, console);
    console->assembly = vitals_assembly_new(signatures, on_report, console);
    console->loops = vitals_loops_new(signatures);
    return console;
}

void
vitals_console_free(VitalsConsole *console)
{
    if (!console)
        return;
    vitals_lines_free(console->lines);
    vitals_assembly_free(console->assembly);
    vitals_loops_free(console->loops);
    g_free(console);
}

static void
emit_beats(VitalsConsole *console)
{
    guint64 line = vitals_lines_count(console->lines);

    if (console->kernel_beat)
        emit(console, (VitalsConsoleEvent){ .kind = VITALS_CONSOLE_KERNEL, .line = line });
    if (console->userspace_beat)
        emit(console, (VitalsConsoleEvent){ .kind = VITALS_CONSOLE_USERSPACE, .line = line });
    console->kernel_beat = FALSE;
    console->userspace_beat = FALSE;
}

static void
watch_rate(VitalsConsole *console, gsize length)
{
    if (console->options.flood == 0)
        return;
    if (console->now - console->window >= G_USEC_PER_SEC) {
        console->flooded = console->flooded && console->window_bytes > console->options.flood / 2;
        console->window = console->now;
        console->window_bytes = 0;
    }
    console->window_bytes += length;
    if (console->flooded || console->window_bytes <= console->options.flood)
        return;
    console->flooded = TRUE;
    emit(console, (VitalsConsoleEvent){ .kind = VITALS_CONSOLE_FLOOD,
                                        .line = vitals_lines_count(console->lines) });
}

void
vitals_console_feed(VitalsConsole *console, const char *bytes, gsize length, gint64 now)
{
    console->now = now;
    console->stats.bytes += length;
    watch_rate(console, length);
    vitals_lines_feed(console->lines, bytes, length, now);
    emit_beats(console);
}

void
vitals_console_set_replaying(VitalsConsole *console, gboolean replaying)
{
    console->replaying = replaying;
}

guint64
vitals_console_unfinished(const VitalsConsole *console)
{
    return vitals_assembly_is_open(console->assembly) ? console->stats.bytes - console->open_since
                                                      : 0;
}

GArray *
vitals_console_rhythms(const VitalsConsole *console)
{
    return vitals_loops_rhythms(console->loops);
}

void
vitals_console_resume(VitalsConsole *console, const GArray *rhythms, gint64 ahead)
{
    vitals_loops_resume(console->loops, rhythms, ahead);
}

void
vitals_console_rebooted(VitalsConsole *console)
{
    console->clock = (Clock){ .stamp = -1, .odd_stamp = -1 };
    console->stamp = 0;
}

void
vitals_console_pause(VitalsConsole *console, gint64 now)
{
    console->now = now;
    vitals_lines_flush(console->lines);
    vitals_assembly_close(console->assembly);
    emit_beats(console);
}

void
vitals_console_finish(VitalsConsole *console)
{
    vitals_console_pause(console, console->now);
}

const GPtrArray *
vitals_console_reports(const VitalsConsole *console)
{
    return vitals_assembly_reports(console->assembly);
}

const GPtrArray *
vitals_console_loops(const VitalsConsole *console)
{
    return vitals_loops_list(console->loops);
}

VitalsConsoleStats
vitals_console_stats(const VitalsConsole *console)
{
    VitalsConsoleStats stats = console->stats;

    stats.lines = vitals_lines_count(console->lines);
    stats.reports_dropped = vitals_assembly_dropped(console->assembly);
    return stats;
}

const char *
vitals_console_severity_name(VitalsConsoleSeverity severity)
{
    static const char *const names[] = { "info", "notice", "warning", "error", "critical" };

    return (gsize)severity < G_N_ELEMENTS(names) ? names[severity] : "invalid";
}
