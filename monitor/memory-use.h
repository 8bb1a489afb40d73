/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/shortage.h"

#include <jansson.h>

/* Who used a guest's memory when it ran out, for machines and for people. */

/* The object "memory" of a manifest: told, total_bytes, free_bytes, kinds [{kind, words, bytes}], the largest first
 * and none that is empty, processes and slabs [{name, count, bytes, largest_bytes}], killed likewise, kills; without
 * figures total_bytes is 0 and kinds empty. Returns: (transfer full) */
json_t *vitals_memory_use_json(const VitalsShortage *shortage);

/* Some lines of a report: what held it, and whose it was. @memory: as above */
void vitals_memory_use_append(GString *text, const json_t *memory);

/* "7 processes named gizmod", "gizmod". @user: one of processes, slabs or killed. Returns: (transfer full) */
char *vitals_memory_use_name(const json_t *user);
