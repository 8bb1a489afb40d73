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
    return g_steal_pointer(&left);
}

static void
add_frame(VitalsSignatures *signatures, GPtrArray *frames, const VitalsPattern *pattern,
          guint trace, gboolean pc)
{
    g_autofree char *name = vitals_pattern_group(pattern, "func");
    g_autofree char *maybe = vitals_pattern_group(pattern, "maybe");
    VitalsFrame *frame;

    if (!name || !*name)
        return;
    frame = g_new0(VitalsFrame, 1);
    frame->name = vitals_frames_function(signatures, name);
    frame->trace = trace;
    frame->reliable = !maybe;
    frame->pc = pc;
    g_ptr_array_add(frames, frame);
}

GPtrArray *
vitals_frames_read(VitalsSignatures *signatures, const char *text, gsize length)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)frame_free);
    const char *end = text + length;
    guint trace = 0;

    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', end - line);
        gsize size = (newline ? newline : end) - line;
        VitalsPattern *pattern;

        if (trace > 0 && vitals_signatures_shape(signatures, VITALS_SHAPE_STOP, line, size))
            break;
        if (vitals_signatures_shape(signatures, VITALS_SHAPE_TRACE, line, size))
            trace++;
        if ((pattern = vitals_signatures_shape(signatures, VITALS_SHAPE_PC, line, size)))
            add_frame(signatures, frames, pattern, trace, TRUE);
        else if ((pattern = vitals_signatures_shape(signatures, VITALS_SHAPE_FRAME, line, size)))
            add_frame(signatures, frames, pattern, trace, FALSE);
        line += size + 1;
    }
    return frames;
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
                const GPtrArray *frames)
{
    const char *last = NULL;

    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (!frame->reliable || (frame->pc && frame->trace == 0))
            continue;
        if (vitals_signatures_shape(signatures, VITALS_SHAPE_ANCHOR, frame->name,
                                    strlen(frame->name))) {
            if (last)
                return last;
        } else if (!vitals_frames_skipped(signature, frame->name)) {
            last = frame->name;
        }
    }
    return NULL;
}

static gboolean
is_source(const VitalsFrame *frame, VitalsFrameSource source)
{
    switch (source) {
    case VITALS_FRAME_PC:
        return frame->pc;
    case VITALS_FRAME_TRACE:
        return frame->trace >= 1;
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
    if (source == VITALS_FRAME_ANCHOR)
        return choose_anchored(signatures, signature, frames);
    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (frame->reliable && is_source(frame, source) &&
            !vitals_frames_skipped(signature, frame->name))
            return frame->name;
    }
    return NULL;
}
