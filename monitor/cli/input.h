/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_cli_read:
 * @path: a file, or "-" for standard input
 * @limit: the most bytes to accept
 * @error: location for an error; its message is safe to show and names @path
 *
 * Reads a whole file. Stops at one byte above @limit, so endless and huge files cost no more than that.
 * May block on a pipe or a terminal.
 *
 * Returns: (transfer full) (nullable): its content
 */
GBytes *vitals_cli_read(const char *path, gsize limit, GError **error);
