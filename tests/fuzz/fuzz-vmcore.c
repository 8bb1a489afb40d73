/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include "monitor/vmcore.h"
#include "tests/unit/program.h"

#include <string.h>

/* Any bytes as a dump. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const char *path = "fuzz-vmcore.tmp";
    g_autoptr(VitalsVmcore) vmcore = NULL;
    g_autoptr(GError) error = NULL;

    /* beside wherever it is run: the test's own directory, or the fuzzer's */
    test_write_file(path, data, size);
    vmcore = vitals_vmcore_inspect(path, &error);
    g_assert_true((vmcore == NULL) == (error != NULL));
    if (vmcore && vmcore->release)
        g_assert_true(g_utf8_validate(vmcore->release, -1, NULL) && strlen(vmcore->release) < 4096);
    return 0;
}
