/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"
#include "monitor/tail.h"
#include "config/text.h"

#include <string.h>

extern const VitalsPiece vitals_piece_qemu_log;

/* A start with its command line takes some 10 KiB. */
#define MOST ((gsize)64 * 1024)

/* libvirt names the log after the domain, and allows names such as ".." (measured with 9.0). */
static const char *
refuse(const VitalsEvidenceRequest *request)
{
    return strchr(request->name, '/') || g_str_equal(request->name, ".") ||
                   g_str_equal(request->name, "..")
               ? "the domain's name does not name a file"
               : NULL;
}

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    g_autofree char *name = g_strconcat(request->name, ".log", NULL);
    g_autofree char *path = g_build_filename(request->root, "var/log/libvirt/qemu", name, NULL);
    g_autoptr(GBytes) end = vitals_tail_read(path, MOST, error);
    gsize length;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;

    return end ? vitals_piece_from_text(vitals_text_printable_lines(bytes, (gssize)length)) : NULL;
}

const VitalsPiece vitals_piece_qemu_log = {
    .name = "QEMU's log",
    .file = "qemu.log",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .refuse = refuse,
    .collect = collect,
};
