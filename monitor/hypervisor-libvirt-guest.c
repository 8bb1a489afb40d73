/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

#include <jansson.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

/* VitalsDriver's read_guest_file: a small file of the guest's own, by its agent. */

/* A file of /proc that is asked for takes less; the agent encodes what it reads in base64. */
#define MAX_BYTES 65536

/* Sends one command. Returns what the agent answered, or %NULL with an error. */
static json_t *
command(VitalsLibvirtConnection *self, virDomainPtr domain, json_t *request, GError **error)
{
    char *text = json_dumps(request, 0);
    char *reply;
    json_t *document;
    json_t *answer;

    virResetLastError();
    reply = virDomainQemuAgentCommand(domain, text, VITALS_GUEST_SECONDS, 0);
    free(text);
    json_decref(request);
    if (!reply) {
        vitals_libvirt_take_error(error, self->connection, "the guest's agent does not tell");
        return NULL;
    }
    document = json_loads(reply, 0, NULL);
    free(reply);
    answer = json_incref(json_object_get(document, "return"));
    json_decref(document);
    if (!answer)
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                    "the guest's agent answered something else");
    return answer;
}

/* The guest says what it likes: what is no base64, or has a NUL in it, ends there. */
static char *
decode(const json_t *answer)
{
    const char *encoded = json_string_value(json_object_get(answer, "buf-b64"));
    gsize length = 0;
    g_autofree guchar *bytes = encoded ? g_base64_decode(encoded, &length) : NULL;

    return bytes ? g_strndup((const char *)bytes, MIN(length, MAX_BYTES)) : NULL;
}

static void
close_file(VitalsLibvirtConnection *self, virDomainPtr domain, json_int_t handle)
{
    json_t *answer = command(
        self, domain,
        json_pack("{s:s, s:{s:I}}", "execute", "guest-file-close", "arguments", "handle", handle),
        NULL);

    json_decref(answer);
}

char *
vitals_libvirt_read_guest_file(VitalsConnection *base, const char *uuid, const char *path,
                               GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    virDomainPtr domain = vitals_libvirt_look_up(self, uuid, error);
    char *text = NULL;
    json_t *opened;
    json_t *answer;

    if (!domain)
        return NULL;
    opened = command(self, domain,
                     json_pack("{s:s, s:{s:s, s:s}}", "execute", "guest-file-open", "arguments",
                               "path", path, "mode", "r"),
                     error);
    if (opened) {
        json_int_t handle = json_integer_value(opened);

        answer = command(self, domain,
                         json_pack("{s:s, s:{s:I, s:i}}", "execute", "guest-file-read", "arguments",
                                   "handle", handle, "count", MAX_BYTES),
                         error);
        text = answer ? decode(answer) : NULL;
        if (answer && !text)
            g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                        "the guest's agent answered something else");
        close_file(self, domain, handle);
        json_decref(answer);
    }
    json_decref(opened);
    virDomainFree(domain);
    return text;
}
