/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/* More than there are live probes; the build's table is checked against it by a test. */
#define VITALS_SOURCES_MAX 16

/* So many reboots within a short time are a loop: an update may need one or two. */
#define VITALS_REBOOTS_KEPT 4

/**
 * VitalsSource: what one live probe remembers of one guest; plain data
 * @armed: it has beaten since the guest (re)started, so its silence means something
 * @beats: how often it has beaten since then
 * @last_beat: monotonic time of the last beat, microseconds; 0 if none ever
 * @run_at_beat: the guest's run clock then
 * @run_at_answer: the run clock when the probe last got an answer of any kind: silence is only proven
 *   up to there, as a question that was not answered proves nothing
 * @period: how often it should beat, microseconds; 0 if it has no pace
 * @deadline: the silence that means death, microseconds of time in which the guest could run
 * @answer_at: monotonic time of the last answer
 * @value: the raw value it saw last, whatever it compares
 * @had_counters: balloon only: the last answer carried the guest's own figures
 */
typedef struct {
    gboolean armed;
    guint beats;
    gint64 last_beat;
    gint64 run_at_beat;
    gint64 run_at_answer;
    gint64 period;
    gint64 deadline;
    gint64 answer_at;
    guint64 value;
    gboolean had_counters;
} VitalsSource;

/**
 * VitalsHeard: what the guest said of one kind on its console since it (re)started
 * @at: monotonic time at which it was last said; 0 for never
 * @first: when it was first said
 * @count: how often
 * @period: of a loop, microseconds
 * @live: see VitalsUtterance
 */
typedef struct {
    gint64 at;
    gint64 first;
    guint64 count;
    gint64 period;
    gboolean live;
    VitalsConsoleSeverity severity;
    char title[VITALS_TITLE_MAX];
} VitalsHeard;

/* The deep probe looks at so many vCPUs of a guest; the others are not judged by it. */
#define VITALS_LOOKED_AT_MAX 32

/* So many looks make a verdict. */
#define VITALS_LOOKS_NEEDED 3

/* What the looks of one series at one vCPU came to: how many, and in how many interrupts were off or it
 * was halted or not in use; and between which addresses it was seen. */
typedef struct {
    guint count;
    guint interrupts_off;
    guint halted;
    guint64 lowest_pc;
    guint64 highest_pc;
    guint offline;
} VitalsVcpuLooks;

/* How it is known that a vCPU takes the ticks of its kernel's clock. */
typedef enum {
    VITALS_TICKS_UNKNOWN,
    VITALS_TICKS_BY_INTERRUPTS,
    VITALS_TICKS_BY_EXITS, /* KVM does not see its interrupts, but that it sets its clock */
} VitalsTicks;

/* So much CPU time without one tick is more than any kernel leaves interrupts off for. */
#define VITALS_KVM_ALONE_NS (20 * G_GUINT64_CONSTANT(1000000000))

/**
 * VitalsKvmLooks: what looks at KVM's counters of one vCPU came to
 * @last: at the last look
 * @ticks: it was seen at work with its ticks since the guest (re)started
 * @polls: it did without for long, and came back
 * @lives: it took some, or halted, between the last two looks
 * @taken: how many it took between them
 * @used_ns: CPU time it used between them
 * @alone_ns: CPU time it used since it last did either
 */
typedef struct {
    VitalsKvm last;
    VitalsTicks ticks;
    gboolean polls;
    gboolean lives;
    guint64 taken;
    guint64 used_ns;
    guint64 alone_ns;
} VitalsKvmLooks;

/* So many queues of a guest's disks are followed. */
#define VITALS_QUEUES_MAX 16

/* @completed: at the last look; @stuck_since: monotonic time of the first look since which requests were
 * outstanding there and none was completed; 0 if none is outstanding */
typedef struct {
    guint completed;
    gint64 stuck_since;
} VitalsQueueLooks;

typedef enum {
    VITALS_VCPU_UNKNOWN,      /* not looked at often enough */
    VITALS_VCPU_WORKING,      /* nothing is wrong with it */
    VITALS_VCPU_OFFLINE,      /* the guest's kernel does not use it */
    VITALS_VCPU_HALTED_DEAD,  /* halted with interrupts off at every look */
    VITALS_VCPU_SPINNING_OFF, /* running with interrupts off at every look, in one place */
    VITALS_VCPU_SPINNING_ON,  /* running in one place at every look, interrupts on */
} VitalsVcpuState;

