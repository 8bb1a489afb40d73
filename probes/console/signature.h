/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/literals.h"
#include "probes/console/names.h"
#include "probes/console/pattern.h"

#include <glib.h>

/* How bad a report is; "notice" and below are no alarm. */
typedef enum {
    VITALS_CONSOLE_INFO,
    VITALS_CONSOLE_NOTICE,
    VITALS_CONSOLE_WARNING,
    VITALS_CONSOLE_ERROR,
    VITALS_CONSOLE_CRITICAL,
} VitalsConsoleSeverity;

/* What a report says about the guest's health. */
typedef enum {
    VITALS_CONSOLE_HEALTHY,
    VITALS_CONSOLE_DEGRADED,
    VITALS_CONSOLE_UNRESPONSIVE,
    VITALS_CONSOLE_STUCK, /* it waits for a human: a prompt, a boot loader */
    VITALS_CONSOLE_CRASHED,
} VitalsConsoleHealth;

/* Where the function that a report is about is looked for, in the order given by the signature. */
typedef enum {
    VITALS_FRAME_TEXT,    /* the group `func` of Begin or Detail */
    VITALS_FRAME_CHECKED, /* likewise, if there is a call trace at all: without one the line is torn */
    VITALS_FRAME_PC,      /* the program counter among the registers */
    VITALS_FRAME_TRACE,  /* the first call trace */
    VITALS_FRAME_SECOND, /* the call trace after the first one */
    VITALS_FRAME_ANCHOR, /* what the outermost generic caller called: for stalls, whose inner frames vary */
    VITALS_FRAME_STALL, /* likewise, of what an interrupt found running; a stack at rest says nothing */
    VITALS_FRAME_MAX,
} VitalsFrameSource;

/**
 * VitalsSignature: one section [Signature ID] of config/signatures
 * @file: where it stands
 * @line: of its header
 * @kind: a class of reports, in the vocabulary kernel fuzzers use
 * @begin: on a line's own text: where a report begins
 * @detail: (nullable): must match in the report's text, too; how one beginning is told from another
 * @title: with {group} for groups of @begin and @detail and {frame} for the function
 * @sources: where the function is looked for, ended by %VITALS_FRAME_MAX
 * @skip: (element-type VitalsNames): functions that say nothing about this kind of report
 * @lines: how many lines a report may have
 * @corrupted: a report that gets this title cannot be whole
 * @cascade: inside another report it is a consequence of it, not a report of its own
 * @bare: lines without a time stamp belong to it though its first line has one
 * @again: begins a boot; means something only if the last one was running and was not shut down
 * @fires: (element-type utf8): sample lines, together one log that gives a report
 * @silent: (element-type utf8): sample lines that must not, each on its own
 */
typedef struct {
    char *id;
    const char *file;
    guint line;
    guint literals; /* how many it has */
    char *kind;
    VitalsConsoleSeverity severity;
    VitalsConsoleHealth health;
    VitalsPattern *begin;
    VitalsPattern *detail;
    char *title;
    VitalsFrameSource sources[VITALS_FRAME_MAX + 1];
    GPtrArray *skip;
    guint lines;
    gboolean corrupted;
    gboolean cascade;
    gboolean bare;
    gboolean again;
    char *explanation;
    char *remedy;
    GPtrArray *fires;
    GPtrArray *silent;
} VitalsSignature;

/**
 * VitalsSignatures: all signatures, with what they share
 *
 * One set serves one thread at a time. The format is described in config/signatures/README.
 */
typedef struct VitalsSignatures VitalsSignatures;

/**
 * vitals_signatures_new:
 * @items: (element-type VitalsReaderItem): as vitals_signatures_items() reads them
 *
 * Returns: (transfer full): the set, or %NULL with @error that names file and line and what to do
 */
VitalsSignatures *vitals_signatures_new(const GPtrArray *items, GError **error);

void vitals_signatures_free(VitalsSignatures *signatures);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSignatures, vitals_signatures_free)

/* Returns: (element-type VitalsSignature): all of them in their order */
const GPtrArray *vitals_signatures_list(const VitalsSignatures *signatures);

/* Returns: (element-type utf8): all literals, as a benchmark needs them */
const GPtrArray *vitals_signatures_literals(const VitalsSignatures *signatures);

/**
 * vitals_signatures_begin:
 *
 * Returns: (transfer container) (element-type VitalsSignature) (nullable): the signatures whose
 *   beginning @text is, best first; %NULL for an ordinary line
 */
GPtrArray *vitals_signatures_begin(VitalsSignatures *signatures, const char *text, gsize length);

/*
 * What [Frames] says of call traces: see config/signatures/00-frames.conf. Up to ENTRY they are looked for
 * at the beginning of a line only.
 */
typedef enum {
    VITALS_SHAPE_TRACE, /* begins a call trace */
    VITALS_SHAPE_FRAME, /* is a frame: group func, and `maybe` if it is unreliable */
    VITALS_SHAPE_PC,    /* is the program counter: group func */
    VITALS_SHAPE_STOP,  /* ends the part that tells about the fault */
    VITALS_SHAPE_END,   /* ends the report */
    VITALS_SHAPE_ENTRY, /* a context ended here and the interrupted one begins */
    VITALS_SHAPE_TASK,  /* names CPU, task, taint */
    VITALS_SHAPE_MODULES,
    VITALS_SHAPE_ANCHOR,     /* a function's name: a generic caller */
    VITALS_SHAPE_FINAL,      /* a function's name: it names a stall whoever called it */
    VITALS_SHAPE_FOREIGN,    /* a function's name: the call trace it is in is not the report's */
    VITALS_SHAPE_SUFFIX,     /* what the compiler adds to a function's name */
    VITALS_SHAPE_LOOP_ERROR, /* a line that is trouble if it comes again and again */
    VITALS_SHAPE_LOOP_WARNING,
    VITALS_SHAPE_COUNTER, /* tells in the group `count` how often it came */
    VITALS_SHAPE_MAX,
} VitalsShape;

/* Returns: (transfer none): the name that the function goes by, from [Rename NAME]; often @name itself */
const char *vitals_signatures_rename(VitalsSignatures *signatures, const char *name);

/**
 * vitals_signatures_shape:
 *
 * Returns: (transfer none) (nullable): the pattern of @shape if it matches, for its groups
 */
VitalsPattern *vitals_signatures_shape(VitalsSignatures *signatures, VitalsShape shape,
                                       const char *text, gsize length);
