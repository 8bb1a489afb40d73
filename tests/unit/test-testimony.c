/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/testimony.h"

#include <string.h>

static const char panic[] =
    "[    9.100000] our_service: started\n"
    "[   12.981872] Kernel panic - not syncing: testimony: panic as asked for\n"
    "[   12.982372] CPU: 0 PID: 106 Comm: tester Not tainted 6.1.0-56-amd64 #1\n"
    "[   12.983073] Call Trace:\n"
    "[   12.983590]  <TASK>\n"
    "[   12.983840]  dump_stack_lvl+0x44/0x5c\n"
    "[   12.984191]  panic+0x118/0x2f4\n"
    "[   12.984429]  testimony_panics+0x11/0xf64 [testimony]\n"
    "[   12.984732]  kthread+0xd7/0x100\n"
    "[   12.985100]  </TASK>\n"
    "[   12.986138] ---[ end Kernel panic - not syncing: testimony: panic as asked for ]---\n";

static void
test_panic(void)
{
    g_autoptr(GPtrArray) said = vitals_testimony_read(panic, strlen(panic));

    g_assert_cmpuint(said->len, ==, 1);
    g_test_message("%s", (const char *)g_ptr_array_index(said, 0));
    g_assert_true(g_str_has_prefix(g_ptr_array_index(said, 0), "critical: kernel panic"));
}

static void
test_healthy(void)
{
    static const char text[] = "[    0.000000] Linux version 6.1.0-56-amd64\n"
                               "[    1.500000] Run /init as init process\n"
                               "Debian GNU/Linux 12 web ttyS0\n\nweb login: ";
    g_autoptr(GPtrArray) said = vitals_testimony_read(text, strlen(text));

    g_assert_cmpuint(said->len, ==, 0);
}

/* However much the guest says, and whatever is in it. */
static void
test_bounded(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) said = NULL;

    for (guint i = 0; i < 200; i++)
        g_string_append_printf(text,
                               "[%5u.000000] BUG: unable to handle page fault for address: %u\n"
                               "[%5u.000001] RIP: 0010:func_%c%c\x1b[2J+0x10/0x20\n",
                               i * 60, i, i * 60, 'a' + (char)(i / 26), 'a' + (char)(i % 26));
    said = vitals_testimony_read(text->str, text->len);
    g_assert_cmpuint(said->len, <=, 30);
    for (guint i = 0; i < said->len; i++) {
        g_assert_null(strchr(g_ptr_array_index(said, i), '\x1b'));
        g_assert_null(strchr(g_ptr_array_index(said, i), '\n'));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/testimony/panic", test_panic);
    g_test_add_func("/testimony/healthy", test_healthy);
    g_test_add_func("/testimony/bounded", test_bounded);
    return g_test_run();
}