/**
 * VitalsSigns: all that the verdict looks at; plain data, made by probes/watch.c from samples
 * @now: monotonic microseconds of the latest news, or of the tick
 * @started: monotonic time of the guest's (re)start, or when we first saw it
 * @boot_seen: we saw it start, so that a boot may be under way
 * @run_clock: microseconds since @started in which the guest could run, as far as we were there to see
 * @state_at: monotonic time of the last answer about @state; 0 for never
 * @crashed_at: monotonic time at which libvirt told us of a crash; 0 if it did not since @started
 * @crash_loaded_at: monotonic time at which libvirt told us that its crash kernel takes over; 0 likewise
 * @died_at: monotonic time at which libvirt told us that what ran it (QEMU) ended by itself; 0 if it did not
 * @control_at: monotonic time of the last answer about @control; 0 for never
 * @control_since: monotonic time since when @control has been as it is
 * @control_told_at: monotonic time at which libvirt told us that it lost QEMU's monitor; 0 if it did not, or
 *   has it again
 * @memory_failed_at: monotonic time at which libvirt last told us of memory of the host that failed below the
 *   guest; 0 for never
 * @process_at: likewise for @process
 * @process_since: monotonic time since when @process has been as it is
 * @overdue_since: monotonic time at which a monitor-backed call for this guest was sent that has not
 *   returned within its deadline; 0 if there is none
 * @monitor_at: monotonic time when a monitor-backed call last returned an answer; 0 for never
 * @capturing: we are dumping it: what libvirt says of its state is our own doing
 * @capture_ended: monotonic time when the last dump ended; states asked before that are our doing too
 * @starved: of the time since the kernel fell silent, microseconds the host gave it no CPU
 * @paused: of the same time, microseconds in which it was paused, for a dump or otherwise
 * @starve_debt: starved microseconds that were not yet taken off the run clock
 * @starved_total: all starved microseconds so far
 * @starved_when_free: the same when libvirt's channel was last seen not to be occupied
 * @vcpus: how many vCPUs it has
 * @vcpu_ns: CPU time of all its vCPUs together, nanoseconds
 * @vcpu_ns_at_beat: the same when the kernel fell silent: a period after a beat was due, as what the
 *   guest did between its last beat and its death is not how it died
 * @vcpu_ns_at_clock: the same when the run clock was last advanced
 * @each_ns, @each_ns_at_beat: likewise of each of the first vCPUs
 * @vcpu_at: monotonic time of the last answer about vCPU time
 * @vcpu_at_beat: monotonic time of the vCPU figure that @vcpu_ns_at_beat holds
 * @balloon_never_answered: its balloon was asked, and has no stamp of this run of it
 * @agent: what came of the last ping to the guest agent
 * @agent_at: monotonic time of that ping; 0 for never
 * @agent_left_at: monotonic time at which libvirt told us that the agent's port was closed in the guest; 0 if it was
 *   not since @started, or is open again
 * @fs_frozen_at: monotonic time at which the agent last said that the guest's file systems are frozen; 0 if
 *   it did not, or said since that they are not
 * @watchdog_at: monotonic time at which the guest's watchdog expired; 0 if it did not since @started,
 *   or if userspace was heard of afterwards
 * @rebooted: this start was a reboot
 * @reboots: monotonic times of the last reboots, latest first; several events within a second are one
 * @starve_share: how much of the latest minute the host gave no CPU to what was ready to run, 0 to 1
 * @starve_at: monotonic time of the sample that @starve_share was brought up to date with
 * @starve_since: since when that share is too large, monotonic; 0 if it is not
 * @thread_blocked_for: how long one of QEMU's threads besides the main one has been in one
 *   uninterruptible sleep, microseconds; of the moment @process_at
 * @block_at: monotonic time of the last answer about requests to disks; 0 for never
 * @block_moved_at: monotonic time of the last look that found new ones completed; 0 if none did
 * @block_base: how many were completed at the first look after the kernel's pulse was late
 * @block_base_at: monotonic time of that look; 0 if there was none yet
 * @queues: what the looks at the queues of disks came to
 * @queues_at: monotonic time of the last look; 0 for never
 * @queues_busy: requests were outstanding then
 * @queue_stuck_for: the longest that a queue has had requests and completed none, microseconds
 * @disk_limit: bytes a second that a limit leaves to one of its disks; 0 if there is none
 * @exhaustion_in: microseconds until the guest's memory is exhausted (probes/forecast.h); 0 if nothing
 *   is forecast
 * @looks: what the deep probe saw of each vCPU, lately
 * @looks_at: monotonic time of its last look; 0 for never
 * @kvm: what looks at KVM's counters of each vCPU came to
 * @kvm_at: monotonic time of the last such look; 0 for never
 * @window_at: monotonic time at which the window of per-vCPU time began
 * @window_starved: microseconds since then that the host gave no CPU to a thread that was ready to run
 * @window_ns: CPU time of each of the first vCPUs then
 * @window_run: the run clock then
 * @lifeless_for: for how long on the run clock, window after window, each vCPU used all that it was given, or
 *   nothing at all; 0 if one did otherwise in the last window
 * @still_for: likewise for how long all of them used nothing at all, or what only waking a halted thread takes
 * @quietest_ns: the least that all its vCPUs took of a window in which they did not stand still
 * @suspects: bit N is set while vCPU N used all that it was given, or nothing at all, for a whole window while
 *   others did otherwise: it may be dead, or just busy
 * @run_at_boot: the run clock at the (re)start, or when the console last had a kernel's first line
 * @booted_at: monotonic time at which the console last had a kernel's first line; 0 for never
 * @resumed_at: monotonic time at which we found it again that was dead for an earlier process of ours; 0 if it
 *   was not. It may have been reset meanwhile
 * @pulse_recalled: an earlier process of ours saw its balloon's steady pulse in this run of it
 * @said: what the guest said on its console, by kind
 * @panic_ns: CPU time of all its vCPUs when the panic there was first followed by a look at them
 * @panic_ns_at: monotonic time of that look; 0 if there was none yet
 * @console_lied: it told of a panic that the guest survived: the next one has to be proven
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
    gint64 crashed_at;
    gint64 crash_loaded_at;
    gint64 died_at;

    VitalsControl control;
    gint64 control_for;
    gint64 control_at;
    gint64 control_since;
    gint64 control_told_at;
    gint64 memory_failed_at;

    VitalsProcess process;
    gint64 process_at;
    gint64 process_since;

    gint64 overdue_since;
    gint64 monitor_at;
    gboolean capturing;
    gint64 capture_ended;

    gint64 starved;
    gint64 paused;
    gint64 starve_debt;
    gint64 starved_total;
    gint64 starved_when_free;

    guint vcpus;
    guint64 vcpu_ns;
    guint64 vcpu_ns_at_beat;
    guint64 vcpu_ns_at_clock;
    guint64 each_ns[VITALS_LOOKED_AT_MAX];
    guint64 each_ns_at_beat[VITALS_LOOKED_AT_MAX];
    gint64 vcpu_at;
    gint64 vcpu_at_beat;

    gboolean balloon_never_answered;
    VitalsAgent agent;
    gint64 agent_at;
    gint64 agent_left_at;
    gint64 fs_frozen_at;
    gint64 watchdog_at;
    gboolean rebooted;
    gint64 reboots[VITALS_REBOOTS_KEPT];

    VitalsVcpuLooks looks[VITALS_LOOKED_AT_MAX];
    gint64 looks_at;
    VitalsKvmLooks kvm[VITALS_LOOKED_AT_MAX];
    gint64 kvm_at;
    gint64 window_at;
    gint64 window_starved;
    guint64 window_ns[VITALS_LOOKED_AT_MAX];
    guint32 suspects;
    gint64 window_run;
    gint64 lifeless_for;
    gint64 still_for;
    guint64 quietest_ns;

    double starve_share;
    gint64 starve_at;
    gint64 starve_since;
    gint64 exhaustion_in;

    gint64 run_at_boot;
    gint64 booted_at;
    gint64 resumed_at;
    gboolean pulse_recalled;
    VitalsHeard said[VITALS_N_SAID];
    guint64 panic_ns;
    gint64 panic_ns_at;
    gboolean console_lied;
    gint64 thread_blocked_for;
    gint64 block_at;
    gint64 block_moved_at;
    guint64 block_base;
    gint64 block_base_at;
    guint64 disk_limit;
    VitalsQueueLooks queues[VITALS_QUEUES_MAX];
    gint64 queues_at;
    gboolean queues_busy;
    gint64 queue_stuck_for;

    VitalsSource sources[VITALS_SOURCES_MAX];
} VitalsSigns;

/**
 * VitalsLimits: the deadlines of one guest, microseconds unless said
 * @balloon_deadline: periods of the balloon's silence, in time the guest could run, that make the
 *   kernel dead
 * @agent_deadline: likewise for the guest agent and userspace
 * @boot_grace: how long a guest may be starting
 * @stuck_after: how long QEMU may be stopped or its monitor occupied
 * @blocked_after: how long its main thread may be in uninterruptible sleep
 * @sample_max_age: older facts say nothing
 * @recovery: how long better signs have to last
 * @gap_counted: where two cheap samples lie further apart than this it was we who were away (stopped,
 *   starved, or libvirtd gone), and only this much of the gap counts as time in which the guest was
 *   seen running
 */
