/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/time.h"

char *
vitals_time_rfc3339(gint64 realtime)
{
    /* a host without a clock of its own counts from 1970, and what was before it boots is earlier */
    gint64 shown = MAX(realtime, 0);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(shown / G_USEC_PER_SEC);
    g_autofree char *seconds = utc ? g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S") : NULL;

    return g_strdup_printf("%s.%03dZ", seconds ? seconds : "0000-00-00T00:00:00",
                           (int)(shown % G_USEC_PER_SEC / 1000));
}

char *
vitals_time_compact(gint64 realtime)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(realtime / G_USEC_PER_SEC);

    return utc ? g_date_time_format(utc, "%Y%m%dT%H%M%SZ") : g_strdup("00000000T000000Z");
}
