/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"
#include "monitor/snapshot.h"
#include "monitor/triage.h"
#include "monitor/vmcore.h"
#include "probes/console/shortage.h"
#include "probes/outline.h"

#include <jansson.h>

/*
 * What goes into one incident. A dossier is handed from the main loop to the disk's worker and back,
 * never shared.
 */

/* One line of an incident's timeline; @text is printable. */
typedef struct {
    gint64 realtime;
    char *text;
} VitalsMoment;

/* What came of one piece of evidence: @reason tells why it is missing, %NULL if it is not; @overdue: as it did not
 * answer in time. */
typedef struct {
    const char *name;
    const char *file;
    gsize bytes;
    char *reason;
    gboolean overdue;
    double seconds;
} VitalsPieceNote;

/**
 * VitalsDossier: everything that goes into one incident
 * @state_dir: the daemon's state directory
 * @view: what the API shows; @view->path follows the directory's name
 * @domain_id: libvirt's number of this run, to know the same crash again after our restart
 * @outline: (nullable): of the definition
 * @xml: (nullable): the live definition
 * @evidence: the verdict's reasons
 * @meaning: what the cause means
 * @remedy: what to do
 * @last_beat: wall clock of the kernel's last sign of life; 0 if there was none
 * @signals_header: (nullable): the first line of signals.jsonl (monitor/recording.h)
 * @samples: (element-type VitalsSample): the last minutes
 * @testimony: (element-type utf8): what the guest said on its console, see VitalsTestimony
 * @log_said: (element-type utf8): what its kernel's log says, as it was read from the dump
 * @shortage: (nullable): who used its memory, by its log in the dump or else its console, if it ran out
 * @predictions: (element-type utf8): what lint says of the definition, see vitals_prediction_read()
 * @is_linted: @predictions are there already, of the linter
 * @risks: (element-type utf8): of these, what may be the cause, see vitals_prediction_risks()
 * @lint_diff: what would mend it, see vitals_prediction_diff(); "" if nothing would
 * @console_tail: how much of the console's log to keep, bytes
 * @console_end: (nullable): the end of what a console without a log said
 * @console: (nullable): the end of its console's log, printable, as it was when all else was over
 * @timeline: (element-type VitalsMoment): in the order of time
 * @reasons: (nullable): see vitals_reasons()
 * @pieces: (element-type VitalsPieceNote): what came of the evidence around it, see monitor/evidence.h
 * @outcome: what was done to the guest, a sentence; "" as long as that is not known
 * @moot: it was not dumped as there was nothing left to dump: it went on, or ended
 * @dump_seconds: how long the dump took
 * @vmcore: (nullable): what the dump turned out to be
 * @triage: (nullable): what the dump says
 * @deed: what the policy does to the guest behind its dump; %VITALS_ACTION_NONE for nothing
 * @deed_state: (nullable): "due", "begun", "done", "failed" or "dropped"; %NULL before it is due
 * @deed_at: wall clock at which that became so
 * @inherited: it was decided by an earlier monitor
 * @claim: the open directory, locked for as long as it is being written; -1 before
 */
typedef struct {
    char *state_dir;
    VitalsIncidentView *view;
    int domain_id;
    VitalsOutline *outline;
    char *xml;
    char **evidence;
    const char *meaning;
    const char *remedy;
    gint64 last_beat;
    char *signals_header;
    GPtrArray *samples;
    GPtrArray *testimony;
    GPtrArray *log_said;
    VitalsShortage *shortage;
    GPtrArray *predictions;
    GPtrArray *risks;
    char *lint_diff;
    gboolean is_linted;
    gsize console_tail;
    GBytes *console_end;
    GBytes *console;
    GPtrArray *timeline;
    json_t *reasons;
    GPtrArray *pieces;
    char *outcome;
    gboolean moot;
    double dump_seconds;
    VitalsVmcore *vmcore;
    VitalsTriage *triage;
    VitalsAction deed;
    const char *deed_state;
    gint64 deed_at;
    gboolean inherited;
    int claim;
} VitalsDossier;

/* Takes nothing in yet but an empty view, list and timeline. */
VitalsDossier *vitals_dossier_new(const char *state_dir);
void vitals_dossier_free(VitalsDossier *dossier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsDossier, vitals_dossier_free)

/* Notes how far the deed has come, if there is one to be done. */
void vitals_dossier_note_deed(VitalsDossier *dossier, const char *state);

/* Adds a line to the timeline, at its place in time. */
void vitals_dossier_note(VitalsDossier *dossier, gint64 realtime, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
