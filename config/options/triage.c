/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

/* The programs that read dumps. */
const VitalsOption vitals_options_triage[] = {
    {
        .section = "Triage",
        .key = "Makedumpfile",
        .type = VITALS_OPTION_STRING,
        .fallback = "makedumpfile",
        .text =
            "The program that makes dumps small and takes the kernel's log out of them: a name in "
            "PATH or a path. none leaves dumps as large as QEMU writes them. It runs as nobody, "
            "without a network, at idle priority.",
    },
    {
        .section = "Triage",
        .key = "FilterLevel",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "31",
        .minimum = 0,
        .maximum = 31,
        .per_guest = TRUE,
        .text =
            "What makedumpfile leaves out of a stored dump, as its -d: 31 leaves out free pages, "
            "caches and the memory of programs, and crash tells as much of the kernel as before; "
            "15 keeps the memory of programs with free pages, 1 all but pages of zeros, 0 "
            "everything, uncompressed. The memory of programs may hold passwords and keys.",
    },
    {
        .section = "Triage",
        .key = "Crash",
        .type = VITALS_OPTION_STRING,
        .fallback = "crash",
        .text =
            "The program that takes stacks out of a dump where the kernel's symbols are found: a "
            "name in PATH or a path, or none. It is confined as makedumpfile is.",
    },
    {
        .section = "Triage",
        .key = "VmlinuxPath",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "Directories, separated by blanks, in which kernels with symbols are looked for before "
            "/usr/lib/debug and /lib/debug: DIR/boot/vmlinux-RELEASE, "
            "DIR/lib/modules/RELEASE/vmlinux, DIR/vmlinux-RELEASE and the like, or by build id. "
            "Guests' kernels are seldom the host's: unpack their debug packages here. Everybody "
            "must be able to read them.",
    },
    {
        .section = "Triage",
        .key = "ToolTimeout",
        .type = VITALS_OPTION_DURATION,
        .fallback = "5min",
        .minimum = SECOND,
        .maximum = HOUR,
        .text =
            "How long one of these programs may run before it is killed; making a dump small has a "
            "second more for each 20 MiB. The incident is published when they are done, the guest "
            "recovered long before.",
    },
    { .section = NULL },
};
