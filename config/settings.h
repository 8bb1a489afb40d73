/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/option.h"

/*
 * The settings in force: the option table's defaults, then the main file, then its drop-ins, then the
 * command line; immutable once loaded and counted, so threads may share them.
 *
 * An option that applies to one guest may also stand in a `[Guest GLOB]` section (a pattern of glob(7)
 * against the domain's name); the last matching one that sets it wins over its own section. An empty
 * value goes back to the default, or for guests to the host-wide value.
 */
typedef struct VitalsSettings VitalsSettings;

/**
 * VitalsSettingsWarning: something odd that does not stop us (an unknown key, a section given twice)
 * @file: the file, as the user named it, but printable
 * @line: counted from 1
 * @message: one line, printable, with the nearest known name where there is one
 */
typedef struct {
    char *file;
    guint line;
    char *message;
} VitalsSettingsWarning;

void vitals_settings_warning_free(VitalsSettingsWarning *warning);

#define VITALS_SETTINGS_ERROR (vitals_settings_error_quark())
GQuark vitals_settings_error_quark(void);
typedef enum {
    VITALS_SETTINGS_ERROR_READ,   /* a file could not be read or is too large */
    VITALS_SETTINGS_ERROR_SYNTAX, /* a line is neither section, assignment nor comment */
    VITALS_SETTINGS_ERROR_VALUE,  /* a value has the wrong type, unit or bounds */
} VitalsSettingsError;

/* The main file that is read when none is named; missing is then no error. */
#define VITALS_SETTINGS_FILE "/etc/virt-vitals/virt-vitals.conf"

/**
 * vitals_settings_load:
 * @file: (nullable): the main file; %NULL for %VITALS_SETTINGS_FILE if that exists. Drop-ins are
 *   `FILE.d/?*.conf` in the order of their names.
 * @ret_warnings: (element-type VitalsSettingsWarning): an array to append to
 *
 * Reads files of at most 1 MiB each. Blocks on the disk: not for the main loop once the daemon runs.
 * An error's message begins with "FILE:LINE: " where there is a line, and says what is allowed.
 *
 * Returns: (transfer full) (nullable): the settings
 */
VitalsSettings *vitals_settings_load(const char *file, GPtrArray *ret_warnings, GError **error);

/* The option table's defaults and nothing else. */
VitalsSettings *vitals_settings_new(void);

VitalsSettings *vitals_settings_ref(VitalsSettings *settings);
void vitals_settings_unref(VitalsSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSettings, vitals_settings_unref)

/**
 * vitals_settings_override:
 * @name: "Section.Key"
 * @value: as it would be written in the file; but a relative path counts from the current directory
 * @origin: where it came from, for messages: "--state-dir"
 *
 * Sets one option from the command line, before the settings are shared. An error's message begins with
 * "ORIGIN: "; an unknown name is one.
 */
gboolean vitals_settings_override(VitalsSettings *settings, const char *name, const char *value,
                                  const char *origin, GError **error);

/*
 * Look-ups. @name is "Section.Key" and must be in the table with that type: anything else is a
 * programming error and aborts, so that every spelling mistake dies in the first test.
 * @guest is a domain's name, or NULL to ask for the host-wide value.
 */
gboolean vitals_settings_boolean(const VitalsSettings *settings, const char *guest,
                                 const char *name);
gint64 vitals_settings_integer(const VitalsSettings *settings, const char *guest, const char *name);
/* in microseconds */
gint64 vitals_settings_duration(const VitalsSettings *settings, const char *guest,
                                const char *name);
/* in bytes */
guint64 vitals_settings_size(const VitalsSettings *settings, const char *guest, const char *name);
/* strings, paths and single words; owned by the settings; "" if empty */
const char *vitals_settings_string(const VitalsSettings *settings, const char *guest,
                                   const char *name);
/* for options that are a set of words: whether @word, which must be one of theirs, is in the value */
gboolean vitals_settings_has(const VitalsSettings *settings, const char *guest, const char *name,
                             const char *word);

/**
 * vitals_settings_text:
 * @ret_origin: (out) (optional): where it came from, as vitals_settings_origin()
 *
 * The value of an option of any type as it was written, to be shown; may hold what is not printable.
 */
const char *vitals_settings_text(const VitalsSettings *settings, const char *guest,
                                 const char *name, const char **ret_origin);

/* Where an option's host-wide value came from: "FILE:LINE", "--option" or "default". */
const char *vitals_settings_origin(const VitalsSettings *settings, const char *name);
