/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"
#include "config/settings.h"

/*
 * What `virt-vitals incidents` does to incidents, beside listing and showing them. Each prints what it did
 * or an error, and returns the exit status.
 */

/* Saves it from being deleted, or with @keep %FALSE no longer. */
int vitals_incidents_keep(const VitalsIncidentView *incident, gboolean keep);

/* Compares the files with the checksums in the manifest. */
int vitals_incidents_verify(const VitalsIncidentView *incident);

/* @output: (nullable): the archive; ID.tar.zst in the working directory if not given */
int vitals_incidents_export(const VitalsIncidentView *incident, const char *output,
                            gboolean without_dump);

/* Deletes what the limits of [Store] do not allow; with @dry_run only says so. */
int vitals_incidents_prune(const VitalsSettings *settings, const char *state_dir, gboolean dry_run);
