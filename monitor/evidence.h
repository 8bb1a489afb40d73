/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/evidence/piece.h"
#include "monitor/guest.h"
#include "monitor/incident.h"
#include "monitor/lane.h"

/*
 * Collects the evidence around a fault: all pieces at once, each with its deadline, on workers of its
 * own with a bound of its own on calls that hang, so that a screen that cannot be had costs neither the
 * dump nor the watch over other guests. Each piece is written into the incident as soon as it is there.
 * Lives on the main loop.
 */
typedef struct VitalsEvidence VitalsEvidence;

/**
 * VitalsEvidenceListener: all on the main loop
 * @may_dump: all that has to come before the dump is there or was given up; exactly once
 * @complete: all is there, written, or given up: @dossier->pieces tells; exactly once, the last call
 */
typedef struct {
    void (*may_dump)(gpointer data);
    void (*complete)(gpointer data);
} VitalsEvidenceListener;

/* @disk: writes into incidents, one call after the other */
VitalsEvidence *vitals_evidence_new(VitalsHypervisor *hypervisor, VitalsLane *disk);

/* See vitals_lane_free(). */
gboolean vitals_evidence_free(VitalsEvidence *evidence, gint64 patience);

/**
 * vitals_evidence_collect:
 * @dossier: begun, see vitals_incident_begin(); nobody else may change its pieces before @complete
 *
 * Begins; does not block, and calls nobody before it has returned.
 */
void vitals_evidence_collect(VitalsEvidence *evidence, const VitalsGuest *guest,
                             const VitalsSettings *settings, VitalsDossier *dossier,
                             const VitalsEvidenceListener *listener, gpointer data);

/**
 * vitals_evidence_end:
 *
 * Behind @complete: collects once more what went on, within its deadline, unless that had not answered before; what
 * comes goes to the dossier, and what does not is named in its pieces. Does not block; @ended is called exactly once,
 * from here if there is nothing to wait for.
 */
void vitals_evidence_end(VitalsEvidence *evidence, VitalsDossier *dossier,
                         void (*ended)(gpointer data), gpointer data);
