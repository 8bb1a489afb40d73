/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence-encore.h"
#include "monitor/evidence/piece.h"
#include "config/text.h"

/* The request is all that the worker may touch. */
typedef struct {
    const VitalsPiece *piece;
    VitalsEvidenceRequest *request;
    VitalsDossier *dossier;
    void (*ended)(gpointer data);
    gpointer data;
    gboolean told;
} Encore;

static void
encore_free(gpointer data)
{
    Encore *encore = data;

    vitals_evidence_request_unref(encore->request);
    g_free(encore);
}

static gpointer
run(VitalsConnection *connection, gpointer data, GError **error)
{
    const Encore *encore = data;

    return encore->piece->collect(connection, encore->request, error);
}

/* What came of it before. Returns: (nullable) */
static VitalsPieceNote *
find_note(const VitalsDossier *dossier, const VitalsPiece *piece)
{
    for (guint i = 0; i < dossier->pieces->len; i++) {
        VitalsPieceNote *note = g_ptr_array_index(dossier->pieces, i);

        if (g_str_equal(note->file, piece->file))
            return note;
    }
    return NULL;
}

/* @bytes: (nullable): what is there now; @reason: why it cannot be read any more */
static void
end(Encore *encore, GBytes *bytes, const char *reason)
{
    VitalsPieceNote *note = find_note(encore->dossier, encore->piece);

    encore->told = TRUE;
    if (bytes) {
        encore->dossier->console = g_bytes_ref(bytes);
        note->bytes = g_bytes_get_size(bytes);
        g_clear_pointer(&note->reason, g_free);
    } else if (!note->reason) {
        g_autofree char *printable = vitals_text_printable(reason, -1);

        note->reason = g_strdup_printf("only what it held at the verdict: %s", printable);
    }
    encore->ended(encore->data);
}

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Encore *encore = data;
    g_autoptr(GBytes) bytes = result;

    if (!encore->told)
        end(encore, bytes, error ? error->message : "nothing came");
}

static void
on_overdue(gpointer data)
{
    end(data, NULL, "its storage does not answer any more");
}

/* The one that goes on. */
static const VitalsPiece *
find_piece(void)
{
    const VitalsPiece *const *piece = vitals_pieces;

    while (*piece && !(*piece)->goes_on)
        piece++;
    return *piece;
}

void
vitals_encore_submit(VitalsLane *lane, VitalsDossier *dossier, void (*ended)(gpointer data),
                     gpointer data)
{
    const VitalsPiece *piece = find_piece();
    const VitalsPieceNote *note = find_note(dossier, piece);
    Encore *encore;
    VitalsCall call = {
        .work = run,
        .done = on_done,
        .overdue = on_overdue,
        .deadline = piece->deadline,
        .free_data = encore_free,
        .free_result = (GDestroyNotify)g_bytes_unref,
    };

    if (!note || note->overdue) {
        ended(data);
        return;
    }
    encore = call.data = g_new0(Encore, 1);
    encore->piece = piece;
    encore->request = vitals_evidence_request_new();
    encore->request->console_log = g_strdup(dossier->outline->console_log);
    encore->request->console_tail = dossier->console_tail;
    encore->dossier = dossier;
    encore->ended = ended;
    encore->data = data;
    vitals_lane_submit(lane, &call);
}
