/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Exit statuses of every verb; design: 0 clean, 1 findings or "no", 2 usage or input, 3 undecided. */
enum {
    VITALS_EXIT_OK = 0,
    VITALS_EXIT_FINDINGS = 1,
    VITALS_EXIT_USAGE = 2,
    VITALS_EXIT_UNDECIDED = 3,
};

/**
 * VitalsVerb:
 * @name: what is typed after `virt-vitals`
 * @synopsis: its arguments as shown in help behind "[OPTION…]", e.g. "FILE|-|DOMAIN…"; "" for none
 * @summary: one line, no period
 * @run: does it; @argv[0] is the verb's name; returns the exit status
 *
 * A verb is one file in monitor/cli that ends in such a descriptor, named after the file with `-`
 * turned into `_`; monitor/meson.build lists the stems and makes the table from them.
 */
typedef struct {
    const char *name;
    const char *synopsis;
    const char *summary;
    int (*run)(int argc, char **argv);
} VitalsVerb;

/* All verbs in the order of the build's list, ended by NULL. */
extern const VitalsVerb *const vitals_verbs[];

/**
 * vitals_verb_parse:
 * @verb: the verb whose help is shown for --help
 * @entries: its options
 * @details: (nullable): text after the options in --help
 * @argc: (inout): as given to @run; afterwards counts what is left
 * @argv: (inout): likewise
 *
 * Parses options and prints one error line with the next step if they are wrong. Prints help and
 * exits with 0 for --help. --help-man prints the same for the manual page.
 *
 * Returns: %FALSE after an error was printed; the verb then returns %VITALS_EXIT_USAGE
 */
gboolean vitals_verb_parse(const VitalsVerb *verb, const GOptionEntry *entries, const char *details,
                           int *argc, char ***argv);
