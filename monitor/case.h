/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/brake.h"
#include "monitor/casebook.h"
#include "monitor/evidence.h"
#include "monitor/examiner.h"
#include "monitor/hook.h"
#include "monitor/incident.h"
#include "monitor/legacy.h"
#include "monitor/storekeeper.h"

/*
 * One incident under way, and the casebook that it stands in: shared by the files that lead it from
 * its opening (case.c) over dump (case-dump.c) and action (case-acting.c) to its directory
 * (case-writing.c). For these and casebook.c only; all on the main loop.
 */

/**
 * VitalsCasebook:
 * @disk: begins incidents and takes their pieces: short writes
 * @finishing: hashing a dump takes minutes, which nobody's beginning waits for
 * @hook: (nullable): %NULL if there is no command
 * @keeper: (nullable): %NULL if the directory is another process's
 * @cases: (element-type VitalsCase): those that are not closed
 * @views: (element-type VitalsIncidentView): newest first
 * @restarts: (element-type VitalsCaseRestart): begun by an earlier monitor
 * @captured_at: monotonic times within the last hour
 * @pending: dumps that were granted and have not ended
 */
struct VitalsCasebook {
    VitalsSettings *settings;
    char *state_dir;
    VitalsAbandoned *abandoned;
    VitalsLane *disk;
    VitalsLane *finishing;
    VitalsCapture *capture;
    VitalsEvidence *evidence;
    VitalsHook *hook;
    VitalsExaminer *examiner;
    VitalsStorekeeper *keeper;
    VitalsCaseListener listener;
    gpointer data;
    GPtrArray *cases;
    GPtrArray *views;
    GHashTable *incidents_total;
    GHashTable *captures_total;
    GQueue captured_at;
    VitalsBrake *recoveries;
    VitalsLegacy *legacy;
    GPtrArray *restarts;
    guint pending;
};

/**
 * VitalsCase:
 * @dossier: goes to the disk's workers and comes back
 * @shown: (transfer none): its place in the list
 * @capture: its memory is wanted
 * @asked_for: by somebody, not by a verdict
 * @began: its dump did
 * @dumped: and ended well
 * @nmi_wait: it is sent an NMI first, and given so many microseconds; 0 for none
 * @patience: the source that looks whether there is still something to wait for, or tries again
 * @waits: something is waited for before its dump, or looked after
 * @nmi_under_way: it is being sent
 * @nmi_until, @kdump_until, @job_until, @act_until: monotonic time until which that is waited for; 0 before
 * @action_needs_dump: without a dump nothing is done to the guest
 * @acted: dump and action are over
 * @evident: all other evidence is in
 * @examining: its dump is being examined
 * @lost: its directory could not be begun; the guest gets its action nevertheless
 */
typedef struct {
    VitalsCasebook *casebook;
    VitalsGuest *guest;
    VitalsDossier *dossier;
    VitalsIncidentView *shown;
    gboolean capture;
    gboolean asked_for;
    gboolean began;
    gboolean dumped;
    gint64 nmi_wait;
    guint patience;
    gboolean waits;
    gboolean nmi_under_way;
    gint64 nmi_until;
    gint64 kdump_until;
    gint64 job_until;
    gint64 act_until;
    gboolean action_needs_dump;
    gint64 last_logged;
    gboolean acted;
    gboolean evident;
    gboolean examining;
    gboolean lost;
} VitalsCase;

/* Collects what is known of the guest now. Returns: (transfer full): a case that is in no list yet */
VitalsCase *vitals_case_new(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause);
void vitals_case_free(VitalsCase *item);

/* Takes what a console without a log said until now; no worker may have the dossier. */
void vitals_case_hear(VitalsCase *item);

/* Begins its directory, collects evidence, then dumps or acts, and finishes; does not block. */
void vitals_case_begin(VitalsCase *item);

/* The rest of its way, each step begun by the one before. Preparing waits for what has to be over first: the
 * guest's own kdump, an NMI's time, another job of libvirt. */
void vitals_case_prepare(VitalsCase *item);
void vitals_case_dump(VitalsCase *item);
void vitals_case_refuse_dump(VitalsCase *item, const char *reason);
void vitals_case_act(VitalsCase *item, gboolean dumped);
void vitals_case_acted(VitalsCase *item);
void vitals_case_finish_if_whole(VitalsCase *item);

/* Goes on once it is on the disk. */
typedef void (*VitalsCaseKept)(VitalsCase *item);

/* Writes down how far the case has come, as the next monitor has to find it if this one is killed; then calls
 * @kept, whether or not that could be written. The dossier must not change meanwhile but for what the main
 * loop does to it. */
void vitals_case_keep(VitalsCase *item, VitalsCaseKept kept);

/* Likewise, and counts that something is about to be done to the guest, which the next monitor's caps count
 * too. */
void vitals_case_keep_deed(VitalsCase *item, VitalsCaseKept kept);

/* What earlier monitors did to guests; blocks on the disk. */
void vitals_case_recall_deeds(VitalsCasebook *casebook);

/* Whether the guest is still the one whose memory is wanted; else %VITALS_CAPTURE_ERROR_LATE. */
gboolean vitals_case_check_wanted(const VitalsCase *item, GError **error);

/* ---- what an earlier monitor left (case-restart.c) ---- */

typedef struct VitalsCaseRestart VitalsCaseRestart;

/* Starts the guest with that UUID if it is off, and tells that incident how it went; does not block. @incident: its
 * directory. @data: the casebook */
void vitals_case_restart_begin(const char *uuid, const char *incident, gpointer data);
void vitals_case_restart_free(VitalsCaseRestart *restart);

/* ---- after it was closed ---- */

/* The guest with that UUID is healthy: its last incident is told of it, once. */
void vitals_case_recovered(VitalsCasebook *casebook, const char *uuid);

/* Has one more line written at the end of the timeline of a finished incident, and what became of its guest in the
 * place of what was known; does not block. @moment, @outcome: printable */
void vitals_case_tell_later(VitalsCasebook *casebook, const char *directory, const char *moment,
                            const char *outcome);

/* Has the recovery that @view knows of written into its finished directory; does not block. */
void vitals_case_tell_recovery(VitalsCasebook *casebook, const VitalsIncidentView *view);

/* ---- in casebook.c ---- */

/* Brings its entry in the list up to date with the dossier. */
void vitals_case_show(VitalsCase *item);

/* It is written, or could not be: counts it, tells of it and frees it. */
void vitals_case_close(VitalsCase *item);

/* Tells the listener that the list or a capture changed. */
void vitals_casebook_changed(VitalsCasebook *casebook);

/* Puts a copy of @text in the place of another. */
void vitals_case_replace(char **place, const char *text);
