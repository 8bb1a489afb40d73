/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

/* The signals that are kept. */
const VitalsOption vitals_options_recorder[] = {
    {
        .section = "Recorder",
        .key = "SignalsKept",
        .type = VITALS_OPTION_DURATION,
        .fallback = "15min",
        .minimum = MINUTE,
        .maximum = 30 * MINUTE,
        .text = "How far back the signals of each guest are kept in memory, to be written into its "
                "incident. A guest takes some 700 KiB for 15 minutes: shorten it on hosts with "
                "hundreds of guests, lengthen it when faults build up slowly.",
    },
    { .section = NULL },
};
