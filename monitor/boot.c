/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/boot.h"

char *
vitals_boot_id(void)
{
    char *id = NULL;

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL))
        return g_strdup("");
    return g_strstrip(id);
}
