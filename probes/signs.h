/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/* More than there are live probes; the build's table is checked against it by a test. */
#define VITALS_SOURCES_MAX 16

/**
 * VitalsSource: what one live probe remembers of one guest; plain data
 * @armed: it has beaten since the guest (re)started, so its silence means something
 * @beats: how often it has beaten since then
 * @last_beat: monotonic time of the last beat, microseconds; 0 if none ever
 * @run_at_beat: the guest's run clock then
 * @run_at_answer: the run clock when the probe last got an answer of any kind: silence is only proven
 *   up to there, as a question that was not answered proves nothing
 * @period: how often it should beat, microseconds; 0 if it has no pace
 * @value: the raw value it saw last, whatever it compares
 */
typedef struct {
    gboolean armed;
    guint beats;
    gint64 last_beat;
    gint64 run_at_beat;
    gint64 run_at_answer;
    gint64 period;
    guint64 value;
} VitalsSource;

/**
 * VitalsSigns: all that the verdict looks at; plain data, made by probes/watch.c from samples
 * @now: monotonic microseconds of the latest news, or of the tick
 * @started: monotonic time of the guest's (re)start, or when we first saw it
 * @boot_seen: we saw it start, so that a boot may be under way
 * @run_clock: microseconds since @started in which the guest could run, as far as we were there to see
 * @state_at: monotonic time of the last answer about @state; 0 for never
 * @crashed: libvirt told us of a crash since @started
 * @control_at: monotonic time of the last answer about @control; 0 for never
 * @process_at: likewise for @process
 * @process_since: monotonic time since when @process has been as it is
 * @overdue_since: monotonic time at which a monitor-backed call for this guest was sent that has not
 *   returned within its deadline; 0 if there is none
 * @monitor_at: monotonic time when a monitor-backed call last returned an answer; 0 for never
 * @capturing: we are dumping it: what libvirt says of its state is our own doing
 * @starved: of the time since the kernel's last beat, microseconds the host gave it no CPU
 * @vcpus: how many vCPUs it has
 * @vcpu_ns: CPU time of all its vCPUs together, nanoseconds
 * @vcpu_ns_at_beat: the same at the kernel's last beat
 * @vcpu_at: monotonic time of the last answer about vCPU time
 * @vcpu_at_beat: monotonic time of the vCPU figure that @vcpu_ns_at_beat holds
 * @sources: one for each live probe, in the order of the table vitals_probes
 */
typedef struct {
    gint64 now;
    gint64 started;
    gboolean boot_seen;
    gint64 run_clock;

    VitalsDomainState state;
    VitalsReason reason;
    gint64 state_at;
    gboolean crashed;

    VitalsControl control;
    gint64 control_for;
    gint64 control_at;

    VitalsProcess process;
    gint64 process_at;
    gint64 process_since;

    gint64 overdue_since;
    gint64 monitor_at;
    gboolean capturing;

    gint64 starved;

    guint vcpus;
    guint64 vcpu_ns;
    guint64 vcpu_ns_at_beat;
    gint64 vcpu_at;
    gint64 vcpu_at_beat;

    VitalsSource sources[VITALS_SOURCES_MAX];
} VitalsSigns;

/**
 * VitalsLimits: the deadlines of one guest, microseconds unless said
 * @balloon_deadline: periods of the balloon's silence, in time the guest could run, that make the
 *   kernel dead
 * @boot_grace: how long a guest may be starting
 * @stuck_after: how long QEMU may be stopped or its monitor occupied
 * @blocked_after: how long its main thread may be in uninterruptible sleep
 * @sample_max_age: older facts say nothing
 * @recovery: how long better signs have to last
 */
typedef struct {
    guint balloon_deadline;
    gint64 boot_grace;
    gint64 stuck_after;
    gint64 blocked_after;
    gint64 sample_max_age;
    gint64 recovery;
} VitalsLimits;
