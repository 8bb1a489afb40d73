/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

#include <jansson.h>

/*
 * The reports of incidents over HTTP, for who set Web.ServeReports=. What may be read is decided by the
 * snapshot: a request is compared with what the incidents there give, and no path is made of it.
 */

/* What such paths begin with: /incidents/ID/report.html, /incidents/ID/report.txt */
#define VITALS_WEB_REPORTS "/incidents/"

/* As in the page itself, and more: it may neither be framed nor open or run anything. */
#define VITALS_WEB_REPORT_POLICY                                                      \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'none'; sandbox"

/* Adds "report" and "report_text" to the incidents of @document, as vitals_json_incidents() made it from
 * that snapshot; null while one is not finished or reports are not served. */
void vitals_web_report_link(json_t *document, const VitalsSnapshot *snapshot);

/* Whether that incident's report may be read: it is whole, and reports are served. */
gboolean vitals_web_report_is_served(const VitalsSnapshot *snapshot,
                                     const VitalsIncidentView *incident);

/**
 * vitals_web_report_open:
 * @asked: what follows %VITALS_WEB_REPORTS in the request, decoded
 * @ret_size: bytes to send
 * @ret_type: static: its content type
 *
 * Returns: a descriptor of a plain file of at most %VITALS_STORE_REPORT_MAX bytes, to be closed; -1 if
 * there is none. Blocks on the disk
 */
int vitals_web_report_open(const VitalsSnapshot *snapshot, const char *asked, gsize *ret_size,
                           const char **ret_type);
