/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-facts.h"

#include <jansson.h>

/*
 * The parts of a file of facts that are about the host as a whole. For monitor/facts-json*.c only.
 */

/* Adds words, file systems, networks, machine types, emulators, masters and nodes to @document. */
void vitals_facts_json_add_host(const VitalsHostFacts *facts, json_t *document);

/* Takes them from there; members of another type than they should be are taken as not known. */
void vitals_facts_json_read_host(VitalsHostFacts *facts, const json_t *document);
