/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_testimony_read:
 * @console: the end of a guest's console log
 * @length: its bytes
 *
 * What the guest itself said of its end: the crash reports and loops that the console engine finds, in the
 * order of their lines, from warnings up. Takes some milliseconds for 256 KiB and does not block; loading
 * the built-in signatures takes some more.
 *
 * Returns: (transfer full) (element-type utf8): one printable line each, "critical: kernel panic: …", at
 *   most a few dozen
 */
GPtrArray *vitals_testimony_read(const char *console, gsize length);
