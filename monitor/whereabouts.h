/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_whereabouts:
 * @functions: (element-type utf8) (nullable): of a kernel's stack, innermost first
 *
 * What a Linux kernel was at, told by functions that its subsystems enter through: names that have been
 * the same for many releases.
 *
 * Returns: (nullable): the rest of a sentence that begins with "It happened", without its full stop:
 * "while the kernel handled network packets"; static
 */
const char *vitals_whereabouts(const GPtrArray *functions);
