/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include "probes/outline.h"

/* Any bytes as a domain's definition. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(VitalsOutline) outline = NULL;
    g_autoptr(GError) error = NULL;

    outline = vitals_outline_new("definition", text, &error);
    g_assert_true((outline == NULL) == (error != NULL));
    if (outline && outline->console_log)
        g_assert_true(g_path_is_absolute(outline->console_log));
    return 0;
}
