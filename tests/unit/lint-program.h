/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * Running the verbs lint and rules as a user does, in a directory with definitions.
 */

/* A definition without a finding. */
extern const char lint_clean[];

/**
 * LintFixture: a directory, and what the program said last
 * @directory: where it runs; holds clean.xml, notice.xml, warning.xml and error.xml, of which each has one
 *   finding at most, unknown.xml for which facts are missing, broken.xml and network.xml
 * @out: its standard output
 * @err: its standard error
 * @status: its exit status
 */
typedef struct {
    char *directory;
    char *out;
    char *err;
    int status;
} LintFixture;

/* A test and the path that GLib knows it by. */
typedef struct {
    const char *path;
    void (*test)(LintFixture *fixture, gconstpointer data);
} LintTest;

/* Adds @n tests to GLib's, each with a fixture of its own. */
void lint_add_tests(const LintTest *tests, gsize n);

/* Writes a file in the directory. */
void lint_add_file(const LintFixture *fixture, const char *name, const char *text);

/* Returns: (transfer full): what is in a file of the directory */
char *lint_content_of(const LintFixture *fixture, const char *name);

/* Returns: (transfer full): @text with the first @from, which has to be there, replaced */
char *lint_change(const char *text, const char *from, const char *to);

/**
 * lint_run:
 * @command: verb and arguments, separated by blanks
 * @input: (nullable): for its standard input
 *
 * Runs the program in the directory, without libvirt's schema unless @command names one. Nothing raw may
 * ever come out.
 */
void lint_run(LintFixture *fixture, const char *command, const char *input);

/* Likewise, and fails unless it exits with @status. */
void lint_check(LintFixture *fixture, const char *command, int status);

/* Returns: (transfer full): the document; fails where @text is none */
json_t *lint_parse_json(const char *text);
