/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/nearest.h"

#include <string.h>

/* Names are short; longer input is no misspelling and not worth the square of its length. */
static const gsize longest = 64;

/* The optimal string alignment distance, by its textbook recurrence with three rows. */
static guint
distance(const char *left, const char *right)
{
    gsize width = strlen(right) + 1;
    g_autofree guint *before = g_new0(guint, width);
    g_autofree guint *previous = g_new0(guint, width);
    g_autofree guint *row = g_new0(guint, width);

    for (guint j = 0; j < width; j++)
        row[j] = j;
    for (guint i = 1; left[i - 1]; i++) {
        guint *spare = before;

        before = previous;
        previous = row;
        row = spare;
        row[0] = i;
        for (guint j = 1; j < width; j++) {
            char a = g_ascii_tolower(left[i - 1]);
            char b = g_ascii_tolower(right[j - 1]);

            row[j] = MIN(MIN(row[j - 1], previous[j]) + 1, previous[j - 1] + (a != b));
            if (i > 1 && j > 1 && a == g_ascii_tolower(right[j - 2]) &&
                b == g_ascii_tolower(left[i - 2]))
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return row[width - 1];
}

const char *
vitals_nearest(const char *name, const GPtrArray *candidates)
{
    return vitals_nearest_within(name, candidates, (guint)MAX(strlen(name) / 3, 1));
}

const char *
vitals_nearest_within(const char *name, const GPtrArray *candidates, guint most)
{
    const char *nearest = NULL;
    guint least = most + 1;

    if (strlen(name) > longest)
        return NULL;
    for (guint i = 0; i < candidates->len; i++) {
        const char *candidate = g_ptr_array_index(candidates, i);
        guint away = distance(name, candidate);

        if (away < least) {
            least = away;
            nearest = candidate;
        }
    }
    return nearest;
}
