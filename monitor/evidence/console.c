/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"
#include "monitor/tail.h"
#include "config/text.h"

extern const VitalsPiece vitals_piece_console;

static gboolean
applies(const VitalsEvidenceRequest *request)
{
    return request->console_log != NULL;
}

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    g_autoptr(GBytes) end = vitals_tail_read(request->console_log, request->console_tail, error);
    gsize length;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;

    return end ? vitals_piece_from_text(vitals_text_printable_lines(bytes, (gssize)length)) : NULL;
}

/* The path comes from the definition, and may be on storage that hangs as the guest does. */
const VitalsPiece vitals_piece_console = {
    .name = "console log",
    .file = "console.log",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .goes_on = TRUE,
    .applies = applies,
    .collect = collect,
};
