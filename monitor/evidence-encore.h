/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/dossier.h"
#include "monitor/lane.h"

/**
 * vitals_encore_submit:
 * @lane: of the consoles' logs
 *
 * See vitals_evidence_end(), which this is for.
 */
void vitals_encore_submit(VitalsLane *lane, VitalsDossier *dossier, void (*ended)(gpointer data),
                          gpointer data);
