/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/diagnosis.h"
#include "monitor/postmortem/facts.h"

#include <string.h>

#define PANIC "[   95.900000] Kernel panic - not syncing: System is deadlocked on memory\n"
#define KILLED "[   54.900000] Out of memory: Killed process 5 (dd) total-vm:2516kB\n"

typedef struct {
    VitalsDossier *dossier;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view;

    fixture->dossier = vitals_dossier_new("/nowhere");
    view = fixture->dossier->view;
    view->health = g_strdup("unresponsive");
    view->layer = g_strdup("kernel");
    view->cause = g_strdup("kernel-spinning");
    view->title = g_strdup("web: unresponsive, kernel-spinning");
    fixture->dossier->reasons = json_pack("{s:s, s:s}", "detail", "", "confidence", "medium");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_dossier_free(fixture->dossier);
}

static void
set(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

static void
make(Fixture *fixture, const char *console, const char *log)
{
    g_autoptr(VitalsTestimony) said =
        console ? vitals_testimony_read(console, strlen(console)) : NULL;
    g_autoptr(VitalsTestimony) logged = log ? vitals_testimony_read(log, strlen(log)) : NULL;

    vitals_diagnosis_make(fixture->dossier, said, logged);
}

static const char *
reason(const Fixture *fixture, const char *key)
{
    return vitals_fact_text(fixture->dossier->reasons, key);
}

/* A hang for whoever looks from outside, and the dump knows better. */
static void
test_log(Fixture *fixture, gconstpointer data)
{
    make(fixture, NULL, KILLED PANIC);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "kernel panic: out of memory");
    g_assert_cmpstr(reason(fixture, "detail_by"), ==, "log");
    g_assert_nonnull(strstr(reason(fixture, "detail_remedy"), "more memory"));
    g_assert_cmpstr(reason(fixture, "confidence"), ==, "certain");
    g_assert_cmpstr(fixture->dossier->view->title, ==,
                    "web: unresponsive, kernel-spinning: kernel panic: out of memory");
}

/* What ends a guest outweighs what it only suffered from, wherever it is said. */
static void
test_weight(Fixture *fixture, gconstpointer data)
{
    set(&fixture->dossier->view->title,
        "web: crashed, kernel-panic: out of memory: killed a process");
    set(&fixture->dossier->view->health, "crashed");
    json_object_set_new(fixture->dossier->reasons, "detail",
                        json_string("out of memory: killed a process"));
    fixture->dossier->view->capture_result = g_strdup("ok");
    make(fixture, KILLED PANIC, KILLED);
    g_assert_cmpfloat(vitals_fact_number(fixture->dossier->reasons, "console_line", 0), ==, 2);
    g_assert_cmpstr(reason(fixture, "detail_by"), ==, "console");
    g_assert_cmpstr(fixture->dossier->view->title, ==,
                    "web: crashed, kernel-panic: kernel panic: out of memory");
}

/* What the kernel's log has before that, and a quiet console has not. */
static void
test_memory_users(Fixture *fixture, gconstpointer data)
{
    static const char figures[] = "[   95.100000] gizmod invoked oom-killer: gfp_mask=0x400dc0\n"
                                  "[   95.200000] active_anon:660 inactive_anon:28477 x\n"
                                  "                mapped:432 shmem:29112 pagetables:11\n"
                                  "                free:480 free_pcp:338 free_cma:0\n"
                                  "[   95.300000] 49022 pages RAM\n"
                                  "[   95.300000] 12718 pages reserved\n" PANIC
                                  "[   95.910000] CPU: 0 PID: 1 Comm: init Not tainted 6.1.0 #1\n"
                                  "[   95.920000]  out_of_memory.cold+0x2f/0x7e\n";

    fixture->dossier->shortage = vitals_shortage_read(figures, strlen(figures));
    make(fixture, KILLED PANIC, figures);
    g_assert_cmpstr(
        reason(fixture, "detail"), ==,
        "kernel panic: out of memory: 113.7\xc2\xa0MiB of 141.8\xc2\xa0MiB taken by files in "
        "memory (tmpfs) or shared memory");
    g_assert_nonnull(strstr(reason(fixture, "detail_remedy"), "tmpfs"));
    g_assert_nonnull(strstr(fixture->dossier->view->title, "tmpfs"));
    g_assert_cmpstr(reason(fixture, "place"), ==,
                    ""); /* whoever asked for the last page is not to blame */
}

/* A kernel that hangs panics by an NMI of ours: what that interrupted is the place. */
static void
test_place_below_nmi(Fixture *fixture, gconstpointer data)
{
    make(fixture,
         "[  310.000000] Kernel panic - not syncing: NMI: Not continuing\n"
         "[  310.000001] CPU: 0 PID: 113 Comm: gizmod Tainted: G  OE  6.1.0 #1\n"
         "[  310.000002] Call Trace:\n"
         "[  310.000003]  <NMI>\n"
         "[  310.000005]  panic+0x118/0x2f4\n"
         "[  310.000006]  nmi_panic.cold+0xc/0xc\n"
         "[  310.000007]  unknown_nmi_error.cold+0x46/0x57\n"
         "[  310.000009]  exc_nmi+0x100/0x180\n"
         "[  310.000010]  end_repeat_nmi+0x16/0x67\n"
         "[  310.000011]  </NMI>\n"
         "[  310.000012]  <TASK>\n"
         "[  310.000013]  gizmo_spin+0x11/0xed4 [gizmo]\n"
         "[  310.000014]  kthread+0xd7/0x100\n"
         "[  310.000015]  </TASK>\n",
         NULL);
    g_assert_cmpstr(reason(fixture, "place"), ==, "in gizmo_spin (module gizmo), task gizmod");
}

