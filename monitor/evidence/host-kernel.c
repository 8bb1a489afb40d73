/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/kernel-log.h"
#include "monitor/evidence/piece.h"

extern const VitalsPiece vitals_piece_host_kernel;

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    char *text = vitals_kernel_log_read(request->root, request->opened - 15 * G_TIME_SPAN_MINUTE,
                                        NULL, error);

    return text ? vitals_piece_from_text(text) : NULL;
}

/* What the host's kernel said around the fault. */
const VitalsPiece vitals_piece_host_kernel = {
    .name = "the host's kernel log",
    .file = "host-kernel.log",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .collect = collect,
};
