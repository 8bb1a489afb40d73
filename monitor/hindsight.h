/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/**
 * vitals_hindsight_add:
 * @directory: of an incident whose monitor was killed; its console.log and dmesg.txt are read, if they are there
 * @manifest: (inout): its incident.json, which may hold anything; what it died of is told in it as in one that was
 *   finished, see vitals_diagnosis_make()
 * @samples: (element-type VitalsSample): the signals before the fault
 *
 * Takes some milliseconds for each file, at most a MiB of which is read; blocks on the disk.
 */
void vitals_hindsight_add(const char *directory, json_t *manifest, GPtrArray *samples);
