/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/refine.h"
#include "monitor/stacks.h"

#include <jansson.h>

/*
 * What a dump says of its guest's end, found by the field's tools as far as they are there: the kernel,
 * its panic, its log (makedumpfile), and with the kernel's symbols its stacks (crash). Each runs as in
 * monitor/tool.h, and what it prints is made printable before it is kept.
 */

/**
 * VitalsTriageOrder:
 * @path: the dump
 * @makedumpfile: a program's name or path; "none" for none
 * @crash: likewise
 * @vmlinux_path: directories with kernels' symbols, separated by blanks, before the usual ones
 * @level: what makedumpfile leaves out; 0 to leave the dump as large as it is
 * @keep_free: bytes that stay free on the file system
 * @tool_seconds: how long each tool may take, beside the time that suits the dump's size
 * @windows: the definition says that it is a Windows guest, which the dump may know better
 */
typedef struct {
    char *path;
    char *makedumpfile;
    char *crash;
    char *vmlinux_path;
    guint level;
    guint64 keep_free;
    guint tool_seconds;
    gboolean windows;
} VitalsTriageOrder;

void vitals_triage_order_free(VitalsTriageOrder *order);

/**
 * VitalsTriageTool: one step
 * @name: static: "makedumpfile" (filter), "dmesg", "vmlinux", "crash"
 * @result: static: "ok", "failed", "missing", "skipped"
 * @reason: why it is not "ok"; printable
 */
typedef struct {
    const char *name;
    const char *result;
    char *reason;
    double seconds;
} VitalsTriageTool;

/**
 * VitalsTriage:
 * @release: (nullable): the kernel's; printable
 * @guessed: (nullable) (element-type utf8): without vmcoreinfo, what @release may be, see
 *   vitals_banner_find(); it is known once crash has found that kernel in the dump
 * @windows: it is a dump of Windows
 * @panic: (nullable): what it said at its end, in one printable line
 * @advice: (nullable): static: what to do with a dump that is not for these tools
 * @tools: (element-type VitalsTriageTool): in the order of time
 * @dmesg: there is a file dmesg.txt beside the dump: makedumpfile took it out, or else crash
 * @backtrace: there is a file backtrace.txt
 * @stacks: (element-type VitalsStack) (nullable): what the vCPUs were at
 * @refined: what became of the dump itself
 */
typedef struct {
    char *release;
    GPtrArray *guessed;
    gboolean windows;
    char *panic;
    const char *advice;
    GPtrArray *tools;
    gboolean dmesg;
    gboolean backtrace;
    GPtrArray *stacks;
    VitalsRefined *refined;
} VitalsTriage;

void vitals_triage_free(VitalsTriage *triage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsTriage, vitals_triage_free)

/* Does it all, the refinement of the dump first: blocks, for minutes. Returns: (transfer full) */
VitalsTriage *vitals_triage_run(const VitalsTriageOrder *order);

/* The object "triage" of a manifest. Returns: (transfer full) */
json_t *vitals_triage_json(const VitalsTriage *triage);
