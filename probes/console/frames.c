/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/frames.h"
#include "probes/console/signature-set.h"

#include <string.h>

/* Functions whose names are remembered; beyond that it begins anew with the next report. */
enum { KNOWN_MAX = 1024 };

char *
vitals_frames_function(VitalsSignatures *signatures, const char *name)
{
    g_autofree char *left = g_strdup(name);
    VitalsPattern *suffix;

    while (*left && (suffix = vitals_signatures_shape(signatures, VITALS_SHAPE_SUFFIX, left,
                                                      strlen(left)))) {
        gsize start = vitals_pattern_start(suffix);
        gsize end = vitals_pattern_end(suffix);

        /* what would take nothing away or leave nothing would never end or say nothing */
        if (end <= start || end - start == strlen(left))
            break;
        memmove(left + start, left + end, strlen(left + end) + 1);
        if (start == 0)
            break;
    }
    return g_strdup(vitals_signatures_rename(signatures, left));
}

static gboolean
is_shape(VitalsSignatures *signatures, VitalsShape shape, const char *text, gsize length)
{
    return vitals_signatures_shape(signatures, shape, text, length) != NULL;
}

/* Where reading has got to. */
typedef struct {
    VitalsSignatures *signatures;
    GPtrArray *frames;
    guint trace;
    gboolean interrupted;
    GString *name;      /* as printed: scratch */
    gboolean registers; /* were shown: the call trace that follows is of what was running */
} Reading;

/* The same functions are in report after report: their names are worked out once. */
static const char *
look_up_function(Reading *reading, const char *name, gsize length)
{
    GHashTable *known = reading->signatures->functions;
    const char *function;

    g_string_truncate(reading->name, 0);
    g_string_append_len(reading->name, name, (gssize)length);
    function = g_hash_table_lookup(known, reading->name->str);
    if (!function) {
        char *worked_out = vitals_frames_function(reading->signatures, reading->name->str);

        g_hash_table_insert(known, g_strdup(reading->name->str), worked_out);
        function = worked_out;
    }
    return function;
}

static void
add_frame(Reading *reading, const VitalsPattern *pattern, gboolean pc)
{
    gsize length = 0;
    gsize ignored;
    const char *name = vitals_pattern_part(pattern, "func", &length);
    gboolean maybe = vitals_pattern_part(pattern, "maybe", &ignored) != NULL;
    VitalsFrame *frame;

    if (!name || length == 0)
        return;
    frame = g_new0(VitalsFrame, 1);
    frame->name = look_up_function(reading, name, length);
    frame->trace = reading->trace;
    frame->reliable = !maybe;
    frame->pc = pc;
    frame->interrupted = reading->interrupted;
    g_ptr_array_add(reading->frames, frame);
}

static void
add_pc(Reading *reading, const VitalsPattern *pattern)
{
    reading->registers = TRUE;
    add_frame(reading, pattern, TRUE);
}

/* Another task's call trace has got in between: nothing of it is ours. */
static gboolean
drop_foreign(Reading *reading)
{
    const VitalsFrame *last = reading->frames->len > 0
                                  ? g_ptr_array_index(reading->frames, reading->frames->len - 1)
                                  : NULL;

    if (!last || last->trace != reading->trace ||
        !is_shape(reading->signatures, VITALS_SHAPE_FOREIGN, last->name, strlen(last->name)))
        return FALSE;
    for (guint i = reading->frames->len; i > 0; i--) {
        const VitalsFrame *frame = g_ptr_array_index(reading->frames, i - 1);

        if (frame->trace == reading->trace)
            g_ptr_array_remove_index(reading->frames, i - 1);
    }
    return TRUE;
}

static void
read_line(Reading *reading, const char *line, gsize size)
{
    VitalsSignatures *signatures = reading->signatures;
    VitalsPattern *pattern;

    if (is_shape(signatures, VITALS_SHAPE_TRACE, line, size)) {
        reading->trace++;
        reading->interrupted = reading->registers;
        reading->registers = FALSE;
    }
    if (is_shape(signatures, VITALS_SHAPE_ENTRY, line, size))
        reading->interrupted = TRUE;
    if ((pattern = vitals_signatures_shape(signatures, VITALS_SHAPE_PC, line, size)))
        add_pc(reading, pattern);
    else if ((pattern = vitals_signatures_shape(signatures, VITALS_SHAPE_FRAME, line, size)))
        add_frame(reading, pattern, FALSE);
}

/* Old 32-bit ARM kernels and some sanitizers begin a call trace without saying so. One frame is none. */
static void
number_traces(GPtrArray *frames, guint traces)
{
    for (guint i = 0; traces == 0 && frames->len > 1 && i < frames->len; i++) {
        VitalsFrame *frame = g_ptr_array_index(frames, i);

        frame->trace = 1;
    }
}

GPtrArray *
vitals_frames_read(VitalsSignatures *signatures, const char *text, gsize length)
{
    g_autoptr(GString) name = g_string_sized_new(64);
    Reading reading = { .signatures = signatures, .name = name };
    const char *end = text + length;

    if (g_hash_table_size(signatures->functions) > KNOWN_MAX)
        g_hash_table_remove_all(signatures->functions);
    reading.frames = g_ptr_array_new_with_free_func(g_free);
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', end - line);
        gsize size = (newline ? newline : end) - line;

        if (reading.trace > 0 && is_shape(signatures, VITALS_SHAPE_STOP, line, size))
            break;
        read_line(&reading, line, size);
        if (drop_foreign(&reading))
            reading.trace += 2;
        line += size + 1;
    }
    number_traces(reading.frames, reading.trace);
    return reading.frames;
}

gboolean
vitals_frames_skipped(const VitalsSignature *signature, const char *name)
{
    for (guint i = 0; i < signature->skip->len; i++) {
        if (vitals_names_have(g_ptr_array_index(signature->skip, i), name))
            return TRUE;
    }
    return FALSE;
}

/*
 * A stall is found wherever the loop happened to be; what is the same every time is which operation
 * it was: the function that a dispatcher (a system call, the network stack, a timer) called.
 */
static const char *
choose_anchored(VitalsSignatures *signatures, const VitalsSignature *signature,
                const GPtrArray *frames, gboolean running)
{
    const char *last = NULL;

    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (!frame->reliable || (running && !frame->interrupted))
            continue;
        if (is_shape(signatures, VITALS_SHAPE_FINAL, frame->name, strlen(frame->name)))
            return frame->name;
        if (is_shape(signatures, VITALS_SHAPE_ANCHOR, frame->name, strlen(frame->name))) {
            if (last)
                return last;
        } else if (!vitals_frames_skipped(signature, frame->name)) {
            last = frame->name;
        }
    }
    return last;
}

static gboolean
is_source(const VitalsFrame *frame, VitalsFrameSource source)
{
    switch (source) {
    case VITALS_FRAME_PC:
        return frame->pc;
    case VITALS_FRAME_TRACE:
        return frame->trace == 1 && (!frame->pc || frame->interrupted);
    case VITALS_FRAME_SECOND:
        return frame->trace >= 2;
    default:
        return FALSE;
    }
}

const char *
vitals_frames_choose(VitalsSignatures *signatures, const VitalsSignature *signature,
                     const GPtrArray *frames, VitalsFrameSource source)
{
    if (source == VITALS_FRAME_ANCHOR || source == VITALS_FRAME_STALL)
        return choose_anchored(signatures, signature, frames, source == VITALS_FRAME_STALL);
    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (frame->reliable && is_source(frame, source) &&
            !vitals_frames_skipped(signature, frame->name))
            return frame->name;
    }
    return NULL;
}
