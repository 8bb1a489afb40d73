/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/host.h"
#include "monitor/threads.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How far a process that bears a guest's UUID on its command line can be believed to be its QEMU: anybody
 * may start such a one. */
typedef enum {
    TRUST_ANYBODY, /* an ordinary user's, as far as can be told */
    TRUST_USER,    /* of a user that libvirt runs QEMU as, or of the one that we are */
    TRUST_CGROUP,  /* in a control group that only libvirt or root can have put it into */
} Trust;

/* @start: when it started, in clock ticks since boot: with the number it names one process for ever
 * (proc(5), field 22 of stat). @booted: of the domain, as it was known when this one was taken for its QEMU.
 * @stat: that file. @frozen: (nullable): the one that tells whether it is frozen */
typedef struct {
    int pid;
    guint64 start;
    guint64 booted;
    Trust trust;
    gboolean gone;
    VitalsKernelFile *stat;
    VitalsKernelFile *frozen;
    VitalsThreads *threads;
} Process;

/* Where control groups are, and where those of the freezer of version 1 are (cgroups(7)). */
#define GROUPS "sys/fs/cgroup"
#define FREEZER GROUPS "/freezer"

/* A domain that has no QEMU (another hypervisor, another PID namespace) is looked for at every look for
 * so long, and from then on once in so long: it takes all of /proc. */
#define SEARCH_AGAIN (5 * G_USEC_PER_SEC)

/* When a domain without a process was looked for in vain. */
typedef struct {
    gint64 first;
    gint64 last;
} Search;

/* @searched: (element-type Search): by UUID */
struct VitalsHost {
    char *root;
    GHashTable *processes; /* by UUID */
    GHashTable *searched;
};

static void
process_free(Process *process)
{
    vitals_threads_free(process->threads);
    vitals_kernel_file_free(process->stat);
    vitals_kernel_file_free(process->frozen);
    g_free(process);
}

VitalsHost *
vitals_host_new(const char *root)
{
    VitalsHost *host = g_new0(VitalsHost, 1);

    host->root = g_strdup(root);
    host->processes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)process_free);
    host->searched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return host;
}

void
vitals_host_free(VitalsHost *host)
{
    if (!host)
        return;
    g_hash_table_unref(host->processes);
    g_hash_table_unref(host->searched);
    g_free(host->root);
    g_free(host);
}

VitalsWanted *
vitals_wanted_new(const char *uuid, guint64 booted)
{
    VitalsWanted *wanted = g_new0(VitalsWanted, 1);

    wanted->uuid = g_strdup(uuid);
    wanted->booted = booted;
    return wanted;
}

void
vitals_wanted_free(VitalsWanted *wanted)
{
    if (!wanted)
        return;
    g_free(wanted->uuid);
    g_free(wanted);
}

guint64
vitals_host_ticks(void)
{
    struct timespec now = { 0 };
    guint64 per_second = (guint64)sysconf(_SC_CLK_TCK);

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (guint64)now.tv_sec * per_second +
           (guint64)now.tv_nsec * per_second / (G_USEC_PER_SEC * 1000);
}

/* ---- reading /proc ---- */

static char *
read_file(VitalsHost *host, const char *path, gsize *ret_length)
{
    g_autofree char *full = g_build_filename(host->root, path, NULL);
    char *contents = NULL;

    return g_file_get_contents(full, &contents, ret_length, NULL) ? contents : NULL;
}

/* Whether that line of /proc/PID/cgroup is about a group of the freezer of cgroup v1, as on hosts that use both;
 * the topmost group cannot be frozen. */
static gboolean
is_of_freezer(char *const *fields)
{
    g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);

    return g_strv_contains((const char *const *)controllers, "freezer") &&
           !g_str_equal(fields[2], "/");
}

/* Where the control group of the process says whether it is frozen (cgroups(7)); NULL if it is in none. */
static char *
find_frozen_path(VitalsHost *host, int pid)
{
    char *found = NULL;
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", pid);
    g_autofree char *text = read_file(host, path, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);

        if (g_strv_length(fields) < 3 || strstr(*line, ".."))
            continue;
        if (is_of_freezer(fields))
            return g_build_filename(FREEZER, fields[2], "freezer.state", NULL);
        if (g_str_equal(fields[0], "0") && !*fields[1])
            found = found ? found : g_build_filename(GROUPS, fields[2], "cgroup.events", NULL);
    }
    return found;
}

static gboolean
is_frozen(const Process *process)
{
    g_autofree char *text = process->frozen ? vitals_kernel_file_read(process->frozen) : NULL;

    return text && (strstr(text, "frozen 1") || g_str_has_prefix(text, "FROZEN"));
}

