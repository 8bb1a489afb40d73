/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_panicked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->crashed_at || signs->state == VITALS_DOMAIN_CRASHED ||
           ((signs->state == VITALS_DOMAIN_PAUSED || signs->state == VITALS_DOMAIN_SHUTOFF) &&
            signs->reason == VITALS_REASON_CRASHED);
}

const VitalsCause vitals_cause_guest_panicked = {
    .id = "guest-panicked",
    .health = VITALS_HEALTH_CRASHED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel panicked and told the host so through its panic device.",
    .remedy = "Read the vmcore and the console log of the incident for the panic's text and "
              "trace, then reset or start the guest again.",
    .said = VITALS_SAID_PANIC,
    .holds = holds_panicked,
};

/* The text alone is enough when the kernel wrote it just now; else the guest has to be silent too. */
static gboolean
holds_kernel_panic(const VitalsSigns *signs, const VitalsLimits *limits)
{
    const VitalsHeard *panic = &signs->said[VITALS_SAID_PANIC];

    return signs->state == VITALS_DOMAIN_RUNNING && panic->at != 0 && !signs->overdue_since &&
           ((panic->live && !signs->console_lied) || vitals_signs_panic_is_proven(signs));
}

const VitalsCause vitals_cause_kernel_panic = {
    .id = "kernel-panic",
    .health = VITALS_HEALTH_CRASHED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel panicked: it wrote so on its console, and no panic device "
               "has told the host.",
    .remedy = "Read the panic's text and trace in the incident's console log and vmcore, then "
              "reset the guest; give it a panic device if it has none (lint rule CAP001).",
    .said = VITALS_SAID_PANIC,
    .hearsay = TRUE,
    .holds = holds_kernel_panic,
};

/*
 * Some vCPUs died, and the rest of the guest with them: as no pulse is left it is dead as a whole, and what
 * stopped is its kernel, whichever vCPU began; the threads of its vCPUs are all scheduled. A guest that goes on
 * without some of its vCPUs is another thing, "vcpu-dead". Where one spins and the others use nothing at all it
 * cannot be told whether they are idle or were stopped by a panic: that is "kernel-spinning".
 */
static gboolean
holds_vcpu_hung(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_kernel_is_dead(signs, limits) &&
           (vitals_signs_vcpus_differ(signs) || vitals_signs_some_vcpus_dead(signs));
}

const VitalsCause vitals_cause_vcpu_hung = {
    .id = "vcpu-hung",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel stopped answering as some of its vCPUs spin or stand still, "
               "while others still run.",
    .remedy = "Read the vmcore's backtraces of the vCPUs that the evidence names, then reset "
              "the guest.",
    .said = VITALS_SAID_STALL,
    .holds = holds_vcpu_hung,
};

/*
 * The shares of one core that tell dead kernels apart, measured over the later part of the silence: an idle
 * healthy guest used 0.8 %, one halted with interrupts off exactly 0.0 %, one that spins or sits in
 * panic()'s delay loop 64-99 % on a shared host (fault-matrix, section 1).
 */
#define HALTED_SHARE 0.002
#define SPINNING_SHARE 0.5

/* All vCPUs of a guest that sleeps wait with interrupts on. */
static gboolean
seen_dead(const VitalsSigns *signs)
{
    return signs->looks_at != 0 && vitals_signs_vcpu_state(signs, 0) == VITALS_VCPU_HALTED_DEAD;
}

/*
 * Suspended to idle, which neither QEMU nor libvirt knows of, or halted for good ("System halted"). It stands as a
 * dead one does; what tells them apart is that it was meant. On the console the kernel says so, if it is not
 * quiet; the agent's port is closed by either, and by no death.
 */
static gboolean
holds_asleep(const VitalsSigns *signs, const VitalsLimits *limits)
{
    double share = vitals_signs_vcpu_share(signs);

    if (seen_dead(signs))
        return FALSE;
    if (vitals_signs_stands_still(signs))
        return vitals_signs_told_of_sleep(signs) || vitals_signs_agent_left_last(signs);
    if (!vitals_signs_kernel_is_dead(signs, limits) || share < 0)
        return FALSE;
    return (share < SPINNING_SHARE && vitals_signs_told_of_sleep(signs)) ||
           (share < HALTED_SHARE && vitals_signs_agent_left_last(signs));
}

const VitalsCause vitals_cause_asleep = {
    .id = "asleep",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest suspended itself to idle, or was halted from within: it said so, or "
               "closed its agent's port before it fell silent, and its vCPUs stand still. libvirt "
               "is not told of that and goes on saying that it runs.",
    .remedy = "Wake it by a key on its screen ('virsh send-key') or by its power button ('virsh "
              "shutdown --mode acpi'), or start it anew; 'systemctl mask sleep.target' in the "
              "guest keeps it awake.",
    .said = VITALS_SAID_ASLEEP,
    .holds = holds_asleep,
};

static gboolean
holds_kernel_halted(const VitalsSigns *signs, const VitalsLimits *limits)
{
    double share = vitals_signs_vcpu_share(signs);

    return vitals_signs_stands_still(signs) ||
           (vitals_signs_kernel_is_dead(signs, limits) && share >= 0 && share < HALTED_SHARE);
}

