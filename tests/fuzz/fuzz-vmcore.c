/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include "monitor/elf-headers.h"
#include "monitor/kdump-flat.h"
#include "monitor/kdump-pages.h"
#include "monitor/kdump.h"
#include "monitor/vmcore.h"
#include "tests/unit/program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UNFOLDED_MAX ((guint64)1024 * 1024)
#define PAGES_MAX 1000

static void
read_pages(int fd)
{
    g_autoptr(VitalsKdumpPages) pages = vitals_kdump_pages_new(fd);
    g_autofree char *buffer = g_malloc(64 * 1024);

    for (guint i = 0; pages && i < PAGES_MAX; i++) {
        if (vitals_kdump_pages_read(pages, buffer, 64 * 1024) == 0)
            return;
    }
}

static void
repair(int fd)
{
    g_autoptr(GError) error = NULL;
    VitalsKdumpRepairs repairs;
    gboolean good = vitals_kdump_repair(fd, &repairs, &error);

    g_assert_true(good == (error == NULL));
    read_pages(fd);
}

/* What is done to a dump to make it readable, whatever it is. */
static void
change(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int to = open("fuzz-vmcore.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_autoptr(GError) flat = NULL;
    g_autoptr(GError) elf = NULL;
    gboolean moved = FALSE;

    g_assert_true(fd >= 0 && to >= 0);
    if (vitals_kdump_unflatten(fd, to, UNFOLDED_MAX, &flat))
        repair(to);
    repair(fd);
    g_assert_true(vitals_elf_move_headers(fd, &moved, &elf) == (elf == NULL));
    close(fd);
    close(to);
}

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
    change(path);
    return 0;
}
