/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"
#include "monitor/output/png.h"

extern const VitalsPiece vitals_piece_screenshot;

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(GBytes) picture = NULL;

    if (!driver->screenshot) {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                    "this hypervisor takes none");
        return NULL;
    }
    picture = driver->screenshot(connection, request->uuid, request->id, error);
    return picture ? vitals_png_from(picture, error) : NULL;
}

/* A healthy QEMU answers within 0.1 s; the dump is to begin within a second of the verdict. */
const VitalsPiece vitals_piece_screenshot = {
    .name = "screenshot",
    .file = "screenshot.png",
    .deadline = 500 * G_TIME_SPAN_MILLISECOND,
    .asks_libvirt = TRUE,
    .asks_qemu = TRUE,
    .collect = collect,
};
