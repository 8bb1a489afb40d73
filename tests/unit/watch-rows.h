/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/unit/guest-model.h"

/*
 * The fault table: what happens to a guest, and what the watch must say of it, how soon, and in
 * healthy rows never. Every row is run with every tenth of a second between the guest's stamps and our
 * questions, and with the fault at every tenth of our cycle.
 */

#define FAULT_AT 300 /* steps: half a minute in which everything arms */
#define SECONDS *10  /* steps of a tenth */

/**
 * TestRow:
 * @name: for the message
 * @set_up: (nullable): before anything runs
 * @script: (nullable): called after each step from the fault on; @t is in tenths of a second since it
 * @cause: what holds at the end
 * @first: (nullable): what may be said first instead
 * @within: tenths after which the fault must have been called; 0 for a healthy row
 * @lasts: tenths that it runs for, from the fault on; 60 s if 0
 */
typedef struct {
    const char *name;
    void (*set_up)(TestModel *model);
    void (*script)(TestModel *model, guint t);
    const char *cause;
    const char *first;
    guint within;
    guint lasts;
} TestRow;

/* Adds each row as a test of its own, /watch/<name>. @rows: (array length=count): static */
void test_rows_add(const TestRow *rows, gsize count);

/* ---- what rows of several topics do to the model ---- */

void model_halt(TestModel *model, guint t);
void model_crash(TestModel *model, guint t);
void model_crash_and_go_on_running(TestModel *model, guint t);
void model_ping(TestModel *model, guint t, VitalsAgent agent, gboolean fs_frozen);
void model_be_busy(TestModel *model);
void model_have_two_vcpus(TestModel *model);
void model_have_four_vcpus(TestModel *model);
void model_be_busy_on_two(TestModel *model);
void model_have_no_driver(TestModel *model);
void model_hide_vcpus(TestModel *model);
void model_hide_process(TestModel *model);
