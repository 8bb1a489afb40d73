/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What makedumpfile may take: its bitmaps have 64 MiB for each TiB of the guest's memory, and its
 * buffers some more. */
#define VITALS_MAKEDUMPFILE_MEMORY ((guint64)2 * 1024 * 1024 * 1024)

/**
 * VitalsRefinement: how a dump is made readable and small
 * @path: the dump, as QEMU wrote it
 * @makedumpfile: (nullable): the program's path; %NULL if there is none
 * @level: what it leaves out, as in makedumpfile(8); 0 to keep all
 * @keep_free: bytes that stay free on the file system
 * @seconds: how long it may take
 */
typedef struct {
    const char *path;
    const char *makedumpfile;
    guint level;
    guint64 keep_free;
    guint seconds;
} VitalsRefinement;

/**
 * VitalsRefined: what came of it
 * @before: bytes of the dump as QEMU wrote it
 * @after: bytes of the dump that is stored now
 * @readable: what was corrected so that the field's tools can read it; static, "" for nothing
 * @skipped: nothing was tried
 * @reason: why it was not filtered; "" if it was
 * @seconds: how long it took
 */
typedef struct {
    guint64 before;
    guint64 after;
    const char *readable;
    gboolean skipped;
    char *reason;
    double seconds;
} VitalsRefined;

void vitals_refined_free(VitalsRefined *refined);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsRefined, vitals_refined_free)

/**
 * vitals_refine:
 *
 * Rearranges a flattened dump, puts the headers of an ELF dump where they are looked for, and filters
 * and compresses it, at idle priority. The dump is replaced, by a rename, only by one that was written
 * to the end, read back and tells of the same kernel; whatever goes wrong, what was there stays. Without
 * vmcoreinfo nothing but pages of zeros is left out. Blocks for as long as it takes.
 *
 * Returns: (transfer full)
 */
VitalsRefined *vitals_refine(const VitalsRefinement *how);
