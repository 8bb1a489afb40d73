/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/lint-report.h"
#include "probes/verdict.h"

/*
 * What the daemon knows, as of one moment: made on the main loop, never changed afterwards, counted.
 * The web side and everything else that answers questions reads the last one published; nothing that
 * answers a question asks libvirt. Texts in it are raw: who prints them escapes them.
 */

/* The last beat of one source. */
typedef struct {
    const char *source; /* the probe's id */
    VitalsLayer layer;
    gint64 realtime; /* wall clock, microseconds */
} VitalsBeatView;

/* A counter with one label whose values are a bounded set of our own words. */
typedef struct {
    const char *label;
    guint64 count;
} VitalsTally;

/**
 * VitalsConsoleCounts: what was counted of one guest's console since its run is followed; counted, and never
 * changed once it was handed out
 * @bytes: read; @skipped: left out, as there were too many
 * @loops: how many were found
 * @loop_repeats: how often the worst of those that go on has come; 0 if none does
 * @loop_period: its pace, microseconds
 * @floods: seconds of flood
 * @reports: (element-type VitalsTally): by kind, which are the signatures' words
 * @end: (nullable): of a console without a log, which nobody else keeps: the end of what it said, as it came
 */
typedef struct {
    gatomicrefcount references;
    guint64 bytes;
    guint64 lines;
    guint64 skipped;
    guint64 loops;
    guint64 loop_repeats;
    gint64 loop_period;
    guint64 floods;
    GArray *reports;
    GBytes *end;
} VitalsConsoleCounts;

/* Returns: (transfer full): all zero, to be filled in before anybody else sees it */
VitalsConsoleCounts *vitals_console_counts_new(void);
VitalsConsoleCounts *vitals_console_counts_ref(VitalsConsoleCounts *counts);
void vitals_console_counts_unref(VitalsConsoleCounts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsConsoleCounts, vitals_console_counts_unref)

/**
 * VitalsGuestView: one guest
 * @detail: what names the cause more exactly, printable; "" if there is nothing
 * @since: wall clock of the last change of its verdict, microseconds
 * @sampled: wall clock of the last complete cheap sample; 0 for never
 * @sample_age: how old that was at the snapshot, microseconds; -1 for never
 * @layers: 1 up, 0 down, -1 not known, by VitalsLayer
 * @evidence: one line each, ended by %NULL
 * @beats: (element-type VitalsBeatView): armed sources only
 * @quarantined: a call on its behalf is overdue
 * @last_update: the balloon's stamp, seconds since the epoch; 0 for never
 * @vcpu_seconds: (array length=vcpus): CPU time of each vCPU
 * @has_counters: the last three figures came from the guest
 * @memory_exhaustion_seconds: until all memory is in use if the trend goes on; -1 if none is forecast
 * @memory_exhaustion_confidence: of that, 0 to 1
 * @suspect_vcpus: how many of its vCPUs did nothing, or nothing else, for ten seconds while others did otherwise, and
 *   nothing tells whether they are idle or busy, or dead
 * @disks: what its disks were found to do
 * @console: (nullable): %NULL while no console is followed
 * @capture: %NULL, or "queued", "dumping" while a capture is under way
 * @capture_done: bytes written so far
 * @capture_total: bytes expected; 0 if not known
 * @capture_left: seconds that it will take still; negative if not known
 */
typedef struct {
    char *name;
    char *uuid;
    VitalsHealth health;
    VitalsLayer layer;
    const char *cause;
    char *detail;
    gint64 since;
    gint64 sampled;
    gint64 sample_age;
    int layers[VITALS_N_LAYERS];
    char **evidence;
    GArray *beats;
    gboolean quarantined;

    VitalsDomainState state;
    VitalsReason reason;
    guint vcpus;
    double *vcpu_seconds;
    guint64 memory_maximum;
    guint64 memory_actual;
    gint64 last_update;
    gboolean has_counters;
    guint64 memory_available;
    guint64 memory_unused;
    guint64 memory_usable;
    gint64 memory_exhaustion_seconds;
    double memory_exhaustion_confidence;

    guint suspect_vcpus;
    VitalsDisks disks;

    VitalsConsoleCounts *console;

    const char *capture;
    guint64 capture_done;
    guint64 capture_total;
    double capture_left;
} VitalsGuestView;

/**
 * VitalsIncidentView: one incident
 * @id: its directory's name
 * @title: one printable line
 * @opened: wall clock, microseconds
 * @recovered: when its guest was found healthy again, wall clock, microseconds; 0 as long as it was not
 * @path: its directory
 * @capture_result: "none", "queued", "running", "ok", "failed", "refused", "interrupted", "skipped"
 * @capture_format: "elf", "kdump-zlib" or ""
 * @capture_detail: why, where it was not "ok"; printable
 * @capture_path: the dump, "" if there is none
 * @partial: it is still being written
 * @interrupted: whoever wrote it was killed; a later monitor has marked it, and nobody adds to it any more
 */
typedef struct {
    char *id;
    char *domain;
    char *uuid;
    char *health;
    char *layer;
    char *cause;
    char *title;
    gint64 opened;
    gint64 recovered;
    char *path;
    char *capture_result;
    char *capture_format;
    char *capture_detail;
    char *capture_path;
    guint64 capture_bytes;
    gboolean partial;
    gboolean interrupted;
} VitalsIncidentView;

/**
 * VitalsSnapshot:
 * @connected: the cheap lane has an answer from libvirt that is fresh
 * @ready: it had one at least once
 * @guests: (element-type VitalsGuestView): in the order of their names
 * @incidents: (element-type VitalsIncidentView): newest first
 * @incidents_total: (element-type VitalsTally): opened since the daemon started, by cause
 * @captures_total: (element-type VitalsTally): finished since the daemon started, by result
 * @serves_reports: reports of incidents may be read over HTTP
 * @lint: (nullable): what lint said of all definitions
 * @cycle_duration: how long the last sweep of all guests took, microseconds
 */
typedef struct {
    gatomicrefcount references;
    gint64 realtime;
    char *uri;
    gboolean connected;
    gboolean ready;
    GPtrArray *guests;
    GPtrArray *incidents;
    GArray *incidents_total;
    GArray *captures_total;
    gboolean serves_reports;
    VitalsLintReport *lint;
    guint quarantined;
    guint abandoned_calls;
    guint64 reconnects_total;
    gint64 cycle_duration;
    guint64 state_bytes_free;
} VitalsSnapshot;

/* An empty snapshot of that moment. Returns: (transfer full) */
VitalsSnapshot *vitals_snapshot_new(gint64 realtime);
VitalsSnapshot *vitals_snapshot_ref(VitalsSnapshot *snapshot);
void vitals_snapshot_unref(VitalsSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSnapshot, vitals_snapshot_unref)

/* Of a guest of which nothing is known, and of an empty incident. Returns: (transfer full) */
VitalsGuestView *vitals_guest_view_new(void);
void vitals_guest_view_free(VitalsGuestView *view);
VitalsIncidentView *vitals_incident_view_new(void);
/* Returns: (transfer full): with texts of its own */
VitalsIncidentView *vitals_incident_view_copy(const VitalsIncidentView *view);
void vitals_incident_view_free(VitalsIncidentView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsIncidentView, vitals_incident_view_free)
