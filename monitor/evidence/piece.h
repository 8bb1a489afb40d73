/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"

/**
 * VitalsEvidenceRequest: what is asked for one incident; made on the main loop, never changed, counted
 * @uuid: the guest
 * @name: its name, raw
 * @id: libvirt's number of the run that is meant
 * @pid: its QEMU; 0 if that is not known
 * @root: "/", or a directory that looks like it in a test
 * @opened: wall clock of the incident, microseconds
 * @qemu_trouble: (nullable): why its QEMU must not be asked anything
 * @console_log: (nullable): where its console's log is, by its definition
 * @console_tail: how much of that is kept, bytes
 * @registers_allowed: reading them, which libvirt marks the domain for, is allowed
 */
typedef struct {
    gatomicrefcount references;
    char *uuid;
    char *name;
    int id;
    int pid;
    char *root;
    gint64 opened;
    char *qemu_trouble;
    char *console_log;
    gsize console_tail;
    gboolean registers_allowed;
} VitalsEvidenceRequest;

/* All empty, to be filled in by who makes it before anybody else sees it. Returns: (transfer full) */
VitalsEvidenceRequest *vitals_evidence_request_new(void);
VitalsEvidenceRequest *vitals_evidence_request_ref(VitalsEvidenceRequest *request);
void vitals_evidence_request_unref(VitalsEvidenceRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsEvidenceRequest, vitals_evidence_request_unref)

/**
 * VitalsPiece: one piece of evidence, a file of an incident
 * @name: what it is called where it is missing
 * @file: the file it goes to
 * @deadline: microseconds; what takes longer is left out
 * @asks_libvirt: it needs a connection
 * @asks_qemu: it goes through QEMU's monitor: done before the dump, which holds the monitor's job, and
 *   never while QEMU is frozen, where such a call would not return
 * @goes_on: it grows behind the verdict: collected once more when all else is over. It is a file of the guest's, on
 *   storage that may hang for good, so that it has a worker of its own
 * @applies: (nullable): whether there can be such a piece at all; main loop, does not block
 * @refuse: (nullable): why it is not to be had for that request, or %NULL; main loop, does not block
 * @collect: on a worker; blocks up to whatever it reads. Returns: (transfer full): the file's bytes;
 *   text in them is printable
 *
 * One file of this directory each; monitor/meson.build lists their stems and makes the table.
 */
typedef struct {
    const char *name;
    const char *file;
    gint64 deadline;
    gboolean asks_libvirt;
    gboolean asks_qemu;
    gboolean goes_on;
    gboolean (*applies)(const VitalsEvidenceRequest *request);
    const char *(*refuse)(const VitalsEvidenceRequest *request);
    GBytes *(*collect)(VitalsConnection *connection, const VitalsEvidenceRequest *request,
                       GError **error);
} VitalsPiece;

/* All of them, ended by %NULL. */
extern const VitalsPiece *const vitals_pieces[];

/* A printable text as a piece. @text: (transfer full) */
GBytes *vitals_piece_from_text(char *text);
