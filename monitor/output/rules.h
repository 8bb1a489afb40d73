/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/rule.h"

#include <jansson.h>

/**
 * vitals_rules_table:
 * @rules: (element-type VitalsRule): some rules
 *
 * Returns: (transfer full): a line for each: id, default severity, name, what is wrong
 */
char *vitals_rules_table(const GPtrArray *rules);

/**
 * vitals_rules_explain:
 *
 * Returns: (transfer full): everything there is to know about a rule, for people, in 80 columns but for
 *   XML and addresses
 */
char *vitals_rules_explain(const VitalsRule *rule);

/**
 * vitals_rules_json:
 * @rules: (element-type VitalsRule): some rules
 *
 * Returns: (transfer full): {"rules": […]} with all of each descriptor
 */
json_t *vitals_rules_json(const GPtrArray *rules);
