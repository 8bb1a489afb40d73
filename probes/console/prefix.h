/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A caller is `T` and a task number or `C` and a CPU number (CONFIG_PRINTK_CALLER). */
enum { VITALS_CALLER_MAX = 16 };

/**
 * VitalsPrefix: what stood before a line's own text
 * @stamp: microseconds of printk's clock, or -1
 * @wall: microseconds of a logger's clock since some fixed moment, or -1
 * @level: printk's or syslog's priority, or -1
 * @kernel: whether something said that the kernel wrote the line
 * @caller: who wrote it, "" if not told
 */
typedef struct {
    gint64 stamp;
    gint64 wall;
    int level;
    gboolean kernel;
    char caller[VITALS_CALLER_MAX];
} VitalsPrefix;

/**
 * vitals_prefix_peel:
 *
 * Takes off what printk (`<4>`, `[   12.345678]`, `[  T123]`, `[ C0]`), dmesg (-T, -x), syslog, the
 * journal, the Xen console and loggers (ISO 8601 or `2024/01/31 12:00:00`, with or without brackets)
 * put before a line.
 *
 * Returns: how many bytes of @text they took
 */
gsize vitals_prefix_peel(const char *text, gsize length, VitalsPrefix *ret_prefix);

/**
 * vitals_prefix_find_stamp:
 * @from: where to begin
 *
 * Looks for a printk stamp inside a line: another CPU, or a kernel that wrote behind a prompt, began a
 * line where this one was not ended.
 *
 * Returns: where it stands, or @length
 */
gsize vitals_prefix_find_stamp(const char *text, gsize length, gsize from);
