/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum {
    VITALS_OPTION_BOOLEAN, /* yes/no, true/false, on/off, 1/0, as systemd reads them */
    VITALS_OPTION_INTEGER,
    VITALS_OPTION_DURATION, /* systemd's time spans: "2s", "1min 30s", "500ms"; bare number: seconds */
    VITALS_OPTION_SIZE,     /* bytes with K, M, G, T to base 1024 */
    VITALS_OPTION_STRING,
    VITALS_OPTION_PATH,  /* absolute */
    VITALS_OPTION_WORD,  /* one of @words */
    VITALS_OPTION_WORDS, /* any of @words, separated by blanks; "none" for the empty set */
} VitalsOptionType;

/**
 * VitalsOption: one key of the configuration; everything about it stands in its row of config/options/SECTION.c
 * @section: the section it stands in
 * @key: its name, unique among all options, so that it can stand in `[Guest GLOB]` too
 * @type: how its value is read
 * @fallback: the default, as it would be written in a file
 * @minimum: the least allowed value: integers, microseconds or bytes
 * @maximum: the largest, likewise; 0 for no bound
 * @words: for the WORD types: what is allowed, ended by %NULL
 * @per_guest: may also stand in a `[Guest GLOB]` section
 * @text: what it does and why one would change it, in full sentences; rendered in the sample and manual
 */
typedef struct {
    const char *section;
    const char *key;
    VitalsOptionType type;
    const char *fallback;
    gint64 minimum;
    gint64 maximum;
    const char *const *words;
    gboolean per_guest;
    const char *text;
} VitalsOption;

/**
 * vitals_option_next:
 * @option: (nullable): an option; %NULL to begin
 *
 * Walks over all options, those of a section one behind the other. Which sections there are, and in what order,
 * is the list in config/meson.build.
 *
 *     const VitalsOption *option = NULL;
 *
 *     while ((option = vitals_option_next(option)))
 *         …
 *
 * Returns: (nullable): the option behind @option; %NULL behind the last
 */
const VitalsOption *vitals_option_next(const VitalsOption *option);
