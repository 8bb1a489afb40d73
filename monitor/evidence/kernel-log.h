/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_kernel_log_read:
 * @root: "/", or a directory with a dev/kmsg to read in a test
 * @since: wall clock, microseconds: older records are left out
 * @picks: (nullable): words, ended by %NULL: only lines that hold one of them, in whatever case
 *
 * Reads the host's kernel log, records of /dev/kmsg as in the kernel's
 * Documentation/ABI/testing/dev-kmsg. Blocks on nothing but the kernel.
 *
 * Returns: (transfer full) (nullable): printable lines with their wall-clock time; the last 256 KiB
 */
char *vitals_kernel_log_read(const char *root, gint64 since, const char *const *picks,
                             GError **error);
