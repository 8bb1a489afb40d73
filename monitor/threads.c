/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/threads.h"

#include <string.h>
#include <sys/stat.h>

/* That a thread sleeps uninterruptibly is asked of one that had no CPU since the last look, and only at every
 * so manieth look: the question costs a file for each thread. */
#define STATE_EVERY 5

/* A thread has its name shortly after it began: it is asked at its first looks. */
#define NAMED_AFTER 3

/* libvirt and the kernel's own accounting tell CPU time in clock ticks. What is less (a halted vCPU's thread is
 * woken now and then) is no work of the guest's. */
#define TICK_NS 10000000

/* @used, @delay: nanoseconds on a CPU, and ready to run without one. @slices: how often it was given a CPU.
 * @blocked_at: monotonic time at which it was first seen in the uninterruptible sleep in which it still is; 0
 * if it is in none. @vcpu: whose thread it is, -1 for none. @looks: how often it was seen. @listed: the look
 * at which it was last listed. */
typedef struct {
    char *path;
    VitalsKernelFile *schedstat;
    gboolean first;
    guint64 used;
    guint64 delay;
    guint64 slices;
    gint64 blocked_at;
    int vcpu;
    guint looks;
    guint listed;
} Thread;

/* @threads: (element-type Thread): by number, as in @directory. @links: of that directory when it was last
 * listed; 0 to list it again. */
struct VitalsThreads {
    char *directory;
    char *pid;
    GHashTable *threads;
    guint looks;
    nlink_t links;
};

static void
thread_free(gpointer data)
{
    Thread *thread = data;

    vitals_kernel_file_free(thread->schedstat);
    g_free(thread->path);
    g_free(thread);
}

VitalsThreads *
vitals_threads_new(const char *root, int pid)
{
    VitalsThreads *threads = g_new0(VitalsThreads, 1);

    threads->pid = g_strdup_printf("%d", pid);
    threads->directory = g_build_filename(root, "proc", threads->pid, "task", NULL);
    threads->threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, thread_free);
    return threads;
}

void
vitals_threads_free(VitalsThreads *threads)
{
    if (!threads)
        return;
    g_hash_table_unref(threads->threads);
    g_free(threads->directory);
    g_free(threads->pid);
    g_free(threads);
}

/* ---- reading ---- */

/* proc(5). The name, the second field, may hold blanks and brackets: the fields that matter stand behind the
 * last bracket. */