/* ---- which process is whose ---- */

/* Whose UUID libvirt gave this process on its command line ("-uuid", UUID), if any is wanted. */
static const VitalsWanted *
find_wanted(VitalsHost *host, const char *pid, GHashTable *wanted)
{
    g_autofree char *path = g_strdup_printf("proc/%s/cmdline", pid);
    gsize length = 0;
    g_autofree char *text = read_file(host, path, &length);
    const char *at = text;
    gboolean next = FALSE;

    /* g_file_get_contents() ends every file in a NUL of its own */
    while (text && at < text + length) {
        const VitalsWanted *found = next ? g_hash_table_lookup(wanted, at) : NULL;

        if (found)
            return found;
        next = g_str_equal(at, "-uuid");
        at += strlen(at) + 1;
    }
    return NULL;
}

/* Whether that file of users (passwd(5)) calls @uid one that distributions let QEMU run as: Debian, Red Hat. */
static gboolean
names_qemu_user(VitalsHost *host, const char *path, guint64 uid)
{
    g_autofree char *full = g_build_filename(host->root, path, NULL);
    FILE *file = fopen(full, "re");
    const struct passwd *user;
    gboolean found = FALSE;

    while (file && !found && (user = fgetpwent(file)))
        found = user->pw_uid == uid &&
                (g_str_equal(user->pw_name, "libvirt-qemu") || g_str_equal(user->pw_name, "qemu"));
    if (file)
        fclose(file);
    return found;
}

/* Packages make their users in the host's own file, or ship one (image-based systems). getpwnam() would ask
 * whatever directory service nsswitch.conf(5) names, which may not answer. */
static gboolean
is_qemu_user(VitalsHost *host, guint64 uid)
{
    return names_qemu_user(host, "etc/passwd", uid) || names_qemu_user(host, "usr/lib/passwd", uid);
}

/* The real, effective, saved and file system user (proc(5)): all four, as a program that is set-uid runs on
 * behalf of whoever started it. */
static gboolean
is_of_trusted_user(VitalsHost *host, int pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/status", pid);
    g_autofree char *text = read_file(host, path, NULL);
    const char *line = text ? strstr(text, "\nUid:\t") : NULL;
    char *at = line ? (char *)line + strlen("\nUid:") : NULL;
    guint64 uids[4] = { 0 };

    if (!at)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(uids); i++)
        uids[i] = g_ascii_strtoull(at, &at, 10);
    for (gsize i = 1; i < G_N_ELEMENTS(uids); i++) {
        if (uids[i] != uids[0])
            return FALSE;
    }
    return uids[0] == 0 || uids[0] == geteuid() || is_qemu_user(host, uids[0]);
}

/* libvirt's groups stand at the top, in machine.slice with systemd and in machine without; an ordinary user
 * can only make groups below its own. */
static gboolean
is_in_machine_group(const char *frozen_path)
{
    static const char *const tops[] = { GROUPS "/machine.slice/", GROUPS "/machine/",
                                        FREEZER "/machine.slice/", FREEZER "/machine/" };

    for (gsize i = 0; frozen_path && i < G_N_ELEMENTS(tops); i++) {
        if (g_str_has_prefix(frozen_path, tops[i]))
            return TRUE;
    }
    return FALSE;
}

static Trust
trust_in(VitalsHost *host, int pid, const char *frozen_path)
{
    if (is_in_machine_group(frozen_path))
        return TRUST_CGROUP;
    return is_of_trusted_user(host, pid) ? TRUST_USER : TRUST_ANYBODY;
}

/* Of those that are trusted alike QEMU is the one that was started last before its domain was booted, and as long
 * as we do not know when that was, the oldest. */
static gboolean
is_better(const Process *known, Trust trust, guint64 start, guint64 booted)
{
    if (booted && start > booted)
        return FALSE;
    if (!known || known->gone || trust > known->trust)
        return TRUE;
    return trust == known->trust && (booted ? start > known->start : start < known->start);
}

static void
adopt(VitalsHost *host, const VitalsWanted *wanted, int pid)
{
    Process *known = g_hash_table_lookup(host->processes, wanted->uuid);
    g_autoptr(VitalsKernelFile) stat =
        vitals_kernel_file_new(g_strdup_printf("%s/proc/%d/stat", host->root, pid));
    g_autofree char *frozen_path = find_frozen_path(host, pid);
    Trust trust = trust_in(host, pid, frozen_path);
    Process *process;
    guint64 start;
    char state;

    if (!vitals_threads_read_stat(stat, &state, &start) ||
        !is_better(known, trust, start, wanted->booted))
        return;

    process = g_new0(Process, 1);
    process->pid = pid;
    process->start = start;
    process->booted = wanted->booted;
    process->trust = trust;
    process->threads = vitals_threads_new(host->root, pid);
    process->stat = g_steal_pointer(&stat);
    if (frozen_path)
        process->frozen = vitals_kernel_file_new(g_build_filename(host->root, frozen_path, NULL));
    g_hash_table_replace(host->processes, g_strdup(wanted->uuid), process);
}

