/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_tail_read:
 * @path: comes from a definition or a domain's name: whatever stands there is only read if it is a plain
 *   file, and no symbolic link
 * @most: no more than so many bytes from its end
 *
 * Returns: (transfer full) (nullable): the end of a log, as it is; on failure %G_FILE_ERROR. Blocks on
 * the disk
 */
GBytes *vitals_tail_read(const char *path, gsize most, GError **error);
