/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/loop.h"
#include "probes/console/signature.h"

#include <glib.h>

/* What a guest said on its console, sorted by what it means to the verdict. */
typedef enum {
    VITALS_SAID_NOTHING,
    VITALS_SAID_PANIC,     /* its kernel gave up */
    VITALS_SAID_STALL,     /* a CPU of its makes no progress: lockups, RCU stalls */
    VITALS_SAID_HUNG_TASK, /* a task waits for something that does not come, mostly for a disk */
    VITALS_SAID_OOM,       /* its kernel had to kill something for its memory */
    VITALS_SAID_FAULT,     /* a bug, corrupted memory, failing hardware; it goes on */
    VITALS_SAID_STORAGE,   /* a disk fails or a file system is read-only */
    VITALS_SAID_STOPPED, /* it waits for a human: boot loader, firmware, emergency shell, debugger */
    VITALS_SAID_LOOP,    /* a line that means trouble comes again and again at a steady pace */
    VITALS_SAID_FLOOD,   /* more than can be read */
    VITALS_SAID_KDUMP,   /* its own crash kernel is at work, or (as an error) failed */
    VITALS_SAID_ASLEEP,  /* it goes to sleep, or was halted: its silence is meant */
    VITALS_SAID_OTHER,   /* worth a line on the timeline, and no more */
    VITALS_N_SAID,
} VitalsSaid;

/* "nothing", "panic", "stall", "hung-task", "oom", "fault", "storage", "stopped", "loop", "flood", "kdump",
 * "asleep", "other" */
const char *vitals_said_name(VitalsSaid said);

/* Of a title so much is kept where it is plain data, its NUL included; the longest that kernel developers
 * use are about as long. */
enum { VITALS_TITLE_MAX = 120 };

/**
 * VitalsUtterance: one thing that a guest said; plain data
 * @begun: its first line has just come; its title comes with a second utterance within about a second
 * @live: the kernel wrote it just now, as far as its stamp tells; FALSE for what somebody may have
 *   replayed or typed, and for kernels that do not stamp their lines
 * @count: how often it was said
 * @period: of a loop, microseconds; 0 for anything else
 * @title: printable and cut to size; "" if not known
 */
typedef struct {
    VitalsSaid what;
    VitalsConsoleSeverity severity;
    gboolean begun;
    gboolean live;
    guint64 count;
    gint64 period;
    char title[VITALS_TITLE_MAX];
} VitalsUtterance;

/* What a report of that signature is to the verdict. */
VitalsSaid vitals_said_by_report(const VitalsSignature *signature);

/* Likewise a loop. */
VitalsSaid vitals_said_by_loop(const VitalsLoop *loop);

/* Sets the title to what is printable of @title, cut between characters. */
void vitals_utterance_set_title(VitalsUtterance *utterance, const char *title);
