/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_banner_find:
 * @fd: a dump in which memory lies as it is: ELF
 * @seconds: after so long it gives up
 *
 * Looks in memory for the line that a Linux kernel introduces itself with (linux_banner, init/version.c:
 * "Linux version RELEASE (…) (…) #…", a new line and NUL): that tells the release of a guest that left no
 * vmcoreinfo. Others may have written the same into the guest's memory, so it is a guess until somebody who
 * has that kernel's symbols finds it at its place, as crash does. Blocks while the whole file is read.
 *
 * Returns: (transfer full) (element-type utf8): the releases, each once, at most a handful; characters of a
 *   file's name only
 */
GPtrArray *vitals_banner_find(int fd, guint seconds);
