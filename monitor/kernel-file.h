/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsKernelFile: a small file of /proc or of a control group that is read again and again
 *
 * What the kernel writes anew at each read stays open between them: opening and closing is most of what a read
 * costs (measured: 8 us against 2 us). Such a file is that of one process for ever: when it has ended, reading
 * fails, whoever has its number by then. All of them together keep half of the descriptors that this process
 * may have open; what finds no room, or lies on an ordinary file system, is opened each time.
 *
 * To be used by one thread at a time.
 */
typedef struct VitalsKernelFile VitalsKernelFile;

/* @path: (transfer full). Opens nothing yet. Returns: (transfer full) */
VitalsKernelFile *vitals_kernel_file_new(char *path);
void vitals_kernel_file_free(VitalsKernelFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsKernelFile, vitals_kernel_file_free)

/**
 * vitals_kernel_file_read:
 *
 * Reads at once, which is all that such files take. Blocks on the kernel.
 *
 * Returns: (transfer full) (nullable): up to 4095 bytes, ended by a NUL; NULL if it cannot be read
 */
char *vitals_kernel_file_read(VitalsKernelFile *file);

/* How many are open at this moment; for tests. */
guint vitals_kernel_files_open(void);

/**
 * vitals_kernel_files_make_room:
 *
 * Lets this process have as many files open as may be needed for a few thousand guests, if the hard limit
 * allows: the usual soft limit, 1024, is for programs that call select(2), which this one never does.
 */
void vitals_kernel_files_make_room(void);