static void
find_processes(VitalsHost *host, GHashTable *wanted)
{
    g_autofree char *path = g_build_filename(host->root, "proc", NULL);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        const VitalsWanted *found = g_ascii_isdigit(*name) ? find_wanted(host, name, wanted) : NULL;

        if (found)
            adopt(host, found, (int)g_ascii_strtoll(name, NULL, 10));
    }
}

/* ---- looking ---- */

static void
look(Process *process, VitalsSample *sample)
{
    guint64 start = 0;
    char state = 0;

    sample->parts[VITALS_PART_PROCESS] = VITALS_FACT_AVAILABLE;
    sample->pid = process->pid;
    if (process->gone || !vitals_threads_read_stat(process->stat, &state, &start) ||
        start != process->start || state == 'Z' || state == 'X') {
        process->gone = TRUE;
        sample->process = VITALS_PROCESS_GONE;
        return;
    }
    vitals_threads_look(process->threads, sample);
    if (state == 'T' || state == 't')
        sample->process = VITALS_PROCESS_STOPPED;
    else if (is_frozen(process))
        sample->process = VITALS_PROCESS_FROZEN;
    else
        sample->process = state == 'D' ? VITALS_PROCESS_BLOCKED : VITALS_PROCESS_ALIVE;
}

static gboolean
is_forgotten(gpointer uuid, gpointer process, gpointer wanted)
{
    return !g_hash_table_contains(wanted, uuid);
}

static gboolean
is_search_due(VitalsHost *host, const char *uuid)
{
    const Search *search = g_hash_table_lookup(host->searched, uuid);
    gint64 now = g_get_monotonic_time();

    return !search || now - search->first < SEARCH_AGAIN || now - search->last >= SEARCH_AGAIN;
}

static void
note_search(VitalsHost *host, const char *uuid)
{
    Search *search = g_hash_table_lookup(host->searched, uuid);

    if (!search) {
        search = g_new0(Search, 1);
        search->first = g_get_monotonic_time();
        g_hash_table_insert(host->searched, g_strdup(uuid), search);
    }
    search->last = g_get_monotonic_time();
}

static gboolean
is_to_be_searched(VitalsHost *host, const VitalsWanted *wanted)
{
    const Process *process = g_hash_table_lookup(host->processes, wanted->uuid);

    /* what was found for the run before, or without knowing when this one began */
    if (process && process->booted != wanted->booted) {
        g_hash_table_remove(host->processes, wanted->uuid);
        return TRUE;
    }
    if (process && !process->gone && process->trust > TRUST_ANYBODY)
        return FALSE;
    /* one that is gone may be back at any moment, and must not be called gone then */
    return (process && process->gone) || is_search_due(host, wanted->uuid);
}

static void
look_for_missing(VitalsHost *host, const GPtrArray *wanted)
{
    g_autoptr(GHashTable) missing = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < wanted->len; i++) {
        VitalsWanted *one = g_ptr_array_index(wanted, i);

        if (!is_to_be_searched(host, one))
            continue;
        note_search(host, one->uuid);
        g_hash_table_insert(missing, one->uuid, one);
    }
    if (g_hash_table_size(missing) > 0)
        find_processes(host, missing);
}

GPtrArray *
vitals_host_look(VitalsHost *host, const GPtrArray *wanted)
{
    GPtrArray *sightings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sighting_free);
    g_autoptr(GHashTable) uuids = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < wanted->len; i++)
        g_hash_table_add(uuids, ((VitalsWanted *)g_ptr_array_index(wanted, i))->uuid);
    g_hash_table_foreach_remove(host->processes, is_forgotten, uuids);
    g_hash_table_foreach_remove(host->searched, is_forgotten, uuids);
    look_for_missing(host, wanted);

    for (guint i = 0; i < wanted->len; i++) {
        const VitalsWanted *one = g_ptr_array_index(wanted, i);
        Process *process = g_hash_table_lookup(host->processes, one->uuid);
        VitalsSighting *sighting = g_new0(VitalsSighting, 1);

        sighting->uuid = g_strdup(one->uuid);
        sighting->sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        if (process)
            look(process, sighting->sample);
        else
            sighting->sample->parts[VITALS_PART_PROCESS] = VITALS_FACT_ABSENT;
        g_ptr_array_add(sightings, sighting);
    }
    return sightings;
}
