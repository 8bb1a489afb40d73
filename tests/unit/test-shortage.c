/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/shortage.h"

#include <string.h>

/* As 6.1 prints it: what lies in a tmpfs has eaten a guest of 142 MiB, and no process may be killed. */
static const char tmpfs[] =
    "[   20.343338] gizmod invoked oom-killer: gfp_mask=0x400dc0(GFP_KERNEL_ACCOUNT|__GFP_ZERO), "
    "order=1, "
    "oom_score_adj=0\n"
    "[   20.343993] Mem-Info:\n"
    "[   20.344007] active_anon:660 inactive_anon:28477 isolated_anon:0\n"
    "                active_file:0 inactive_file:0 isolated_file:0\n"
    "                unevictable:0 dirty:0 writeback:0\n"
    "                slab_reclaimable:2262 slab_unreclaimable:1572\n"
    "                mapped:432 shmem:29112 pagetables:11\n"
    "                sec_pagetables:0 bounce:0\n"
    "                kernel_misc_reclaimable:0\n"
    "                free:480 free_pcp:338 free_cma:0\n"
    "[   20.344031] Node 0 active_anon:2640kB inactive_anon:113908kB active_file:0kB "
    "shmem:116448kB "
    "kernel_stack:1024kB pagetables:44kB all_unreclaimable? yes\n"
    "[   20.344050] Node 0 DMA free:628kB boost:0kB min:164kB active_anon:0kB\n"
    "[   20.344259] Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 "
    "hugepages_size=2048kB\n"
    "[   20.344283] 49022 pages RAM\n"
    "[   20.344291] 12718 pages reserved\n"
    "[   20.344298] Tasks state (memory values in pages):\n"
    "[   20.344301] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj "
    "name\n"
    "[   20.344330] Out of memory and no killable processes...\n"
    "[   20.344459] Kernel panic - not syncing: System is deadlocked on memory\n";

/* 3.10 with a logger's clock; ten workers of a name with a blank and a number. */
#define WORKER(pid)                                      \
    "Jan  7 03:00:01 web kernel: [ " pid "]    33  " pid \
    "   100000    25600     120        0             0 worker 7\n"
static const char workers[] =
    "Jan  7 03:00:01 web kernel: worker 7 invoked oom-killer: gfp_mask=0x201da, order=0, "
    "oom_score_adj=0\n"
    "Jan  7 03:00:01 web kernel: Mem-Info:\n"
    "Jan  7 03:00:01 web kernel: Node 0 DMA per-cpu:\n"
    "Jan  7 03:00:01 web kernel: active_anon:200000 inactive_anon:60000 isolated_anon:0\n"
    " active_file:10 inactive_file:20 isolated_file:0\n"
    " unevictable:0 dirty:0 writeback:0 unstable:0\n"
    " free:2000 slab_reclaimable:1000 slab_unreclaimable:3000\n"
    " mapped:100 shmem:200 pagetables:2000 bounce:0\n"
    " free_cma:0\n"
    "Jan  7 03:00:01 web kernel: Node 0 DMA free:628kB min:164kB kernel_stack:160kB "
    "pagetables:44kB\n"
    "Jan  7 03:00:01 web kernel: 300000 pages RAM\n"
    "Jan  7 03:00:01 web kernel: 10000 pages reserved\n"
    "Jan  7 03:00:01 web kernel: [ pid ]   uid  tgid total_vm      rss nr_ptes swapents "
    "oom_score_adj name\n"
    "Jan  7 03:00:01 web kernel: [  301]     0   301    10000      500      20        0         "
    "-1000 gizmo-sshd\n" //
    WORKER("1001") WORKER("1002") WORKER("1003") WORKER("1004") WORKER("1005") WORKER("1006")
        WORKER("1007") WORKER("1008") WORKER("1009") WORKER("1010") //
    "Jan  7 03:00:02 web kernel: Out of memory: Kill process 1001 (worker 7) score 90 or sacrifice "
    "child\n"
    "Jan  7 03:00:02 web kernel: Killed process 1001 (worker 7) total-vm:400000kB, "
    "anon-rss:102000kB, "
    "file-rss:400kB, shmem-rss:0kB\n";

/* What 6.8 counts apart: many share what counts as each one's. A kernel of pages of 64 KiB. */
static const char newer[] =
    "[  105.1] noise\n"
    "[  105.000001][  T171] gizmod invoked oom-killer: gfp_mask=0x140cca, order=0, "
    "oom_score_adj=0\n"
    "[  105.000002][  T171] Mem-Info:\n"
    "[  105.000003][  T171] active_anon:100 inactive_anon:7000 isolated_anon:0\n"
    "[  105.000003][  T171]  free:80 free_pcp:0 free_cma:0\n"
    "[  105.000004][  T171] Node 0 active_anon:6400kB inactive_anon:448000kB active_file:0kB\n"
    "[  105.000005][  T171] 8192 pages RAM\n"
    "[  105.000005][  T171] 192 pages reserved\n"
    "[  105.000006][  T171] [  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem "
    "pgtables_bytes "
    "swapents oom_score_adj name\n"
    "[  105.000006][  T171] [    105]     0   105     3065     9000      402        0     8598    "
    "65536        0  "
    "           0 shares\n"
    "[  105.000006][  T171] [    171]     0   171   775610     6100     6000        0      100  "
    "3416064        0  "
    "           0 hoards\n";

