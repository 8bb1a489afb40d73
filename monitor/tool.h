/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The field's tools, run over what a hostile guest may have written: in a process group of their own,
 * killed at a deadline, at idle priority, with bounds on memory, CPU time, file size and processes,
 * without a network, and as nobody where we are root. All that is handed to them is open files.
 */

/**
 * VitalsTool:
 * @argv: ended by %NULL; the first is a path, see vitals_tool_find()
 * @fds: files that it finds as /proc/self/fd/3, /proc/self/fd/4, …
 * @n_fds: how many
 * @input: (nullable): what it reads on its standard input
 * @output_max: how many bytes of its output (both) are kept
 * @memory: bytes of address space
 * @file_size: how large any file may become that it writes, bytes
 * @seconds: its deadline
 */
typedef struct {
    const char *const *argv;
    const int *fds;
    guint n_fds;
    const char *input;
    gsize output_max;
    guint64 memory;
    guint64 file_size;
    guint seconds;
} VitalsTool;

/**
 * VitalsToolRun: what came of it
 * @good: it ended with status 0
 * @late: it was killed at its deadline
 * @reason: why it is not good: printable, for people; "" if it is
 * @output: the beginning of what it printed; any bytes, ends in NUL
 * @length: bytes of it
 * @seconds: how long it ran
 */
typedef struct {
    gboolean good;
    gboolean late;
    char *reason;
    char *output;
    gsize length;
    double seconds;
} VitalsToolRun;

void vitals_tool_run_free(VitalsToolRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsToolRun, vitals_tool_run_free)

/* The path of the program of that name, or at that path; "none" is none. Returns: (transfer full)
 * (nullable) */
char *vitals_tool_find(const char *name);

/* Runs it to its end: blocks, but no longer than its deadline and some seconds. */
VitalsToolRun *vitals_tool_run(const VitalsTool *tool);

/**
 * vitals_tool_lend:
 * @fd: a file of ours
 * @write: to be written too, not only read
 *
 * Lets the tools' user open that file by its descriptor, as opening /proc/self/fd/N asks for the file's
 * permissions again. The directory it lies in stays closed to everybody. Does nothing if tools run as
 * ourselves.
 */
void vitals_tool_lend(int fd, gboolean write);

/* Makes the file ours alone again. */
void vitals_tool_take_back(int fd);
