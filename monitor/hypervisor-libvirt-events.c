/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

#include <libvirt/virterror.h>

/* Who hears events. Counted, one for each registered callback: libvirt lets go of the last one only
 * when no callback can be under way any more, whichever thread closed the connection. */
typedef struct {
    gatomicrefcount references;
    VitalsEventHandler on_event;
    VitalsClosedHandler on_closed;
    gpointer data;
} Subscription;

/* ---- all callbacks run on the main loop, where hypervisor-libvirt-loop.c dispatches them ---- */

static void
tell(virDomainPtr domain, VitalsEvent event, const char *detail, gpointer data)
{
    Subscription *self = data;
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) == 0)
        self->on_event(uuid, virDomainGetName(domain), (int)virDomainGetID(domain), event, detail,
                       self->data);
}

static int
on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *data)
{
    switch (event) {
    case VIR_DOMAIN_EVENT_DEFINED:
        tell(domain, VITALS_EVENT_DEFINED, "", data);
        break;
    case VIR_DOMAIN_EVENT_UNDEFINED:
        tell(domain, VITALS_EVENT_UNDEFINED, "", data);
        break;
    case VIR_DOMAIN_EVENT_STARTED:
        tell(domain, VITALS_EVENT_STARTED,
             detail == VIR_DOMAIN_EVENT_STARTED_BOOTED ? VITALS_DETAIL_BOOTED : "", data);
        break;
    case VIR_DOMAIN_EVENT_SUSPENDED:
        tell(domain, VITALS_EVENT_PAUSED,
             detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR    ? "I/O error"
             : detail == VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG ? "watchdog"
                                                             : "",
             data);
        break;
    case VIR_DOMAIN_EVENT_RESUMED:
        tell(domain, VITALS_EVENT_RESUMED, "", data);
        break;
    case VIR_DOMAIN_EVENT_STOPPED:
        tell(domain,
             detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED  ? VITALS_EVENT_STOPPED_CRASHED
             : detail == VIR_DOMAIN_EVENT_STOPPED_FAILED ? VITALS_EVENT_STOPPED_FAILED
                                                         : VITALS_EVENT_STOPPED,
             "", data);
        break;
    case VIR_DOMAIN_EVENT_SHUTDOWN:
        tell(domain, VITALS_EVENT_SHUTDOWN, "", data);
        break;
    case VIR_DOMAIN_EVENT_PMSUSPENDED:
        tell(domain, VITALS_EVENT_SUSPENDED, "", data);
        break;
    case VIR_DOMAIN_EVENT_CRASHED:
        /* a guest whose crash kernel is at work is given its time: it takes a better dump than ours */
        tell(domain,
             detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED ? VITALS_EVENT_CRASHED
                                                         : VITALS_EVENT_CRASH_LOADED,
             "", data);
        break;
    default:
        break;
    }
    return 0;
}

static void
on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
    tell(domain, VITALS_EVENT_REBOOT, "", data);
}

static void
on_watchdog(virConnectPtr connection, virDomainPtr domain, int action, void *data)
{
    tell(domain, VITALS_EVENT_WATCHDOG, "", data);
}

static void
on_io_error(virConnectPtr connection, virDomainPtr domain, const char *path, const char *device,
            int action, const char *reason, void *data)
{
    tell(domain, VITALS_EVENT_IO_ERROR, reason && *reason ? reason : device, data);
}

static void
on_control_error(virConnectPtr connection, virDomainPtr domain, void *data)
{
    tell(domain, VITALS_EVENT_CONTROL_ERROR, "", data);
}

static void
on_agent(virConnectPtr connection, virDomainPtr domain, int state, int reason, void *data)
{
    tell(domain,
         state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
             ? VITALS_EVENT_AGENT_CONNECTED
             : VITALS_EVENT_AGENT_DISCONNECTED,
         "", data);
}

static void
on_memory_failure(virConnectPtr connection, virDomainPtr domain, int recipient, int action,
                  unsigned int flags, void *data)
{
    tell(domain, VITALS_EVENT_MEMORY_FAILURE, "", data);
}

static void
on_tunable(virConnectPtr connection, virDomainPtr domain, virTypedParameterPtr parameters,
           int count, void *data)
{
    tell(domain, VITALS_EVENT_CHANGED, "limit", data);
}

static void
on_device(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
    tell(domain, VITALS_EVENT_CHANGED, alias, data);
}

static void
on_metadata(virConnectPtr connection, virDomainPtr domain, int type, const char *namespace_uri,
            void *data)
{
    tell(domain, VITALS_EVENT_CHANGED, "metadata", data);
}

static void
on_closed(virConnectPtr connection, int reason, void *data)
{
    Subscription *self = data;

    self->on_closed(self->data);
}

static void
subscription_unref(void *data)
{
    Subscription *self = data;

    if (g_atomic_ref_count_dec(&self->references))
        g_free(self);
}

/* Registers one callback with a reference of its own; -1 if this driver does not know the event. */
static int
listen_to(virConnectPtr connection, int event, virConnectDomainEventGenericCallback callback,
          Subscription *subscription)
{
    int id;

    g_atomic_ref_count_inc(&subscription->references);
    id = virConnectDomainEventRegisterAny(connection, NULL, event, callback, subscription,
                                          subscription_unref);
    if (id < 0)
        subscription_unref(subscription);
    return id;
}

gboolean
vitals_libvirt_subscribe(VitalsConnection *base, VitalsEventHandler on_event,
                         VitalsClosedHandler closed, gpointer data, GError **error)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } events[] = {
        { VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle) },
        { VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot) },
        { VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(on_watchdog) },
        { VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK(on_io_error) },
        { VIR_DOMAIN_EVENT_ID_CONTROL_ERROR, VIR_DOMAIN_EVENT_CALLBACK(on_control_error) },
        { VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_agent) },
        { VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, VIR_DOMAIN_EVENT_CALLBACK(on_memory_failure) },
        { VIR_DOMAIN_EVENT_ID_TUNABLE, VIR_DOMAIN_EVENT_CALLBACK(on_tunable) },
        { VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
        { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
        { VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata) },
    };
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    Subscription *subscription;

    /* Asked again because the last subscription ended: this connection is of no use any more. */
    if (self->subscribed) {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED,
                    "the connection for events broke");
        return FALSE;
    }
    self->subscribed = TRUE;
    subscription = g_new0(Subscription, 1);
    g_atomic_ref_count_init(&subscription->references);
    subscription->on_event = on_event;
    subscription->on_closed = closed;
    subscription->data = data;

    for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
        int id = listen_to(self->connection, events[i].id, events[i].callback, subscription);

        if (id >= 0)
            g_array_append_val(self->callbacks, id);
    }
    /* In-process drivers (test:///) never close. */
    g_atomic_ref_count_inc(&subscription->references);
    self->close_watched = virConnectRegisterCloseCallback(self->connection, on_closed, subscription,
                                                          subscription_unref) == 0;
    if (!self->close_watched)
        subscription_unref(subscription);
    subscription_unref(subscription);

    if (self->callbacks->len == 0) {
        vitals_libvirt_take_error(error, self->connection, "cannot subscribe to events");
        return FALSE;
    }
    virResetLastError();
    return TRUE;
}

void
vitals_libvirt_unsubscribe(VitalsLibvirtConnection *self)
{
    if (self->close_watched)
        virConnectUnregisterCloseCallback(self->connection, on_closed);
    for (guint i = 0; i < self->callbacks->len; i++)
        virConnectDomainEventDeregisterAny(self->connection,
                                           g_array_index(self->callbacks, int, i));
}
