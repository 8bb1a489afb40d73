/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"
#include "monitor/lane.h"

/*
 * The collector keeps the guests' records up to date: it follows events, sweeps over all guests with
 * what cannot block, looks at /proc, and asks each guest's balloon when its turn comes - one question
 * at a time for each guest, none for a guest whose last one is unanswered or whose QEMU /proc shows
 * stopped. Lives on the main loop; the lanes do the waiting.
 */
typedef struct VitalsCollector VitalsCollector;

/**
 * VitalsCollectorListener: called on the main loop
 * @appeared: a run of a guest was found; before any sample of it
 * @verdict: the cause of its verdict changed from @before
 * @ended: this run of it is over
 * @defined: (nullable): a definition came, changed or went, whether its guest runs or not
 * @sampled: a sweep brought fresh samples of all guests
 * @cycle: a period has passed, whether or not anything answered
 * @idle: vitals_collector_stop() is done
 * @keeps_state: it is the one process that writes to the state directory
 */
typedef struct {
    void (*appeared)(VitalsGuest *guest, gpointer data);
    void (*verdict)(VitalsGuest *guest, const VitalsCause *before, gpointer data);
    void (*ended)(VitalsGuest *guest, gpointer data);
    void (*defined)(gpointer data);
    void (*sampled)(gpointer data);
    void (*cycle)(gpointer data);
    void (*idle)(gpointer data);
    gboolean keeps_state;
} VitalsCollectorListener;

/**
 * vitals_collector_new:
 * @hypervisor: borrowed
 * @settings: a reference is taken
 * @abandoned: borrowed: where calls that hang are counted, all lanes together
 * @listener: copied
 *
 * Starts the lanes and the first sweep. Does not block: that libvirt is away is waited out.
 */
VitalsCollector *vitals_collector_new(VitalsHypervisor *hypervisor, VitalsSettings *settings,
                                      VitalsAbandoned *abandoned,
                                      const VitalsCollectorListener *listener, gpointer data);

/* See vitals_lane_free(). */
gboolean vitals_collector_free(VitalsCollector *collector, gint64 patience);

/* Stops sampling and takes back the balloon periods that we set, as far as guests answer; calls
 * @idle when that is done or has taken too long. */
void vitals_collector_stop(VitalsCollector *collector);

/* Returns: (transfer container) (element-type VitalsGuest): the active guests by name */
GPtrArray *vitals_collector_guests(const VitalsCollector *collector);

/* The active guest of that name or UUID, or %NULL. */
VitalsGuest *vitals_collector_find(const VitalsCollector *collector, const char *domain);

/* Tells that a dump of that guest begins or has ended: its verdict is held meanwhile. */
void vitals_collector_set_capturing(VitalsCollector *collector, VitalsGuest *guest,
                                    gboolean capturing);

/* Puts what is known of the connection and of the lanes into a snapshot. */
void vitals_collector_fill(const VitalsCollector *collector, VitalsSnapshot *snapshot);
