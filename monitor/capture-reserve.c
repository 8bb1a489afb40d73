/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture-reserve.h"
#include "monitor/capture-space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

/* QEMU writes up to some GiB in a second, and others may as well. */
#define LOOK_US (20 * G_TIME_SPAN_MILLISECOND)

/* The dump is given up before the reserve is touched: what is written between two looks. Less than what every
 * estimate has over (DUMP_OVERHEAD in case-dump.c), so that no dump is lost that just fits. */
#define MARGIN ((guint64)32 * 1024 * 1024)

/* What is left for the dump to grow into between two looks, beside the room that is held for it. */
#define LEAD ((guint64)128 * 1024 * 1024)

/* @ballast: the file without a name; -1 for none
 * @held: its size
 * @gives_way: atomic
 * @ended: under @mutex
 * @given_up: its thread's alone, and who has joined it */
struct VitalsReserve {
    const VitalsDump *dump;
    char *directory;
    GThread *thread;
    GMutex mutex;
    GCond cond;
    gboolean ended;
    int gives_way;
    gboolean given_up;
    int ballast;
    guint64 held;
};

VitalsReserve *
vitals_reserve_new(const VitalsDump *dump)
{
    VitalsReserve *reserve = g_new0(VitalsReserve, 1);

    reserve->dump = dump;
    reserve->directory = g_path_get_dirname(dump->path);
    reserve->ballast = -1;
    g_mutex_init(&reserve->mutex);
    g_cond_init(&reserve->cond);
    return reserve;
}

void
vitals_reserve_free(VitalsReserve *reserve)
{
    if (!reserve)
        return;
    g_mutex_clear(&reserve->mutex);
    g_cond_clear(&reserve->cond);
    g_free(reserve->directory);
    g_free(reserve);
}

void
vitals_reserve_give_way(VitalsReserve *reserve)
{
    g_atomic_int_set(&reserve->gives_way, TRUE);
}

/* ---- in its thread ---- */

/* The room of a file system in memory is the host's memory, and takes seconds to be filled. */
static gboolean
is_in_memory(const char *directory)
{
    struct statfs info;

    return statfs(directory, &info) == 0 &&
           (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

/* What the dump may still need. */
static guint64
wanted(const VitalsReserve *reserve)
{
    guint64 taken = vitals_space_used(reserve->dump->path) + LEAD;

    return reserve->dump->expected > taken ? reserve->dump->expected - taken : 0;
}

/* Where there is no such file (NFS), or no such room, the dump is watched all the same. */
static void
take_ballast(VitalsReserve *reserve)
{
    guint64 size = wanted(reserve);

    if (size == 0 || is_in_memory(reserve->directory) ||
        vitals_space_free(reserve->directory) < size + LEAD + reserve->dump->keep_free)
        return;
    reserve->ballast = open(reserve->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (reserve->ballast >= 0 && fallocate(reserve->ballast, 0, 0, (off_t)size) == 0)
        reserve->held = size;
    else
        g_debug("no room is held for the dump: %s", g_strerror(errno));
}

static void
drop_ballast(VitalsReserve *reserve)
{
    if (reserve->ballast >= 0)
        close(reserve->ballast);
    reserve->ballast = -1;
    reserve->held = 0;
}

static void
shrink_ballast(VitalsReserve *reserve)
{
    guint64 size = g_atomic_int_get(&reserve->gives_way) ? 0 : wanted(reserve);

    if (reserve->held == 0 || size >= reserve->held)
        return;
    if (size == 0 || ftruncate(reserve->ballast, (off_t)size) < 0)
        drop_ballast(reserve);
    else
        reserve->held = size;
}

/* Its own growth is no reason: that has room. */
static void
look(VitalsReserve *reserve)
{
    const VitalsDump *dump = reserve->dump;

    shrink_ballast(reserve);
    if (!reserve->given_up && vitals_space_free(reserve->directory) >=
                                  MIN(dump->keep_free, G_MAXUINT64 - MARGIN) + MARGIN)
        return;
    drop_ballast(reserve);
    if (vitals_space_sacrifice(dump->path) && !reserve->given_up) {
        reserve->given_up = TRUE;
        g_warning("free space is about to fall below KeepFree: the dump of %s is given up",
                  dump->label);
    }
}

static gpointer
guard(gpointer data)
{
    VitalsReserve *reserve = data;

    take_ballast(reserve);
    g_mutex_lock(&reserve->mutex);
    while (!reserve->ended) {
        g_mutex_unlock(&reserve->mutex);
        look(reserve);
        g_mutex_lock(&reserve->mutex);
        if (!reserve->ended)
            g_cond_wait_until(&reserve->cond, &reserve->mutex, g_get_monotonic_time() + LOOK_US);
    }
    g_mutex_unlock(&reserve->mutex);
    drop_ballast(reserve);
    return NULL;
}

/* ---- for the one who dumps ---- */

void
vitals_reserve_begin(VitalsReserve *reserve)
{
    reserve->thread = g_thread_new("reserve", guard, reserve);
}

gboolean
vitals_reserve_end(VitalsReserve *reserve)
{
    g_mutex_lock(&reserve->mutex);
    reserve->ended = TRUE;
    g_cond_signal(&reserve->cond);
    g_mutex_unlock(&reserve->mutex);
    g_thread_join(reserve->thread);
    return reserve->given_up;
}
