/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/facts.h"

/*
 * The hypervisor seam: all that the rest of the daemon knows of libvirt. Plain C types, one struct of
 * functions per driver. The real one is monitor/hypervisor-libvirt.c; tests put a fake behind the same
 * seam that errs, delays, hangs for ever, vanishes and lies.
 *
 * Every function here blocks, for as long as libvirt likes: none may be called on the main loop. They
 * are called by the workers of a lane (monitor/lane.h), which gives each call its deadline. Measured
 * with libvirt 9.0 (fault-matrix, section 2): what is marked *cheap* never waits for QEMU; what is
 * marked *monitor* waits for ever if QEMU is frozen.
 */

typedef struct VitalsHypervisor VitalsHypervisor;
typedef struct VitalsConnection VitalsConnection;

#define VITALS_HYPERVISOR_ERROR (vitals_hypervisor_error_quark())
GQuark vitals_hypervisor_error_quark(void);
typedef enum {
    VITALS_HYPERVISOR_ERROR_FAILED,       /* libvirt said no; the message is its own */
    VITALS_HYPERVISOR_ERROR_DISCONNECTED, /* no connection, or it broke: connect anew and try again */
    VITALS_HYPERVISOR_ERROR_GONE,         /* there is no such domain (any more) */
    VITALS_HYPERVISOR_ERROR_UNSUPPORTED, /* this driver or QEMU cannot do it, and never will */
    VITALS_HYPERVISOR_ERROR_TIMED_OUT,   /* libvirt gave up waiting */
} VitalsHypervisorError;

typedef enum {
    VITALS_DUMP_ELF,
    VITALS_DUMP_KDUMP_ZLIB,
} VitalsDumpFormat;

/* What can be done to a guest that does not recover by itself. */
typedef enum {
    VITALS_ACTION_NONE,
    VITALS_ACTION_INJECT_NMI, /* its kernel may dump or panic by itself then */
    VITALS_ACTION_RESET,   /* as by the button; a guest that was paused by its crash runs again */
    VITALS_ACTION_DESTROY, /* as by pulling the plug */
    VITALS_ACTION_RESTART, /* likewise, and started again as it is defined; not of a transient one */
    VITALS_ACTION_START, /* one that is off is started as it is defined; of any run, which may go on */
} VitalsAction;

/* What may have a guest's memory to itself, so that it cannot be dumped meanwhile. */
typedef enum {
    VITALS_JOB_NONE,
    VITALS_JOB_DUMP,
    VITALS_JOB_MIGRATION,
    VITALS_JOB_SAVE,
    VITALS_JOB_SNAPSHOT,
    VITALS_JOB_BACKUP,
    VITALS_JOB_OTHER,
} VitalsJob;

/* "nothing", "a dump", "a migration", … as it stands in a sentence */
const char *vitals_job_name(VitalsJob job);

/* "none", "inject-nmi", "reset", "destroy", "restart", "start" */
const char *vitals_action_name(VitalsAction action);

/* "elf", "kdump-zlib" */
const char *vitals_dump_format_name(VitalsDumpFormat format);

/* How long a guest's agent is waited for when it is asked for a file. */
#define VITALS_GUEST_SECONDS 1

/**
 * VitalsSighting: one active domain as a sweep saw it
 * @id: libvirt's number for this run of the domain: another number is another run
 * @sample: with the part state, and control and vcpu unless they were spared
 */
typedef struct {
    char *name;
    char *uuid;
    int id;
    VitalsSample *sample;
} VitalsSighting;

void vitals_sighting_free(VitalsSighting *sighting);

/* What a sweep need not ask of a guest, for each is a call of its own: bits. */
typedef enum {
    VITALS_SPARE_NOTHING = 0,
    VITALS_SPARE_CONTROL = 1 << 0,
    VITALS_SPARE_VCPUS = 1 << 1,
} VitalsSpare;

/* The detail of %VITALS_EVENT_STARTED for a guest that was booted: its QEMU was started right before, and not for a
 * migration or a saved state to come. */
