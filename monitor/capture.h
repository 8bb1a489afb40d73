/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/deed.h"

/*
 * Dumps, one at a time on this host: a queue on the main loop, the dump itself on a worker. Two
 * daemons or a daemon and `virt-vitals capture` share the state directory's lock, which is waited for
 * before a dump counts as begun. One that hangs gives the lock back: those behind it are dumped beside
 * it, in the room that it leaves.
 */

#define VITALS_CAPTURE_ERROR (vitals_capture_error_quark())
GQuark vitals_capture_error_quark(void);
typedef enum {
    VITALS_CAPTURE_ERROR_SPACE,    /* it would leave less free space than is to be kept */
    VITALS_CAPTURE_ERROR_LOCK,     /* the state directory's lock cannot be had */
    VITALS_CAPTURE_ERROR_HELD,     /* somebody else has it, for too long */
    VITALS_CAPTURE_ERROR_GIVEN_UP, /* thrown away while it was written, to save the reserve */
    VITALS_CAPTURE_ERROR_LATE,     /* when its turn came there was nothing left to dump */
    VITALS_CAPTURE_ERROR_BUSY,     /* something else has the guest's memory to itself */
} VitalsCaptureError;

/**
 * VitalsDump: what to dump and how
 * @uuid: the guest
 * @id: libvirt's number of the run that is meant
 * @label: its printable name, for the log
 * @path: the file to write, absolute; does not exist yet
 * @state_dir: holds the lock
 * @formats: tried in turn: the next one when QEMU does not offer the last
 * @n_formats: how many
 * @expected: the most bytes that it may take
 * @keep_free: bytes that stay free on its file system
 * @patience: microseconds after which it counts as hanging; 0 for a time that suits its size
 */
typedef struct {
    char *uuid;
    int id;
    char *label;
    char *path;
    char *state_dir;
    VitalsDumpFormat formats[2];
    guint n_formats;
    guint64 expected;
    guint64 keep_free;
    gint64 patience;
} VitalsDump;

void vitals_dump_free(VitalsDump *dump);

/* All on the main loop. */
typedef struct {
    /* Asked while it waits for its turn, and once more right before it begins. Returns: whether the
     * dump is still wanted; with %FALSE it ends with @error */
    gboolean (*wanted)(gpointer data, GError **error);
    /* (nullable): It is about to begin: has room made for so many bytes, then calls @made with @token, now
     * or later; @free_token is for one that is not called any more, and afterwards. */
    void (*make_room)(guint64 bytes, void (*made)(gpointer token), gpointer token,
                      GDestroyNotify free_token, gpointer data);
    /* It begins now. */
    void (*started)(gpointer data);
    /* Bytes of guest memory written so far, of how many. */
    void (*progress)(guint64 done, guint64 total, gpointer data);
    /* It ended, or was refused; or it hangs, and the queue goes on without it. */
    void (*ended)(VitalsDumpFormat format, double seconds, const GError *error, gpointer data);
} VitalsDumpListener;

typedef struct VitalsCapture VitalsCapture;

/**
 * vitals_capture_new:
 * @hypervisor: borrowed; a worker connects when there is something to do
 * @abandoned: borrowed: where calls that hang are counted
 *
 * Starts threads; does not block.
 */
VitalsCapture *vitals_capture_new(VitalsHypervisor *hypervisor, VitalsAbandoned *abandoned);

/* See vitals_lane_free(). A dump under way goes on in libvirt. */
gboolean vitals_capture_free(VitalsCapture *capture, gint64 patience);

/* Does something to that run of a guest, beside the queue of dumps: no dump of that guest may be under
 * way. */
void vitals_capture_act(VitalsCapture *capture, const char *uuid, int id, VitalsAction action,
                        VitalsActed acted, gpointer data);

/* Asks what libvirt does to a guest just now, beside the queue of dumps. */
void vitals_capture_ask_job(VitalsCapture *capture, const char *uuid, VitalsJobTold told,
                            gpointer data);

/* Queues a dump. @dump: (transfer full) */
void vitals_capture_submit(VitalsCapture *capture, VitalsDump *dump,
                           const VitalsDumpListener *listener, gpointer data);
