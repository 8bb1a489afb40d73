/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"

/*
 * libvirt's own RELAX NG schema of definitions. libvirt takes what the schema does not know without a
 * word and forgets it, so a violation is mostly a misspelling.
 */

/* Where libvirt's packages install it. */
#define VITALS_SCHEMA_PATH "/usr/share/libvirt/schemas/domain.rng"

/* A compiled schema; opaque, immutable. Compiling libvirt's takes about 10 ms. */
typedef struct VitalsSchema VitalsSchema;

/**
 * vitals_schema_load:
 * @path: a RELAX NG schema in XML syntax; what it includes is read from beside it, never from the net
 * @error: location for an error of domain %G_IO_ERROR
 *
 * Reads and compiles a schema. Reads files, so blocks for the disk.
 *
 * Returns: (transfer full) (nullable): the schema
 */
VitalsSchema *vitals_schema_load(const char *path, GError **error);
void vitals_schema_free(VitalsSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSchema, vitals_schema_free)

/**
 * vitals_schema_check:
 * @definition: a definition that vitals_definition_new() accepted, which bounds its size and depth
 *
 * Holds a definition against the schema. A few milliseconds for what people write; only a definition
 * with a violation takes longer, as each of its parts is then tried alone to find it.
 *
 * Returns: (transfer full) (nullable) (element-type VitalsViolation): what violates it, empty if
 *   nothing does; %NULL if that cannot be told: the <domain> is wrapped in another document, or it is
 *   larger than what the validator can take in bounded time
 */
GPtrArray *vitals_schema_check(const VitalsSchema *schema, const VitalsDefinition *definition);
