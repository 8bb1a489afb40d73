/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/frames.h"

#include <string.h>

static void
frame_free(VitalsFrame *frame)
{
    g_free(frame->name);
    g_free(frame);
}

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
    gboolean registers; /* were shown: the call trace that follows is of what was running */
} Reading;

static void
add_frame(Reading *reading, const VitalsPattern *pattern, gboolean pc)
{
    g_autofree char *name = vitals_pattern_group(pattern, "func");
    g_autofree char *maybe = vitals_pattern_group(pattern, "maybe");
    VitalsFrame *frame;

    if (!name || !*name)
        return;
    frame = g_new0(VitalsFrame, 1);
    frame->name = vitals_frames_function(reading->signatures, name);
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

/* Old 32-bit ARM kernels begin a call trace without saying so. */
static void
number_traces(GPtrArray *frames, guint traces)
{
    for (guint i = 0; traces == 0 && i < frames->len; i++) {
        VitalsFrame *frame = g_ptr_array_index(frames, i);

        frame->trace = 1;
    }
}

GPtrArray *
vitals_frames_read(VitalsSignatures *signatures, const char *text, gsize length)
{
    Reading reading = { .signatures = signatures };
    const char *end = text + length;

    reading.frames = g_ptr_array_new_with_free_func((GDestroyNotify)frame_free);
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
        const GPtrArray *patterns = g_ptr_array_index(signature->skip, i);

        for (guint j = 0; j < patterns->len; j++) {
            if (vitals_pattern_find(g_ptr_array_index(patterns, j), name, strlen(name), 0))
                return TRUE;
        }
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
