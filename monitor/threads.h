/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/kernel-file.h"
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
 * @sample: gets process_ran, starved and thread_blocked_for, for the part process, and the part vcpu where QEMU named its
 *   threads after its vCPUs, as libvirt has it do; else that part is left alone
 *
 * To be called about once a second. Blocks on /proc.
 */
void vitals_threads_look(VitalsThreads *threads, VitalsSample *sample);

/* The state letter and start time, in clock ticks since boot, of a process or thread; @file: its stat. */
gboolean vitals_threads_read_stat(VitalsKernelFile *file, char *ret_state, guint64 *ret_start);
