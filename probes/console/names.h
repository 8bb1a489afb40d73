/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsNames: a set of function names, given by patterns
 *
 * The same few hundred functions are in all reports of a guest, so that answers are remembered; in
 * bounded memory, as a hostile guest makes up ever new ones.
 */
typedef struct VitalsNames VitalsNames;

/* Returns: (transfer full): the empty set */
VitalsNames *vitals_names_new(void);
void vitals_names_free(VitalsNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsNames, vitals_names_free)

/* Adds the names that @pattern matches. Returns: %FALSE with @error if it is no pattern. */
gboolean vitals_names_add(VitalsNames *names, const char *pattern, GError **error);

/* Whether a pattern matches @name, which a guest may have made up. */
gboolean vitals_names_have(VitalsNames *names, const char *name);
