/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor.h"

G_DEFINE_QUARK(vitals - hypervisor - error - quark, vitals_hypervisor_error)

const char *
vitals_dump_format_name(VitalsDumpFormat format)
{
    return format == VITALS_DUMP_KDUMP_ZLIB ? "kdump-zlib" : "elf";
}

const char *
vitals_action_name(VitalsAction action)
{
    static const char *const names[] = {
        [VITALS_ACTION_NONE] = "none",       [VITALS_ACTION_INJECT_NMI] = "inject-nmi",
        [VITALS_ACTION_RESET] = "reset",     [VITALS_ACTION_DESTROY] = "destroy",
        [VITALS_ACTION_RESTART] = "restart", [VITALS_ACTION_START] = "start",
    };
    return (guint)action < G_N_ELEMENTS(names) ? names[action] : "invalid";
}

const char *
vitals_job_name(VitalsJob job)
{
    static const char *const names[] = {
        [VITALS_JOB_NONE] = "nothing",          [VITALS_JOB_DUMP] = "a dump",
        [VITALS_JOB_MIGRATION] = "a migration", [VITALS_JOB_SAVE] = "its saving or restoring",
        [VITALS_JOB_SNAPSHOT] = "a snapshot",   [VITALS_JOB_BACKUP] = "a backup",
        [VITALS_JOB_OTHER] = "another job",
    };
    return (guint)job < G_N_ELEMENTS(names) ? names[job] : "invalid";
}

void
vitals_sighting_free(VitalsSighting *sighting)
{
    if (!sighting)
        return;
    g_free(sighting->name);
    g_free(sighting->uuid);
    vitals_sample_unref(sighting->sample);
    g_free(sighting);
}

void
vitals_hypervisor_init(VitalsHypervisor *hypervisor, const VitalsDriver *driver)
{
    hypervisor->driver = driver;
    g_atomic_ref_count_init(&hypervisor->references);
}

VitalsHypervisor *
vitals_hypervisor_ref(VitalsHypervisor *hypervisor)
{
    g_atomic_ref_count_inc(&hypervisor->references);
    return hypervisor;
}

void
vitals_hypervisor_unref(VitalsHypervisor *hypervisor)
{
    if (hypervisor && g_atomic_ref_count_dec(&hypervisor->references))
        hypervisor->driver->free(hypervisor);
}

const char *
vitals_hypervisor_default_uri(const char *configured)
{
    const char *environment = g_getenv("LIBVIRT_DEFAULT_URI");

    if (configured && *configured)
        return configured;
    return environment && *environment ? environment : "qemu:///system";
}
