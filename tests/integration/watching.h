/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/collector.h"
#include "tests/integration/scene.h"

/* A collector and all that it told. */
typedef struct {
    Scene scene;
    VitalsAbandoned abandoned;
    VitalsCollector *collector;
    guint appeared;
    guint ended;
    guint verdicts;
    guint bad; /* verdicts that a healthy guest must not get */
    guint sampled;
    gboolean idle;
} Watching;

/* The fixture: nothing is watched before watching_start(). */
void watching_set_up(Watching *test, gconstpointer data);
void watching_tear_down(Watching *test, gconstpointer data);

void watching_start(Watching *test);

/* Returns: (transfer none) (nullable): the record of the guest with that name */
VitalsGuest *watching_find(Watching *test, const char *name);
gboolean watching_is(Watching *test, const char *name, VitalsHealth health);

/* How many guests have that health. */
guint watching_count(Watching *test, VitalsHealth health);

/* How many guests are asked no more, because a question to them hangs. */
guint watching_quarantined(Watching *test);
