/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture-orphan.h"
#include "monitor/capture-space.h"
#include "monitor/vmcore.h"

#define LOOK_US (G_USEC_PER_SEC / 5)

static gboolean
is_whole(const char *path)
{
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(path, NULL);

    return vmcore != NULL;
}

/* What tells that somebody writes to it: a file with holes grows in either. */
static guint64
extent_of(const char *path)
{
    return vitals_vmcore_size(path) + vitals_space_used(path);
}

gboolean
vitals_orphan_wait(const char *path, gint64 quiet)
{
    guint64 extent = extent_of(path);
    gint64 changed = g_get_monotonic_time();

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return FALSE;
    while (!is_whole(path)) {
        guint64 now = extent_of(path);

        if (now != extent)
            changed = g_get_monotonic_time();
        else if (g_get_monotonic_time() - changed >= quiet)
            return FALSE;
        extent = now;
        g_usleep(LOOK_US);
    }
    return TRUE;
}
