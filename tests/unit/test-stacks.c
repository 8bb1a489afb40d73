/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/stacks.h"
#include "monitor/whereabouts.h"

/* As crash 8.0.2 prints it, of a guest of two vCPUs of which the first spins. */
static const char hung[] =
    "      KERNEL: /usr/lib/debug/boot/vmlinux-6.1.0\n"
    "       PANIC: \"\"\n"
    "PID: 121      TASK: ffff8eee42819840  CPU: 0    COMMAND: \"gizmo\"\n"
    "    [exception RIP: gizmo_spin+13]\n"
    "    RIP: ffffffffc04ce00d  RSP: ffffd364003d3f08  RFLAGS: 00000046\n"
    "    RAX: ffffffffc04ce000  RBX: ffffffffc04cf180  RCX: 0000000000000002\n"
    "    CS: 0010  SS: 0018\n"
    " #0 [ffffd364003d3f08] net_rx_action at ffffffffc04ce101 [gizmo]\n"
    " #1 [ffffd364003d3f18] kthread at ffffffffaf0cd417\n"
    "\n"
    "PID: 0        TASK: ffff8eee41268000  CPU: 1    COMMAND: \"swapper/1\"\n"
    "    [exception RIP: native_safe_halt+11]\n"
    "    RIP: ffffffffafa592eb  RSP: ffffd3640009bed8  RFLAGS: 00000246\n"
    " #0 [ffffd3640009bed8] amd_e400_idle at ffffffffaf03ed0d\n"
    " #1 [ffffd3640009bee8] do_idle at ffffffffaf0fbb86\n"
    "[0 00:00:00.000] [RU]  PID: 121      TASK: ffff8eee42819840  CPU: 0    COMMAND: \"gizmo\"\n"
    "PID: 7        TASK: ffff8eee42819841  CPU: 0    COMMAND: \"waits\"\n"
    " #0 [ffffd364003d3f08] schedule at ffffffffc04ce101\n";

static void
test_hung(void)
{
    g_autoptr(GPtrArray) stacks = vitals_stacks_read(hung);
    const VitalsStack *first;
    const VitalsStack *second;
    g_autofree char *told = vitals_stacks_tell(stacks);
    json_t *json = vitals_stacks_json(stacks);

    g_assert_cmpuint(stacks->len, ==, 2); /* what waits is not among them */
    first = g_ptr_array_index(stacks, 0);
    second = g_ptr_array_index(stacks, 1);
    g_assert_cmpuint(first->frames->len, ==, 3);
    g_assert_true(first->interrupts_off && !first->idle);
    g_assert_true(second->idle && !second->interrupts_off);
    g_assert_cmpuint(second->cpu, ==, 1);
    g_assert_cmpstr(
        told, ==,
        "vCPU 0 in gizmo_spin, called by net_rx_action, interrupts off (task gizmo, module gizmo)");
    g_assert_cmpstr(vitals_stacks_setting(stacks), ==, "while the kernel received network packets");
    g_assert_false(vitals_stacks_are_deaf(stacks)); /* not the one that is idle */
    g_assert_cmpuint(json_array_size(json), ==, 2);
    json_decref(json);
}

/* In the middle of a panic the registers are of what it interrupted. */
static void
test_registers_below(void)
{
    g_autoptr(GPtrArray) stacks =
        vitals_stacks_read("PID: 115  TASK: ffff8b0b829dc8c0  CPU: 0  COMMAND: \"ping\"\n"
                           " #0 [ffffd38380003bd8] panic at ffffffffbb801e27\n"
                           " #1 [ffffd38380003c58] oops_end.cold at ffffffffbb7fbdc3\n"
                           "    [exception RIP: gizmo_receive+13]\n"
                           "    RIP: ffffffffc03d607d  RSP: ffffd38380003dd8  RFLAGS: 00000006\n");
    const VitalsStack *stack = g_ptr_array_index(stacks, 0);

    g_assert_false(stack->interrupts_off);
    g_assert_cmpuint(stack->frames->len, ==, 3);
}

/* Nothing to tell where all wait for work, and a program has no frames. */
static void
test_told(void)
{
    static const struct {
        const char *text;
        const char *told;
    } rows[] = {
        { "", NULL },
        { "crash: cannot do it\n", NULL },
        { "PID: 0  TASK: ffff0  CPU: 3  COMMAND: \"swapper/3\"\n"
          "    [exception RIP: native_safe_halt+11]\n"
          "    RIP: ffffffffafa592eb  RSP: ffffd3640009bed8  RFLAGS: 00000246\n",
          NULL },
        /* never to wake up again */
        { "PID: 0  TASK: ffff0  CPU: 3  COMMAND: \"swapper/3\"\n"
          "    [exception RIP: native_safe_halt+11]\n"
          "    RIP: ffffffffafa592eb  RSP: ffffd3640009bed8  RFLAGS: 00000046\n",
          "vCPU 3 in native_safe_halt, interrupts off (task swapper/3)" },
#define SPINS(cpu)                                                                             \
    "PID: 9  TASK: ffff0  CPU: " cpu "  COMMAND: \"a" cpu "\"\n    [exception RIP: spin+11]\n" \
    "    RIP: ffffffffafa592eb  RSP: ffffd3640009bed8  RFLAGS: 00000046\n"
        { SPINS("0") SPINS("1"), "vCPUs 0, 1 in spin, interrupts off" },
        { SPINS("0") SPINS("1") "PID: 9  TASK: ffff0  CPU: 2  COMMAND: \"c\"\n" SPINS("3")
              SPINS("4") SPINS("5"),
          "vCPUs 0, 1, 3 and 2 more in spin, interrupts off; vCPU 2 in the program 'c'" },
        { "PID: 9  TASK: ffff0  CPU: 0  COMMAND: \"a\"\nPID: 9  TASK: ffff0  CPU: 1  COMMAND: "
          "\"b\"\n"
          "PID: 9  TASK: ffff0  CPU: 2  COMMAND: \"c\"\nPID: 9  TASK: ffff0  CPU: 3  COMMAND: "
          "\"d\"\n",
          "vCPU 0 in the program 'a'; vCPU 1 in the program 'b'; vCPU 2 in the program 'c'; and 1 "
          "more" },
    };
#undef SPINS

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) stacks = vitals_stacks_read(rows[i].text);
        g_autofree char *told = vitals_stacks_tell(stacks);

        g_assert_cmpstr(told, ==, rows[i].told);
        g_assert_cmpint(vitals_stacks_are_deaf(stacks), ==,
                        told && strstr(told, "interrupts off") && !strstr(told, "program"));
    }
}

/* A guest may have stacks without end. */
static void
test_bounded(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) stacks = NULL;

    for (guint i = 0; i < 3000; i++)
        g_string_append_printf(text, "PID: 1  TASK: ffff0  CPU: %u  COMMAND: \"a\"\n", i);
    for (guint i = 0; i < 3000; i++)
        g_string_append(text, " #0 [ffffd38380003bd8] again at ffffffffbb801e27\n");
    stacks = vitals_stacks_read(text->str);
    g_assert_cmpuint(stacks->len, <=, 1024);
    g_assert_cmpuint(((VitalsStack *)g_ptr_array_index(stacks, 1023))->frames->len, <=, 40);
    g_assert_null(vitals_whereabouts(NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stacks/hung", test_hung);
    g_test_add_func("/stacks/registers-below", test_registers_below);
    g_test_add_func("/stacks/told", test_told);
    g_test_add_func("/stacks/bounded", test_bounded);
    return g_test_run();
}
