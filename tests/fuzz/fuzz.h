/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What libFuzzer calls with its bytes. The same file is linked into an ordinary test, which calls it
 * over documents that it builds and breaks (style: fuzz targets run every day). Returns: 0 */
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);
