/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsLiterals: finds any of many fixed strings in one pass over a text, looking at a part of its
 * bytes only (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994)
 */
typedef struct VitalsLiterals VitalsLiterals;

enum {
    VITALS_LITERALS_MIN = 4, /* bytes of the shortest string allowed */
    /* The search leaps by up to this less two; shorter strings are looked for at the start of a text only. */
    VITALS_LITERALS_ANYWHERE = 10,
};

/* Called for each place where a string stands; returns whether to go on. */
typedef gboolean (*VitalsLiteralsFound)(guint literal, gpointer user);

/**
 * vitals_literals_new:
 * @texts: (element-type utf8): each at least %VITALS_LITERALS_MIN bytes
 */
VitalsLiterals *vitals_literals_new(const GPtrArray *texts);

void vitals_literals_free(VitalsLiterals *literals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLiterals, vitals_literals_free)

/**
 * vitals_literals_scan:
 * @found: called with the index of every string that stands in @text, once for each place, or at its
 *   start if it is shorter than %VITALS_LITERALS_ANYWHERE
 */
void vitals_literals_scan(const VitalsLiterals *literals, const char *text, gsize length,
                          VitalsLiteralsFound found, gpointer user);