gboolean
vitals_threads_read_stat(VitalsKernelFile *file, char *ret_state, guint64 *ret_start)
{
    g_autofree char *text = vitals_kernel_file_read(file);
    const char *at = text ? strrchr(text, ')') : NULL;
    char state;

    if (!at || at[1] != ' ' || !at[2])
        return FALSE;
    state = at[2];
    at++;
    for (guint field = 3; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return FALSE;
    *ret_state = state;
    *ret_start = g_ascii_strtoull(at + 1, NULL, 10);
    return TRUE;
}

/* The three numbers of schedstat (kernel, Documentation/scheduler/sched-stats.rst). */
static gboolean
read_counts(const Thread *thread, Thread *ret_now)
{
    g_autofree char *text = vitals_kernel_file_read(thread->schedstat);
    char *end = text;

    *ret_now = (Thread){ 0 };
    if (!text)
        return FALSE;
    if (!strchr(text, ' '))
        return TRUE;
    ret_now->used = g_ascii_strtoull(end, &end, 10);
    ret_now->delay = g_ascii_strtoull(end, &end, 10);
    ret_now->slices = g_ascii_strtoull(end, NULL, 10);
    return TRUE;
}

/* "CPU 3/KVM" or "CPU 3/TCG": QEMU names its threads where it is run with debug-threads=on, which libvirt
 * does. */
static int
read_vcpu(const Thread *thread)
{
    g_autoptr(VitalsKernelFile) file =
        vitals_kernel_file_new(g_strconcat(thread->path, "/comm", NULL));
    g_autofree char *name = vitals_kernel_file_read(file);
    guint64 number;
    char *end;

    if (!name || !g_str_has_prefix(name, "CPU ") || !g_ascii_isdigit(name[4]))
        return -1;
    number = g_ascii_strtoull(name + 4, &end, 10);
    return *end == '/' && number < G_MAXINT ? (int)number : -1;
}

static gboolean
is_blocked(const Thread *thread)
{
    g_autoptr(VitalsKernelFile) file =
        vitals_kernel_file_new(g_strconcat(thread->path, "/stat", NULL));
    guint64 start;
    char state;

    return vitals_threads_read_stat(file, &state, &start) && state == 'D';
}

/* ---- which threads there are ---- */

static gboolean
has_ended(gpointer name, gpointer thread, gpointer data)
{
    return ((const Thread *)thread)->listed != *(const guint *)data;
}

static void
list(VitalsThreads *self)
{
    g_autoptr(GDir) directory = g_dir_open(self->directory, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        Thread *thread = g_hash_table_lookup(self->threads, name);

        if (!thread) {
            thread = g_new0(Thread, 1);
            thread->path = g_build_filename(self->directory, name, NULL);
            thread->schedstat =
                vitals_kernel_file_new(g_strconcat(thread->path, "/schedstat", NULL));
            thread->first = g_str_equal(name, self->pid);
            thread->vcpu = -1;
            g_hash_table_insert(self->threads, g_strdup(name), thread);
        }
        thread->listed = self->looks;
    }
    g_hash_table_foreach_remove(self->threads, has_ended, &self->looks);
}

/* The directory has a link for each thread. One that ended while another began is noticed by its files. Where
 * a file system does not count links, it has one. */
static void
list_if_changed(VitalsThreads *self)
{
    struct stat info;
    gboolean known = stat(self->directory, &info) == 0 && info.st_nlink > 1;

    if (known && info.st_nlink == self->links)
        return;
    self->links = known ? info.st_nlink : 0;
    list(self);
}

/* ---- looking ---- */

/* One that got no CPU since it was seen in an uninterruptible sleep is in the same one still. */
static gint64
blocked_since(const VitalsThreads *self, const Thread *before, const Thread *now, gint64 at)
{
    if (before->first || before->looks == 0 || before->slices != now->slices)
        return 0;
    if (self->looks % STATE_EVERY != 0)
        return before->blocked_at;
    if (!is_blocked(before))
        return 0;
    return before->blocked_at ? before->blocked_at : at;
}

/* Returns: for how long it waited for a CPU since the last look, nanoseconds; a thread seen for the first time
 * has waited for nothing yet */
static guint64
look_at_thread(VitalsThreads *self, Thread *thread, VitalsSample *sample)
{
    guint64 waited = 0;
    Thread now;

    if (!read_counts(thread, &now)) {
        self->links = 0;
        return 0;
    }
    if (thread->looks > 0 && now.delay > thread->delay)
        waited = now.delay - thread->delay;
    if (thread->first && thread->looks > 0 && now.slices != thread->slices)
        sample->process_ran = TRUE;
    thread->blocked_at = blocked_since(self, thread, &now, sample->at);
    if (thread->blocked_at)
        sample->thread_blocked_for =
            MAX(sample->thread_blocked_for, sample->at - thread->blocked_at);
    if (thread->vcpu < 0 && thread->looks < NAMED_AFTER)
        thread->vcpu = read_vcpu(thread);
    thread->used = now.used;
    thread->delay = now.delay;
    thread->slices = now.slices;
    thread->looks++;
    return waited;
}

/* Only if they are all there: one whose name is not known yet would be missing. */
static void
report_vcpus(const VitalsThreads *self, VitalsSample *sample)
{
    g_autofree guint64 *used = g_new0(guint64, g_hash_table_size(self->threads));
    guint found = 0;
    guint end = 0;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->threads);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Thread *thread = value;

        if (thread->vcpu < 0)
            continue;
        /* a kernel that does not count says 0 of all three */
        if ((guint)thread->vcpu >= g_hash_table_size(self->threads) || thread->slices == 0)
            return;
        used[thread->vcpu] = thread->used / TICK_NS * TICK_NS;
        found++;
        end = MAX(end, (guint)thread->vcpu + 1);
    }
    if (found == 0 || found != end)
        return;
    sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = found;
    sample->vcpu_ns = g_steal_pointer(&used);
}

void
vitals_threads_look(VitalsThreads *threads, VitalsSample *sample)
{
    GHashTableIter iter;
    gpointer thread;
    guint64 most = 0;

    threads->looks++;
    list_if_changed(threads);
    g_hash_table_iter_init(&iter, threads->threads);
    while (g_hash_table_iter_next(&iter, NULL, &thread)) {
        guint64 waited = look_at_thread(threads, thread, sample);

        most = MAX(most, waited);
    }
    sample->starved = (gint64)(most / 1000);
    report_vcpus(threads, sample);
}