typedef struct {
    guint balloon_deadline;
    guint agent_deadline;
    gint64 boot_grace;
    gint64 stuck_after;
    gint64 blocked_after;
    gint64 sample_max_age;
    gint64 recovery;
    gint64 gap_counted;
} VitalsLimits;

/* Whether the silence of that source means something: it has armed and has a pace. */
gboolean vitals_source_has_deadline(const VitalsSource *source);

/* How long the guest could run since that source beat, as far as its questions were answered. */
gint64 vitals_source_silence(const VitalsSource *source);

/* Whether the layer has a source whose silence would mean something. */
gboolean vitals_signs_layer_has_armed(const VitalsSigns *signs, VitalsLayer layer);

/* Whether every such source of the layer is past its deadline, and there is one. */
gboolean vitals_signs_layer_is_silent(const VitalsSigns *signs, VitalsLayer layer);

/* Whether something above the vCPUs gave a sign well after the kernel's armed sources fell silent, and not too
 * long ago: then it is them that are broken, not the kernel. */
gboolean vitals_signs_kernel_is_heard(const VitalsSigns *signs);

/* Whether the console told of a boot that nobody else noticed (kexec resets no device), and the kernel has not
 * been heard since: until @limits->boot_grace has passed its silence is that of a boot. */
gboolean vitals_signs_boots_anew(const VitalsSigns *signs, const VitalsLimits *limits);

