/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

/* How libvirt is asked. */
const VitalsOption vitals_options_monitor[] = {
    {
        .section = "Monitor",
        .key = "Connect",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "The libvirt URI whose guests are watched. Empty takes LIBVIRT_DEFAULT_URI from the "
            "environment, and without that qemu:///system. Set it on hosts with more than one "
            "hypervisor driver.",
    },
    {
        .section = "Monitor",
        .key = "StateDirectory",
        .type = VITALS_OPTION_PATH,
        .fallback = "/var/lib/virt-vitals",
        .text =
            "Where incidents, their memory dumps and what must outlive a restart are kept. Put it "
            "on a file system with room for a dump of the largest guest: an ELF dump is as large "
            "as the guest's memory.",
    },
    {
        .section = "Monitor",
        .key = "SamplePeriod",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1s",
        .minimum = 200 * MILLISECOND,
        .maximum = MINUTE,
        .text =
            "How often state, control information, vCPU time and /proc are read for all guests. "
            "These calls never wait for a guest. Lengthen it on hosts with hundreds of guests if "
            "libvirtd's own CPU time matters; every verdict comes up to one period later.",
    },
    {
        .section = "Monitor",
        .key = "CallDeadline",
        .type = VITALS_OPTION_DURATION,
        .fallback = "3s",
        .minimum = 500 * MILLISECOND,
        .maximum = MINUTE,
        .text =
            "A call about one guest that is unanswered for so long is written off, and that guest "
            "is asked nothing more until the call returns. Healthy guests answer within 0.1s; "
            "lengthen it if guests are quarantined while the host's disks are overloaded.",
    },
    {
        .section = "Monitor",
        .key = "GuestWorkers",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "4",
        .minimum = 1,
        .maximum = 8,
        .text =
            "How many connections ask single guests at the same time. libvirtd serves five "
            "requests of one connection (max_client_requests) and no more, so each call that may "
            "hang has a connection of its own. Lower it where libvirtd's max_clients is small.",
    },
    {
        .section = "Monitor",
        .key = "MaxAbandonedCalls",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "8",
        .minimum = 1,
        .maximum = 16,
        .text =
            "How many written-off calls may hang in libvirtd before no guest is asked anything "
            "that goes through its QEMU monitor. A hung call keeps one of libvirtd's 20 ordinary "
            "workers (max_workers) until QEMU answers, and with the last one gone libvirt stops "
            "for everybody. Lower it if max_workers was lowered or other tools share libvirtd.",
    },
    {
        .section = "Monitor",
        .key = "DryRun",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "no",
        .text =
            "Look, judge and report, but touch nothing: no balloon period is set and no memory is "
            "dumped. For the first days on a host that must not be disturbed.",
    },
    { .section = NULL },
};
