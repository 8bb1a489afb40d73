/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"

/*
 * How the loader fills settings that nobody shares yet. @text is a value without blanks around it;
 * an empty one goes back to the default, or for guests to the host-wide value. @origin begins error
 * messages and must be printable.
 */
gboolean vitals_settings_set(VitalsSettings *settings, const VitalsOption *option, const char *text,
                             const char *origin, GError **error);
gboolean vitals_settings_set_for_guests(VitalsSettings *settings, GRefString *glob,
                                        const VitalsOption *option, const char *text,
                                        const char *origin, GError **error);
