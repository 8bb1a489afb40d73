/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * vitals_cli_replace:
 * @path: an existing file; of a symbolic link the file that it names is replaced, and the link stays
 * @before: what it is to hold still
 * @after: what it is to hold
 * @error: location for an error of domain %G_IO_ERROR
 *
 * Replaces a file at once: whoever opens it sees the old content or the new. Owner, mode and extended
 * attributes (access lists, security labels) are kept; where that is not possible, or the file has
 * other names (hard links) that would go on to hold the old content, it is left as it is. Blocks for
 * the disk.
 *
 * Returns: whether it is done
 */
gboolean vitals_cli_replace(const char *path, GBytes *before, GBytes *after, GError **error);