#define VITALS_DETAIL_BOOTED "booted"

/**
 * VitalsEventHandler: called on the main loop for every event of a domain
 * @name: the domain's name; raw
 * @id: its number; -1 if it is not active
 * @detail: what libvirt said about it, for the timeline; raw
 */
typedef void (*VitalsEventHandler)(const char *uuid, const char *name, int id, VitalsEvent event,
                                   const char *detail, gpointer data);

/* Called on the main loop, once, when an events connection broke. */
typedef void (*VitalsClosedHandler)(gpointer data);

/**
 * VitalsDriver: what a hypervisor driver can do; @hypervisor is the driver's own state
 * @connect: opens a connection. Returns: (transfer full)
 * @disconnect: closes it
 * @subscribe: asks for events of all domains until the connection is closed (events lane only)
 * @sweep: *cheap*: all active domains with state, control info, vCPU time and packets; a domain that ends
 *   meanwhile is left out. @spared (nullable) (element-type utf8 VitalsSpare): by UUID, what is left out of
 *   some. Returns: (element-type VitalsSighting) (transfer full)
 * @survey: *cheap*: what there is to know of the host and all its guests, active or not; asking QEMU for
 *   its capabilities may take libvirt a second the first time. Returns: (transfer full)
 * @convert: *cheap*: XML of a definition in the form of xl.cfg(5), which only Xen's driver can make; it
 *   is not defined. Returns: (transfer full)
 * @read_guest_file: a small file of the guest's, by its agent; waits for the guest, but for each of three
 *   commands no longer than %VITALS_GUEST_SECONDS. What it says is the guest's word. Returns: (transfer
 *   full)
 * @definition: *cheap*: the live XML, or the inactive one. Takes a UUID or a name
 * @check: (nullable): *cheap*: what libvirt says of a definition, without effects: "" if it accepts it,
 *   else its reason, safe to show; an error if it cannot be asked
 * @whole_definition: (nullable): *cheap*: the inactive XML with its secrets, to be defined again; an
 *   error for a transient domain, which has none
 * @redefine: (nullable): *cheap*: defines @after instead of what whole_definition gave as @before, and
 *   only of that; a running guest goes on as it is until its next start
 * @balloon: *monitor*: a sample with the parts control and balloon. QEMU is not asked while its monitor is
 *   occupied or lost: such a sample has the part control alone
 * @block: *monitor*: adds the part block to @sample; %FALSE if that failed, for want of disks too
 * @ping_agent: a sample with the part agent; waits for the guest, but no longer than @seconds (and
 *   libvirt's own 5 s to synchronise), and takes no job that others wait for
 * @registers: *monitor*: a sample with the part registers; libvirt marks the domain as tainted
 * @kvm: *monitor*: a sample with the part kvm, %VITALS_FACT_ABSENT where libvirt tells no such counters
 *   just now; nothing is changed by it
 * @screenshot: (nullable): *monitor*: its screen, as PNG or PPM, of that run only; at most 48 MiB and a little
 * @messages: (nullable): *cheap*: what libvirt has against it: taints and deprecations; raw
 * @queues: *monitor*: a sample with the part queues, of at most %VITALS_QUEUES_MAX; libvirt marks the domain
 *   as tainted
 * @set_balloon_period: *monitor*: of the running guest only; 0 switches it off
 * @dump: *monitor*: a memory-only dump to the absolute @path, of that run only: another one of the same
 *   guest is %VITALS_HYPERVISOR_ERROR_GONE. The guest is left as libvirt leaves it.
 *   Blocks for the whole dump, which cannot be cancelled once begun (measured)
 * @progress: *monitor*: of the dump under way, in bytes; 0 and 0 if libvirt has nothing to tell
 * @job: (nullable): *monitor*: what libvirt does to that guest just now, for whomever
 * @act: *monitor*: does that to the guest, and likewise to that run only; destroying works without
 *   QEMU's help too. A guest that somebody has paused, saves or migrates is left alone, which is an error
 */
