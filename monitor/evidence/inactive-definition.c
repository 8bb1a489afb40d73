/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"

#include <string.h>

extern const VitalsPiece vitals_piece_inactive_definition;

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    char *xml = connection->hypervisor->driver->definition(connection, request->uuid, TRUE, error);

    return xml ? g_bytes_new_take(xml, strlen(xml)) : NULL;
}

/* What it will be at its next start, where that is not what runs. */
const VitalsPiece vitals_piece_inactive_definition = {
    .name = "inactive definition",
    .file = "domain-inactive.xml",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .asks_libvirt = TRUE,
    .collect = collect,
};
