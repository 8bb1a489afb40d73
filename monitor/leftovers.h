/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a process that was killed leaves in a directory of ours besides whole files.
 */

/**
 * vitals_leftovers_clear:
 * @directory: a partial one of an incident, that nobody writes to now
 *
 * Deletes what is half written: files with the temporary names of g_file_set_contents_full(), which are
 * NAME.SUFFIX and six more characters ("incident.json.4H7QZ1"), and the smaller dump that was to replace a
 * dump ("vmcore.new"). Takes a dump back that had been lent to a tool. Blocks on the disk.
 */
void vitals_leftovers_clear(const char *directory);
