/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsSignatureFile: a file of config/signatures as it was when the program was built
 * @name: its name without a folder; %NULL ends the table
 */
typedef struct {
    const char *name;
    const char *bytes;
    gsize length;
} VitalsSignatureFile;

/* Every file of the folder in the order the build lists them; written by config/embed. */
extern const VitalsSignatureFile vitals_signature_files[];

/**
 * vitals_signatures_items:
 * @directory: (nullable): read all *.conf files there instead of those in the binary
 *
 * Reads the console signatures in the syntax of vitals_reader_parse(), all files in the order of
 * their names, one after the other; a folder without any is an error. Blocks on the disk if there is a @directory.
 *
 * Returns: (transfer full) (element-type VitalsReaderItem): the items, or %NULL with @error
 */
GPtrArray *vitals_signatures_items(const char *directory, GError **error);
