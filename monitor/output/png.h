/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* 4096 x 4096: the guest chooses, and each takes 3 bytes of ours, twice while it is encoded. */
#define VITALS_PNG_PIXELS_MAX ((guint64)16 * 1024 * 1024)

/**
 * vitals_png_from:
 * @picture: a guest's screen as QEMU's screendump gives it: PNG, or PPM (binary, "P6", 8 bits each)
 *
 * The guest decides on the picture: one with more than %VITALS_PNG_PIXELS_MAX pixels, or with a wrong number of
 * them, is refused. Nothing of a PNG is believed but its first eight bytes; it is passed on.
 *
 * Returns: (transfer full) (nullable): a PNG; on failure %G_IO_ERROR
 */
GBytes *vitals_png_from(GBytes *picture, GError **error);
