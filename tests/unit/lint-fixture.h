/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"
#include "probes/host-facts.h"

/*
 * The fixtures of the lint rules, tests/lint/<RULE>/; test-lint-rules.c says what may stand there.
 */

/**
 * lint_fixture_folder:
 *
 * Returns: (transfer full): the directory of a rule's fixtures
 */
char *lint_fixture_folder(const char *rule);

/**
 * lint_fixture_host:
 * @directory: of the fixtures
 * @name: (nullable): of one of them, "bad.xml"
 *
 * Returns: (transfer full) (nullable): the host of that guest: bad.host.json, or host.json which is the
 *   host of all others; %NULL for none
 */
VitalsHostFacts *lint_fixture_host(const char *directory, const char *name);

/**
 * lint_fixture_define:
 * @source: its name; with "XML001" or "XML002" in it, libvirt's schema or libvirt is asked too
 * @text: a definition that parses
 * @host: (nullable): its host; kept until the definition is freed
 *
 * Returns: (transfer full): the definition, looked at on 2026-11-21
 */
VitalsDefinition *lint_fixture_define(const char *source, const char *text,
                                      const VitalsHostFacts *host);

/**
 * lint_fixture_all_rules:
 *
 * Returns: (transfer full): every rule, those of a profile too
 */
GPtrArray *lint_fixture_all_rules(void);