static const char slabs[] =
    "[    4.000001] gizmod invoked oom-killer: gfp_mask=0x140cca, order=0, oom_score_adj=0\n"
    "[    4.000002] Mem-Info:\n"
    "[    4.000003] active_anon:100 inactive_anon:100 isolated_anon:0\n"
    "                slab_reclaimable:100 slab_unreclaimable:60000\n"
    "                free:80 free_pcp:0 free_cma:0\n"
    "[    4.000005] 70000 pages RAM\n"
    "[    4.000005] 0 pages reserved\n"
    "[    4.000006] Unreclaimable slab info:\n"
    "[    4.000006] Name                      Used          Total\n"
    "[    4.000006] gizmo_request          199000KB     200000KB \n"
    "[    4.000006] kmalloc-64                60KB         64KB\n"
    "[    4.000006] Tasks state (memory values in pages):\n";

static VitalsShortage *
read_text(const char *log)
{
    return vitals_shortage_read(log, strlen(log));
}

static const VitalsMemoryUser *
user(const GPtrArray *users, guint index)
{
    g_assert_cmpuint(users->len, >, index);
    return g_ptr_array_index(users, index);
}

static void
test_tmpfs(void)
{
    g_autoptr(VitalsShortage) shortage = read_text(tmpfs);
    g_autofree char *told = vitals_shortage_tell(shortage);

    g_assert_cmpuint(shortage->total, ==, (49022 - 12718) * 4096);
    g_assert_cmpuint(shortage->free, ==, (480 + 338) * 4096);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_SHARED], ==, 29112 * 4096);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_PROCESSES], ==, (660 + 28477 - 29112) * 4096);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_SLAB], ==, (2262 + 1572) * 4096);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_TABLES], ==, 11 * 4096 + 1024 * 1024);
    g_assert_cmpint(vitals_shortage_most(shortage), ==, VITALS_MEMORY_SHARED);
    g_assert_cmpstr(
        told, ==,
        "113.7\xc2\xa0MiB of 141.8\xc2\xa0MiB taken by files in memory (tmpfs) or shared memory");
    g_assert_nonnull(strstr(vitals_shortage_remedy(shortage), "tmpfs"));
    g_assert_cmpuint(shortage->users->len, ==, 0);
    g_assert_cmpuint(shortage->kills, ==, 0);
}

static void
test_workers(void)
{
    g_autoptr(VitalsShortage) shortage = read_text(workers);
    g_autofree char *told = vitals_shortage_tell(shortage);

    g_assert_cmpstr(user(shortage->users, 0)->name, ==, "worker 7");
    g_assert_cmpuint(user(shortage->users, 0)->count, ==, 10);
    g_assert_cmpuint(user(shortage->users, 0)->bytes, ==, 10 * 25600 * 4096);
    g_assert_cmpuint(user(shortage->users, 0)->largest, ==, 25600 * 4096);
    g_assert_cmpstr(user(shortage->users, 1)->name, ==, "gizmo-sshd");
    g_assert_cmpuint(shortage->kills, ==, 1);
    g_assert_cmpuint(user(shortage->killed, 0)->bytes, ==, 102400 * 1024);
    g_assert_cmpstr(
        told, ==,
        "1014.8\xc2\xa0MiB of 1.1\xc2\xa0GiB taken by programs, mostly 10 processes named worker 7 "
        "(1000.0\xc2\xa0MiB together)");
}

static void
test_newer(void)
{
    g_autoptr(VitalsShortage) shortage = read_text(newer);
    g_autofree char *told = vitals_shortage_tell(shortage);

    g_assert_cmpuint(shortage->total, ==, 8000 * 65536);
    g_assert_cmpstr(user(shortage->users, 0)->name, ==, "hoards");
    g_assert_cmpuint(user(shortage->users, 0)->bytes, ==, 6000 * 65536);
    g_assert_cmpstr(
        told, ==,
        "443.8\xc2\xa0MiB of 500.0\xc2\xa0MiB taken by programs, mostly the process hoards "
        "(375.0\xc2\xa0MiB)");
}

static void
test_slabs(void)
{
    g_autoptr(VitalsShortage) shortage = read_text(slabs);
    g_autofree char *told = vitals_shortage_tell(shortage);

    g_assert_cmpuint(shortage->slabs->len, ==, 2);
    g_assert_cmpstr(told, ==,
                    "234.8\xc2\xa0MiB of 273.4\xc2\xa0MiB taken by objects of the kernel itself "
                    "(slab), mostly the "
                    "cache gizmo_request (195.3\xc2\xa0MiB)");
}

