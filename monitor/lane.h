/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"

/*
 * A lane to libvirt: a few worker threads, each with a connection of its own, so that no connection
 * ever carries more than one call (five blocked calls on one kill it, measured). Calls are given on
 * the main loop and answered there.
 *
 * A deadline cannot cancel a libvirt call. One that is overdue is *abandoned*: its worker is written
 * off and replaced, as long as the bound on abandoned calls allows, and closes its connection when
 * libvirt lets it go. Beyond the bound the lane has fewer workers, and calls that wait too long for
 * one fail with %VITALS_HYPERVISOR_ERROR_TIMED_OUT.
 */
typedef struct VitalsLane VitalsLane;

/**
 * VitalsWork: the call itself, on a worker
 * @connection: the worker's own; %NULL on a lane without a hypervisor
 *
 * Returns: (transfer full) (nullable): the result; %NULL with @error set if it failed
 */
typedef gpointer (*VitalsWork)(VitalsConnection *connection, gpointer data, GError **error);

/**
 * VitalsDone: the end of a call, on the main loop, exactly once
 * @result: (transfer full): as the work returned it; %NULL after an error
 * @error: (nullable): what went wrong
 * @late: it had been reported overdue
 */
typedef void (*VitalsDone)(gpointer result, const GError *error, gboolean late, gpointer data);

/* The call is past its deadline; on the main loop, at most once, before VitalsDone. */
typedef void (*VitalsOverdue)(gpointer data);

/**
 * VitalsCall:
 * @work: what to do; it must not touch the state of the main loop
 * @done: called with what came of it
 * @overdue: (nullable): called when it is past its deadline
 * @deadline: microseconds it may run; 0 for as long as it takes
 * @data: for all three; kept until @done was called, then freed by @free_data
 * @free_data: (nullable)
 * @free_result: (nullable): for results that arrive after the lane was freed
 */
typedef struct {
    VitalsWork work;
    VitalsDone done;
    VitalsOverdue overdue;
    gint64 deadline;
    gpointer data;
    GDestroyNotify free_data;
    GDestroyNotify free_result;
} VitalsCall;

/* The bound that lanes share: how many calls may be abandoned at once, and how many are. */
typedef struct {
    guint limit;
    guint abandoned;
} VitalsAbandoned;

/**
 * vitals_lane_new:
 * @name: for threads and messages
 * @hypervisor: (nullable): where its workers connect to; %NULL for a lane that needs no libvirt
 * @workers: how many calls may run at once
 * @abandoned: the bound, shared with other lanes; outlives the lane
 */
VitalsLane *vitals_lane_new(const char *name, VitalsHypervisor *hypervisor, guint workers,
                            VitalsAbandoned *abandoned);

/**
 * vitals_lane_set_thrifty:
 *
 * For a lane on which many calls come at once that take a millisecond each and are in no hurry: its workers take
 * them one after the other, and more of them join only when a call takes longer than 50 ms or has waited for
 * 200 ms; answers are gathered for 10 ms. Waking everybody for each call costs libvirtd and us more CPU time than
 * the calls themselves do. Before the first call.
 */
void vitals_lane_set_thrifty(VitalsLane *lane);

/**
 * vitals_lane_free:
 *
 * Waits up to @patience microseconds for running calls. What still runs then is left behind: its
 * thread touches nothing of ours any more when it wakes up. No callback is called from here on.
 *
 * Returns: whether all workers ended, so that what they borrowed may be freed
 */
gboolean vitals_lane_free(VitalsLane *lane, gint64 patience);

/* Gives a call to the lane; the struct is copied. Does not block. */
void vitals_lane_submit(VitalsLane *lane, const VitalsCall *call);

/* How many calls wait for a worker. */
guint vitals_lane_waiting(VitalsLane *lane);

/* How often a worker connected anew after its connection had broken. */
guint64 vitals_lane_reconnects(VitalsLane *lane);
