/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/lane.h"

/*
 * Single calls about one guest whose outcome somebody waits for on the main loop: what is done to it, and what
 * libvirt is doing to it.
 */

/* What came of an action, on the main loop, exactly once; it may still be under way in libvirt if the
 * error is %VITALS_HYPERVISOR_ERROR_TIMED_OUT. */
typedef void (*VitalsActed)(const GError *error, gpointer data);

/* Does something to that run of a guest. */
void vitals_deed_do(VitalsLane *lane, const char *uuid, int id, VitalsAction action,
                    VitalsActed acted, gpointer data);

/* What libvirt does to the guest just now; on the main loop, exactly once. %VITALS_JOB_NONE with an error if it
 * cannot be told. */
typedef void (*VitalsJobTold)(VitalsJob job, const GError *error, gpointer data);

/* Asks that of libvirt. */
void vitals_deed_ask_job(VitalsLane *lane, const char *uuid, VitalsJobTold told, gpointer data);
