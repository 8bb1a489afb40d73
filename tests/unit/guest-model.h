/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/watch.h"

/*
 * A guest, its QEMU, libvirt and our own collector, on a clock of their own: what a watch would be fed
 * of a real guest, in steps of a tenth of a second. How the parts behave was measured on real guests.
 */

#define TEST_STEP (G_USEC_PER_SEC / 10)

/**
 * TestModel: all of it may be set by a test at any step
 * @now: monotonic clock; stands still while the host sleeps
 * @wall: the host's wall clock
 * @load: cores that each vCPU uses of what it gets
 * @starvation: share of the time in which the host gives the guest no CPU
 * @kernel_dead: the guest's kernel serves nothing any more
 * @stamp: last-update; @counters: the guest's figures are there
 * @period: QEMU's statistics period; 0 for none
 * @work: CPU time, microseconds, that the guest needs to answer the balloon
 * @frozen_stamp: the driver is there but does not answer (a Windows guest without its service)
 * @job_held: somebody holds a job, so that the statistics come without the balloon's part
 * @libvirt_gone: neither sweeps nor questions are answered
 * @absent: we do not run at all
 * @exact: CPU time is told to the nanosecond, as schedstat does, and not in ticks
 * @traced: a stopped QEMU goes on between our looks
 * @no_process, @no_vcpu: these parts are never known
 * @requests: completed by its disks; @disks: it has some, and we look at them every five seconds
 * @disk_limit: bytes a second
 * @thread_blocked: one of QEMU's threads waits for storage
 * @witness: (nullable): another watch that is told all that ours is told
 * @shuffle: samples of one instant come in another order
 */
typedef struct {
    gint64 now;
    gint64 wall;
    guint step;

    VitalsDomainState state;
    VitalsReason reason;
    VitalsControl control;
    gint64 control_since;
    VitalsProcess process;
    guint vcpus;
    double load[4];
    double starvation;

    gboolean kernel_dead;
    gint64 stamp;
    gboolean counters;
    gint64 period;
    gint64 work;
    gboolean frozen_stamp;
    gboolean job_held;
    gboolean libvirt_gone;
    gboolean absent;
    gboolean exact;
    gboolean traced;
    gboolean no_process;
    gboolean no_vcpu;
    gboolean disks;
    guint64 requests;
    guint64 disk_limit;
    gboolean thread_blocked;
    gint64 thread_blocked_at;
    VitalsWatch *witness;
    gboolean shuffle;

    /* of the model's own */
    gint64 poll_in;
    gint64 owed;
    gboolean polled;
    guint64 vcpu_ns[4];
    gint64 starved;
    gint64 ask_at;
    gint64 due;
    gint64 look_at;
    VitalsWatch watch;
} TestModel;

/* The limits that the daemon has by default, with a period of two seconds. */
extern const VitalsLimits test_limits;

/* A healthy, idle guest with one vCPU, found running. @phase: tenths of a second between the guest's
 * stamps and our questions. */
void test_model_init(TestModel *model, guint phase);

/* The guest runs from its beginning again: driver, figures and all. */
void test_model_boot(TestModel *model);

/* Lets the next tenth of a second pass, with what the collector does in it. */
void test_model_step(TestModel *model);

void test_model_run(TestModel *model, guint steps);

/* What libvirt says by itself. */
void test_model_event(TestModel *model, VitalsEvent event);
