/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_nearest:
 * @name: what somebody typed; need not be UTF-8
 * @candidates: (element-type utf8): the names there are
 *
 * Finds the name that was probably meant: fewest insertions, deletions, replacements and swaps of
 * neighbours, without regard to case, and at most a third of the name.
 *
 * Returns: (transfer none) (nullable): an element of @candidates; %NULL if none is near
 */
const char *vitals_nearest(const char *name, const GPtrArray *candidates);

/**
 * vitals_nearest_within:
 * @most: how many such changes may lie between the two
 *
 * Likewise, with a bound of the caller's.
 */
const char *vitals_nearest_within(const char *name, const GPtrArray *candidates, guint most);
