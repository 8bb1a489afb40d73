/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/console-file.h"

/*
 * Where the reading of each console's log stands, across restarts of ours: STATE/consoles.json, one small
 * file for all guests, replaced whole. It belongs to files, not to runs of guests or boots of the host: a
 * place is only used where the file's own bytes confirm it.
 */

/* Returns: (transfer full) (element-type utf8 VitalsConsolePlace): by path; empty if the file is missing or
 * odd. Blocks. */
GHashTable *vitals_console_places_load(const char *state_dir);

/* An empty table of that kind. */
GHashTable *vitals_console_places_new(void);

/* Takes over what @place holds. */
void vitals_console_places_set(GHashTable *places, const char *path, VitalsConsolePlace *place);

/* Returns: (transfer full): the file's text */
char *vitals_console_places_text(GHashTable *places);

/* Replaces the file. Blocks on the disk. */
gboolean vitals_console_places_write(const char *state_dir, const char *text, GError **error);
