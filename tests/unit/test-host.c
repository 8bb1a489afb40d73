/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/host.h"
#include "monitor/threads.h"

#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

typedef struct {
    char *root;
    VitalsHost *host;
    guint64 booted;
} Fixture;

static void
put(Fixture *fixture, const char *path, const char *text, gssize length)
{
    g_autofree char *full = g_build_filename(fixture->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, length, NULL));
}

/* A process with one thread; its name has all that could confuse who reads stat. */
static void
put_stat(Fixture *fixture, int pid, char state, int start)
{
    g_autofree char *path = g_strdup_printf("proc/%d/stat", pid);
    g_autofree char *text = g_strdup_printf(
        "%d (a) b) S 1) %c 1 2 3 0 -1 4 5 6 7 8 9 10 11 12 20 0 5 0 %d 1000 200 0\n", pid, state,
        start);

    put(fixture, path, text, -1);
}

static void
put_qemu(Fixture *fixture, int pid, char state, int start)
{
    static const char cmdline[] = "qemu\0-name\0guest=x\0-uuid\0" UUID "\0-S";
    g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid);

    put_stat(fixture, pid, state, start);
    put(fixture, path, cmdline, sizeof cmdline);
}

static void
put_delay(Fixture *fixture, int pid, int thread, gint64 delay)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task/%d/schedstat", pid, thread);
    g_autofree char *text = g_strdup_printf("5000 %" G_GINT64_FORMAT " 17\n", delay);

    put(fixture, path, text, -1);
}

static void
drop(Fixture *fixture, const char *path)
{
    g_autofree char *full = g_build_filename(fixture->root, path, NULL);

    test_remove_tree(full);
}

static VitalsSample *
look(Fixture *fixture)
{
    g_autoptr(GPtrArray) wanted =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_wanted_free);
    g_autoptr(GPtrArray) sightings = NULL;
    VitalsSighting *sighting;

    g_ptr_array_add(wanted, vitals_wanted_new(UUID, fixture->booted));
    sightings = vitals_host_look(fixture->host, wanted);
    g_assert_cmpuint(sightings->len, ==, 1);
    sighting = sightings->pdata[0];
    g_assert_cmpstr(sighting->uuid, ==, UUID);
    return vitals_sample_ref(sighting->sample);
}

static void
check(Fixture *fixture, int pid, VitalsProcess process)
{
    g_autoptr(VitalsSample) sample = look(fixture);

    g_assert_cmpint(sample->parts[VITALS_PART_PROCESS], ==, VITALS_FACT_AVAILABLE);
    g_assert_cmpint(sample->pid, ==, pid);
    g_assert_cmpstr(vitals_process_name(sample->process), ==, vitals_process_name(process));
}

static void
check_absent(Fixture *fixture)
{
    g_autoptr(VitalsSample) sample = look(fixture);

    g_assert_cmpint(sample->parts[VITALS_PART_PROCESS], ==, VITALS_FACT_ABSENT);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->root = g_dir_make_tmp("test-host-XXXXXX", NULL);
    fixture->host = vitals_host_new(fixture->root);
    put(fixture, "proc/uptime", "1 2\n", -1);
    put(fixture, "proc/1/cmdline", "/sbin/init\0-uuid", 17);
    put_stat(fixture, 1, 'S', 1);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_host_free(fixture->host);
    test_remove_tree(fixture->root);
    g_free(fixture->root);
}

static void
test_states(Fixture *fixture, gconstpointer data)
{
    static const struct {
        char letter;
        VitalsProcess process;
    } states[] = {
        { 'R', VITALS_PROCESS_ALIVE },   { 'S', VITALS_PROCESS_ALIVE },
        { 'I', VITALS_PROCESS_ALIVE },   { 'D', VITALS_PROCESS_BLOCKED },
        { 'T', VITALS_PROCESS_STOPPED }, { 't', VITALS_PROCESS_STOPPED },
        { 'Z', VITALS_PROCESS_GONE },
    };

    check_absent(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        put_qemu(fixture, 40, states[i].letter, 500);
        check(fixture, 40, states[i].process);
    }
}

static void
test_gone_and_reused(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    check(fixture, 40, VITALS_PROCESS_ALIVE);
    /* another process took its number */
    put_stat(fixture, 40, 'S', 900);
    put(fixture, "proc/40/cmdline", "sleep\0", 6);
    check(fixture, 40, VITALS_PROCESS_GONE);
    drop(fixture, "proc/40");
    check(fixture, 40, VITALS_PROCESS_GONE);
    /* the guest was started again */
    put_qemu(fixture, 50, 'S', 1000);
    check(fixture, 50, VITALS_PROCESS_ALIVE);
}

