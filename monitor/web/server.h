/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

/*
 * The HTTP side: answers from the snapshot published last, from threads of its own. Read only: GET and
 * HEAD, no request body, nothing over HTTP changes anything, and no answer waits for libvirt.
 *
 * Paths: the telemetry path, /-/healthy, /-/ready, /api/v1/guests, /api/v1/guests/UUID,
 * /api/v1/incidents, the reports of incidents where they may be read (monitor/web/report.h), and a page
 * at /.
 */
typedef struct VitalsWebServer VitalsWebServer;

/**
 * vitals_web_server_new:
 * @listen: see vitals_listen_open()
 * @telemetry_path: where the metrics are: "/metrics"; has to begin with "/"
 *
 * Listens and serves from now on; until something is published, as one who knows no guest and is not
 * ready.
 *
 * Returns: (transfer full): the server; on failure %G_IO_ERROR with what to do next
 */
VitalsWebServer *vitals_web_server_new(const char *listen, const char *telemetry_path,
                                       GError **error);

/* Stops listening, and closes the connections there are. */
void vitals_web_server_free(VitalsWebServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsWebServer, vitals_web_server_free)

/* Answers come from @snapshot from now on. Any thread may call it; does not block. */
void vitals_web_server_publish(VitalsWebServer *server, VitalsSnapshot *snapshot);

/* Ends what takes clients too long at @now (monotonic); it does so by itself every few seconds. */
void vitals_web_server_expire(VitalsWebServer *server, gint64 now);

/* The port it listens on, also where the kernel chose it. */
guint16 vitals_web_server_port(const VitalsWebServer *server);
