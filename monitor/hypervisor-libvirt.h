/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files that call libvirt, and by nobody else. */

#include "monitor/hypervisor.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* As many vCPUs as any guest has: QEMU 7.2's machines end at 288 (pc, q35) and 512. */
#define VITALS_LIBVIRT_VCPUS_MAX 512

/* @no_bulk: the driver has no bulk stats (Xen: measured, xen-facts.md).
 * @shutoff_keeps_panic: a panicked guest is shown as shut off (Xen); elsewhere a guest that is shut off by a
 *   crash lost what ran it: QEMU died
 * @domains: (element-type utf8 virDomainPtr): what vitals_libvirt_recall() keeps, by UUID */
typedef struct {
    VitalsConnection base;
    virConnectPtr connection;
    gboolean no_bulk;
    gboolean shutoff_keeps_panic;
    gboolean subscribed;
    gboolean close_watched;
    GArray *callbacks;
    GHashTable *domains;
} VitalsLibvirtConnection;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* What kind of failure that is. @connection: (nullable): to tell a broken connection from a failed call */
VitalsHypervisorError vitals_libvirt_error_code(const virError *error, virConnectPtr connection);

/* Turns libvirt's last error of this thread into @error. @what: what was attempted, without a period */
void vitals_libvirt_take_error(GError **error, virConnectPtr connection, const char *what);

/* Returns: (transfer full): the domain; on failure @error and %NULL */
virDomainPtr vitals_libvirt_look_up(VitalsLibvirtConnection *connection, const char *uuid,
                                    GError **error);

/* Likewise, by the handle of an earlier time if there is one, which saves a question. It may be that of a
 * domain that has ended: then whatever is asked fails, and it is to be forgotten. Its number is not to be
 * relied on. */
virDomainPtr vitals_libvirt_recall(VitalsLibvirtConnection *connection, const char *uuid,
                                   GError **error);
void vitals_libvirt_forget(VitalsLibvirtConnection *connection, const char *uuid);

/* Likewise, but only that run: what is done to a dead run must not be done to the healthy one that took
 * its place meanwhile. */
virDomainPtr vitals_libvirt_look_up_run(VitalsLibvirtConnection *connection, const char *uuid,
                                        int id, GError **error);

/* VitalsDriver's sweep. */
GPtrArray *vitals_libvirt_sweep(VitalsConnection *connection, GHashTable *spared, GError **error);

/* Adds to @sample how libvirt's control channel to that domain is. Asks no monitor and never blocks. */
void vitals_libvirt_ask_control(virDomainPtr domain, VitalsSample *sample);

/* VitalsDriver's read_guest_file. */
char *vitals_libvirt_read_guest_file(VitalsConnection *connection, const char *uuid,
                                     const char *path, GError **error);

/* VitalsDriver's survey and convert. */
char *vitals_libvirt_convert(VitalsConnection *connection, const char *text, GError **error);
struct VitalsSurvey *vitals_libvirt_survey(VitalsConnection *connection, GError **error);

/* VitalsDriver's screenshot and messages. */
GBytes *vitals_libvirt_screenshot(VitalsConnection *connection, const char *uuid, int id,
                                  GError **error);
GStrv vitals_libvirt_messages(VitalsConnection *connection, const char *uuid, GError **error);

/* VitalsDriver's block. */
gboolean vitals_libvirt_block(VitalsConnection *base, const char *uuid, VitalsSample *sample,
                              GError **error);

/* VitalsDriver's progress and job. */
gboolean vitals_libvirt_progress(VitalsConnection *connection, const char *uuid, guint64 *ret_done,
                                 guint64 *ret_total, GError **error);
gboolean vitals_libvirt_job(VitalsConnection *connection, const char *uuid, VitalsJob *ret_job,
                            GError **error);

/* VitalsDriver's kvm. */
VitalsSample *vitals_libvirt_kvm(VitalsConnection *base, const char *uuid, GError **error);

/* VitalsDriver's queues. */
VitalsSample *vitals_libvirt_queues(VitalsConnection *base, const char *uuid, GError **error);

/* VitalsDriver's subscribe. */
gboolean vitals_libvirt_subscribe(VitalsConnection *connection, VitalsEventHandler on_event,
                                  VitalsClosedHandler on_closed, gpointer data, GError **error);

/* Takes back all that subscribe registered, before the connection is closed. */
void vitals_libvirt_unsubscribe(VitalsLibvirtConnection *connection);

/* VitalsDriver's check, whole_definition and redefine. */
char *vitals_libvirt_check(VitalsConnection *connection, const char *xml, GError **error);
char *vitals_libvirt_whole_definition(VitalsConnection *connection, const char *domain,
                                      GError **error);
gboolean vitals_libvirt_redefine(VitalsConnection *connection, const char *domain,
                                 const char *before, const char *after, GError **error);
