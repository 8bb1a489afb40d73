/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"

#include <string.h>

VitalsEvidenceRequest *
vitals_evidence_request_new(void)
{
    VitalsEvidenceRequest *request = g_new0(VitalsEvidenceRequest, 1);

    g_atomic_ref_count_init(&request->references);
    return request;
}

VitalsEvidenceRequest *
vitals_evidence_request_ref(VitalsEvidenceRequest *request)
{
    g_atomic_ref_count_inc(&request->references);
    return request;
}

void
vitals_evidence_request_unref(VitalsEvidenceRequest *request)
{
    if (!request || !g_atomic_ref_count_dec(&request->references))
        return;
    g_free(request->uuid);
    g_free(request->name);
    g_free(request->root);
    g_free(request->qemu_trouble);
    g_free(request->console_log);
    g_free(request);
}

GBytes *
vitals_piece_from_text(char *text)
{
    return g_bytes_new_take(text, strlen(text));
}
