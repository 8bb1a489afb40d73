/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"
#include "probes/verdict.h"

static gboolean
holds_starting(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_nothing_armed(signs) && signs->boot_seen &&
           signs->now - signs->started < limits->boot_grace;
}

static gboolean
holds_rebooting(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return (signs->rebooted && holds_starting(signs, limits)) ||
           (vitals_signs_layer_is_silent(signs, VITALS_LAYER_KERNEL) &&
            vitals_signs_boots_anew(signs, limits));
}

const VitalsCause vitals_cause_rebooting = {
    .id = "rebooting",
    .health = VITALS_HEALTH_STARTING,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest rebooted a short while ago and has not shown all its signs yet.",
    .remedy = "Wait.",
    .holds = holds_rebooting,
};

const VitalsCause vitals_cause_starting = {
    .id = "starting",
    .health = VITALS_HEALTH_STARTING,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest started a short while ago and has not shown all its signs yet.",
    .remedy = "Wait.",
    .holds = holds_starting,
};

/* After we first saw a guest, this long is allowed for its sources to arm before we say that there
 * are none: two paces of a balloon that is asked every ten seconds. */
#define OBSERVING (25 * G_USEC_PER_SEC)

static gboolean
holds_observing(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_nothing_armed(signs) && !signs->boot_seen &&
           signs->now - signs->started < OBSERVING;
}

const VitalsCause vitals_cause_observing = {
    .id = "observing",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "We have not watched this guest for long enough to know its signs of life.",
    .remedy = "Wait.",
    .holds = holds_observing,
};

/* Since it was started before our eyes no kernel was seen: its balloon was asked and has never answered, and none
 * wrote on the console. */
static gboolean
no_kernel_seen(const VitalsSigns *signs)
{
    return vitals_signs_nothing_armed(signs) && signs->boot_seen && signs->balloon_never_answered &&
           !vitals_signs_kernel_wrote(signs);
}

/* Firmware reads a boot sector or two of each disk; a boot loader with its menu reads far more. */
#define BOOT_SECTORS 64

static gboolean
holds_nothing_to_boot(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return no_kernel_seen(signs) && signs->block_at > signs->started &&
           signs->sources[vitals_probe_index("block")].value < BOOT_SECTORS;
}

const VitalsCause vitals_cause_nothing_to_boot = {
    .id = "nothing-to-boot",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "Since it started nothing of an operating system was seen, and next to nothing was "
               "read from its disks: none of them can be booted, or its firmware waits.",
    .remedy = "Look at the guest's screen ('virsh screenshot') and at the boot order in its "
              "definition.",
    .holds = holds_nothing_to_boot,
};

static gboolean
holds_not_booted(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return no_kernel_seen(signs);
}

const VitalsCause vitals_cause_not_booted = {
    .id = "not-booted",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "Since it started nothing of an operating system was seen: no bootable disk, a boot "
               "menu that waits, or a system without a balloon driver.",
    .remedy = "Look at the guest's screen ('virsh screenshot') or console.",
    .holds = holds_not_booted,
};

static gboolean
holds_no_vital_signs(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_nothing_armed(signs);
}

const VitalsCause vitals_cause_no_vital_signs = {
    .id = "no-vital-signs",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "Nothing in this guest shows from outside whether its kernel lives: no balloon "
               "driver answers.",
    .remedy = "Give it a virtio balloon with a statistics period (lint rule MEM004) and load "
              "its driver in the guest.",
    .holds = holds_no_vital_signs,
};
