/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"

/*
 * What was recorded of a guest, read back: signals.jsonl of an incident, or what `virt-vitals record`
 * wrote. The first line is a header, an object with "version"; a file without one is read all the
 * same. All other lines are samples as vitals_sample_to_line() writes them. Keys that are not known
 * are passed over. A file may come from anywhere: lines and the file are bounded and nothing in them
 * is believed but its numbers.
 */

/* A sample of a guest with 4096 vCPUs takes some 60 KiB. */
#define VITALS_RECORDING_LINE_MAX (64 * 1024)
#define VITALS_RECORDING_FILE_MAX (256 * 1024 * 1024)

#define VITALS_RECORDING_ERROR (vitals_recording_error_quark())
GQuark vitals_recording_error_quark(void);
typedef enum {
    VITALS_RECORDING_ERROR_LINE, /* a line is too long, no JSON, or no sample */
    VITALS_RECORDING_ERROR_READ, /* the file cannot be read, is no file or too large */
} VitalsRecordingError;

/**
 * VitalsRecordingHeader: what a recording has to say besides its samples; plain data but for @domain
 * @domain: (nullable): the guest's name
 * @balloon_period: microseconds; -1 if not told
 * @agent_period: likewise
 * @boot_seen: it begins with the guest's start
 * @pulse_recalled: who recorded it knew from before that the guest had a pulse
 */
typedef struct {
    char *domain;
    gint64 balloon_period;
    gint64 agent_period;
    gboolean boot_seen;
    gboolean pulse_recalled;
} VitalsRecordingHeader;

/* Frees what it holds, not itself. */
void vitals_recording_header_clear(VitalsRecordingHeader *header);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VitalsRecordingHeader, vitals_recording_header_clear)

/* Returns: (transfer full): the header of a recording of that guest from now on, or of what is kept of
 * it, with its new line */
char *vitals_recording_header_line(const VitalsGuest *guest);

/**
 * vitals_recording_parse:
 * @line: without its new line
 * @ret_header: set if the line is a header
 * @ret_sample: (transfer full): set if it is a sample
 *
 * Reads one line; exactly one of the two is set, the other stays as it was.
 */
gboolean vitals_recording_parse(const char *line, gsize length, VitalsRecordingHeader *ret_header,
                                VitalsSample **ret_sample, GError **error);

/**
 * vitals_recording_read:
 * @on_header: for every header
 * @on_sample: for every sample, in the order of the file
 *
 * Reads a file as a stream. Blocks on the disk. An error's message begins with "FILE:LINE: ".
 */
gboolean vitals_recording_read(
    const char *path, void (*on_header)(const VitalsRecordingHeader *header, gpointer data),
    void (*on_sample)(VitalsSample *sample, gpointer data), gpointer data, GError **error);
