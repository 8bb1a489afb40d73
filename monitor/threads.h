/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/*
 * The threads of one QEMU in /proc: how long they waited for a CPU, whether one sleeps in a request to storage,
 * and what each vCPU used. libvirt reads vCPU time from the same place, but wants a call for each guest.
 */
typedef struct VitalsThreads VitalsThreads;

/* @root: see vitals_host_new(). Returns: (transfer full) */
VitalsThreads *vitals_threads_new(const char *root, int pid);
void vitals_threads_free(VitalsThreads *threads);

/**
 * vitals_threads_look:
 * @sample: gets starved and thread_blocked_for, for the part process, and the part vcpu where QEMU named its
 *   threads after its vCPUs, as libvirt has it do; else that part is left alone
 *
 * To be called about once a second. Blocks on /proc.
 */
void vitals_threads_look(VitalsThreads *threads, VitalsSample *sample);

/* Reads a small file of /proc or of a control group at once, which is all that they take.
 * Returns: (transfer full) (nullable): up to 4095 bytes of it, ended by a NUL */
char *vitals_threads_read(const char *path);

/* The state letter and start time, in clock ticks since boot, of a process or thread; @path: its stat. */
gboolean vitals_threads_read_stat(const char *path, char *ret_state, guint64 *ret_start);
