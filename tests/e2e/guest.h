/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A guest; its console goes to a log file of its own. */
typedef struct VitalsLabGuest VitalsLabGuest;

/**
 * vitals_lab_guest_start:
 * @name: unique in the lab
 * @...: "KEY=VALUE" for tests/lab/domain, ended by %NULL
 *
 * Returns at once, while it boots; a guest takes about five seconds of one core.
 */
VitalsLabGuest *vitals_lab_guest_start(const char *name, ...) G_GNUC_NULL_TERMINATED;

/* Until the guest's init is there; fails after two minutes, as booting is slow on a busy host. */
void vitals_lab_guest_wait_up(VitalsLabGuest *guest);

/**
 * vitals_lab_guest_cause:
 * @fault: a name that tests/lab/guest-init knows and announces
 *
 * Orders the fault on the guest's console and waits until the guest says that it is about to happen.
 *
 * Returns: monotonic time of that, within some 20 ms
 */
gint64 vitals_lab_guest_cause(VitalsLabGuest *guest, const char *fault);

/* Types a line on its console, a fault or a command, and waits until the guest has read it. */
void vitals_lab_guest_type(VitalsLabGuest *guest, const char *line);

/* Sends @signal to its QEMU. */
void vitals_lab_guest_signal(VitalsLabGuest *guest, int signal);

/* Its XML as libvirt has it now. */
char *vitals_lab_guest_xml(VitalsLabGuest *guest);

/* Whether libvirt says that it panicked. */
gboolean vitals_lab_guest_crashed(VitalsLabGuest *guest);

/* The balloon's last stamp, seconds since the epoch; 0 for none. */
gint64 vitals_lab_guest_last_update(VitalsLabGuest *guest);

const char *vitals_lab_guest_name(const VitalsLabGuest *guest);

/* Destroys it. */
void vitals_lab_guest_free(VitalsLabGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLabGuest, vitals_lab_guest_free)
