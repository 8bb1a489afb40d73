/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"

/* Whether guests' consoles are read. */
const VitalsOption vitals_options_console[] = {
    {
        .section = "Console",
        .key = "Follow",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "yes",
        .per_guest = TRUE,
        .text =
            "Whether the log of a guest's serial console (<log file='...'/>, or Xen's "
            "guest-NAME.log) is read while it runs: a panic is known within a second of its text, "
            "also without a panic device, and what the guest says of oopses, lockups, exhausted "
            "memory or services that fail again and again names the cause. Switch it off for "
            "guests whose console is nobody's business.",
    },
    {
        .section = "Console",
        .key = "Stream",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "no",
        .per_guest = TRUE,
        .text =
            "Whether the console of a guest without a log is read live, from its pty on this host. "
            "Whoever opens it, with `virsh console` or otherwise, gets in as if nobody was there "
            "and has it alone within milliseconds; we come back a second or two after they left. "
            "What they see we do not, and neither what was written before we came: a <log "
            "file='...'/> has neither gap. A guest that writes more than 1 MB within a second is "
            "left alone for 5 seconds. Of no use for consoles that are no pty, and for remote "
            "hosts.",
    },
    { .section = NULL },
};
