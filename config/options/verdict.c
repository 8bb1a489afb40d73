/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

/* How long silence is borne. */
const VitalsOption vitals_options_verdict[] = {
    {
        .section = "Verdict",
        .key = "AgentDeadline",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "3",
        .minimum = 2,
        .maximum = 100,
        .per_guest = TRUE,
        .text =
            "So many pings of the guest agent may fail, counted in time in which the guest could "
            "run, before its silence is a finding. An agent alone never makes a guest dead: the "
            "kernel has signs of its own.",
    },
    {
        .section = "Verdict",
        .key = "BalloonDeadline",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "4",
        .minimum = 2,
        .maximum = 100,
        .per_guest = TRUE,
        .text =
            "After how many balloon periods of silence the kernel counts as dead, in time that the "
            "guest could run. With a period of 2s the worst gap of a healthy guest was 3s, under a "
            "fork bomb 5s, and while booting on a loaded host 8s. Raise it for guests on an "
            "overcommitted host.",
    },
    {
        .section = "Verdict",
        .key = "BlockedAfter",
        .type = VITALS_OPTION_DURATION,
        .fallback = "10s",
        .minimum = SECOND,
        .maximum = HOUR,
        .per_guest = TRUE,
        .text =
            "How long QEMU's main thread may be in uninterruptible sleep before the guest is "
            "called stuck. It is there for moments whenever it does I/O; lengthen it where storage "
            "that fails over takes longer to come back.",
    },
    {
        .section = "Verdict",
        .key = "BootGrace",
        .type = VITALS_OPTION_DURATION,
        .fallback = "2min",
        .minimum = 0,
        .maximum = HOUR,
        .per_guest = TRUE,
        .text =
            "How long after a start or a reset a silent guest is called booting rather than dead. "
            "Lengthen it for guests that check large file systems or boot from slow storage.",
    },
    {
        .section = "Verdict",
        .key = "StuckAfter",
        .type = VITALS_OPTION_DURATION,
        .fallback = "3s",
        .minimum = SECOND,
        .maximum = 5 * MINUTE,
        .per_guest = TRUE,
        .text =
            "How long QEMU must be stopped, blocked in the kernel or deaf on its monitor before "
            "the guest is called stuck. Lengthen it where backups or migrations freeze QEMU for "
            "longer as a matter of course.",
    },
    {
        .section = "Verdict",
        .key = "SampleMaxAge",
        .type = VITALS_OPTION_DURATION,
        .fallback = "30s",
        .minimum = SECOND,
        .maximum = HOUR,
        .text =
            "Facts older than this are not judged and make the guest's health unknown. It must be "
            "well above SamplePeriod; shorten it only to hear sooner that libvirt stopped "
            "answering.",
    },
    { .section = NULL },
};
