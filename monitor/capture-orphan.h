/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_orphan_wait:
 * @path: a dump that was being written when libvirtd went away
 * @quiet: microseconds without a change after which nobody writes it any more
 *
 * QEMU goes on writing when libvirtd dies (fault-matrix, section 3), and nobody is told of its end: it is seen
 * in the file. Blocks until then.
 *
 * Returns: whether it has become whole
 */
gboolean vitals_orphan_wait(const char *path, gint64 quiet);
