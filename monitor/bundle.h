/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>

#include <glib.h>

/*
 * The files of one incident as a whole: their checksums, and one archive of them to be sent away. Only
 * plain files at the top of the directory count; symbolic links are not followed. All of it blocks on
 * the disk.
 */

/**
 * vitals_bundle_files:
 * @directory: an incident's
 * @most: files larger than so many bytes are listed without a checksum, as reading them takes long
 *
 * Lists its files with their size and SHA-256, without those that the list itself stands in or that
 * come later: the manifest and the mark to keep it.
 *
 * Returns: (transfer full): an array of `{"name", "bytes", "sha256"}` in the order of the names
 */
json_t *vitals_bundle_files(const char *directory, guint64 most);

/* Adds one more at the end, or puts it in the place of the one of that name. @files: (nullable) */
void vitals_bundle_add_file(json_t *files, const char *directory, const char *name);

/**
 * vitals_bundle_verify:
 * @files: as vitals_bundle_files() returned it, or from anywhere
 *
 * Returns: (transfer full) (element-type utf8): a printable line for each file that is missing,
 * changed or not in the list, by their checksum or, where none is listed, their size; empty if all is as it was
 */
GPtrArray *vitals_bundle_verify(const char *directory, const json_t *files);

/**
 * vitals_bundle_export:
 * @directory: an incident's
 * @name: what the directory is called in the archive
 * @path: the file to write, whose ending tells the compression: .tar.zst, .tar.gz or .tar; must not
 *   exist
 * @with_dump: the memory dump too
 *
 * The archive is private to us (0600), as memory holds secrets. On failure nothing is left.
 */
gboolean vitals_bundle_export(const char *directory, const char *name, const char *path,
                              gboolean with_dump, GError **error);