static void
test_oldest_wins(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 60, 'T', 700);
    put_qemu(fixture, 40, 'S', 500);
    put_qemu(fixture, 50, 'D', 600);
    check(fixture, 40, VITALS_PROCESS_ALIVE);
}

/* All of one user, and one of them was started in between by hand. */
static void
test_booted(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 30, 'T', 300);
    put_qemu(fixture, 40, 'S', 500);
    put_qemu(fixture, 50, 'D', 600);
    fixture->booted = 550;
    check(fixture, 40, VITALS_PROCESS_ALIVE);
    /* found before it was known when the domain was booted, and again for the next run */
    fixture->booted = 0;
    check(fixture, 30, VITALS_PROCESS_STOPPED);
    fixture->booted = 599;
    check(fixture, 40, VITALS_PROCESS_ALIVE);
    fixture->booted = 600;
    check(fixture, 50, VITALS_PROCESS_BLOCKED);
    /* it ended, and the others are still not it */
    drop(fixture, "proc/50");
    put_qemu(fixture, 60, 'S', 601);
    check(fixture, 50, VITALS_PROCESS_GONE);
}

static void
test_ticks(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsKernelFile) stat = vitals_kernel_file_new(g_strdup("/proc/self/stat"));
    guint64 start;
    char state;

    g_assert_true(vitals_threads_read_stat(stat, &state, &start));
    g_assert_cmpuint(vitals_host_ticks(), >=, start);
    g_assert_cmpuint(vitals_host_ticks(), <, start + (guint64)sysconf(_SC_CLK_TCK) * 600);
}

static void
put_uids(Fixture *fixture, int pid, int real, int effective)
{
    g_autofree char *path = g_strdup_printf("proc/%d/status", pid);
    g_autofree char *text = g_strdup_printf("Name:\tqemu\nUid:\t%d\t%d\t%d\t%d\nGid:\t0\t0\t0\t0\n",
                                            real, effective, effective, effective);

    put(fixture, path, text, -1);
}

/* Another user's process was there first and has the same words on its command line. */
static void
test_impostor(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'T', 500);
    put_uids(fixture, 40, 12345, 12345);
    put_qemu(fixture, 41, 'T', 501);
    put_uids(fixture, 41, 12345, 0); /* set-uid root: still on behalf of that user */
    put_qemu(fixture, 60, 'S', 600);
    put_uids(fixture, 60, 0, 0);
    check(fixture, 60, VITALS_PROCESS_ALIVE);
    /* of root's, the one in libvirt's control group */
    put_qemu(fixture, 70, 'D', 700);
    put_uids(fixture, 70, 0, 0);
    put(fixture, "proc/70/cgroup", "0::/machine.slice/machine-qemu.scope\n", -1);
    put_qemu(fixture, 65, 'S', 650);
    put_uids(fixture, 65, 0, 0);
    drop(fixture, "proc/60");
    check(fixture, 60, VITALS_PROCESS_GONE);
    check(fixture, 70, VITALS_PROCESS_BLOCKED);
}

/* Only the host's own file of users is asked: a directory service may not answer. */
static void
test_users(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'T', 500);
    put_uids(fixture, 40, 12345, 12345);
    put_qemu(fixture, 60, 'S', 600);
    put_uids(fixture, 60, 64055, 64055);
    check(fixture, 40, VITALS_PROCESS_STOPPED);
    put(fixture, "etc/passwd",
        "nonsense\nqemu:x:107:107::/:/sbin/nologin\nlibvirt-qemu:x:64055:64055::/:/bin/false\n",
        -1);
    check(fixture, 60, VITALS_PROCESS_ALIVE);
}

/* While QEMU was not there yet the impostor was all there was. */
static void
test_impostor_alone(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'T', 500);
    put_uids(fixture, 40, 12345, 12345);
    check(fixture, 40, VITALS_PROCESS_STOPPED);
    put_qemu(fixture, 60, 'S', 600);
    put_uids(fixture, 60, 0, 0);
    check(fixture, 60, VITALS_PROCESS_ALIVE);
}

static void
put_thread(Fixture *fixture, int thread, char state, int slices)
{
    g_autofree char *stat = g_strdup_printf("proc/40/task/%d/stat", thread);
    g_autofree char *schedstat = g_strdup_printf("proc/40/task/%d/schedstat", thread);
    g_autofree char *text = g_strdup_printf(
        "%d (worker) %c 1 2 3 0 -1 4 5 6 7 8 9 10 11 12 20 0 5 0 500 1000 200 0\n", thread, state);
    g_autofree char *counts = g_strdup_printf("1 2 %d\n", slices);

    put(fixture, stat, text, -1);
    put(fixture, schedstat, counts, -1);
}

