/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"

/*
 * What the host's kernel says of QEMU processes: /proc and the control groups. Reading them asks
 * neither libvirt nor QEMU, yet a file of a process in trouble may block its reader, so this too is
 * done by a worker. One thread at a time may use a VitalsHost.
 */
typedef struct VitalsHost VitalsHost;

/* @root: "/", or a directory that holds a proc/ and sys/ to look at in a test */
VitalsHost *vitals_host_new(const char *root);
void vitals_host_free(VitalsHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsHost, vitals_host_free)

/* A domain whose QEMU is looked at. @booted: when it was booted, in clock ticks since the host's boot; 0 if we did
 * not see that: it was started before us, or its QEMU waited for a migration or a saved state to come. */
typedef struct {
    char *uuid;
    guint64 booted;
} VitalsWanted;

/* Returns: (transfer full) */
VitalsWanted *vitals_wanted_new(const char *uuid, guint64 booted);
void vitals_wanted_free(VitalsWanted *wanted);

/* Now, in clock ticks since the host's boot, as /proc counts (proc(5), field 22 of stat). */
guint64 vitals_host_ticks(void);

/**
 * vitals_host_look:
 * @wanted: (element-type VitalsWanted): the domains that run
 *
 * Finds each domain's QEMU by the UUID on its command line, as libvirt's public calls do not tell the
 * process, and keeps it as long as it lives. A domain whose process was never found has the part
 * process %VITALS_FACT_ABSENT (another hypervisor, another PID namespace); one whose process was
 * found and is not there any more is %VITALS_PROCESS_GONE. As anybody may write a UUID on a command
 * line, the control group and the user of the process decide between several, and between those the
 * moment at which the domain was booted: QEMU was started last before it. Blocks on /proc.
 *
 * Returns: (element-type VitalsSighting) (transfer full): samples with the part process, and with the part
 *   vcpu where the names of QEMU's threads tell it
 */
GPtrArray *vitals_host_look(VitalsHost *host, const GPtrArray *wanted);
