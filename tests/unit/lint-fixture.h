/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-facts.h"

/*
 * The fixtures of the lint rules, tests/lint/<RULE>/; test-lint.c says what may stand there.
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
