/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

/* The policy answers are served with: nothing is loaded, run or sent, and nobody frames them. */
#define VITALS_PAGE_POLICY                                                                 \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'"

/* The page at "/": the guests, worst first, what they suffer from and what to do, and the incidents.
 * Returns: (transfer full): HTML that needs nothing else, without a script */
GBytes *vitals_page_render(const VitalsSnapshot *snapshot, const char *telemetry_path);
