/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

#include <jansson.h>

/*
 * The documents of the API, which are what `status --format json` and `incidents --format json` print
 * too. Names that are no UTF-8 are made valid, as JSON has no way to write them; jansson escapes control
 * characters.
 */

/**
 * vitals_json_guests:
 * @age: microseconds since @snapshot was published; added to the ages in it
 *
 * Returns: (transfer full): `{"guests":[…]}`
 */
json_t *vitals_json_guests(const VitalsSnapshot *snapshot, gint64 age);

/* One element of "guests". Returns: (transfer full) */
json_t *vitals_json_guest(const VitalsGuestView *guest, gint64 age);

/**
 * vitals_json_incidents:
 * @incidents: (element-type VitalsIncidentView)
 *
 * Returns: (transfer full): `{"incidents":[…]}`
 */
json_t *vitals_json_incidents(const GPtrArray *incidents);

/* One element of "incidents". Returns: (transfer full) */
json_t *vitals_json_incident(const VitalsIncidentView *incident);
