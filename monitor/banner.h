/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_banner_find:
 * @fd: a dump: ELF, in which memory lies as it is, or a kdump that is not flattened
 * @seconds: after so long it gives up
 * @ret_windows: whether there is a kernel of Windows in its memory, and no banner of Linux: the debug directory of a
 *   running image names the file of its symbols (the record "RSDS" of the PE format, and "ntkrnlmp.pdb" of the kernel)
 *
 * Looks in memory for the line that a Linux kernel introduces itself with (linux_banner, init/version.c:
 * "Linux version RELEASE (…) (…) #…", a new line and NUL): that tells the release of a guest that left no
 * vmcoreinfo. Others may have written the same into the guest's memory, so it is a guess until somebody who
 * has that kernel's symbols finds it at its place, as crash does. Blocks while the whole file is read, and
 * unpacked.
 *
 * Returns: (transfer full) (element-type utf8): the releases, each once, at most a handful; characters of a
 *   file's name only
 */
GPtrArray *vitals_banner_find(int fd, guint seconds, gboolean *ret_windows);
