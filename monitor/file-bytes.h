/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * All bytes or none, of and into open files, whatever read(2) and write(2) make of it. Both block on
 * the disk and leave the file's position alone; on failure errno says why (0: the file ends before).
 */
gboolean vitals_bytes_read(int fd, guint64 offset, gpointer buffer, gsize length);
gboolean vitals_bytes_write(int fd, guint64 offset, gconstpointer buffer, gsize length);

/* The size of a regular file; FALSE for anything else. */
gboolean vitals_bytes_size(int fd, guint64 *ret_size);
