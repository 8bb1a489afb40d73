/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/listen.h"

#include "config/text.h"

#include <string.h>

/* Enough for bursts of scrapers; the kernel bounds it further by net.core.somaxconn. */
#define BACKLOG 128

static void
set_malformed(const char *listen, GError **error)
{
    g_autofree char *shown = vitals_text_printable(listen, -1);

    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "'%s' is no address to listen on; give --web.listen-address as HOST:PORT, "
                "[IPV6]:PORT or :PORT",
                shown);
}

/* Takes "[host]:port" apart. A host with colons has to stand in brackets. */
static gboolean
split(const char *listen, char **ret_host, guint16 *ret_port, GError **error)
{
    const char *colon = strrchr(listen, ':');
    gsize length = colon ? colon - listen : 0;
    gboolean bracketed = length >= 2 && listen[0] == '[' && colon[-1] == ']';
    g_autofree char *host = NULL;
    guint64 port;

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, &port, NULL)) {
        set_malformed(listen, error);
        return FALSE;
    }
    host = bracketed ? g_strndup(listen + 1, length - 2) : g_strndup(listen, length);
    if (!bracketed && strpbrk(host, ":[]")) {
        set_malformed(listen, error);
        return FALSE;
    }
    *ret_host = g_steal_pointer(&host);
    *ret_port = (guint16)port;
    return TRUE;
}

static GInetAddress *
look_up(const char *host, GError **error)
{
    g_autoptr(GResolver) resolver = NULL;
    g_autoptr(GError) problem = NULL;
    g_autofree char *shown = NULL;
    g_autofree char *reason = NULL;
    GInetAddress *address = g_inet_address_new_from_string(host);
    GList *found;

    if (address)
        return address;
    resolver = g_resolver_get_default();
    found = g_resolver_lookup_by_name(resolver, host, NULL, &problem);
    if (found) {
        address = g_object_ref(found->data);
        g_resolver_free_addresses(found);
        return address;
    }
    shown = vitals_text_printable(host, -1);
    reason = vitals_text_printable(problem->message, -1);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                "cannot find the host '%s' to listen on: %s; give --web.listen-address an address "
                "of this machine",
                shown, reason);
    return NULL;
}

static void
set_bind_error(const char *listen, guint16 port, const GError *problem, GError **error)
{
    g_autofree char *shown = vitals_text_printable(listen, -1);

    if (g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                    "port %u of '%s' is in use by another program; stop that one or choose "
                    "another with --web.listen-address HOST:PORT",
                    port, shown);
    else
        g_set_error(error, G_IO_ERROR, problem->code,
                    "cannot listen on '%s': %s; choose another address with "
                    "--web.listen-address HOST:PORT",
                    shown, problem->message);
}

/* A socket bound to that address and listening; an IPv6 "any" address takes IPv4 too. */
static GSocket *
open_at(GInetAddress *address, guint16 port, GError **error)
{
    g_autoptr(GSocketAddress) where = g_inet_socket_address_new(address, port);
    g_autoptr(GSocket) socket = g_socket_new(g_inet_address_get_family(address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

    if (!socket)
        return NULL;
    g_socket_set_listen_backlog(socket, BACKLOG);
    g_socket_set_blocking(socket, FALSE);
    if (!g_socket_bind(socket, where, TRUE, error) || !g_socket_listen(socket, error))
        return NULL;
    return g_steal_pointer(&socket);
}

/* Every address: IPv6 with IPv4 mapped into it, or IPv4 alone where the host has no IPv6. */
static GSocket *
open_anywhere(guint16 port, GError **error)
{
    g_autoptr(GInetAddress) any6 = g_inet_address_new_any(G_SOCKET_FAMILY_IPV6);
    g_autoptr(GInetAddress) any4 = g_inet_address_new_any(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GError) problem = NULL;
    GSocket *socket = open_at(any6, port, &problem);

    if (socket)
        return socket;
    if (g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return NULL;
    }
    return open_at(any4, port, error);
}

GSocket *
vitals_listen_open(const char *listen, GError **error)
{
    g_autofree char *host = NULL;
    g_autoptr(GInetAddress) address = NULL;
    g_autoptr(GError) problem = NULL;
    GSocket *socket;
    guint16 port;

    if (!split(listen, &host, &port, error))
        return NULL;
    if (*host) {
        address = look_up(host, error);
        if (!address)
            return NULL;
        socket = open_at(address, port, &problem);
    } else {
        socket = open_anywhere(port, &problem);
    }
    if (!socket)
        set_bind_error(listen, port, problem, error);
    return socket;
}
