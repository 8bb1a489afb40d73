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
    g_autoptr(VitalsTestimony) said = vitals_testimony_read(panic, strlen(panic));

    const VitalsRemark *best = vitals_testimony_best(said);

    g_assert_cmpuint(said->lines->len, ==, 1);
    g_test_message("%s", (const char *)g_ptr_array_index(said->lines, 0));
    g_assert_true(g_str_has_prefix(g_ptr_array_index(said->lines, 0), "critical: kernel panic"));
    g_assert_cmpint(best->weight, ==, VITALS_WEIGHT_END);
    g_assert_cmpstr(best->remedy, !=, "");
    g_assert_true(vitals_testimony_find(said, best->title) == best);
    g_assert_null(vitals_testimony_find(said, ""));
}

static void
test_healthy(void)
{
    static const char text[] = "[    0.000000] Linux version 6.1.0-56-amd64\n"
                               "[    1.500000] Run /init as init process\n"
                               "Debian GNU/Linux 12 web ttyS0\n\nweb login: ";
    g_autoptr(VitalsTestimony) said = vitals_testimony_read(text, strlen(text));

    g_assert_cmpuint(said->lines->len, ==, 0);
    g_assert_null(vitals_testimony_best(said));
}

/* However much the guest says, and whatever is in it. */
static void
test_bounded(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(VitalsTestimony) said = NULL;

    for (guint i = 0; i < 200; i++)
        g_string_append_printf(text,
                               "[%5u.000000] BUG: unable to handle page fault for address: %u\n"
                               "[%5u.000001] RIP: 0010:func_%c%c\x1b[2J+0x10/0x20\n",
                               i * 60, i, i * 60, 'a' + (char)(i / 26), 'a' + (char)(i % 26));
    said = vitals_testimony_read(text->str, text->len);
    g_assert_cmpuint(said->lines->len, <=, 30);
    for (guint i = 0; i < said->lines->len; i++) {
        g_assert_null(strchr(g_ptr_array_index(said->lines, i), '\x1b'));
        g_assert_null(strchr(g_ptr_array_index(said->lines, i), '\n'));
    }
}

static const char *
best_of(const char *text)
{
    static char *title = NULL;
    g_autoptr(VitalsTestimony) said = vitals_testimony_read(text, strlen(text));
    const VitalsRemark *best = vitals_testimony_best(said);

    g_free(title);
    title = g_strdup(best ? best->title : "");
    return title;
}

/* What ended the guest, not what went before or came of it. */
static void
test_best(void)
{
    static const char killed[] =
        "[   54.900000] Out of memory: Killed process 5 (dd) total-vm:2516kB\n";
    static const char oops[] = "[   20.000000] BUG: unable to handle page fault for address: 8\n"
                               "[   20.100000] RIP: 0010:gizmo_run+0x10/0x20\n"
                               "[   20.200000] ---[ end trace 0000000000000000 ]---\n";
    static const char stall[] =
        "[   90.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [gizmo:7]\n"
        "[   90.100000] RIP: 0010:gizmo_wait+0x10/0x20\n";
    static const char end[] =
        "[   95.900000] Kernel panic - not syncing: System is deadlocked on memory\n";
    g_autofree char *both = g_strconcat(killed, killed, end, NULL);
    g_autofree char *first = g_strconcat(oops, "[   60.000000] ordinary\n", stall, NULL);
    g_autofree char *later = g_strconcat(end, "[    0.000000] Linux version 6.1.0 (a@b)\n", NULL);
    g_autofree char *again = g_strconcat(later, "[    7.000000] ordinary\n", both, NULL);

    g_assert_cmpstr(best_of(killed), ==, "");
    g_assert_cmpstr(best_of(both), ==, "kernel panic: out of memory");
    g_assert_cmpstr(best_of(oops), !=, "");
    g_assert_true(g_str_has_prefix(best_of(first), "BUG: soft lockup"));
    /* of an earlier boot */
    g_assert_cmpstr(best_of(later), ==, "");
    g_assert_cmpstr(best_of(again), ==, "kernel panic: out of memory");
}

static void
test_setting(void)
{
    static const char text[] =
        "[   29.100000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
        "[   29.200000] RIP: 0010:gizmo_receive+0xd/0x30 [gizmo]\n"
        "[   29.300000] Call Trace:\n"
        "[   29.400000]  <IRQ>\n"
        "[   29.500000]  __netif_receive_skb_core.constprop.0+0x457/0xf00\n"
        "[   29.600000]  net_rx_action+0x2a0/0x350\n"
        "[   29.700000]  </IRQ>\n"
        "[   29.800000] Kernel panic - not syncing: Fatal exception in interrupt\n";
    g_autoptr(VitalsTestimony) said = vitals_testimony_read(text, strlen(text));
    const VitalsRemark *best = vitals_testimony_best(said);

    g_assert_nonnull(strstr(best->title, "gizmo_receive"));
    g_assert_cmpint(best->weight, ==, VITALS_WEIGHT_END);
    g_assert_cmpstr(best->setting, ==, "while the kernel received a network packet");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/testimony/panic", test_panic);
    g_test_add_func("/testimony/healthy", test_healthy);
    g_test_add_func("/testimony/bounded", test_bounded);
    g_test_add_func("/testimony/best", test_best);
    g_test_add_func("/testimony/setting", test_setting);
    return g_test_run();
}
