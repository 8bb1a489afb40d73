/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"

/*
 * A hypervisor in memory, behind the seam: guests that do what a test tells them, and faults that can
 * be put on any function, for one guest or for all. Every function may be called from any thread, but
 * fake_fire() and fake_free(), which belong to the main loop.
 */
typedef struct Fake Fake;

typedef enum {
    FAKE_CONNECT,
    FAKE_SUBSCRIBE,
    FAKE_SWEEP,
    FAKE_DEFINITION,
    FAKE_BALLOON,
    FAKE_BLOCK,
    FAKE_REGISTERS,
    FAKE_KVM,
    FAKE_SET_PERIOD,
    FAKE_SCREENSHOT,
    FAKE_MESSAGES,
    FAKE_DUMP,
    FAKE_PROGRESS,
    FAKE_JOB,
    FAKE_ACT,
    FAKE_N_CALLS,
} FakeCall;

/**
 * FakeFault: what goes wrong with a call, in this order
 * @delay: milliseconds it takes longer
 * @hang: it does not return before fake_release()
 * @fails: it fails with @error
 * @times: how often, then the fault is gone; 0 for always
 * @message: (nullable): what the error says; may be any bytes
 */
typedef struct {
    guint delay;
    gboolean hang;
    gboolean fails;
    VitalsHypervisorError error;
    guint times;
    const char *message;
} FakeFault;

/**
 * FakeGuest: one guest as libvirt would tell of it; change it between fake_lock() and fake_unlock()
 * @id: the number of this run; -1 while it does not run
 * @beating: its balloon's stamp moves
 * @stamp: the balloon's stamp as long as it does not
 * @stamp_offset: seconds added to it: the far future, or the past
 * @counters: its balloon driver gives figures
 * @cores: how much CPU its vCPUs use, all together; negative lets their time run backwards
 * @vcpus: how many it has
 * @dead: of vCPU N bit N: it is halted with interrupts off
 * @kvm_ns: CPU time that KVM's counters show of each vCPU with each look; 0 for a guest without them
 * @kvm_looks: how often they were looked at; @kvm_ticks: as often as vCPU N took its ticks
 * @requests: how many its disks have completed; 0 for a guest without disks
 * @size: bytes of memory its balloon tells
 * @period: the balloon's statistics period in seconds
 * @xml: (nullable): its definition; %NULL for an ordinary one
 * @on_crash: for the ordinary one
 * @extra: likewise: elements to put into it
 * @kdump_unsupported: it can only be dumped as ELF
 * @job: what libvirt does to it, for somebody else
 * @dumped: the format of its last dump
 * @done: what was done to it last; a reset guest lives again
 * @spared: of it in the last sweep
 */
typedef struct {
    char *uuid;
    char *name;
    int id;
    VitalsDomainState state;
    VitalsReason reason;
    gboolean beating;
    gint64 stamp;
    gint64 stamp_offset;
    gboolean counters;
    double cores;
    guint vcpus;
    guint32 dead;
    guint64 kvm_ns;
    guint kvm_looks;
    guint kvm_ticks[2];
    guint64 requests;
    guint64 size;
    guint period;
    char *xml;
    const char *on_crash;
    const char *extra;
    gboolean kdump_unsupported;
    VitalsJob job;
    VitalsDumpFormat dumped;
    VitalsAction done;
    guint spared;
} FakeGuest;

Fake *fake_new(void);

/* The driver to be given away; its end leaves the fake to the test. If somebody had it before whose calls
 * took too long, waits for the last of them. Returns: (transfer full): a reference */
VitalsHypervisor *fake_hypervisor(Fake *fake);

/* Lets go of all that hangs, runs the main loop until the last call has ended and its worker is gone,
 * and frees it all. */
void fake_free(Fake *fake);

/* A running guest with a balloon and a period of one second. Returns: (transfer none) */
FakeGuest *fake_add(Fake *fake, const char *name);
/* Lists all definitions from now on, for who lints them. */
void fake_tell_names(Fake *fake);
FakeGuest *fake_find(Fake *fake, const char *name);
void fake_lock(Fake *fake);
void fake_unlock(Fake *fake);

/* What happens to guests; with the event that libvirt would send, unless said otherwise. */
void fake_panic(Fake *fake, FakeGuest *guest);
/* Its kernel dies without a word, and spins or halts. */
void fake_silence(Fake *fake, FakeGuest *guest, double cores);
/* It is not there any more: without an event. */
void fake_vanish(Fake *fake, FakeGuest *guest);
/* It runs anew under another number: without an event. */
void fake_renew(Fake *fake, FakeGuest *guest);

/* Sends an event to all who subscribed, with @id for the number. */
void fake_fire(Fake *fake, const FakeGuest *guest, int id, VitalsEvent event);

/* Puts a fault on a function, for @guest or, with %NULL, for all; replaces the one that was there. */
void fake_fault(Fake *fake, const FakeGuest *guest, FakeCall call, FakeFault fault);

/* Takes all faults off @guest, or off all; what hangs goes on. */
void fake_release(Fake *fake, const FakeGuest *guest);

/* libvirt dies: every call fails, every connection breaks. Or it comes back. */
void fake_die(Fake *fake, gboolean dead);

/* Lets the Nth call from now on fail, whatever it is; 0 for none. */
void fake_fail_nth(Fake *fake, guint nth, VitalsHypervisorError error);
/* Whether that call has been made. */
gboolean fake_has_failed(Fake *fake);

/* What was done to it last. */
VitalsAction fake_done(Fake *fake, const FakeGuest *guest);

/* How many calls were begun: of @guest, or with %NULL of all. */
guint fake_calls(Fake *fake, const FakeGuest *guest, FakeCall call);
/* How many questions to QEMU (balloon, period) and dumps were under way at once, at the most. */
guint fake_most_questions(Fake *fake, const FakeGuest *guest);
guint fake_most_dumps(Fake *fake);
/* How many connections are open. */
guint fake_connections(Fake *fake);
