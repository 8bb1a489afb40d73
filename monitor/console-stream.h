/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Consoles without a log, read live where QEMU writes them: from the slave side of its pty, as a human does.
 *
 * Not by way of libvirt's virDomainOpenConsole(): it has one session for each console, refuses any other
 * one ("Active console session exists for this domain", src/conf/virchrdev.c) and tells its holder nothing of
 * that, so that nobody could yield. A pty may be opened by several; inotify tells of each of them, and we
 * are gone within milliseconds. What came in between, a line at most, is ours and not theirs. We come back when
 * nobody has it open any more.
 *
 * All streams are served by one thread, which waits for nothing but them. While we read, the guest is never
 * held up: one that writes more than a flood is left alone for a while, and QEMU drops what nobody reads.
 */
typedef struct VitalsConsoleStreams VitalsConsoleStreams;
typedef struct VitalsConsoleStream VitalsConsoleStream;

/* Starts the thread. Returns: (transfer full) */
VitalsConsoleStreams *vitals_console_streams_new(void);

/* Ends the thread; all streams were freed before. Accepts NULL. */
void vitals_console_streams_free(VitalsConsoleStreams *streams);

/* Whether that can be the path of a pty: /dev/pts/NUMBER. */
gboolean vitals_console_stream_is_path(const char *path);

/**
 * vitals_console_stream_new:
 * @path: as the live definition has it
 *
 * Does not block, and reads nothing while somebody else has it open.
 */
VitalsConsoleStream *vitals_console_stream_new(VitalsConsoleStreams *streams, const char *path);

/* Lets go of it, soon. Accepts NULL. */
void vitals_console_stream_free(VitalsConsoleStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsConsoleStream, vitals_console_stream_free)

/* As it was given. */
const char *vitals_console_stream_path(const VitalsConsoleStream *stream);

/**
 * vitals_console_stream_take:
 * @buffer: (out caller-allocates): @size bytes
 * @ret_gap_at: (out): where in it something is missing, which somebody else read, or nobody; else %G_MAXSIZE
 * @ret_flood: (out): it wrote more than can be read, and is left alone for some seconds
 *
 * Takes what came since the last time. Does not block.
 *
 * Returns: how many bytes; -1 if it cannot be read
 */
gssize vitals_console_stream_take(VitalsConsoleStream *stream, char *buffer, gsize size,
                                  gsize *ret_gap_at, gboolean *ret_flood, GError **error);
