/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"
#include "probes/finding.h"

/*
 * Findings that a definition's owner has looked at and accepts, said in the definition itself, where
 * it survives `virsh define` (comments do not):
 *
 *   <metadata>
 *     <vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>
 *       <vitals:ignore rule='SER001' reason='appliance without a console' until='2027-01-01'/>
 *     </vitals:lint>
 *   </metadata>
 */

typedef enum {
    VITALS_SUPPRESSION_VALID,
    VITALS_SUPPRESSION_NO_REASON,
    VITALS_SUPPRESSION_NO_RULE, /* names none that there is */
    VITALS_SUPPRESSION_BAD_DATE,
    VITALS_SUPPRESSION_EXPIRED,
} VitalsSuppressionState;

/**
 * VitalsSuppression: one <ignore>
 * @node: the element
 * @rule: an id, a name or what ids begin with, as it came; "" if absent
 * @reason: (nullable): as it came
 * @until: (nullable): the first day on which it no longer holds, as it came
 * @state: whether it holds
 */
typedef struct {
    const VitalsXmlNode *node;
    const char *rule;
    const char *reason;
    const char *until;
    VitalsSuppressionState state;
} VitalsSuppression;

/**
 * vitals_suppressions:
 *
 * Returns: (transfer full) (element-type VitalsSuppression): what the definition's metadata accepts;
 *   one with a date holds as long as the definition's @today is not known
 */
GArray *vitals_suppressions(const VitalsDefinition *definition);

/**
 * vitals_suppressions_apply:
 *
 * Moves what the definition validly accepts from @findings' found to its suppressed.
 */
void vitals_suppressions_apply(const VitalsDefinition *definition, VitalsFindings *findings);
