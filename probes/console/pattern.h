/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsPattern: a compiled regular expression (PCRE2, translated to machine code) that holds its
 * last match. One thread at a time.
 *
 * The text it is run on is hostile and so are patterns people write: every match is bounded in
 * steps, depth and memory. One that reaches a bound counts as no match.
 */
typedef struct VitalsPattern VitalsPattern;

/**
 * vitals_pattern_new:
 * @text: Perl syntax over bytes; `^` and `$` also match at line ends, `.` matches no new line
 *
 * Returns: (transfer full): the pattern, or %NULL with @error saying where it is wrong
 */
VitalsPattern *vitals_pattern_new(const char *text, GError **error);

/**
 * vitals_pattern_join:
 * @texts: (element-type utf8): patterns, at least one; groups in several of them may have one name
 * @anchored: match only where the search begins, which is much faster where nothing is to be found
 *
 * Returns: (transfer full): one that matches what any of them does, or %NULL with @error saying which of
 *   them is wrong
 */
VitalsPattern *vitals_pattern_join(const GPtrArray *texts, gboolean anchored, GError **error);

void vitals_pattern_free(VitalsPattern *pattern);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsPattern, vitals_pattern_free)

/**
 * vitals_pattern_find:
 * @from: where in @text to begin; what is before it can be looked behind at
 *
 * Returns: whether it matches; the groups can then be asked for while @text stays
 */
gboolean vitals_pattern_find(VitalsPattern *pattern, const char *text, gsize length, gsize from);

/* Where the last match begins and ends. */
gsize vitals_pattern_start(const VitalsPattern *pattern);
gsize vitals_pattern_end(const VitalsPattern *pattern);

/**
 * vitals_pattern_group:
 * @name: of a named group
 *
 * Returns: (transfer full) (nullable): what it matched in the last find; %NULL if there is no such
 *   group or it took no part
 */
char *vitals_pattern_group(const VitalsPattern *pattern, const char *name);

/* Likewise without a copy: returns where it is in the text that was searched, not ended by NUL. */
const char *vitals_pattern_part(const VitalsPattern *pattern, const char *name, gsize *ret_length);
