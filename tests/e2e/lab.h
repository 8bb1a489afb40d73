/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The lab: real guests under a libvirtd of the test's own (tests/lab). Everything here blocks, and
 * whatever does not work fails the test on the spot: a child process runs the tests, so that its
 * parent can take libvirtd and the guests away however that ended.
 */
/**
 * vitals_lab_main: stands in for g_test_run()
 *
 * Makes a lab, runs the tests registered by @add_tests in a child process and takes the lab away.
 * Where there can be no lab (not root, no QEMU, no kernel headers) the whole program is skipped with
 * the reason, or, if the environment has CI, fails with it.
 */
int vitals_lab_main(int argc, char **argv, void (*add_tests)(void));

/* A directory of the lab's that everybody may walk; for state, logs and configuration. */
const char *vitals_lab_directory(void);

/* What -c takes, and the release of the kernel that all guests run. */
const char *vitals_lab_uri(void);
const char *vitals_lab_release(void);

/* A process whose mount namespace shows libvirt's places as the lab's libvirtd sees them. */
int vitals_lab_namespace_pid(void);

/**
 * vitals_lab_run:
 * @argv: a script in tests/lab and its arguments, ended by %NULL
 *
 * Returns: (transfer full) (nullable): what it printed; %NULL if it failed, which it then said itself
 */
char *vitals_lab_run(const char *const *argv);

/* Runs tests/lab/libvirtd @verb: "start", "stop", "kill", "restart". */
void vitals_lab_libvirtd(const char *verb);

/* Seconds since @monotonic, and a deadline's test that sleeps a little while there is time left. */
double vitals_lab_since(gint64 monotonic);
gboolean vitals_lab_wait(gint64 since, double seconds);

/* The same for what must happen: three times as long, as these tests also run on machines slower and busier
 * than @seconds is meant for. How soon it does happen they tell, and the benches judge. */
gboolean vitals_lab_wait_patiently(gint64 since, double seconds);
