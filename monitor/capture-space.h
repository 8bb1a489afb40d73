/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Room for dumps: decided before one begins, watched while it is written (monitor/capture-reserve.h). All
 * of it blocks on the disk.
 */

/* Free bytes of a file system as this user may use them; 0 if that cannot be asked. */
guint64 vitals_space_free(const char *directory);

/* Bytes that a file occupies on the disk; 0 if there is none. */
guint64 vitals_space_used(const char *path);

/**
 * vitals_space_check:
 * @path: of a file that does not exist yet
 * @expected: the most bytes it may take
 * @promised: bytes that other files on that file system may still come to take
 * @keep_free: bytes that are to stay free
 *
 * Returns: whether it fits; else %VITALS_CAPTURE_ERROR_SPACE
 */
gboolean vitals_space_check(const char *path, guint64 expected, guint64 promised, guint64 keep_free,
                            GError **error);

/**
 * vitals_space_sacrifice:
 *
 * Takes the blocks of a file that is still being written away, and lets it keep its size: to be called
 * again and again until the writer is done.
 *
 * Returns: whether there were any
 */
gboolean vitals_space_sacrifice(const char *path);
