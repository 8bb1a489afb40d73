/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The memory in a compressed kdump that is not flattened, page after page in the order of their numbers, as far as
 * it is raw or compressed by zlib, which is all that QEMU is asked for. Pages of zeros share one place and are told
 * once. The guest decides what its pages hold, and a broken file what its descriptors say: all is checked.
 */
typedef struct VitalsKdumpPages VitalsKdumpPages;

/* @fd: borrowed until it is freed. Returns: (transfer full) (nullable): %NULL if it is no such dump. Blocks */
VitalsKdumpPages *vitals_kdump_pages_new(int fd);
void vitals_kdump_pages_free(VitalsKdumpPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsKdumpPages, vitals_kdump_pages_free)

/* Puts as many pages as fit into @buffer, of which @most has to be a page at least: 64 KiB. Returns: how many bytes
 * that are; 0 behind the last. Blocks on the disk */
gsize vitals_kdump_pages_read(VitalsKdumpPages *pages, char *buffer, gsize most);