typedef struct {
    const char *name;
    VitalsConnection *(*connect)(VitalsHypervisor *hypervisor, GError **error);
    void (*disconnect)(VitalsConnection *connection);
    gboolean (*subscribe)(VitalsConnection *connection, VitalsEventHandler on_event,
                          VitalsClosedHandler on_closed, gpointer data, GError **error);
    GPtrArray *(*sweep)(VitalsConnection *connection, GHashTable *spared, GError **error);
    struct VitalsSurvey *(*survey)(VitalsConnection *connection, GError **error);
    char *(*convert)(VitalsConnection *connection, const char *text, GError **error);
    char *(*read_guest_file)(VitalsConnection *connection, const char *uuid, const char *path,
                             GError **error);
    char *(*definition)(VitalsConnection *connection, const char *domain, gboolean inactive,
                        GError **error);
    char *(*check)(VitalsConnection *connection, const char *xml, GError **error);
    char *(*whole_definition)(VitalsConnection *connection, const char *domain, GError **error);
    gboolean (*redefine)(VitalsConnection *connection, const char *domain, const char *before,
                         const char *after, GError **error);
    VitalsSample *(*balloon)(VitalsConnection *connection, const char *uuid, GError **error);
    gboolean (*block)(VitalsConnection *connection, const char *uuid, VitalsSample *sample,
                      GError **error);
    VitalsSample *(*ping_agent)(VitalsConnection *connection, const char *uuid, guint seconds,
                                GError **error);
    VitalsSample *(*registers)(VitalsConnection *connection, const char *uuid, GError **error);
    VitalsSample *(*kvm)(VitalsConnection *connection, const char *uuid, GError **error);
    GBytes *(*screenshot)(VitalsConnection *connection, const char *uuid, int id, GError **error);
    GStrv (*messages)(VitalsConnection *connection, const char *uuid, GError **error);
    VitalsSample *(*queues)(VitalsConnection *connection, const char *uuid, GError **error);
    gboolean (*set_balloon_period)(VitalsConnection *connection, const char *uuid, guint seconds,
                                   GError **error);
    gboolean (*dump)(VitalsConnection *connection, const char *uuid, int id, const char *path,
                     VitalsDumpFormat format, GError **error);
    gboolean (*progress)(VitalsConnection *connection, const char *uuid, guint64 *ret_done,
                         guint64 *ret_total, GError **error);
    gboolean (*job)(VitalsConnection *connection, const char *uuid, VitalsJob *ret_job,
                    GError **error);
    gboolean (*act)(VitalsConnection *connection, const char *uuid, int id, VitalsAction action,
                    GError **error);
    void (*free)(VitalsHypervisor *hypervisor);
} VitalsDriver;

/* A driver with its state; drivers put this first into their own struct. */
struct VitalsHypervisor {
    const VitalsDriver *driver;
    gatomicrefcount references;
};

/* Likewise for a connection. */
struct VitalsConnection {
    VitalsHypervisor *hypervisor;
};

/* For drivers: makes the struct that a new one begins with; its reference is the caller's. */
void vitals_hypervisor_init(VitalsHypervisor *hypervisor, const VitalsDriver *driver);

/* Counted on any thread: a lane holds it until its last worker has disconnected, which one that hangs in
 * libvirt never does. */
VitalsHypervisor *vitals_hypervisor_ref(VitalsHypervisor *hypervisor);

/* Accepts NULL. */
void vitals_hypervisor_unref(VitalsHypervisor *hypervisor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsHypervisor, vitals_hypervisor_unref)

/**
 * vitals_hypervisor_libvirt_new:
 * @uri: a libvirt connection URI
 *
 * Call it on the main thread before any other use of libvirt: it joins libvirt's events to GLib's
 * default main context. Does not connect yet.
 *
 * Returns: (transfer full): the real thing
 */
VitalsHypervisor *vitals_hypervisor_libvirt_new(const char *uri);

/* @configured if not empty, else $LIBVIRT_DEFAULT_URI, else "qemu:///system". */
const char *vitals_hypervisor_default_uri(const char *configured);
