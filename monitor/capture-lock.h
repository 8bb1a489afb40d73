/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The lock that makes it one dump at a time on a state directory, between a daemon and
 * `virt-vitals capture`: STATE/capture.lock, held with flock(2), so that it ends with whoever holds it.
 * The file says who that is.
 */
typedef struct VitalsCaptureLock VitalsCaptureLock;

/**
 * vitals_capture_lock_try:
 * @label: printable: the guest that is to be dumped, for those who wait then
 *
 * Never waits for the one who holds it, but may block on the disk.
 *
 * Returns: (transfer full) (nullable): the lock; %NULL with %VITALS_CAPTURE_ERROR_HELD if somebody else
 * has it, named in the message, or with %VITALS_CAPTURE_ERROR_LOCK if it cannot be had at all
 */
VitalsCaptureLock *vitals_capture_lock_try(const char *state_dir, const char *label,
                                           GError **error);

/* Gives it back. */
void vitals_capture_lock_free(VitalsCaptureLock *lock);
