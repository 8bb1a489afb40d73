/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

/*
 * The lab itself, without the daemon: its guests break in the way they say, so that when another test
 * fails it is not the lab's doing.
 */

/* Whether the balloon's stamp still moves, watched for a while. */
static gboolean
has_pulse(VitalsLabGuest *guest)
{
    gint64 before = vitals_lab_guest_last_update(guest);
    gint64 start = g_get_monotonic_time();

    while (vitals_lab_wait(start, 8)) {
        if (vitals_lab_guest_last_update(guest) != before)
            return TRUE;
        g_usleep(G_USEC_PER_SEC / 2);
    }
    return FALSE;
}

static void
test_healthy(void)
{
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-lab", "panic=yes", NULL);

    vitals_lab_guest_wait_up(guest);
    g_assert_true(has_pulse(guest));
    vitals_lab_guest_type(guest, "busy");
    g_assert_true(has_pulse(guest));
    g_assert_false(vitals_lab_guest_crashed(guest));
}

/* A fault that leaves the guest running, without a pulse. */
static void
test_silent(gconstpointer fault)
{
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-lab", NULL);

    vitals_lab_guest_wait_up(guest);
    g_assert_true(has_pulse(guest));
    vitals_lab_guest_cause(guest, fault);
    g_usleep(3 * G_USEC_PER_SEC);
    g_assert_false(has_pulse(guest));
    g_assert_false(vitals_lab_guest_crashed(guest));
}

static void
test_pvpanic(gconstpointer fault)
{
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-lab", "panic=yes", NULL);
    gint64 start;

    vitals_lab_guest_wait_up(guest);
    start = vitals_lab_guest_cause(guest, fault);
    while (!vitals_lab_guest_crashed(guest))
        g_assert_true(vitals_lab_wait(start, 5));
}

/* The guests live on when libvirtd is killed, and so does what is written of their consoles. */
static void
test_libvirtd(void)
{
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-lab", NULL);

    vitals_lab_guest_wait_up(guest);
    vitals_lab_libvirtd("kill");
    vitals_lab_libvirtd("restart");
    g_assert_true(has_pulse(guest));
    vitals_lab_guest_type(guest, "uname -r");
}

static void
add_tests(void)
{
    g_test_add_func("/lab/healthy", test_healthy);
    g_test_add_data_func("/lab/spin", "spin", test_silent);
    g_test_add_data_func("/lab/pvpanic", "panic", test_pvpanic);
    g_test_add_func("/lab/libvirtd", test_libvirtd);
    /* Each takes 20 s and is only of use to who works on the lab: -m slow. */
    if (!g_test_slow())
        return;
    g_test_add_data_func("/lab/panic", "panic", test_silent);
    g_test_add_data_func("/lab/sysrq", "sysrq", test_silent);
    g_test_add_data_func("/lab/hlt", "hlt", test_silent);
    g_test_add_data_func("/lab/soft", "soft", test_silent);
    g_test_add_data_func("/lab/pvpanic-init", "exit", test_pvpanic);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
