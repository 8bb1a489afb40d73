/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/prediction.h"

static const char definition[] =
    "<domain type='qemu'><name>g</name><memory unit='KiB'>262144</memory>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
    "<devices><memballoon model='virtio'/></devices></domain>";

static gboolean
tells(const GPtrArray *lines, const char *rule)
{
    for (guint i = 0; i < lines->len; i++) {
        if (g_str_has_prefix(g_ptr_array_index(lines, i), rule))
            return TRUE;
    }
    return FALSE;
}

/* What this guest would lack when it dies: a panic device, vmcoreinfo, a console, memory figures. */
static void
test_readiness(void)
{
    g_autoptr(GPtrArray) lines = vitals_prediction_read(definition);

    g_assert_true(tells(lines, "CAP001 "));
    g_assert_true(tells(lines, "CAP007 "));
    g_assert_true(tells(lines, "SER001 "));
    g_assert_true(tells(lines, "MEM004 "));
}

static void
test_nothing_to_read(void)
{
    g_autoptr(GPtrArray) none = vitals_prediction_read(NULL);
    g_autoptr(GPtrArray) garbage = vitals_prediction_read("<domain");

    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(garbage->len, ==, 0);
}

/* The devices of the host before all else, and of what is only missing nothing. */
static void
test_risks(void)
{
    static const char passthrough[] =
        "<domain type='kvm'><name>g</name><memory unit='KiB'>262144</memory>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
        "<devices><hostdev mode='subsystem' type='pci'><driver name='kvm'/><source>"
        "<address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/></source></hostdev>"
        "<memballoon model='virtio'/></devices></domain>";
    g_autoptr(GPtrArray) lines = vitals_prediction_read(passthrough);
    g_autoptr(GPtrArray) risks = vitals_prediction_risks(lines);
    g_autoptr(GPtrArray) bare = vitals_prediction_read(definition);
    g_autoptr(GPtrArray) none = vitals_prediction_risks(bare);
    g_autoptr(GPtrArray) odd = g_ptr_array_new();
    g_autoptr(GPtrArray) unknown = NULL;

    g_assert_true(tells(lines, "CAP001 ") && !tells(risks, "CAP001 "));
    g_assert_true(g_str_has_prefix(g_ptr_array_index(risks, 0), "PCI016 "));
    g_assert_true(tells(risks, "PCI001 "));
    g_assert_cmpuint(none->len, ==, 0);
    g_ptr_array_add(odd, (gpointer) "");
    g_ptr_array_add(odd, (gpointer) "NOSUCH001 rule");
    unknown = vitals_prediction_risks(odd);
    g_assert_cmpuint(unknown->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prediction/readiness", test_readiness);
    g_test_add_func("/prediction/risks", test_risks);
    g_test_add_func("/prediction/nothing-to-read", test_nothing_to_read);
    return g_test_run();
}