/* Returns: for how long a thread was blocked, at the last of so many looks as make sure that it was asked */
static gint64
look_for_blocked(Fixture *fixture)
{
    gint64 blocked = 0;

    for (guint i = 0; i < 6; i++) {
        g_autoptr(VitalsSample) sample = look(fixture);

        blocked = sample->thread_blocked_for;
        g_usleep(2000);
    }
    return blocked;
}

static void
test_blocked_thread(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    put_thread(fixture, 40, 'S', 100);
    put_thread(fixture, 41, 'S', 100);
    g_assert_cmpint(look_for_blocked(fixture), ==, 0);
    /* one that sleeps for a request, and for another one: it had the CPU in between */
    put_thread(fixture, 41, 'D', 101);
    for (guint i = 0; i < 12; i++) {
        g_autoptr(VitalsSample) sample = look(fixture);

        g_assert_cmpint(sample->thread_blocked_for, ==, 0);
        put_thread(fixture, 41, 'D', 102 + (int)i);
    }
    look_for_blocked(fixture);
    g_assert_cmpint(look_for_blocked(fixture), >, 10000);
    put_thread(fixture, 41, 'S', 120);
    g_assert_cmpint(look_for_blocked(fixture), ==, 0);
    /* the main thread is another matter */
    put_thread(fixture, 40, 'D', 100);
    g_assert_cmpint(look_for_blocked(fixture), ==, 0);
}

/* Of the main thread alone, and not when it is seen for the first time. */
static gboolean
has_run(Fixture *fixture)
{
    g_autoptr(VitalsSample) sample = look(fixture);

    g_assert_cmpint(sample->process, ==, VITALS_PROCESS_STOPPED);
    return sample->process_ran;
}

static void
test_traced(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 't', 500);
    put_thread(fixture, 40, 't', 100);
    put_thread(fixture, 41, 'S', 100);
    g_assert_false(has_run(fixture));
    put_thread(fixture, 40, 't', 101);
    g_assert_true(has_run(fixture));
    put_thread(fixture, 41, 'S', 101);
    g_assert_false(has_run(fixture));
}

static void
put_vcpu(Fixture *fixture, int thread, const char *name, gint64 used)
{
    g_autofree char *comm = g_strdup_printf("proc/40/task/%d/comm", thread);
    g_autofree char *schedstat = g_strdup_printf("proc/40/task/%d/schedstat", thread);
    g_autofree char *line = g_strconcat(name, "\n", NULL);
    g_autofree char *counts = g_strdup_printf("%" G_GINT64_FORMAT " 0 %d\n", used, used ? 9 : 0);

    put(fixture, comm, line, -1);
    put(fixture, schedstat, counts, -1);
}

/* @first: what vCPU 0 used, nanoseconds */
static void
check_vcpus(Fixture *fixture, guint vcpus, guint64 first)
{
    g_autoptr(VitalsSample) sample = look(fixture);

    g_assert_cmpint(vitals_sample_has(sample, VITALS_PART_VCPU), ==, vcpus > 0);
    g_assert_cmpuint(sample->vcpus, ==, vcpus);
    if (vcpus)
        g_assert_cmpuint(sample->vcpu_ns[0], ==, first);
}

static void
test_vcpus(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    put_vcpu(fixture, 40, "qemu-system-x86", 7000000000);
    check_vcpus(fixture, 0, 0);
    /* in clock ticks */
    put_vcpu(fixture, 43, "CPU 0/KVM", 3019999999);
    check_vcpus(fixture, 1, 3010000000);
    put_vcpu(fixture, 43, "CPU 0/KVM", 3020000000);
    check_vcpus(fixture, 1, 3020000000);
    /* plugged while it runs, in any order; with a gap one of them is not known yet */
    put_vcpu(fixture, 45, "CPU 2/KVM", 50000000);
    check_vcpus(fixture, 0, 0);
    put_vcpu(fixture, 44, "CPU 1/KVM", 40000000);
    check_vcpus(fixture, 3, 3020000000);
    drop(fixture, "proc/40/task/45");
    check_vcpus(fixture, 2, 3020000000);
    /* a kernel that does not count */
    put_vcpu(fixture, 44, "CPU 1/KVM", 0);
    check_vcpus(fixture, 0, 0);
}