/* Whether the kernel's pulse has stopped, while libvirt says that the guest runs and QEMU answers, and nothing else
 * of it is heard of and no boot explains it. */
gboolean vitals_signs_kernel_is_dead(const VitalsSigns *signs, const VitalsLimits *limits);

/* Whether no vCPU of a guest whose kernel wrote on its console, or whose agent answered, has used any time for so
 * long that nothing wakes it any more. Asked of guests without a balloon that tells better. */
gboolean vitals_signs_stands_still(const VitalsSigns *signs);

/* Whether a guest without a balloon that tells better may be dead: its agent, which answered before, does not, nothing
 * else was heard of it either, and meanwhile its vCPUs only spin or stand still. */
gboolean vitals_signs_looks_dead(const VitalsSigns *signs);

/* Whether the guest's own crash kernel (kdump) took over when it died, as libvirt or its console told, and has
 * not told that it failed. It saves the memory from within and then resets the guest; who dumps or resets it
 * meanwhile takes that away. A kernel that beats on later was not dead. */
gboolean vitals_signs_kdump_works(const VitalsSigns *signs);

/* Whether the agent's port was closed in the guest and the kernel has not been heard since: what dies closes nothing,
 * while a kernel that goes to sleep, or is halted, lets go of its devices first. */
gboolean vitals_signs_agent_left_last(const VitalsSigns *signs);

/* Whether the console told that the guest goes to sleep or halts, and the kernel has not been heard since. */
gboolean vitals_signs_told_of_sleep(const VitalsSigns *signs);

/* Whether the guest's file systems are frozen: its disks and whatever writes to them stand still, which is no
 * fault. The kernel goes on, and is judged as ever. */
gboolean vitals_signs_is_fs_frozen(const VitalsSigns *signs);

