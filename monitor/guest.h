/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/hypervisor.h"
#include "monitor/recorder.h"
#include "monitor/snapshot.h"
#include "probes/outline.h"
#include "probes/watch.h"

/**
 * VitalsGuest: the record of one run of one domain; lives on the main loop
 * @id: libvirt's number of this run
 * @active: libvirt lists it
 * @seen: monotonic time of the last sweep or event that showed it active
 * @watch: the judgement
 * @recorder: the last minutes
 * @latest: the newest sample of each part that had a value; %NULL where there was none
 * @outline: (nullable): of its definition, once that was read
 * @xml: (nullable): likewise
 * @warnings: (nullable) (element-type utf8): what lint says of it; never changed
 * @define_at: monotonic time at which the definition is to be read again, as something about it failed;
 *   0 for never
 * @starting: libvirt was still starting it when it was last seen
 * @booted: when it was booted, as vitals_host_ticks() counts; 0 if we did not see that
 * @doubted: it was suspicious at the last tick
 * @asking: a balloon question is under way or waits for a worker
 * @quarantined: that question is overdue
 * @ask_at: monotonic time of the next question
 * @block_asked: monotonic time of the last question about its disks; 0 for never
 * @queues_asked: monotonic time of the last look at their queues; 0 for never
 * @kvm_asked: monotonic time of the last question for KVM's counters of its vCPUs; 0 for never
 * @look_at: monotonic time before which its registers are not looked at again
 * @looks_left: looks that belong to the series under way
 * @pinging: a ping of its agent is under way or waits for a worker
 * @ping_at: monotonic time of the next ping
 * @period_ours: the balloon's period was set by us
 * @console: (nullable): what was counted on its console
 * @episode: the health its open incident began with; %VITALS_HEALTH_HEALTHY if there is none
 * @unsettled: that incident's dump, and what the policy does to the guest, are not over: if this process is
 *   killed now, the next one has to begin with them anew
 * @revived: it was reset behind that incident, so that its next death is another one, also for a process that
 *   does not see it boot
 * @consider_at: monotonic time at which the policy wants to look again; 0 if it does not
 * @captured: monotonic time of its last capture; 0 for never
 * @capture: %NULL, "queued" or "dumping"
 * @capture_done: bytes dumped so far
 * @capture_total: of how many; 0 if not known
 * @capture_began: monotonic time of the dump's begin
 */
typedef struct {
    grefcount references;
    char *uuid;
    char *name;
    int id;
    gboolean active;
    gint64 seen;
    VitalsWatch watch;
    VitalsRecorder *recorder;
    VitalsSample *latest[VITALS_N_PARTS];
    VitalsOutline *outline;
    char *xml;
    GPtrArray *warnings;
    gint64 define_at;
    gboolean starting;
    guint64 booted;
    gboolean doubted;
    gboolean asking;
    gboolean quarantined;
    gint64 ask_at;
    gint64 block_asked;
    gint64 queues_asked;
    gint64 kvm_asked;
    gint64 look_at;
    guint looks_left;
    gboolean pinging;
    gint64 ping_at;
    gboolean period_ours;
    VitalsConsoleCounts *console;
    VitalsHealth episode;
    gboolean unsettled;
    gboolean revived;
    gint64 consider_at;
    gint64 captured;
    const char *capture;
    guint64 capture_done;
    guint64 capture_total;
    gint64 capture_began;
} VitalsGuest;

/**
 * vitals_guest_new:
 * @boot_seen: it started just now
 *
 * Returns: (transfer full)
 */
VitalsGuest *vitals_guest_new(const VitalsSettings *settings, const char *uuid, const char *name,
                              int id, gboolean boot_seen);
VitalsGuest *vitals_guest_ref(VitalsGuest *guest);
void vitals_guest_unref(VitalsGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsGuest, vitals_guest_unref)

/* Takes a sample in: records and judges it. Returns: whether the cause of the verdict changed */
gboolean vitals_guest_ingest(VitalsGuest *guest, VitalsSample *sample);

/* What the next sweep need not ask of that guest, as other answers bring it: /proc tells the time of its vCPUs,
 * and each question to its balloon begins with its control info. On suspicion nothing of that is left to
 * others. */
VitalsSpare vitals_guest_spares(const VitalsGuest *guest, gint64 now);

/* As vitals_watch_call_overdue() and its counterpart, and recorded: as a balloon that timed out and one
 * that failed. */
void vitals_guest_call_overdue(VitalsGuest *guest, gint64 since);
void vitals_guest_call_returned(VitalsGuest *guest);

/* The deadlines that the settings give a guest of that name. */
VitalsLimits vitals_guest_limits(const VitalsSettings *settings, const char *name);

/* How the guest looks to those who ask. Returns: (transfer full) */
VitalsGuestView *vitals_guest_view(const VitalsGuest *guest, gint64 now, gint64 realtime);

/* Its name, fit for logs and messages. Returns: (transfer full) */
char *vitals_guest_label(const VitalsGuest *guest);

/* How many seconds its dump will take still, at the pace it had so far; -1 if that is not known. */
double vitals_guest_capture_left(const VitalsGuest *guest, gint64 now);
