/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/integration/fake.h"

/* What fake.c, the test's side, and fake-driver.c, the daemon's side, share of the fake hypervisor. */

/* Each thing that can be counted or spoilt, of one guest or of all. */
typedef struct {
    FakeFault faults[FAKE_N_CALLS];
    guint calls[FAKE_N_CALLS];
    guint questions;
    guint most_questions;
    guint releases;
} FakeRecord;

typedef struct {
    FakeGuest guest;
    FakeRecord record;
    gint64 born;
} FakeEntry;

typedef struct {
    VitalsConnection base;
    gboolean broken;
    VitalsEventHandler on_event;
    VitalsClosedHandler on_closed;
    gpointer data;
} FakeConnection;

typedef struct {
    VitalsHypervisor base;
    Fake *fake;
} FakeHypervisor;

struct Fake {
    gatomicrefcount references;
    FakeHypervisor hypervisor;

    GMutex lock; /* for all that follows */
    GCond changed;
    GPtrArray *guests;
    GPtrArray *connections;
    FakeRecord all;
    int last_id;
    gboolean dead;
    gboolean tells_names;
    guint under_way;
    guint dumps;
    guint most_dumps;
    gboolean given;
    guint fail_in;
    gboolean has_failed;
    VitalsHypervisorError fail_with;
};

extern const VitalsDriver fake_driver;

/* Lets go of one reference; the last one frees. Takes no lock. */
void fake_unref(Fake *fake);

/* The guest of that UUID or name, or %NULL; with the lock held. Returns: (transfer none) */
FakeEntry *fake_lookup(Fake *fake, const char *domain);
