/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/snapshot.h"

/* Snapshots made by hand, for the tests of everything that answers from them. */

/* A name with all that could break a line, a label, a document, a page or a terminal. */
#define TEST_HOSTILE_NAME "a\nb\"c\\d<e>\x1b[2J\xff\xe2\x80\xae"

/* A healthy guest with two vCPUs, beats and figures; its UUID ends in @number. */
VitalsGuestView *test_guest(const char *name, guint number);

VitalsIncidentView *test_incident(const char *id);

/*
 * One guest of each health, named after it, then one of %TEST_HOSTILE_NAME; connected and ready; one
 * incident and some counters.
 */
VitalsSnapshot *test_snapshot(void);

/* @count healthy guests */
VitalsSnapshot *test_snapshot_of(guint count);
