/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A memory dump as QEMU writes it, looked at from outside: is it whole, and does it carry what crash
 * and makedumpfile need? The guest decides what its memory and notes hold: every number is checked
 * against the file and every size has a bound.
 */

#define VITALS_VMCORE_ERROR (vitals_vmcore_error_quark())
GQuark vitals_vmcore_error_quark(void);
typedef enum {
    VITALS_VMCORE_ERROR_READ,      /* the file cannot be read */
    VITALS_VMCORE_ERROR_FORMAT,    /* it is no dump that we know */
    VITALS_VMCORE_ERROR_TRUNCATED, /* it is one, but its end is missing */
} VitalsVmcoreError;

/**
 * VitalsVmcore:
 * @format: "elf" or "kdump-zlib" (a compressed kdump, flattened or not)
 * @bytes: the file's size
 * @vmcoreinfo: it has the note that the guest's kernel leaves about its own layout
 * @windows: that note is what the driver of Windows for the vmcoreinfo device leaves there: the header of a Windows dump
 * @release: (nullable): the kernel's release by that note; printable
 * @build_id: (nullable): its build id, likewise
 */
typedef struct {
    const char *format;
    guint64 bytes;
    gboolean vmcoreinfo;
    gboolean windows;
    char *release;
    char *build_id;
} VitalsVmcore;

/**
 * vitals_vmcore_inspect:
 * @path: the dump; a symbolic link is refused
 *
 * Formats: ELF as in QEMU's dump/dump.c; kdump as in makedumpfile's diskdump_mod.h, in the flattened
 * form of makedumpfile(8), which QEMU up to 8.1 writes. Reads a few blocks only. Blocks on the disk.
 *
 * Returns: (transfer full) (nullable): what it is
 */
VitalsVmcore *vitals_vmcore_inspect(const char *path, GError **error);
void vitals_vmcore_free(VitalsVmcore *vmcore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsVmcore, vitals_vmcore_free)

/* The size of the file there; 0 if it is none. */
guint64 vitals_vmcore_size(const char *path);
