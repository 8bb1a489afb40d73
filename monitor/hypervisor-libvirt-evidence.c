/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"
#include "monitor/output/png.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

/* A picture of 16 million pixels with 3 bytes each: the guest chooses how large its screen is. */
#define PICTURE_MAX ((guint)VITALS_PNG_PIXELS_MAX * 3 + 1024)

/* virStreamSinkFunc. Returns: how much was taken, -1 to end it */
static int
take_piece(virStreamPtr stream, const char *bytes, size_t length, void *data)
{
    GByteArray *picture = data;

    if (length > PICTURE_MAX - picture->len)
        return -1;
    g_byte_array_append(picture, (const guint8 *)bytes, (guint)length);
    return (int)length;
}

GBytes *
vitals_libvirt_screenshot(VitalsConnection *base, const char *uuid, int id, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up_run(self, uuid, id, error);
    g_autoptr(virStream) stream = domain ? virStreamNew(self->connection, 0) : NULL;
    g_autoptr(GByteArray) picture = g_byte_array_new();
    char *type;

    if (!domain)
        return NULL;
    type = stream ? virDomainScreenshot(domain, stream, 0, 0) : NULL;
    if (!type) {
        vitals_libvirt_take_error(error, self->connection, "cannot take a screenshot");
        return NULL;
    }
    free(type); /* what the bytes are stands at their beginning too */
    if (virStreamRecvAll(stream, take_piece, picture) < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot receive the screenshot");
        return NULL;
    }
    virStreamFinish(stream);
    virResetLastError();
    return g_byte_array_free_to_bytes(g_steal_pointer(&picture));
}

GStrv
vitals_libvirt_messages(VitalsConnection *base, const char *uuid, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(virDomain) domain = vitals_libvirt_look_up(self, uuid, error);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    char **messages = NULL;
    int count;

    if (!domain)
        return NULL;
    count = virDomainGetMessages(domain, &messages, 0);
    if (count < 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot read libvirt's messages");
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        g_strv_builder_add(builder, messages[i]);
        free(messages[i]);
    }
    free(messages);
    return g_strv_builder_end(builder);
}
