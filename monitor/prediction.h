/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/rule.h"

/**
 * vitals_prediction_read:
 * @xml: (nullable): the definition that the guest ran with
 *
 * For a guest that the daemon's linter did not come to yet; what that says knows the host as well.
 * What lint says of that definition, by the rules that are no matter of taste and those about readiness
 * for a crash: what had warned of the incident, or of what it lacks. Does not block.
 *
 * Returns: (transfer full) (element-type utf8): one printable line each, "CAP007 no-vmcoreinfo: …"
 */
GPtrArray *vitals_prediction_read(const char *xml);

/**
 * vitals_prediction_risks:
 * @lines: (element-type utf8): as vitals_prediction_line() makes them
 *
 * Returns: (transfer full) (element-type utf8): of those, what can itself be the cause of a fault: errors, and
 *   what is about devices of the host that are passed through; the most severe first
 */
GPtrArray *vitals_prediction_risks(const GPtrArray *lines);

/* The change to the definition that mends what can be mended, also what changes the guest's hardware: to
 * be read before it is applied. Returns: (transfer full): a unified diff, "" if there is none */
char *vitals_prediction_diff(const char *xml);
/**
 * vitals_prediction_rules:
 * @others: (nullable) (element-type VitalsRule): rules to ask as well
 *
 * Returns: (transfer container) (element-type VitalsRule): the rules whose findings an incident tells
 */
GPtrArray *vitals_prediction_rules(const GPtrArray *others);

/* Returns: (transfer full): a finding as an incident tells it, one printable line */
char *vitals_prediction_line(const VitalsFinding *finding);
