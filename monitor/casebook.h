/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/capture.h"
#include "monitor/guest.h"

/*
 * The incidents of this daemon: opened when a verdict calls for one, dumped, written down, listed.
 * Lives on the main loop; disk and libvirt are left to lanes.
 */
typedef struct VitalsCasebook VitalsCasebook;

/**
 * VitalsCaseListener: who wants to know, on the main loop; any of them may be %NULL
 * @changed: the guest's capture state or the list of incidents changed
 * @capturing: a dump of that guest begins or has ended
 * @closed: an incident is written, or could not be
 */
typedef struct {
    void (*changed)(gpointer data);
    void (*capturing)(VitalsGuest *guest, gboolean begins, gpointer data);
    void (*closed)(const VitalsIncidentView *view, gpointer data);
} VitalsCaseListener;

/**
 * vitals_casebook_new:
 * @state_dir: prepared by vitals_incident_prepare(); all incidents that are there are listed: blocks on
 *   the disk
 * @owner: this process is the one that keeps the directory, so incidents that are unfinished there
 *   were left by one that died, and are recovered
 */
VitalsCasebook *vitals_casebook_new(VitalsHypervisor *hypervisor, VitalsSettings *settings,
                                    const char *state_dir, gboolean owner,
                                    VitalsAbandoned *abandoned, const VitalsCaseListener *listener,
                                    gpointer data);

/* Waits up to @patience for what is being written. */
void vitals_casebook_free(VitalsCasebook *casebook, gint64 patience);

/* Lets the policy look at a guest whose verdict changed, or whose @consider_at has come. */
void vitals_casebook_consider(VitalsCasebook *casebook, VitalsGuest *guest);

/* Opens an incident without a dump for a guest whose verdict was @before, if that was a panic which nothing
 * had proven yet when the guest started over or ended: then it was true. */
void vitals_casebook_outlived(VitalsCasebook *casebook, VitalsGuest *guest,
                              const VitalsCause *before);

/* Opens an incident because somebody asked for a dump. */
void vitals_casebook_capture(VitalsCasebook *casebook, VitalsGuest *guest);

/* Whether anything is being dumped or written, or the command of ExecOnIncident= runs for it. */
gboolean vitals_casebook_is_busy(const VitalsCasebook *casebook);

/* Puts the incidents and their counters into a snapshot. */
void vitals_casebook_fill(const VitalsCasebook *casebook, VitalsSnapshot *snapshot);
