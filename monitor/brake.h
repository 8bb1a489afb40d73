/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * How often something was done to each guest a short while ago. Pure; times are monotonic, in
 * microseconds. What is older than a day is forgotten.
 */
typedef struct VitalsBrake VitalsBrake;

/* Returns: (transfer full): of a host on which nothing was done yet */
VitalsBrake *vitals_brake_new(void);
void vitals_brake_free(VitalsBrake *brake);

/* It was done to the guest @uuid, just now. */
void vitals_brake_note(VitalsBrake *brake, const char *uuid, gint64 now);

/**
 * vitals_brake_text:
 * @now, @realtime: the same moment by both clocks
 *
 * Returns: (transfer full): all of it as JSON by the wall clock, to outlive this process and the host's boot
 */
char *vitals_brake_text(const VitalsBrake *brake, gint64 now, gint64 realtime);

/* Takes in what that wrote; odd bytes say nothing. What is dated in the future, as the wall clock was set back,
 * was just now: that must not free a guest of its brake. */
void vitals_brake_take(VitalsBrake *brake, const char *text, gsize length, gint64 now,
                       gint64 realtime);

/* Returns: how often that was within the last @window */
guint vitals_brake_count(const VitalsBrake *brake, const char *uuid, gint64 now, gint64 window);
