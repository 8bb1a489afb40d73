/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a run of the program under test gave. */
typedef struct {
    int status;
    char *out;
    char *err;
} TestRun;

void test_run_clear(TestRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestRun, test_run_clear)

/* Runs the built virt-vitals ($VIRT_VITALS), not on a terminal, with arguments ended by %NULL. */
TestRun test_run_program(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* Removes what is in it too; follows no link. */
void test_remove_tree(const char *path);

/* Writes a new file in place of any that is there, and does not wait for the disk as GLib does. */
void test_write_file(const char *path, gconstpointer data, gsize size);
