/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"

#define MILLISECOND G_GINT64_CONSTANT(1000)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB G_GINT64_CONSTANT(1024)
#define MIB (1024 * KIB)

static const char *const capture_words[] = { "crashed", "kernel-dead", NULL };
static const char *const response_words[] = { "nothing",         "incident",
                                              "capture",         "capture-inject-nmi",
                                              "capture-reset",   "capture-restart",
                                              "capture-destroy", NULL };
static const char *const metadata_words[] = { "ignore", "milder", "trust", NULL };
static const char *const hook_words[] = { "never", "error", "warning", "notice", NULL };
static const char *const deep_probe_words[] = { "never", "on-suspicion", NULL };
static const char *const format_words[] = { "auto", "elf", "kdump-zlib", NULL };

const VitalsOption vitals_options[] = {
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
    {
        .section = "Web",
        .key = "ListenAddress",
        .type = VITALS_OPTION_STRING,
        .fallback = "127.0.0.1:10177",
        .text =
            "Address and port of the web server with metrics, page and API. What it serves is read "
            "only, but it names the guests and their faults: leave the loopback address only where "
            "the network may know them.",
    },
    {
        .section = "Web",
        .key = "TelemetryPath",
        .type = VITALS_OPTION_STRING,
        .fallback = "/metrics",
        .text = "The path of the Prometheus metrics. Change it where scrapers expect another.",
    },
    {
        .section = "Web",
        .key = "ServeReports",
        .type = VITALS_OPTION_BOOLEAN,
        .fallback = "no",
        .text =
            "Whether report.html and report.txt of incidents can be read over HTTP, under the "
            "paths "
            "that /api/v1/incidents tells. They hold definitions and what guests wrote on their "
            "consoles, which the state directory shows to root alone: allow it where whoever "
            "reaches ListenAddress may know that.",
    },
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
            "virtio "
            "balloon and sets none; it is taken back at a clean exit. The kernel's answers are its "
            "pulse, so a shorter period notices a dead kernel sooner and wakes an idle guest more "
            "often. 0 never sets a period.",
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
        .text = "How often KVM's counters of the vCPUs of a guest with several are read, where "
                "libvirt and QEMU have them: a vCPU that spins with interrupts off takes none, "
                "which tells it from a busy one. On suspicion they are read every ten seconds, of "
                "guests with one vCPU too. 0 never reads them.",
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
            "times "
            "within seconds: that tells a CPU that died with interrupts off from one that is busy "
            "or "
            "idle, also when only one of several died; and the queues of virtio disks that stand "
            "still, which tells a stuck disk from an idle one. libvirt marks a domain on which it "
            "was "
            "done as tainted, so it is never done unless asked for.",
    },
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
            "called "
            "stuck. It is there for moments whenever it does I/O; lengthen it where storage that "
            "fails over takes longer to come back.",
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
        .text = "How long QEMU must be stopped, blocked in the kernel or deaf on its monitor "
                "before the "
                "guest is called stuck. Lengthen it where backups or migrations freeze QEMU for "
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
            "stuck: capture-destroy with RecoverWithoutDump=yes is all that would work, and "
            "loses a guest that only waits for its storage.",
    },
    {
        .section = "Policy",
        .key = "OnPaused",
        .type = VITALS_OPTION_WORD,
        .fallback = "incident",
        .words = response_words,
        .per_guest = TRUE,
        .text = "Likewise for a guest that an I/O error or its watchdog paused. What somebody "
                "paused, saves or migrates is never touched.",
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
        .text = "How long a verdict other than crashed and degraded has to hold before anything "
                "comes of it. Verdicts have their own deadlines before that; lengthen it if guests "
                "are dumped that would have come back by themselves.",
    },
    {
        .section = "Policy",
        .key = "DegradedFor",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1min",
        .minimum = 0,
        .maximum = DAY,
        .per_guest = TRUE,
        .text = "How long a guest has to be degraded, by one cause, before that is worth an "
                "incident. The metrics show it at once.",
    },
    {
        .section = "Policy",
        .key = "DegradedCooldown",
        .type = VITALS_OPTION_DURATION,
        .fallback = "1d",
        .minimum = 0,
        .maximum = 30 * DAY,
        .per_guest = TRUE,
        .text = "The same cause of degraded health opens no second incident for the same guest "
                "sooner than this. Shorten it if every bout of it matters.",
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
            "not be dumped (no space, too soon, encrypted). No keeps the evidence in the guest "
            "for somebody to fetch; yes puts the service first.",
    },
    {
        .section = "Policy",
        .key = "MaxCapturesPerGuestPerDay",
        .type = VITALS_OPTION_INTEGER,
        .fallback = "24",
        .minimum = 0,
        .maximum = 1000,
        .per_guest = TRUE,
        .text = "How many dumps of one guest may begin within 24 hours, whatever CaptureCooldown "
                "says. Lower it for large guests on small disks.",
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
        .text = "How often a guest is reset, restarted, destroyed or sent an NMI within an hour; "
                "after that it is left as it is for somebody to look at.",
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
            "What a domain may say for itself in its definition, as <vitals:on "
            "verdict=\"crashed\" do=\"incident\"/> within <vitals:policy "
            "xmlns:vitals=\"urn:virt-vitals:policy:1\"> under <metadata>. milder lets it ask for "
            "less than the keys above, so that who may edit a definition can spare a guest but "
            "not have it dumped or reset; trust lets it ask for anything; ignore for nothing.",
    },
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
            "reach the disk.",
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
        .text = "A guest is not dumped again sooner than this after its last dump, so that a guest "
                "in a "
                "crash loop does not fill the disk with the same fault. 0 dumps it every time.",
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
            "How much of the end of a guest's console log goes into the incident. A panic takes "
            "4 KiB; an out-of-memory loop writes 160 KiB in half a minute, so raise it to see what "
            "came before one.",
    },
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
            "/usr/lib/debug and /lib/debug: DIR/boot/vmlinux-RELEASE, DIR/lib/modules/RELEASE/"
            "vmlinux, DIR/vmlinux-RELEASE and the like, or by build id. Guests' kernels are seldom "
            "the host's: unpack their debug packages here. Everybody must be able to read them.",
    },
    {
        .section = "Triage",
        .key = "ToolTimeout",
        .type = VITALS_OPTION_DURATION,
        .fallback = "5min",
        .minimum = SECOND,
        .maximum = HOUR,
        .text =
            "How long one of these programs may run before it is killed; making a dump small has "
            "a second more for each 20 MiB. The incident is published when they are done, the "
            "guest recovered long before.",
    },
    {
        .section = "Recorder",
        .key = "SignalsKept",
        .type = VITALS_OPTION_DURATION,
        .fallback = "15min",
        .minimum = MINUTE,
        .maximum = 30 * MINUTE,
        .text = "How far back the signals of each guest are kept in memory, to be written into its "
                "incident. A guest takes some 700 KiB for 15 minutes: shorten it on hosts with "
                "hundreds "
                "of guests, lengthen it when faults build up slowly.",
    },
    {
        .section = "Lint",
        .key = "Select",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text = "The lint rules to use, here and by 'virt-vitals lint': ids, names or beginnings "
                "of ids "
                "(SER), separated by blanks. Empty takes all that are no matter of taste.",
    },
    {
        .section = "Lint",
        .key = "Ignore",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "Lint rules to leave out, likewise. What one guest accepts stands better in its own "
            "metadata, with a reason and a date: 'virt-vitals lint --help' shows how.",
    },
    {
        .section = "Lint",
        .key = "Profile",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "What this site cares for: crash-capture, passthrough, autostart, xen or production "
            "(all of them), separated by blanks. A profile makes warnings of its notices and adds "
            "rules that are a matter of taste elsewhere.",
    },
    {
        .section = "Lint",
        .key = "Severity",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text = "Severities that differ here, as RULE:SEVERITY separated by blanks: "
                "SER001:warning MEM:error. Severities are notice, warning and error.",
    },
    {
        .section = "Lint",
        .key = "HookBlocks",
        .type = VITALS_OPTION_WORD,
        .fallback = "never",
        .words = hook_words,
        .text =
            "What a finding has to be for the libvirt hook to refuse a guest's start. The hook "
            "always tells its findings in libvirt's log. It starts the guest whenever it cannot "
            "judge it within 2 s.",
    },
    { .section = NULL },
};
