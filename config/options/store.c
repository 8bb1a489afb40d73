/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

/* What is kept of incidents. */
const VitalsOption vitals_options_store[] = {
    {
        .section = "Store",
        .key = "MaxUse",
        .type = VITALS_OPTION_SIZE,
        .fallback = "100G",
        .text =
            "What all incidents together may take on the disk; the oldest are deleted above it, at "
            "the start, after each incident and every hour. Never deleted are the newest incident "
            "of a guest and those marked with 'virt-vitals incidents keep'. 0 is no limit.",
    },
    {
        .section = "Store",
        .key = "GuestShare",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "50",
        .minimum = 1,
        .maximum = 100,
        .text = "How much of MaxUse and of MaxIncidents the incidents of one guest may take, in "
                "percent, so that one guest in a crash loop does not push out the evidence of all "
                "others.",
    },
    {
        .section = "Store",
        .key = "MaxIncidents",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "1000",
        .minimum = 0,
        .maximum = 100000,
        .text = "How many incidents are kept, likewise. 0 is no limit.",
    },
    {
        .section = "Store",
        .key = "MaxAge",
        .type = VITALS_OPTION_DURATION,
        .fallback = "0",
        .minimum = 0,
        .maximum = 3650 * DAY,
        .text = "How long incidents are kept, likewise. Set it where memory dumps, which hold the "
                "guests' secrets, must not be kept for long. 0 is for ever.",
    },
    {
        .section = "Store",
        .key = "ExecOnIncident",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "A command that is run for each incident once it is whole, to upload it or to open a "
            "ticket: split as a shell would, but run without one, in the incident's directory "
            "($VITALS_INCIDENT), with incident.json on its standard input. One at a time; what "
            "came of it is in the incident's exec.txt.",
    },
    {
        .section = "Store",
        .key = "ExecDeadline",
        .type = VITALS_OPTION_DURATION,
        .fallback = "5min",
        .minimum = SECOND,
        .maximum = DAY,
        .text = "After so long that command is killed, with all that it started. Lengthen it where "
                "memory dumps are uploaded.",
    },
    { .section = NULL },
};
