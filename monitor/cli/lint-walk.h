/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Deeper than any tree of definitions, and an end to one that goes on for ever. */
#define VITALS_LINT_WALK_DEPTH 16

/**
 * vitals_lint_walk:
 * @directory: where to begin
 * @error: location for an error; its message is safe to show
 *
 * Finds the files ending in ".xml" in and below a directory. Does not follow links to directories, as
 * they may lead in circles. May block on a slow file system.
 *
 * Returns: (transfer full) (nullable) (element-type utf8): their paths, beginning with @directory,
 *   sorted
 */
GPtrArray *vitals_lint_walk(const char *directory, GError **error);
