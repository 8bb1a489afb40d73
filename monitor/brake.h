/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * How often something was done to each guest a short while ago. Pure; times are monotonic, in
 * microseconds. What is older than a day is forgotten.
 */
typedef struct VitalsBrake VitalsBrake;

VitalsBrake *vitals_brake_new(void);
void vitals_brake_free(VitalsBrake *brake);

void vitals_brake_note(VitalsBrake *brake, const char *uuid, gint64 now);

/* Returns: how often that was within the last @window */
guint vitals_brake_count(const VitalsBrake *brake, const char *uuid, gint64 now, gint64 window);
