/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * What each vCPU was at when the memory was dumped, from what crash prints for 'bt -a': for a guest that
 * hangs without a word this is the answer.
 */

/**
 * VitalsStack: one vCPU
 * @task: the name of the task that it ran; printable
 * @module: (nullable): the innermost module that has a function among them
 * @frames: (element-type utf8): functions, innermost first, at most a few dozen; none in a program
 * @interrupts_off: its kernel had switched interrupts off (the flag IF of x86)
 * @idle: it waited for work
 */
typedef struct {
    guint cpu;
    char *task;
    char *module;
    GPtrArray *frames;
    gboolean interrupts_off;
    gboolean idle;
} VitalsStack;

/**
 * vitals_stacks_read:
 * @text: what crash printed, printable lines, 'bt -a' first; hostile
 *
 * Returns: (transfer full) (element-type VitalsStack): in the order of the vCPUs
 */
GPtrArray *vitals_stacks_read(const char *text);

/**
 * vitals_stacks_tell:
 *
 * Returns: (transfer full) (nullable): where those hang that do not idle, "vCPU 0 in spin_forever, called by
 *   run_fault, interrupts off (task worker, module gizmo)"; %NULL if all of them idle or nothing is known
 */
char *vitals_stacks_tell(const GPtrArray *stacks);

/* [{cpu, task, module, frames, interrupts_off, idle}]. Returns: (transfer full) */
json_t *vitals_stacks_json(const GPtrArray *stacks);

/* Whether there are any, and each of them has interrupts off. */
gboolean vitals_stacks_are_deaf(const GPtrArray *stacks);

/* What the first of those was at, see vitals_whereabouts(). Returns: (nullable): static */
const char *vitals_stacks_setting(const GPtrArray *stacks);