/* Pages that a driver took and nobody counts. */
static void
test_unaccounted(void)
{
    g_autoptr(VitalsShortage) shortage =
        read_text("gizmod invoked oom-killer: gfp_mask=0x140cca, order=0\n"
                  "Mem-Info:\n"
                  "active_anon:100 inactive_anon:100 isolated_anon:0\n"
                  " free:80 free_pcp:0 free_cma:0\n"
                  "Node 0 hugepages_total=2 hugepages_free=2 "
                  "hugepages_surp=0 hugepages_size=2048kB\n"
                  "70000 pages RAM\n");

    g_assert_cmpuint(shortage->in[VITALS_MEMORY_HUGE], ==, 4 << 20);
    g_assert_cmpint(vitals_shortage_most(shortage), ==, VITALS_MEMORY_UNACCOUNTED);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_UNACCOUNTED], ==, (70000 - 80 - 200 - 1024) * 4096);
}

/* All that a quiet console shows. */
static void
test_killed_only(void)
{
    g_autoptr(VitalsShortage) shortage = read_text(
        "[   54.900000] Out of memory: Killed process 5 (gizmod) total-vm:3284kB, anon-rss:1044kB, "
        "file-rss:0kB, shmem-rss:1020kB, UID:0 pgtables:44kB oom_score_adj:0\n"
        "Out of memory: Killed process 6 (gizmod) total-vm:3284kB, anon-rss:2048kB, file-rss:0kB\n"
        "Killed process 7, UID 33, (other) total-vm:3284kB, anon-rss:1024kB, file-rss:0kB\n");
    g_autofree char *told = vitals_shortage_tell(shortage);

    g_assert_cmpuint(shortage->total, ==, 0);
    g_assert_cmpuint(shortage->kills, ==, 3);
    g_assert_cmpstr(told, ==,
                    "killed 3 processes: gizmod (up to 2.0\xc2\xa0MiB), other (1.0\xc2\xa0MiB)");
    g_assert_cmpstr(vitals_shortage_remedy(shortage), ==, "");
}

/* A container's own limit, a boot before, and nothing at all. */
static void
test_not_the_guest(void)
{
    g_autofree char *before =
        g_strconcat(tmpfs, workers, "[    0.000000] Linux version 6.1.0 (x)\n", NULL);
    g_autofree char *both = g_strconcat(
        tmpfs,
        "gizmod invoked oom-killer: gfp_mask=0xcc0, order=0\n"
        "memory: usage 102400kB, limit 102400kB, failcnt 77\n"
        "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
        "[    9]     0     9     3065    90000    65536        0             0 contained\n"
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/\n"
        "Memory cgroup out of memory: Killed process 9 (contained) total-vm:3284kB, "
        "anon-rss:1044kB, "
        "file-rss:0kB\n"
        "Memory cgroup out of memory: Kill process 10 (contained) score 1 or sacrifice child\n"
        "Killed process 10 (contained) total-vm:3284kB, anon-rss:1044kB, file-rss:0kB\n",
        NULL);
    g_autoptr(VitalsShortage) shortage = read_text(both);

    g_assert_null(read_text(before));
    g_assert_null(read_text("Linux version 6\nOut of memory\nMem-Info:\n70000 pages RAM\n"));
    g_assert_cmpuint(shortage->kills, ==, 0);
    g_assert_cmpuint(shortage->in[VITALS_MEMORY_SHARED], ==, 29112 * 4096);
}

/* Numbers and names that nobody would believe, and more of them than a guest has. */
static void
test_hostile(void)
{
    g_autoptr(GString) log =
        g_string_new("a invoked oom-killer: x\n"
                     "active_anon:99999999999999999999 inactive_anon:1 free:1\n"
                     "shmem:18446744073709551615\n"
                     "Node 0 active_anon:1kB inactive_anon:18446744073709551615kB\n"
                     "Node 0 hugepages_total=9999999999999 hugepages_size=9999999999kB\n"
                     "999999999999999 pages RAM\n"
                     "[ pid ]   uid  tgid total_vm      rss nr_ptes name\n");
    g_autoptr(VitalsShortage) shortage = NULL;
    g_autofree char *told = NULL;
    guint64 sum = 0;

    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(log, "[ %u]  0  1  1 99999999999999999999 1 n%u\x1b[2J\xff\n", i, i);
    shortage = vitals_shortage_read(log->str, log->len);
    told = vitals_shortage_tell(shortage);
    g_assert_true(g_utf8_validate(told, -1, NULL));
    g_assert_null(strchr(told, '\x1b'));
    g_assert_cmpuint(shortage->users->len, <=, 5);
    for (guint i = 0; i < VITALS_N_MEMORY; i++)
        sum += shortage->in[i];
    g_assert_cmpuint(sum + shortage->free, ==, shortage->total);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shortage/tmpfs", test_tmpfs);
    g_test_add_func("/shortage/workers", test_workers);
    g_test_add_func("/shortage/newer", test_newer);
    g_test_add_func("/shortage/slabs", test_slabs);
    g_test_add_func("/shortage/unaccounted", test_unaccounted);
    g_test_add_func("/shortage/killed-only", test_killed_only);
    g_test_add_func("/shortage/not-the-guest", test_not_the_guest);
    g_test_add_func("/shortage/hostile", test_hostile);
    return g_test_run();
}
