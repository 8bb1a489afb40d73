/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"
#include "config/text.h"

extern const VitalsPiece vitals_piece_libvirt_messages;

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_auto(GStrv) messages = NULL;
    GString *text;

    if (!driver->messages) {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                    "this hypervisor has none");
        return NULL;
    }
    messages = driver->messages(connection, request->uuid, error);
    if (!messages)
        return NULL;
    text = g_string_new(NULL);
    for (char **message = messages; *message; message++) {
        g_autofree char *line = vitals_text_printable(*message, -1);

        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free_to_bytes(text);
}

/* Taints (what was done to the guest behind libvirt's back) and deprecations. */
const VitalsPiece vitals_piece_libvirt_messages = {
    .name = "libvirt's messages",
    .file = "libvirt-messages.txt",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .asks_libvirt = TRUE,
    .collect = collect,
};
