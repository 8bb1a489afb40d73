/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Follows the log of a console, as virtlogd or xenconsoled write it: every byte once and in order, over
 * rotation, truncation, replacement and our own restart.
 *
 * virtlogd rotates by size: FILE becomes FILE.0, that FILE.1, and so on (libvirt,
 * src/util/virrotatingfile.c); without append='on' it unlinks all of them when the guest starts. So a file
 * is known by its inode, and what comes behind it is found from where its name went.
 *
 * All functions block on the disk and none takes a lock. The path comes from a definition and its content
 * from a guest: only regular files are opened, and no symbolic link.
 */
typedef struct VitalsConsoleFile VitalsConsoleFile;

#define VITALS_CONSOLE_FILE_ERROR (vitals_console_file_error_quark())
GQuark vitals_console_file_error_quark(void);
typedef enum {
    VITALS_CONSOLE_FILE_ERROR_READ, /* it cannot be opened or read */
    VITALS_CONSOLE_FILE_ERROR_KIND, /* what stands there is no regular file */
} VitalsConsoleFileError;

/* A line that has no end yet is kept up to this length, to be had again after a restart. */
enum { VITALS_CONSOLE_PARTIAL_MAX = 4096 };

/**
 * VitalsConsolePlace: where the reading of a file stands
 * @hash: of the bytes just before @offset, to know the file by
 * @back: so many bytes before @offset are to be read again, as far as that file and the one before it have them
 * @seen: wall clock, seconds: when its end was last reached
 * @partial: (nullable): the line that has no end yet, its last bytes if it is a long one
 * @run: of the guest, as libvirt numbers them; nothing to the reading of the file
 * @rhythms: (nullable) (element-type VitalsRhythm): what loops in it, in times of the wall clock; likewise
 */
typedef struct {
    guint64 device;
    guint64 inode;
    guint64 offset;
    guint64 back;
    guint hash;
    gint64 seen;
    GBytes *partial;
    int run;
    GArray *rhythms;
} VitalsConsolePlace;

/* Frees what it holds, not itself. */
void vitals_console_place_clear(VitalsConsolePlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VitalsConsolePlace, vitals_console_place_clear)

/**
 * vitals_console_file_new:
 * @path: absolute; need not be there yet
 * @place: (nullable): where an earlier reading stood
 * @history: without a place, so many bytes of the end of what is there are read too
 */
VitalsConsoleFile *vitals_console_file_new(const char *path, const VitalsConsolePlace *place,
                                           guint64 history);
void vitals_console_file_free(VitalsConsoleFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsConsoleFile, vitals_console_file_free)

/**
 * vitals_console_file_read:
 *
 * Returns: how many bytes it put into @buffer; 0 if there is nothing new; -1 with @error set if it
 *   cannot be read now, which may be otherwise next time
 */
gssize vitals_console_file_read(VitalsConsoleFile *file, char *buffer, gsize size, GError **error);

/* Whether something between the last two reads is missing: it was rotated away, or skipped. Asking forgets. */
gboolean vitals_console_file_take_gap(VitalsConsoleFile *file);

/**
 * vitals_console_file_skip:
 *
 * Leaves out what is unread but for the last @keep bytes of the file being read.
 *
 * Returns: how many bytes were left out
 */
guint64 vitals_console_file_skip(VitalsConsoleFile *file, guint64 keep);

/* Returns: (transfer full): where the reading stands now */
VitalsConsolePlace vitals_console_file_place(const VitalsConsoleFile *file);

/* As it was given. */
const char *vitals_console_file_path(const VitalsConsoleFile *file);