const VitalsCause vitals_cause_kernel_halted = {
    .id = "kernel-halted",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel stopped answering and its vCPUs use no time at all: they "
               "are halted and no interrupt wakes them. One that suspended itself to idle looks "
               "like this too where neither its console nor an agent tells.",
    .remedy = "Read the vmcore's backtraces for what halted with interrupts off, then reset "
              "the guest.",
    .said = VITALS_SAID_STALL,
    .holds = holds_kernel_halted,
};

static gboolean
holds_kernel_spinning(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_kernel_is_dead(signs, limits) &&
           vitals_signs_vcpu_share(signs) >= SPINNING_SHARE;
}

const VitalsCause vitals_cause_kernel_spinning = {
    .id = "kernel-spinning",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel stopped answering while its vCPUs run at full speed: a "
               "panic that nothing reported, or a loop with interrupts off.",
    .remedy = "Read the vmcore's log and backtraces, then reset the guest; give it a panic device "
              "if it has none (lint rule CAP001), so that a panic is told apart.",
    .said = VITALS_SAID_STALL,
    .holds = holds_kernel_spinning,
};

/* On a busy host, and behind a dump, it takes a moment longer to see what its vCPUs do. */
#define SEEN_WITHIN (2 * G_USEC_PER_SEC)

static gboolean
holds_kernel_silent(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gboolean will_tell = signs->vcpu_at != 0 &&
                         signs->state_at - signs->vcpu_at <= limits->gap_counted &&
                         signs->vcpu_at - signs->vcpu_at_beat < SEEN_WITHIN;

    return vitals_signs_kernel_is_dead(signs, limits) &&
           (vitals_signs_vcpu_share(signs) >= 0 || !will_tell);
}

const VitalsCause vitals_cause_kernel_silent = {
    .id = "kernel-silent",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel stopped answering.",
    .remedy = "Read the vmcore's log and backtraces, then reset the guest.",
    .said = VITALS_SAID_STALL,
    .holds = holds_kernel_silent,
};

static gboolean
holds_kernel_suspect(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_looks_dead(signs);
}

const VitalsCause vitals_cause_kernel_suspect = {
    .id = "kernel-suspect",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's agent does not answer any more, nothing is sent or read, and its "
               "vCPUs only spin or stand still: its kernel may be dead. No balloon tells.",
    .remedy = "Look at its console; give it a virtio balloon with a statistics period (lint rule "
              "MEM004), and such a death is told within seconds.",
    .said = VITALS_SAID_STALL,
    .holds = holds_kernel_suspect,
};

/* So many windows of vCPU time, each of 10 s: no kernel is at work so evenly while it boots. */
#define LIFELESS_FOR (30 * G_USEC_PER_SEC)

/*
 * A kernel wrote on the console, and nothing came of it: its balloon driver never answered, and there was no
 * packet, no request to a disk, no agent. That its vCPUs only spin or only stand still, since before its boot should
 * have been over, tells it from a system without those drivers. One that spins may still be at work until then;
 * one that stands still is not.
 */
static gboolean
holds_boot_hung(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gint64 boots_for = signs->run_clock - signs->run_at_boot;

    if (signs->state != VITALS_DOMAIN_RUNNING || signs->overdue_since ||
        !vitals_signs_kernel_wrote(signs) || !vitals_signs_nothing_armed(signs) ||
        !signs->balloon_never_answered || signs->thread_blocked_for ||
        vitals_signs_told_of_sleep(signs) || boots_for - signs->lifeless_for >= limits->boot_grace)
        return FALSE;
    return signs->still_for >= LIFELESS_FOR ||
           (signs->lifeless_for >= LIFELESS_FOR && boots_for >= limits->boot_grace);
}

const VitalsCause vitals_cause_boot_hung = {
    .id = "boot-hung",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_KERNEL,
    .meaning =
        "The guest's kernel began to boot and never came to its drivers; its vCPUs only spin or "
        "only stand still.",
    .remedy = "Read the end of its console log for the last thing that it did, and the vmcore's "
              "backtraces; "
              "boot it without 'quiet' if the log says nothing.",
    .said = VITALS_SAID_STALL,
    .holds = holds_boot_hung,
};

/* Four boots within this time are not what an update does. The slowest loop seen in the lab took 18 s a
 * round; a guest with a long boot may take two minutes. */
#define REBOOT_LOOP_WITHIN (10 * 60 * G_USEC_PER_SEC)

static gboolean
holds_reboot_loop(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gint64 oldest = signs->reboots[VITALS_REBOOTS_KEPT - 1];

    return oldest != 0 && signs->reboots[0] - oldest < REBOOT_LOOP_WITHIN &&
           signs->now - signs->reboots[0] < REBOOT_LOOP_WITHIN;
}

const VitalsCause vitals_cause_reboot_loop = {
    .id = "reboot-loop",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest reboots again and again.",
    .remedy = "Read the end of its console log before each reboot: a panic with a reboot behind it "
              "(panic=N) looks like this from outside when there is no panic device.",
    .holds = holds_reboot_loop,
};
