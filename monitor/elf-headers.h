/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_elf_move_headers:
 * @fd: an ELF core of a 64-bit little-endian guest, open for reading and writing
 * @ret_moved: (out): whether anything had to be done
 *
 * QEMU 7.2 writes the section headers before the program headers and e_ehsize 8; makedumpfile 1.7.2
 * looks for program headers right behind an ELF header of 64 bytes and says "Can't get the number of
 * PT_LOAD" of such a file, or filters nothing. This puts them there, where QEMU has only the section
 * headers: of those the first is kept if it holds the number of program headers (PN_XNUM), else none.
 * No byte of memory or notes is moved; the change is a single write over the headers alone. Blocks on
 * the disk.
 *
 * Returns: FALSE with %VITALS_VMCORE_ERROR if it is no such file, or its numbers do not fit together;
 * nothing is changed then
 */
gboolean vitals_elf_move_headers(int fd, gboolean *ret_moved, GError **error);
