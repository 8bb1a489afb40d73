/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

static const char *const deep_probe_words[] = { "never", "on-suspicion", NULL };

/* What guests are asked, and how often. */
const VitalsOption vitals_options_probe[] = {
    {
        .section = "Probe",
        .key = "AgentPeriod",
        .type = VITALS_OPTION_DURATION,
        .fallback = "10s",
        .maximum = 10 * MINUTE,
        .per_guest = TRUE,
        .text =
            "How often the guest agent is pinged where the guest has the channel for it; 0 never "
            "asks. Only an agent that has answered since the guest (re)started is missed when it "
            "stops. Set it to 0 where another tool must have the agent for itself.",
    },
    {
        .section = "Probe",
        .key = "BalloonPeriod",
        .type = VITALS_OPTION_DURATION,
        .fallback = "2s",
        .minimum = 0,
        .maximum = 10 * MINUTE,
        .per_guest = TRUE,
        .text =
            "The statistics period that a guest's memory balloon gets where the domain has a "
            "virtio balloon and sets none; it is taken back at a clean exit. The kernel's answers "
            "are its pulse, so a shorter period notices a dead kernel sooner and wakes an idle "
            "guest more often. 0 never sets a period.",
    },
    {
        .section = "Probe",
        .key = "BlockPeriod",
        .type = VITALS_OPTION_DURATION,
        .fallback = "30s",
        .minimum = 0,
        .maximum = 10 * MINUTE,
        .per_guest = TRUE,
        .text =
            "How often the requests to a guest's disks are counted; 0 never does. They prove that "
            "a kernel lives whose balloon fell silent, and show that a disk no longer answers. "
            "Each look is a question to QEMU; on suspicion it is put every second.",
    },
    {
        .section = "Probe",
        .key = "CounterPeriod",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1min",
        .minimum = 0,
        .maximum = 10 * MINUTE,
        .per_guest = TRUE,
        .text =
            "How often KVM's counters of the vCPUs of a guest with several are read, where libvirt "
            "and QEMU have them: a vCPU that spins with interrupts off takes none, which tells it "
            "from a busy one. On suspicion they are read every ten seconds, of guests with one "
            "vCPU too. 0 never reads them.",
    },
    {
        .section = "Probe",
        .key = "DeepProbe",
        .type = VITALS_OPTION_WORD,
        .fallback = "never",
        .words = deep_probe_words,
        .per_guest = TRUE,
        .text =
            "Whether a suspicious guest's vCPU registers are read through QEMU's monitor, a few "
            "times within seconds: that tells a CPU that died with interrupts off from one that is "
            "busy or idle, also when only one of several died; and the queues of virtio disks that "
            "stand still, which tells a stuck disk from an idle one. libvirt marks a domain on "
            "which it was done as tainted, so it is never done unless asked for.",
    },
    { .section = NULL },
};
