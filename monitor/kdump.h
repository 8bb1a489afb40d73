/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Compressed kdumps that are not flattened, of 64-bit little-endian guests (makedumpfile's
 * diskdump_mod.h: struct disk_dump_header, struct kdump_sub_header, struct page_desc): a header block,
 * sub-header blocks, two bitmaps of page frames, a descriptor for each page that is in the second one,
 * and the pages.
 */

#define VITALS_KDUMP_SIGNATURE "KDUMP   "

/* Bytes of a struct page_desc: offset, size, flags, page_flags; each page of the second bitmap has one. */
#define VITALS_KDUMP_DESCRIPTOR 24

/**
 * VitalsKdump: what the headers say, checked against the file
 * @block: bytes of a block
 * @sub: blocks of the sub-header
 * @bitmaps: blocks of both bitmaps
 * @bitmap_at: where the first bitmap begins
 * @descriptors_at: where the page descriptors begin
 * @size: of the file
 */
typedef struct {
    guint32 block;
    guint32 sub;
    guint32 bitmaps;
    guint64 bitmap_at;
    guint64 descriptors_at;
    guint64 size;
} VitalsKdump;

/* Reads the header. Returns: FALSE with %VITALS_VMCORE_ERROR if it is none, or does not fit the file */
gboolean vitals_kdump_open(int fd, VitalsKdump *ret_kdump, GError **error);

/* How many pages the second bitmap has. Returns: FALSE if it cannot be read. Blocks on the disk */
gboolean vitals_kdump_count(int fd, const VitalsKdump *kdump, guint64 *ret_count);

/**
 * vitals_kdump_check_whole:
 *
 * Whether the file has a descriptor for each page of its second bitmap and the end of the last page:
 * pages are written in the order of their descriptors. Reads the bitmap, and of the descriptors only as
 * many as it takes from the end to find a page that is not all zeros (those share the first page's
 * bytes). Blocks on the disk.
 */
gboolean vitals_kdump_check_whole(int fd, const VitalsKdump *kdump, GError **error);

/**
 * VitalsKdumpRepairs: what was wrong
 * @phys_base: QEMU had read the guest's decimal NUMBER(phys_base) as hexadecimal, so that nothing could
 *   be found in a kernel that was relocated (KASLR)
 * @firmware: pages of the firmware below 4 GiB, far above a small guest's memory, were left out:
 *   makedumpfile 1.7.2 lowers the highest page to the end of memory, and then looks for the second
 *   bitmap in the middle of the first, finds no page at all and gives up without a word
 */
typedef struct {
    gboolean phys_base;
    gboolean firmware;
} VitalsKdumpRepairs;

/**
 * vitals_kdump_repair:
 * @fd: a dump of QEMU's that is whole, open for reading and writing: a copy, as it is changed in place
 *
 * Corrects what keeps makedumpfile from reading it.
 */
gboolean vitals_kdump_repair(int fd, VitalsKdumpRepairs *ret_repairs, GError **error);
