/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * The daemon under test, seen as its users see it: by its command line, HTTP and state directory.
 * Everything blocks, and what does not come within its time fails the test.
 */
typedef struct VitalsLabDaemon VitalsLabDaemon;

/**
 * vitals_lab_daemon_start:
 * @config: (nullable): lines to add to its configuration
 *
 * Starts `virt-vitals monitor` on the lab's libvirtd with a state directory and a port of its own and
 * waits until it answers. It runs in the lab's mount namespace, so that /run/libvirt is what it would
 * be on a host.
 */
VitalsLabDaemon *vitals_lab_daemon_start(const char *config);

/**
 * vitals_lab_daemon_stop:
 *
 * Sends SIGTERM and waits for the end; it must come within five seconds.
 *
 * Returns: its exit status
 */
int vitals_lab_daemon_stop(VitalsLabDaemon *daemon);

/* Kills it if it still runs. */
void vitals_lab_daemon_free(VitalsLabDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLabDaemon, vitals_lab_daemon_free)

/**
 * vitals_lab_daemon_get:
 * @path: "/metrics"
 * @ret_body: (out) (optional): what it answered
 * @ret_seconds: (out) (optional): how long that took, connecting included
 *
 * Returns: the HTTP status; 0 if there was no answer within ten seconds
 */
long vitals_lab_daemon_get(VitalsLabDaemon *daemon, const char *path, char **ret_body,
                           double *ret_seconds);

/* The guest's object in /api/v1/guests; %NULL if there is none. Returns: (transfer full) */
json_t *vitals_lab_daemon_guest(VitalsLabDaemon *daemon, const char *name);

/**
 * vitals_lab_daemon_wait_health:
 * @layer: (nullable): %NULL for any
 * @since: monotonic time from which @seconds count
 *
 * Returns: how many seconds after @since the guest's health was @health
 */
double vitals_lab_daemon_wait_health(VitalsLabDaemon *daemon, const char *name, const char *health,
                                     const char *layer, gint64 since, double seconds);

/* How many incidents of that guest there are; of all guests for %NULL. */
guint vitals_lab_daemon_incidents(VitalsLabDaemon *daemon, const char *name);

/**
 * vitals_lab_daemon_wait_incident:
 *
 * Waits until the guest has an incident whose capture has come to an end.
 *
 * Returns: (transfer full): the newest one
 */
json_t *vitals_lab_daemon_wait_incident(VitalsLabDaemon *daemon, const char *name, double seconds);

/* A string member; fails if there is none. Returns: (transfer none) */
const char *vitals_lab_json_string(const json_t *object, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)
