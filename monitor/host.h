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

/**
 * vitals_host_look:
 * @uuids: the UUIDs of the domains that run, ended by %NULL
 *
 * Finds each domain's QEMU by the UUID on its command line, as libvirt's public calls do not tell the
 * process, and keeps it as long as it lives. A domain whose process was never found has the part
 * process %VITALS_FACT_ABSENT (another hypervisor, another PID namespace); one whose process was
 * found and is not there any more is %VITALS_PROCESS_GONE. As anybody may write a UUID on a command
 * line, the control group and the user of the process decide between several. Blocks on /proc.
 *
 * Returns: (element-type VitalsSighting) (transfer full): samples with the part process, and with the part
 *   vcpu where the names of QEMU's threads tell it
 */
GPtrArray *vitals_host_look(VitalsHost *host, const char *const *uuids);
