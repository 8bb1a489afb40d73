/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"
#include "config/settings.h"

/*
 * The daemon: collector, casebook, ledger and web server put together on the default main loop.
 */
typedef struct VitalsDaemon VitalsDaemon;

/**
 * vitals_daemon_new:
 * @hypervisor: (transfer full): where the guests are; on failure too
 * @uri: what it is called in messages
 * @settings: the settings in force
 *
 * Prepares the state directory, listens for HTTP and starts to watch. Blocks on the disk for a moment.
 *
 * Returns: (transfer full) (nullable)
 */
VitalsDaemon *vitals_daemon_new(VitalsHypervisor *hypervisor, const char *uri,
                                VitalsSettings *settings, GError **error);

/* Runs until vitals_daemon_quit(); then ends cleanly within a few seconds, whatever hangs. */
void vitals_daemon_run(VitalsDaemon *daemon);

/* Asks it to end; may be called from a GLib source. */
void vitals_daemon_quit(VitalsDaemon *daemon);

/* The port that HTTP listens on. */
guint16 vitals_daemon_port(const VitalsDaemon *daemon);

void vitals_daemon_free(VitalsDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsDaemon, vitals_daemon_free)
