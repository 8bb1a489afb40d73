/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/banner.h"
#include "tests/unit/program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BANNER(release) "Linux version " release " (build@host) (gcc 12) #1 SMP Debian 6.1 (2026)"

static GPtrArray *
find_in(const char *bytes, gsize length)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "test-banner-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    GPtrArray *found;

    g_assert_cmpint(fd, >=, 0);
    unlink(path);
    g_assert_cmpint(write(fd, bytes, length), ==, (gssize)length);
    found = vitals_banner_find(fd, 20);
    close(fd);
    return found;
}

static void
test_found(void)
{
    static const char memory[] = "\0\1\2" BANNER("6.1.0-56-amd64") "\n\0and more" BANNER(
        "5.10.0+x") "\n\0" BANNER("6.1.0-56-amd64") "\n\0";
    g_autoptr(GPtrArray) found = find_in(memory, sizeof memory);

    g_assert_cmpuint(found->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(found, 0), ==, "6.1.0-56-amd64");
    g_assert_cmpstr(g_ptr_array_index(found, 1), ==, "5.10.0+x");
}

/* What somebody wrote about a kernel, and what somebody wrote to lead us astray. */
static void
test_lookalikes(void)
{
    static const char *const texts[] = {
        BANNER("6.1.0") "\n[    0.1] Command line:", /* a log */
        BANNER("6.1.0"),                             /* cut off */
        "Linux version 6.1.0\n",
        "Linux version %s (%s@%s) (%s) #%s\n",
        BANNER("../../etc/passwd") "\n",
        BANNER("") "\n",
        BANNER("6.1.0/../../x") "\n",
        BANNER("6aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "a") "\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        gboolean ends = g_str_has_suffix(texts[i], "\n");
        g_autoptr(GPtrArray) found = find_in(texts[i], strlen(texts[i]) + ends);

        if (found->len)
            g_error("'%s' gave %s", texts[i], (char *)g_ptr_array_index(found, 0));
    }
}

/* Across the border of what is read at once, and without end. */
static void
test_borders(void)
{
    gsize length = 9 * 1024 * 1024;
    g_autofree char *memory = g_malloc0(length);
    static const char banner[] = BANNER("6.1.0") "\n";

    for (gsize at = 4 * 1024 * 1024 - 200; at < 4 * 1024 * 1024 + 200; at += 7) {
        g_autoptr(GPtrArray) found = NULL;

        memset(memory, 0, length);
        memcpy(memory + at, banner, sizeof banner);
        found = find_in(memory, length);
        g_assert_cmpuint(found->len, ==, 1);
    }
    for (gsize i = 0; i + 100 < length; i += 100) {
        g_autofree char *one = g_strdup_printf(BANNER("6.%" G_GSIZE_FORMAT) "\n", i);

        memcpy(memory + i, one, strlen(one) + 1);
    }
    {
        g_autoptr(GPtrArray) found = find_in(memory, length);

        g_assert_cmpuint(found->len, <=, 8);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/banner/found", test_found);
    g_test_add_func("/banner/lookalikes", test_lookalikes);
    g_test_add_func("/banner/borders", test_borders);
    return g_test_run();
}
