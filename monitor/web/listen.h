/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * vitals_listen_open:
 * @listen: "HOST:PORT", "[::1]:PORT" or ":PORT" (every address of this host); port 0 lets the kernel
 *   choose one
 *
 * A host name is looked up, which blocks.
 *
 * Returns: (transfer full): a listening socket; on failure %G_IO_ERROR with what to do next
 */
GSocket *vitals_listen_open(const char *listen, GError **error);
