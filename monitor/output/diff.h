/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_diff:
 * @name: what the text is called; a path is taken relative to "/" or to here
 * @before: a text
 * @before_length: its bytes
 * @after: another
 * @after_length: its bytes
 *
 * Compares two texts line by line, bytes as they are, so that `patch -p1` and `git apply` can use it.
 *
 * Returns: (transfer full): a unified diff with three lines around each change; empty if both are the
 *   same
 */
GString *vitals_diff(const char *name, const char *before, gsize before_length, const char *after,
                     gsize after_length);
