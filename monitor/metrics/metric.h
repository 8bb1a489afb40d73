/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/metrics/exposition.h"
#include "monitor/snapshot.h"

/* The labels every metric of a guest begins with. */
#define VITALS_GUEST_LABELS "domain", "uuid"

/**
 * VitalsScrape: what a metric is made from
 * @snapshot: the last one published
 * @age: how long ago that was, microseconds: ages are told as of the scrape, so that a daemon whose
 *   main loop hangs cannot keep telling that all is fresh
 */
typedef struct {
    const VitalsSnapshot *snapshot;
    gint64 age;
} VitalsScrape;

typedef struct VitalsMetric VitalsMetric;

/**
 * VitalsMetric: everything about one metric
 * @name: as exported
 * @type: "gauge" or "counter"
 * @help: one sentence
 * @labels: the names of its labels, ended by %NULL
 * @emit: adds its samples
 *
 * A file in monitor/metrics ends in an array of such rows, ended by one without a name, that is called
 * vitals_metrics_ and the file's stem; monitor/meson.build lists the stems.
 */
struct VitalsMetric {
    const char *name;
    const char *type;
    const char *help;
    const char *labels[5];
    void (*emit)(VitalsExposition *out, const VitalsScrape *scrape);
};

/* All groups of metrics in the order of the build's list, ended by NULL. */
extern const VitalsMetric *const vitals_metric_groups[];

/**
 * vitals_metrics_render:
 * @age: microseconds since @snapshot was published
 *
 * Reads a few files of /proc/self besides the snapshot; never calls libvirt. Any thread may call it.
 *
 * Returns: (transfer full): the whole document
 */
GBytes *vitals_metrics_render(const VitalsSnapshot *snapshot, gint64 age);
