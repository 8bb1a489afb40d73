/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/hypervisor.h"
#include "monitor/lane.h"
#include "monitor/lint-report.h"

/*
 * Lint in the daemon: all definitions that libvirt has, running or not, and the host itself are judged when
 * a guest is defined or started and every ten minutes; each time the facts of this host are read again. A worker of its
 * own with a connection of its own does it; what it asks libvirt for never waits for QEMU. Paths that
 * definitions name are not looked at: one on a hung file system would keep the worker for ever.
 */
typedef struct VitalsLinter VitalsLinter;

/**
 * vitals_linter_new:
 * @settings: whose section [Lint] chooses rules and severities; a word in it that means nothing is
 *   told in the log, and the defaults are used
 * @root: the directory that stands for the host's "/"; "/" itself but in tests
 * @changed: called on the main loop when there is a new report
 *
 * Returns: (transfer full): it; the first round begins soon
 */
VitalsLinter *vitals_linter_new(VitalsHypervisor *hypervisor, const VitalsSettings *settings,
                                const char *root, VitalsAbandoned *abandoned,
                                void (*changed)(gpointer data), gpointer data);

/* See vitals_lane_free(). */
gboolean vitals_linter_free(VitalsLinter *linter, gint64 patience);

/* A definition came or changed, or a guest started: a round begins in a few seconds, one for many. */
void vitals_linter_hurry(VitalsLinter *linter);

/* To be called now and then: begins a round when it is time. */
void vitals_linter_tick(VitalsLinter *linter, gint64 now);

/* Returns: (transfer none) (nullable): the last report */
VitalsLintReport *vitals_linter_report(const VitalsLinter *linter);
