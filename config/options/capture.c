/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"
#include "config/options/units.h"

static const char *const capture_words[] = { "crashed", "kernel-dead", NULL };

static const char *const format_words[] = { "auto", "elf", "kdump-zlib", NULL };

/* Memory dumps. */
const VitalsOption vitals_options_capture[] = {
    {
        .section = "Capture",
        .key = "CaptureOn",
        .type = VITALS_OPTION_WORDS,
        .fallback = "crashed kernel-dead",
        .words = capture_words,
        .per_guest = TRUE,
        .text =
            "Which of the dumps that OnCrashed and OnKernelDead ask for are made: crashed is a "
            "panic that the guest reported through pvpanic, kernel-dead a kernel that fell silent. "
            "The guest is paused while it is dumped. Use none for guests whose memory must not "
            "reach the disk, with RecoverWithoutDump=yes if they are to be reset all the same.",
    },
    {
        .section = "Capture",
        .key = "DumpFormat",
        .type = VITALS_OPTION_WORD,
        .fallback = "auto",
        .words = format_words,
        .per_guest = TRUE,
        .text =
            "The form of the memory dump. auto writes elf where makedumpfile makes it small behind "
            "that, and for Windows, of which nothing else can be read; else kdump-zlib where the "
            "running QEMU offers it. kdump-zlib is a small fraction in size; elf is written faster "
            "for a guest whose memory is full, and needs room for all of it.",
    },
    {
        .section = "Capture",
        .key = "KeepFree",
        .type = VITALS_OPTION_SIZE,
        .fallback = "2G",
        .text =
            "Free space that captures leave on the file system of the state directory; a dump that "
            "might not fit above it is not begun, and old incidents are deleted to make room (see "
            "MaxUse). Raise it if the directory shares a file system with the guests' images or "
            "the host's logs.",
    },
    {
        .section = "Capture",
        .key = "CaptureCooldown",
        .type = VITALS_OPTION_DURATION,
        .fallback = "10min",
        .minimum = 0,
        .maximum = 7 * DAY,
        .per_guest = TRUE,
        .text =
            "A guest is not dumped again sooner than this after its last dump, so that a guest in "
            "a crash loop does not fill the disk with the same fault. 0 dumps it every time.",
    },
    {
        .section = "Capture",
        .key = "GuestKdump",
        .type = VITALS_OPTION_DURATION,
        .fallback = "5min",
        .minimum = 0,
        .maximum = 2 * HOUR,
        .per_guest = TRUE,
        .text =
            "How long the guest's own kdump is waited for, where its console or pvpanic tells that "
            "it is at work: until then the guest is neither dumped nor reset. It ends with a reset "
            "of its own. Lengthen it for guests with much memory or a dump over the network; 0 "
            "waits for none.",
    },
    {
        .section = "Capture",
        .key = "JobPatience",
        .type = VITALS_OPTION_DURATION,
        .fallback = "5min",
        .minimum = 0,
        .maximum = DAY,
        .per_guest = TRUE,
        .text =
            "How long another job of libvirt with the guest (a migration, a backup, somebody's "
            "dump) is waited for before the guest is dumped. Behind that the dump is refused, with "
            "the job as the reason.",
    },
    {
        .section = "Capture",
        .key = "MaxCapturesPerHour",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "6",
        .minimum = 0,
        .maximum = 1000,
        .text =
            "How many dumps the whole host may begin in an hour, for the day on which one cause "
            "fells all guests. Raise it if every one of them matters; 0 stops automatic dumps.",
    },
    {
        .section = "Capture",
        .key = "ConsoleTail",
        .type = VITALS_OPTION_SIZE,
        .fallback = "256K",
        .minimum = 4 * KIB,
        .maximum = 16 * MIB,
        .per_guest = TRUE,
        .text =
            "How much of the end of a guest's console log goes into the incident. A panic takes 4 "
            "KiB; an out-of-memory loop writes 160 KiB in half a minute, so raise it to see what "
            "came before one.",
    },
    { .section = NULL },
};