static void
test_odd_names(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    put_vcpu(fixture, 41, "ALL CPUs/TCG", 20000000);
    put_vcpu(fixture, 42, "CPU /KVM", 20000000);
    put_vcpu(fixture, 43, "CPU 1", 20000000);
    put_vcpu(fixture, 44, "CPU -1/KVM", 20000000);
    put_vcpu(fixture, 45, "CPU 0 /KVM", 20000000);
    check_vcpus(fixture, 0, 0);
    put_vcpu(fixture, 46, "CPU 4294967296/KVM", 20000000);
    check_vcpus(fixture, 0, 0);
    /* twice */
    put_vcpu(fixture, 47, "CPU 0/KVM", 20000000);
    put_vcpu(fixture, 48, "CPU 0/KVM", 20000000);
    check_vcpus(fixture, 0, 0);
}

static void
test_odd_files(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    drop(fixture, "proc/40/cmdline");
    check_absent(fixture);
    put(fixture, "proc/40/cmdline", "", 0);
    check_absent(fixture);
    put(fixture, "proc/40/cmdline", "-uuid", 5);
    check_absent(fixture);
    put(fixture, "proc/40/cmdline", "x\0" UUID, 2 + strlen(UUID));
    check_absent(fixture);
    put_qemu(fixture, 40, 'S', 500);
    for (const char *const *text = (const char *const[]){ "", "40", "40 (x", "40 (x)", "40 (x) ",
                                                          "40 (x) S 1 2 3", NULL };
         *text; text++) {
        put(fixture, "proc/40/stat", *text, -1);
        check_absent(fixture);
    }
}

static void
check_starved(Fixture *fixture, gint64 expected)
{
    g_autoptr(VitalsSample) sample = look(fixture);

    g_assert_cmpint(sample->starved, ==, expected);
}

static void
test_starved(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    put_delay(fixture, 40, 40, 1000000);
    put_delay(fixture, 40, 41, 9000000);
    check_starved(fixture, 0);
    put_delay(fixture, 40, 40, 1500000);
    put_delay(fixture, 40, 41, 9200000);
    check_starved(fixture, 500);
    check_starved(fixture, 0);
    /* a thread that is new, and one that has the number of an older */
    put_delay(fixture, 40, 42, 700000000);
    put_delay(fixture, 40, 41, 100);
    check_starved(fixture, 0);
    put_delay(fixture, 40, 42, 900000000);
    check_starved(fixture, 200000);
    put(fixture, "proc/40/task/42/schedstat", "nonsense", -1);
    check_starved(fixture, 0);
}

static void
test_frozen(Fixture *fixture, gconstpointer data)
{
    put_qemu(fixture, 40, 'S', 500);
    put(fixture, "proc/40/cgroup", "1:name=x:/y\n0::/machine.slice/vm.scope\n", -1);
    check(fixture, 40, VITALS_PROCESS_ALIVE);
    put(fixture, "sys/fs/cgroup/machine.slice/vm.scope/cgroup.events", "populated 1\nfrozen 1\n",
        -1);
    check(fixture, 40, VITALS_PROCESS_FROZEN);
    put(fixture, "sys/fs/cgroup/machine.slice/vm.scope/cgroup.events", "populated 1\nfrozen 0\n",
        -1);
    check(fixture, 40, VITALS_PROCESS_ALIVE);
}

/* A host that uses both versions of control groups. */
static void
test_frozen_by_v1(Fixture *fixture, gconstpointer data)
{
    const char *state = "sys/fs/cgroup/freezer/machine/vm/freezer.state";

    put_qemu(fixture, 40, 'D', 500);
    put(fixture, "proc/40/cgroup", "7:cpu,freezer:/machine/vm\n1:x\n0::/\n", -1);
    put(fixture, state, "FROZEN\n", -1);
    check(fixture, 40, VITALS_PROCESS_FROZEN);
    put(fixture, state, "THAWED\n", -1);
    check(fixture, 40, VITALS_PROCESS_BLOCKED);
}

static void
test_no_proc(Fixture *fixture, gconstpointer data)
{
    drop(fixture, "proc");
    check_absent(fixture);
    vitals_host_free(NULL);
}

#define ADD(path, test) g_test_add("/host/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("states", test_states);
    ADD("gone-and-reused", test_gone_and_reused);
    ADD("oldest-wins", test_oldest_wins);
    ADD("impostor", test_impostor);
    ADD("users", test_users);
    ADD("impostor-alone", test_impostor_alone);
    ADD("blocked-thread", test_blocked_thread);
    ADD("traced", test_traced);
    ADD("vcpus", test_vcpus);
    ADD("odd-names", test_odd_names);
    ADD("odd-files", test_odd_files);
    ADD("starved", test_starved);
    ADD("frozen", test_frozen);
    ADD("frozen-by-v1", test_frozen_by_v1);
    ADD("booted", test_booted);
    ADD("ticks", test_ticks);
    ADD("no-proc", test_no_proc);
    return g_test_run();
}
