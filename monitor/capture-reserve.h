/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/capture.h"

/*
 * Guards the free space that is to stay free while one dump is written, from a thread of its own.
 *
 * A memory-only dump cannot be cancelled (measured: libvirt refuses, and a removed file goes on growing without a
 * name), so two things are done about those who fill the disk meanwhile. The room that the dump may still need is
 * held for it by a file without a name, which shrinks as the dump grows and is gone with this process. And when the
 * reserve is about to be touched nevertheless, that room is given back at once, and the blocks of the dump are taken
 * away as they come: the dump is lost then, and the reserve is not.
 */
typedef struct VitalsReserve VitalsReserve;

/* @dump: outlives it; its keep_free may change meanwhile. Does not block */
VitalsReserve *vitals_reserve_new(const VitalsDump *dump);
void vitals_reserve_free(VitalsReserve *reserve);

/* Begins to guard, before the dump does. Does not block */
void vitals_reserve_begin(VitalsReserve *reserve);

/**
 * vitals_reserve_end:
 *
 * Behind the dump; blocks until its thread is done, which may have to do with the disk.
 *
 * Returns: whether the dump had to be given up
 */
gboolean vitals_reserve_end(VitalsReserve *reserve);

/* Holds no more room for a dump that hangs, as who comes next counts with what that one may still write. Does not
 * block */
void vitals_reserve_give_way(VitalsReserve *reserve);
