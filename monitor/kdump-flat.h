/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The flattened form of makedumpfile(8), which QEMU up to 8.1 writes: a header of so many bytes, then
 * pieces of {offset, size}, big-endian, each with its data; a piece of -1, -1 is the end. */
#define VITALS_FLAT_HEADER 4096
#define VITALS_FLAT_SIGNATURE "makedumpfile"

/**
 * vitals_kdump_unflatten:
 * @from: a flattened dump
 * @to: an empty file, open for writing
 * @limit: the largest size that the result may have, bytes
 *
 * What `makedumpfile -R` does: puts all pieces where they belong. Blocks of zeros at the end of what is
 * written so far become holes. Takes a fixed buffer, whatever the file says; blocks on the disk.
 *
 * Returns: FALSE with %VITALS_VMCORE_ERROR: the file is none, ends before its end mark, or wants to be
 * larger than @limit; or with the disk's error as %VITALS_VMCORE_ERROR_READ
 */
gboolean vitals_kdump_unflatten(int from, int to, guint64 limit, GError **error);
