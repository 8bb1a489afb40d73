/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_vmlinux_find:
 * @directories: where to look, ended by %NULL: the roots of debug trees, or directories with the file itself
 * @release: the kernel's, as its dump tells: hostile
 * @build_id: (nullable): likewise, in lower-case hexadecimal digits; with it a file of the same name but of
 *   another build is passed over
 *
 * Looks for the kernel with its symbols, as the distributions' debug packages install it. Blocks on the
 * disk.
 *
 * Returns: (transfer full) (nullable): its path
 */
char *vitals_vmlinux_find(char *const *directories, const char *release, const char *build_id);

/* The GNU build id of an ELF file. Returns: (transfer full) (nullable): hexadecimal digits */
char *vitals_vmlinux_build_id(const char *path);
