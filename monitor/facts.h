/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-facts.h"

#include <jansson.h>

/*
 * Where facts about a host come from: its sysfs and procfs, or a file made of these on another machine.
 */

/* A host with thousands of devices takes some hundred KiB. */
#define VITALS_FACTS_MAX_BYTES (16 * 1024 * 1024)

/**
 * vitals_facts_collect:
 * @root: the directory that stands for "/"; "/" itself but in tests
 *
 * Looks at the host. Reads sysfs and procfs only, and does not block on either. What cannot be read
 * stays unknown.
 *
 * Returns: (transfer full): the facts
 */
VitalsHostFacts *vitals_facts_collect(const char *root);

/**
 * vitals_facts_look_at:
 * @root: as above
 * @path: absolute
 *
 * Adds what a path is, and reads the first bytes of a file. May block where a network file system does
 * not answer. A path that may not be looked at stays unknown.
 */
void vitals_facts_look_at(VitalsHostFacts *facts, const char *root, const char *path);

/**
 * vitals_facts_json:
 *
 * Returns: (transfer full): the facts as a file holds them; what is not known is not in it
 */
json_t *vitals_facts_json(const VitalsHostFacts *facts);

/**
 * vitals_facts_parse:
 * @bytes: what vitals_facts_json() made
 * @length: its bytes
 *
 * Members of another type than they should be are taken as not known.
 *
 * Returns: (transfer full) (nullable): the facts; %NULL if it is no file of facts
 */
VitalsHostFacts *vitals_facts_parse(const char *bytes, gsize length);
