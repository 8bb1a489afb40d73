/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_prediction_read:
 * @xml: (nullable): the definition that the guest ran with
 *
 * What lint says of that definition, by the rules that are no matter of taste and those about readiness
 * for a crash: what had warned of the incident, or of what it lacks. Does not block.
 *
 * Returns: (transfer full) (element-type utf8): one printable line each, "CAP007 no-vmcoreinfo: …"
 */
GPtrArray *vitals_prediction_read(const char *xml);