/* Whether any source of that layer or above, with a pace or without, was heard of lately. */
gboolean vitals_signs_is_alive(const VitalsSigns *signs, VitalsLayer layer);

/* Whether nothing above the vCPUs has a source whose silence would mean something, nor was heard of lately. */
gboolean vitals_signs_nothing_armed(const VitalsSigns *signs);

/* Whether a kernel wrote on the console since the guest (re)started; a firmware or boot loader is none. */
gboolean vitals_signs_kernel_wrote(const VitalsSigns *signs);

/* Whether a source is a period late: past the jitter of two paces that do not know of each other, and early
 * enough to ask again before the deadline. @allowance: microseconds more */
gboolean vitals_signs_is_quiet(const VitalsSigns *signs, gint64 allowance);

/* How many cores the vCPUs used since the kernel fell silent, of the time the host gave them: 1.0 is
 * one vCPU at full speed. Negative while that time is too short to tell, or nothing is known. */
double vitals_signs_vcpu_share(const VitalsSigns *signs);

/* Microseconds of CPU time that this vCPU used since the kernel fell silent; negative if that is not known of it,
 * or not for long enough to tell. */
gint64 vitals_signs_vcpu_used(const VitalsSigns *signs, guint vcpu);

/* Whether, since the kernel fell silent, one of several vCPUs stood still or used all that it was given while
 * another one did neither: so the kernel did not stop everywhere at once, as in a panic. */
gboolean vitals_signs_vcpus_differ(const VitalsSigns *signs);

/* What the latest looks at its registers say of that vCPU. */
VitalsVcpuState vitals_signs_vcpu_by_registers(const VitalsSigns *signs, guint vcpu);

/* Likewise or, where nobody looked at them lately, what KVM counted of it. */
VitalsVcpuState vitals_signs_vcpu_state(const VitalsSigns *signs, guint vcpu);

/* A bit for each vCPU that may be dead or just busy or idle: of @suspects those of which nothing tells more. */
guint32 vitals_signs_suspect_vcpus(const VitalsSigns *signs);

/* What the guest's disks were found to do. One that has nothing to do and one that does not answer look alike from
 * outside, so it takes more than their figures to know. */
typedef enum {
    VITALS_DISKS_NONE,    /* it has none, or they were never looked at */
    VITALS_DISKS_WORKING, /* requests were completed up to the last look */
    VITALS_DISKS_IDLE,    /* nothing waits in their queues */
    VITALS_DISKS_STUCK,   /* requests wait, and none is completed */
    VITALS_DISKS_UNKNOWN, /* none was completed lately: idle or stuck */
    VITALS_N_DISKS,
} VitalsDisks;

/* "none", "working", "idle", "stuck", "unknown" */
const char *vitals_disks_name(VitalsDisks disks);

/* Of the last looks: what stuck there for half a minute is stuck. */
VitalsDisks vitals_signs_disks(const VitalsSigns *signs, const VitalsLimits *limits);

/* Whether a request has waited in a queue of a disk's for so long that it is none that takes its time. */
gboolean vitals_signs_queue_is_stuck(const VitalsSigns *signs);

/* Whether a thread of QEMU's hangs in a request to a disk. */
gboolean vitals_signs_disk_is_blocked(const VitalsSigns *signs, const VitalsLimits *limits);

/* Whether a limit in the definition leaves a disk so little that no request of a guest at work is completed. */
gboolean vitals_signs_disk_crawls(const VitalsSigns *signs);

/* Whether some, but not all of the vCPUs that were looked at are dead with interrupts off. */
gboolean vitals_signs_some_vcpus_dead(const VitalsSigns *signs);

/* Whether the guest said so lately enough for it to hold still: each kind has its time. */
gboolean vitals_signs_holds(const VitalsSigns *signs, VitalsSaid said);

/* Whether what has been silent since the console told of a panic proves that panic: the kernel's own
 * pulse, or, where there is none, vCPUs that spin or stand still. */
gboolean vitals_signs_panic_is_proven(const VitalsSigns *signs);

/* Whether the guest gave a sign well after the panic that its console told of, so that there was none. */
gboolean vitals_signs_panic_is_disproven(const VitalsSigns *signs);

/* Whether an answer of that moment still says something; 0 is never. */
gboolean vitals_signs_is_fresh(const VitalsSigns *signs, const VitalsLimits *limits, gint64 at);
