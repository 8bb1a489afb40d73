/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kdump-flat.h"
#include "monitor/file-bytes.h"
#include "monitor/vmcore.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE ((gsize)1024 * 1024)

/* @high: what lies behind this was never written */
typedef struct {
    int from;
    int to;
    guint64 limit;
    guint64 high;
    guint64 size;
    char *buffer;
} Unfolding;

static gboolean
fail(GError **error, VitalsVmcoreError code, const char *message)
{
    g_set_error_literal(error, VITALS_VMCORE_ERROR, code, message);
    return FALSE;
}

static gboolean
is_zero(const char *bytes, gsize length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static gboolean
copy_piece(Unfolding *self, guint64 source, guint64 target, guint64 size, GError **error)
{
    while (size > 0) {
        gsize length = (gsize)MIN(size, BUFFER_SIZE);

        if (!vitals_bytes_read(self->from, source, self->buffer, length))
            return errno ? fail(error, VITALS_VMCORE_ERROR_READ, g_strerror(errno))
                         : fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends in a piece");
        if (target < self->high || !is_zero(self->buffer, length)) {
            if (!vitals_bytes_write(self->to, target, self->buffer, length))
                return fail(error, VITALS_VMCORE_ERROR_READ, g_strerror(errno));
            self->high = MAX(self->high, target + length);
        }
        self->size = MAX(self->size, target + length);
        source += length;
        target += length;
        size -= length;
    }
    return TRUE;
}

static gboolean
check_signature(int from, GError **error)
{
    char signature[sizeof VITALS_FLAT_SIGNATURE - 1];

    return (vitals_bytes_read(from, 0, signature, sizeof signature) &&
            memcmp(signature, VITALS_FLAT_SIGNATURE, sizeof signature) == 0) ||
           fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump is not flattened");
}

static gboolean
copy_pieces(Unfolding *self, GError **error)
{
    guint64 at = VITALS_FLAT_HEADER;

    for (;;) {
        guint64 piece[2]; /* where to, and how much */

        if (!vitals_bytes_read(self->from, at, piece, sizeof piece))
            return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump has no end mark");
        piece[0] = GUINT64_FROM_BE(piece[0]);
        piece[1] = GUINT64_FROM_BE(piece[1]);
        if (piece[0] == G_MAXUINT64 && piece[1] == G_MAXUINT64)
            return TRUE;
        if (piece[0] > self->limit || piece[1] > self->limit - piece[0])
            return fail(error, VITALS_VMCORE_ERROR_FORMAT, "a piece of the dump is out of bounds");
        at += sizeof piece;
        if (!copy_piece(self, at, piece[0], piece[1], error))
            return FALSE;
        at += piece[1];
    }
}

gboolean
vitals_kdump_unflatten(int from, int to, guint64 limit, GError **error)
{
    g_autofree char *buffer = g_malloc(BUFFER_SIZE);
    Unfolding self = { .from = from, .to = to, .limit = limit, .buffer = buffer };

    if (!check_signature(from, error) || !copy_pieces(&self, error))
        return FALSE;
    if (ftruncate(to, (off_t)self.size) < 0)
        return fail(error, VITALS_VMCORE_ERROR_READ, g_strerror(errno));
    return TRUE;
}
