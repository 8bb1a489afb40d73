/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/rule.h"

/*
 * What the families of rules about hosts share.
 */

/**
 * vitals_host_fact:
 * @definition: a guest's, or a host
 * @word: which fact is wanted
 * @findings: takes note of it if it is missing
 *
 * Returns: (transfer none) (nullable): it; %NULL if it is not known
 */
const char *vitals_host_fact(const VitalsDefinition *definition, VitalsHostWord word,
                             VitalsFindings *findings);

/* Whether the fact is known and is @value; takes no note of a missing one. */
gboolean vitals_host_fact_is(const VitalsDefinition *definition, VitalsHostWord word,
                             const char *value);

/* Whether @text has @word among those that blanks separate. */
gboolean vitals_host_has_word(const char *text, const char *word);
