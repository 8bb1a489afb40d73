/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/registers.h"
#include "probes/signs.h"

/* The form of QEMU 7.2's answer; the numbers are ours. */
#define CPU(n, ip, flags, halted)                                                   \
    "\nCPU#" n "\nRAX=0000000000000000 RBX=0000000000000000\nRIP=" ip " RFL=" flags \
    " [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=" halted "\nES =0000 0000000000000000\n"

static void
test_parse(void)
{
    g_autoptr(GArray) list = vitals_registers_parse(
        CPU("0", "ffffffff81000010", "00000246", "1") CPU("1", "ffffffff81000020", "00000046", "0"),
        8);
    const VitalsRegisters *first = &g_array_index(list, VitalsRegisters, 0);
    const VitalsRegisters *second = &g_array_index(list, VitalsRegisters, 1);

    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmphex(first->pc, ==, 0xffffffff81000010);
    g_assert_false(first->interrupts_off);
    g_assert_true(first->halted);
    g_assert_cmphex(second->pc, ==, 0xffffffff81000020);
    g_assert_true(second->interrupts_off);
    g_assert_false(second->halted);
}

static void
test_parse_odd(void)
{
    static const char *const texts[] = {
        "",
        "CPU#",
        "unknown command: 'info'",
        "CPU#0\nRIP= RFL=46 HLT=1",
        "CPU#0\nRIP=10 RFL=46",
        "CPU#0\nRIP=10\nCPU#1\nRFL=46 HLT=0",
    };
    g_autoptr(GArray) bounded =
        vitals_registers_parse(CPU("0", "10", "46", "1") CPU("1", "10", "46", "1"), 1);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GArray) list = vitals_registers_parse(texts[i], 8);

        g_assert_cmpuint(list->len, ==, 0);
    }
    g_assert_cmpuint(bounded->len, ==, 1);
}

static void
test_apic(void)
{
    static const char head[] = "dumping local APIC state for CPU 1\n\nLVT0\t 0x00010000 masked\n";
    static const struct {
        const char *line;
        gboolean off;
    } rows[] = {
        { "SPIV\t 0x000001ff APIC enabled, focus=off, spurious vec 255\nICR\t 0x0\n", FALSE },
        { "SPIV\t 0x000000ff APIC disabled, focus=off, spurious vec 255\nICR\t 0x0\n", TRUE },
        { "SPIV\t 0x000000ff APIC disab", FALSE },
        { "SPIV\t 0x000001ff\nAPIC disabled\n", FALSE },
        { "", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(head, rows[i].line, NULL);

        g_assert_cmpint(vitals_registers_apic_is_off(text), ==, rows[i].off);
    }
    g_assert_false(vitals_registers_apic_is_off("No local APIC present"));
}

static VitalsVcpuState
state_of(VitalsVcpuLooks looks)
{
    VitalsSigns signs = { .now = 10 * G_USEC_PER_SEC, .looks_at = 10 * G_USEC_PER_SEC };

    signs.looks[0] = looks;
    return vitals_signs_vcpu_state(&signs, 0);
}

static void
test_states(void)
{
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 2, 2, 2, 0x10, 0x10 }), ==, VITALS_VCPU_UNKNOWN);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 3, 3, 0x10, 0x10 }), ==,
                    VITALS_VCPU_HALTED_DEAD);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 0, 3, 0x10, 0x10 }), ==, VITALS_VCPU_WORKING);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 3, 0, 0x10, 0x20 }), ==,
                    VITALS_VCPU_SPINNING_OFF);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 0, 0, 0x10, 0x20 }), ==,
                    VITALS_VCPU_SPINNING_ON);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 2, 0, 0x10, 0x90000 }), ==, VITALS_VCPU_WORKING);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 1, 1, 0x10, 0x10 }), ==, VITALS_VCPU_WORKING);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 3, 3, 0x10, 0x10, 3 }), ==, VITALS_VCPU_OFFLINE);
    g_assert_cmpint(state_of((VitalsVcpuLooks){ 3, 3, 3, 0x10, 0x10, 2 }), ==,
                    VITALS_VCPU_HALTED_DEAD);
}

static void
test_some_dead(void)
{
    VitalsSigns signs = { .now = 10 * G_USEC_PER_SEC, .looks_at = 10 * G_USEC_PER_SEC };

    signs.looks[0] = (VitalsVcpuLooks){ 3, 0, 3, 0x10, 0x10 };
    g_assert_false(vitals_signs_some_vcpus_dead(&signs));
    signs.looks[1] = (VitalsVcpuLooks){ 3, 3, 3, 0x20, 0x20 };
    g_assert_true(vitals_signs_some_vcpus_dead(&signs));
    /* what the kernel does not use is not dead, and none of those that live */
    signs.looks[1].offline = 3;
    g_assert_false(vitals_signs_some_vcpus_dead(&signs));
    signs.looks[0] = (VitalsVcpuLooks){ 3, 3, 3, 0x20, 0x20 };
    g_assert_false(vitals_signs_some_vcpus_dead(&signs));
    signs.looks[1].offline = 0;
    /* all of them: the kernel is dead, which is another cause's to say */
    signs.looks[0] = signs.looks[1];
    g_assert_false(vitals_signs_some_vcpus_dead(&signs));
    /* what was seen long ago says nothing */
    signs.looks[0] = (VitalsVcpuLooks){ 3, 0, 3, 0x10, 0x10 };
    signs.now += 1000 * G_USEC_PER_SEC;
    g_assert_false(vitals_signs_some_vcpus_dead(&signs));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registers/parse", test_parse);
    g_test_add_func("/registers/parse/odd", test_parse_odd);
    g_test_add_func("/registers/apic", test_apic);
    g_test_add_func("/registers/states", test_states);
    g_test_add_func("/registers/some-dead", test_some_dead);
    return g_test_run();
}
