/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"
#include "monitor/lane.h"

/*
 * The balloon's statistics period: set where a guest has a balloon and nobody set one, taken back at
 * a clean end where it was us. It changes nothing in the guest but how often its driver is asked.
 */
typedef struct VitalsPeriod VitalsPeriod;

/* @lane: the one for questions that may wait for QEMU */
VitalsPeriod *vitals_period_new(VitalsSettings *settings, VitalsLane *lane, gint64 deadline);
void vitals_period_free(VitalsPeriod *period);

/* Tells the guest's watch the pace its definition asks for, or sets one. */
void vitals_period_settle(VitalsPeriod *period, VitalsGuest *guest);

/* Takes our periods back from those of @guests that answer; calls @done once, a few seconds later at
 * the most. */
void vitals_period_undo(VitalsPeriod *period, GPtrArray *guests, void (*done)(gpointer data),
                        gpointer data);