/* An engineer wants to know where, a fault that is not the reason is told beside it. */
static void
test_place(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) console = g_string_new(NULL);

    for (guint i = 0; i < 20; i++)
        g_string_append_printf(console,
                               "[%5u.000000] gettyd[%u]: can't open /dev/ttyS9: No such device\n",
                               100 + 10 * i, 200 + i);
    g_string_append(console,
                    "[  310.000000] Kernel panic - not syncing: gizmo: no way\n"
                    "[  310.000001] CPU: 0 PID: 113 Comm: gizmod Tainted: G  OE  6.1.0 #1\n"
                    "[  310.000002] Call Trace:\n"
                    "[  310.000003]  <TASK>\n"
                    "[  310.000004]  dump_stack_lvl+0x44/0x5c\n"
                    "[  310.000005]  panic+0x118/0x2f4\n"
                    "[  310.000006]  ? schedule_timeout+0x9e/0x150\n"
                    "[  310.000007]  panic_gizmo+0x11/0xed4 [gizmo]\n"
                    "[  310.000008]  kthread+0xd7/0x100\n"
                    "[  310.000009]  </TASK>\n");
    make(fixture, console->str, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "kernel panic: gizmo: no way");
    g_assert_cmpstr(reason(fixture, "place"), ==, "in panic_gizmo (module gizmo), task gizmod");
    g_assert_nonnull(strstr(reason(fixture, "besides"), "/dev/ttyS9"));
}

static void
add_stacks(Fixture *fixture)
{
    VitalsTriage *triage = g_new0(VitalsTriage, 1);

    triage->tools = g_ptr_array_new();
    triage->stacks = vitals_stacks_read("PID: 9  TASK: ffff0  CPU: 0  COMMAND: \"a\"\n"
                                        " #0 [ffffd38380003bd8] gizmo_wait at ffffffffbb801e27\n");
    fixture->dossier->triage = triage;
}

static void
test_stacks(Fixture *fixture, gconstpointer data)
{
    add_stacks(fixture);
    make(fixture, KILLED, KILLED);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "vCPU 0 in gizmo_wait (task a)");
    g_assert_cmpstr(reason(fixture, "detail_by"), ==, "stacks");
    g_assert_cmpstr(reason(fixture, "confidence"), ==, "high");
}

/* The dump came between the first line of a report and the rest. */
static void
test_cut_off(Fixture *fixture, gconstpointer data)
{
    static const char lockup[] =
        "[   32.698261] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [a:9]\n";

    make(fixture, lockup, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "BUG: soft lockup in corrupted");
    add_stacks(fixture);
    make(fixture, lockup, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==,
                    "BUG: soft lockup: vCPU 0 in gizmo_wait (task a)");
    g_assert_cmpstr(reason(fixture, "detail_by"), ==, "console");
}

static void
add_figures(Fixture *fixture, guint64 unused, guint64 usable)
{
    VitalsSample *sample = vitals_sample_new(1, 1);

    sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
    sample->has_counters = TRUE;
    sample->available = 84 << 20;
    sample->unused = unused;
    sample->usable = usable;
    g_ptr_array_add(fixture->dossier->samples, sample);
}

static void
test_memory(Fixture *fixture, gconstpointer data)
{
    add_figures(fixture, 4 << 20, 60 << 20); /* it caches what it can */
    make(fixture, NULL, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "");
    add_figures(fixture, 3 << 20, 9 << 20);
    make(fixture, NULL, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==,
                    "memory used up: 3.0\xc2\xa0MiB of 84.0\xc2\xa0MiB free at its last report");
    g_assert_cmpstr(reason(fixture, "confidence"), ==, "medium");
}

/* What was done already is not asked for. */
static void
test_remedy(Fixture *fixture, gconstpointer data)
{
    static const char oops[] = "[   20.000000] BUG: kernel NULL pointer dereference, address: 8\n"
                               "[   20.100000] RIP: 0010:gizmo_run+0x10/0x20\n"
                               "[   20.200000] Kernel panic - not syncing: Fatal exception\n";

    make(fixture, oops, NULL);
    g_assert_true(g_str_has_prefix(reason(fixture, "detail_remedy"), "Capture the guest's memory"));
    fixture->dossier->view->capture_result = g_strdup("ok");
    make(fixture, oops, NULL);
    g_assert_false(g_str_has_prefix(reason(fixture, "detail_remedy"), "Capture"));
    g_assert_true(g_ascii_isupper(*reason(fixture, "detail_remedy")));
}

/* A guest that goes on is called what its verdict calls it, and one that was dumped on request nothing. */
static void
test_others(Fixture *fixture, gconstpointer data)
{
    set(&fixture->dossier->view->health, "unknown");
    make(fixture, PANIC, PANIC);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "");
    set(&fixture->dossier->view->health, "degraded");
    set(&fixture->dossier->view->layer, "userspace");
    make(fixture, PANIC, PANIC);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "");
    json_object_set_new(fixture->dossier->reasons, "detail",
                        json_string("out of memory: killed a process"));
    make(fixture, KILLED, NULL);
    g_assert_cmpstr(reason(fixture, "detail"), ==, "out of memory: killed a process");
    g_assert_cmpstr(reason(fixture, "detail_remedy"), !=, "");
}

#define ADD(path, test) g_test_add("/diagnosis/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("log", test_log);
    ADD("weight", test_weight);
    ADD("memory-users", test_memory_users);
    ADD("place", test_place);
    ADD("place-below-nmi", test_place_below_nmi);
    ADD("stacks", test_stacks);
    ADD("cut-off", test_cut_off);
    ADD("memory", test_memory);
    ADD("remedy", test_remedy);
    ADD("others", test_others);
    return g_test_run();
}
