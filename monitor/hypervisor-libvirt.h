/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the two files that call libvirt, and by nobody else. */

#include "monitor/hypervisor.h"

#include <libvirt/libvirt.h>

/* @no_bulk: the driver has no bulk stats (Xen: measured, xen-facts.md). */
typedef struct {
    VitalsConnection base;
    virConnectPtr connection;
    gboolean no_bulk;
    gboolean subscribed;
    gboolean close_watched;
    GArray *callbacks;
} VitalsLibvirtConnection;

/* Turns libvirt's last error of this thread into @error. @what: what was attempted, without a period */
void vitals_libvirt_take_error(GError **error, virConnectPtr connection, const char *what);

/* VitalsDriver's subscribe. */
gboolean vitals_libvirt_subscribe(VitalsConnection *connection, VitalsEventHandler on_event,
                                  VitalsClosedHandler on_closed, gpointer data, GError **error);

/* Takes back all that subscribe registered, before the connection is closed. */
void vitals_libvirt_unsubscribe(VitalsLibvirtConnection *connection);
