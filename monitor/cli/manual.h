/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/cli/verb.h"

/**
 * vitals_verb_manual:
 * @verb: a verb
 * @entries: its options
 * @details: (nullable): what --help says behind them
 *
 * Renders what --help says as a part of the manual page, so that the two cannot differ.
 *
 * Returns: (transfer full): the subsection about @verb, in man(7)
 */
char *vitals_verb_manual(const VitalsVerb *verb, const GOptionEntry *entries, const char *details);
