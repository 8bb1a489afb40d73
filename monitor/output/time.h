/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Wall-clock microseconds as RFC 3339 in UTC with milliseconds: "2026-11-21T03:14:43.000Z". */
char *vitals_time_rfc3339(gint64 realtime);

/* The same second without punctuation, for names that sort: "20261121T031443Z". */
char *vitals_time_compact(gint64 realtime);
