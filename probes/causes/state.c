/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_no_data(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return !vitals_signs_is_fresh(signs, limits, signs->state_at);
}

const VitalsCause vitals_cause_no_data = {
    .id = "no-data",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "libvirt has not told anything about this guest for too long.",
    .remedy = "Check that libvirtd runs and answers ('virsh list').",
    .blind = TRUE,
    .holds = holds_no_data,
};

static gboolean
paused_for(const VitalsSigns *signs, VitalsReason reason)
{
    return signs->state == VITALS_DOMAIN_PAUSED && signs->reason == reason;
}

static gboolean
holds_io_error(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_IO_ERROR);
}

const VitalsCause vitals_cause_io_error = {
    .id = "io-error",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_VCPU,
    .meaning = "QEMU paused the guest because of an I/O error on one of its disks, usually "
               "because the storage is full.",
    .remedy = "Repair or enlarge the storage, see 'virsh domblkerror', then 'virsh resume'.",
    .holds = holds_io_error,
};

static gboolean
holds_watchdog_pause(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_WATCHDOG);
}

const VitalsCause vitals_cause_watchdog_pause = {
    .id = "watchdog-pause",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_VCPU,
    .meaning = "The guest's watchdog expired and its action paused the guest: nothing in the "
               "guest petted it any more.",
    .remedy = "Treat it as a hang: look at the console, take a dump, then reset the guest.",
    .holds = holds_watchdog_pause,
};

static gboolean
holds_paused_by_user(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_USER);
}

const VitalsCause vitals_cause_paused_by_user = {
    .id = "paused-by-user",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "Somebody paused the guest.",
    .remedy = "'virsh resume' when it is to go on.",
    .holds = holds_paused_by_user,
};

static gboolean
holds_paused_for_job(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_PAUSED;
}

const VitalsCause vitals_cause_paused_for_job = {
    .id = "paused-for-job",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest is paused while libvirt saves, migrates, dumps or snapshots it.",
    .remedy = "Wait for the job to end; 'virsh domjobinfo' shows it.",
    .holds = holds_paused_for_job,
};

static gboolean
holds_suspended(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_PMSUSPENDED;
}

const VitalsCause vitals_cause_suspended = {
    .id = "suspended",
    .health = VITALS_HEALTH_PAUSED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest suspended itself to memory.",
    .remedy = "'virsh dompmwakeup' wakes it.",
    .holds = holds_suspended,
};

static gboolean
holds_shutting_down(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_SHUTDOWN || signs->state == VITALS_DOMAIN_SHUTOFF;
}

const VitalsCause vitals_cause_shutting_down = {
    .id = "shutting-down",
    .health = VITALS_HEALTH_HEALTHY,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest is on its way down.",
    .remedy = "Nothing to do.",
    .holds = holds_shutting_down,
};
