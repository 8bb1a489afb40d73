/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"

/* What is served over HTTP. */
const VitalsOption vitals_options_web[] = {
    {
        .section = "Web",
        .key = "ListenAddress",
        .type = VITALS_OPTION_STRING,
        .fallback = "127.0.0.1:10177",
        .text =
            "Address and port of the web server with metrics, page and API. What it serves is read "
            "only, but it names the guests and their faults: leave the loopback address only where "
            "the network may know them.",
    },
    {
        .section = "Web",
        .key = "TelemetryPath",
        .type = VITALS_OPTION_STRING,
        .fallback = "/metrics",
        .text = "The path of the Prometheus metrics. Change it where scrapers expect another.",
    },
    {
        .section = "Web",
        .key = "ServeReports",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "no",
        .text =
            "Whether report.html and report.txt of incidents can be read over HTTP, under the "
            "paths that /api/v1/incidents tells. They hold definitions and what guests wrote on "
            "their consoles, which the state directory shows to root alone: allow it where whoever "
            "reaches ListenAddress may know that.",
    },
    { .section = NULL },
};
