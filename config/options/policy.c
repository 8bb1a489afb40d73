/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

static const char *const response_words[] = { "nothing",         "incident",
                                              "capture",         "capture-inject-nmi",
                                              "capture-reset",   "capture-restart",
                                              "capture-destroy", NULL };

static const char *const metadata_words[] = { "ignore", "milder", "trust", NULL };

/* What a verdict leads to. */
const VitalsOption vitals_options_policy[] = {
    {
        .section = "Policy",
        .key = "OnCrashed",
        .type = VITALS_OPTION_WORD,
        .fallback = "capture",
        .words = response_words,
        .per_guest = TRUE,
        .text =
            "What a panic that the guest reported leads to: nothing; an incident, the written "
            "account with signals and console; capture, with a dump of its memory too; and behind "
            "that, once the dump is safe, an NMI, a reset, a restart (destroyed and started again, "
            "with QEMU anew) or the guest's destruction. Nothing is ever reset unless it stands "
            "here.",
    },
    {
        .section = "Policy",
        .key = "OnKernelDead",
        .type = VITALS_OPTION_WORD,
        .fallback = "capture",
        .words = response_words,
        .per_guest = TRUE,
        .text = "Likewise for a kernel or vCPUs that fell silent. capture-inject-nmi suits guests "
                "whose kernel panics on an unknown NMI and has kdump set up.",
    },
    {
        .section = "Policy",
        .key = "OnUserspaceDead",
        .type = VITALS_OPTION_WORD,
        .fallback = "incident",
        .words = response_words,
        .per_guest = TRUE,
        .text =
            "Likewise for a guest whose kernel lives while nothing above it does. A dump pauses "
            "the guest, so ask for one only if it is of no use in that state.",
    },
    {
        .section = "Policy",
        .key = "OnStuck",
        .type = VITALS_OPTION_WORD,
        .fallback = "incident",
        .words = response_words,
        .per_guest = TRUE,
        .text =
            "Likewise for a QEMU that does not answer. It cannot be dumped or reset while it is "
            "stuck: capture-destroy with RecoverWithoutDump=yes is all that would work, and loses "
            "a guest that only waits for its storage.",
    },
    {
        .section = "Policy",
        .key = "OnPaused",
        .type = VITALS_OPTION_WORD,
        .fallback = "incident",
        .words = response_words,
        .per_guest = TRUE,
        .text =
            "Likewise for a guest that an I/O error or its watchdog paused. What somebody paused, "
            "saves or migrates is never touched.",
    },
    {
        .section = "Policy",
        .key = "OnDegraded",
        .type = VITALS_OPTION_WORD,
        .fallback = "incident",
        .words = response_words,
        .per_guest = TRUE,
        .text =
            "Likewise for a guest that lives with something wrong: its memory running out, one of "
            "its vCPUs dead, a reboot loop. A busy host and a guest agent that stopped are shown, "
            "but never open an incident.",
    },
    {
        .section = "Policy",
        .key = "ActAfter",
        .type = VITALS_OPTION_DURATION,
        .fallback = "0",
        .minimum = 0,
        .maximum = HOUR,
        .per_guest = TRUE,
        .text =
            "How long a verdict other than crashed and degraded has to hold before anything comes "
            "of it. Verdicts have their own deadlines before that; lengthen it if guests are "
            "dumped that would have come back by themselves.",
    },
    {
        .section = "Policy",
        .key = "DegradedFor",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1min",
        .minimum = 0,
        .maximum = DAY,
        .per_guest = TRUE,
        .text =
            "How long a guest has to be degraded, by one cause, before that is worth an incident. "
            "The metrics show it at once.",
    },
    {
        .section = "Policy",
        .key = "DegradedCooldown",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1d",
        .minimum = 0,
        .maximum = 30 * DAY,
        .per_guest = TRUE,
        .text =
            "The same cause of degraded health opens no second incident for the same guest sooner "
            "than this. Shorten it if every bout of it matters.",
    },
    {
        .section = "Policy",
        .key = "NmiFirst",
        .type = VITALS_OPTION_DURATION,
        .fallback = "0",
        .minimum = 0,
        .maximum = 10 * MINUTE,
        .per_guest = TRUE,
        .text =
            "Before a guest whose kernel fell silent is dumped it is sent an NMI and given this "
            "time, for guests whose kernel panics on one (kernel.unknown_nmi_panic=1) and has "
            "kdump set up: with 60s its crash kernel has mostly booted by then, which often is the "
            "first that is heard of it, and is waited for, see GuestKdump. 0 sends none. Others "
            "may log a line and hang on.",
    },
    {
        .section = "Policy",
        .key = "RecoverWithoutDump",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "no",
        .per_guest = TRUE,
        .text =
            "Whether a guest is reset or destroyed as asked for above although its memory could "
            "not be dumped (no space, too soon, encrypted). No keeps the evidence in the guest for "
            "somebody to fetch; yes puts the service first.",
    },
    {
        .section = "Policy",
        .key = "MaxCapturesPerGuestPerDay",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "24",
        .minimum = 0,
        .maximum = 1000,
        .per_guest = TRUE,
        .text =
            "How many dumps of one guest may begin within 24 hours, whatever CaptureCooldown says. "
            "Lower it for large guests on small disks.",
    },
    {
        .section = "Policy",
        .key = "CrashLoopWindow",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1h",
        .minimum = 0,
        .maximum = 7 * DAY,
        .per_guest = TRUE,
        .text =
            "A guest whose kernel dies more than once within this time is in a crash loop: each "
            "death behind the first doubles its CaptureCooldown, up to 64 times. 0 looks for no "
            "loop.",
    },
    {
        .section = "Policy",
        .key = "CrashLoopCount",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "3",
        .minimum = 0,
        .maximum = 1000,
        .per_guest = TRUE,
        .text = "After so many deaths within CrashLoopWindow the guest is left as it is instead of "
                "being reset, destroyed or sent an NMI once more. 0 never gives up.",
    },
    {
        .section = "Policy",
        .key = "MaxRecoveriesPerHour",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "3",
        .minimum = 0,
        .maximum = 1000,
        .per_guest = TRUE,
        .text =
            "How often a guest is reset, restarted, destroyed or sent an NMI within an hour; after "
            "that it is left as it is for somebody to look at.",
    },
    {
        .section = "Policy",
        .key = "MinimumUptime",
        .type = VITALS_OPTION_DURATION,
        .fallback = "2min",
        .minimum = 0,
        .maximum = DAY,
        .per_guest = TRUE,
        .text = "A guest that dies sooner than this after its start is dumped, but not reset or "
                "restarted: it would most likely die again. 0 recovers it always.",
    },
    {
        .section = "Policy",
        .key = "MetadataPolicy",
        .type = VITALS_OPTION_WORD,
        .fallback = "milder",
        .words = metadata_words,
        .per_guest = TRUE,
        .text =
            "What a domain may say for itself in its definition, as <vitals:on verdict=\"crashed\" "
            "do=\"incident\"/> within <vitals:policy xmlns:vitals=\"urn:virt-vitals:policy:1\"> "
            "under <metadata>. milder lets it ask for less than the keys above, so that who may "
            "edit a definition can spare a guest but not have it dumped or reset; trust lets it "
            "ask for anything; ignore for nothing.",
    },
    { .section = NULL },
};
