/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/host.h"

#include <string.h>

/* @start: when it started, in clock ticks since boot: with the number it names one process for ever
 * (proc(5), field 22 of stat). @delays: run delay by thread, nanoseconds. */
typedef struct {
    int pid;
    guint64 start;
    gboolean gone;
    char *frozen_path;
    GHashTable *delays;
} Process;

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
    g_hash_table_unref(process->delays);
    g_free(process->frozen_path);
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

/* ---- reading /proc ---- */

static char *
read_file(VitalsHost *host, const char *path, gsize *ret_length)
{
    g_autofree char *full = g_build_filename(host->root, path, NULL);
    char *contents = NULL;

    return g_file_get_contents(full, &contents, ret_length, NULL) ? contents : NULL;
}

/* The state letter and start time of a process (proc(5)). Its name, the second field, may hold
 * blanks and brackets: the fields that matter stand behind the last bracket. */
static gboolean
read_stat(VitalsHost *host, int pid, char *ret_state, guint64 *ret_start)
{
    g_autofree char *path = g_strdup_printf("proc/%d/stat", pid);
    g_autofree char *text = read_file(host, path, NULL);
    g_auto(GStrv) fields = NULL;
    const char *bracket = text ? strrchr(text, ')') : NULL;

    if (!bracket || bracket[1] != ' ')
        return FALSE;
    fields = g_strsplit(bracket + 2, " ", -1);
    if (g_strv_length(fields) < 20)
        return FALSE;
    *ret_state = fields[0][0];
    *ret_start = g_ascii_strtoull(fields[19], NULL, 10); /* field 22, counted from field 3 */
    return TRUE;
}

/* Nanoseconds a thread was ready to run and had no CPU: the second number (kernel,
 * Documentation/scheduler/sched-stats.rst). */
static guint64
read_run_delay(VitalsHost *host, int pid, const char *thread)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task/%s/schedstat", pid, thread);
    g_autofree char *text = read_file(host, path, NULL);
    const char *blank = text ? strchr(text, ' ') : NULL;

    return blank ? g_ascii_strtoull(blank, NULL, 10) : 0;
}

/* Where cgroup v2 says whether the process is frozen; NULL if it is in none. */
static char *
find_frozen_path(VitalsHost *host, int pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", pid);
    g_autofree char *text = read_file(host, path, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "0::/") && !strstr(*line, ".."))
            return g_build_filename("sys/fs/cgroup", *line + 3, "cgroup.events", NULL);
    }
    return NULL;
}

static gboolean
is_frozen(VitalsHost *host, const Process *process)
{
    g_autofree char *text = NULL;

    if (!process->frozen_path)
        return FALSE;
    text = read_file(host, process->frozen_path, NULL);
    return text && strstr(text, "frozen 1") != NULL;
}

/* ---- which process is whose ---- */

/* The UUID that libvirt gave this process on its command line ("-uuid", UUID), if any is wanted. */
static const char *
wanted_uuid(VitalsHost *host, const char *pid, GHashTable *wanted)
{
    g_autofree char *path = g_strdup_printf("proc/%s/cmdline", pid);
    gsize length = 0;
    g_autofree char *text = read_file(host, path, &length);
    const char *at = text;
    gboolean next = FALSE;

    /* g_file_get_contents() ends every file in a NUL of its own */
    while (text && at < text + length) {
        gpointer uuid = NULL;

        if (next && g_hash_table_lookup_extended(wanted, at, &uuid, NULL))
            return uuid;
        next = g_str_equal(at, "-uuid");
        at += strlen(at) + 1;
    }
    return NULL;
}

static void
adopt(VitalsHost *host, const char *uuid, int pid)
{
    Process *known = g_hash_table_lookup(host->processes, uuid);
    Process *process;
    guint64 start;
    char state;

    if (!read_stat(host, pid, &state, &start))
        return;
    /* Anybody may write a UUID on a command line: the oldest one is QEMU itself. */
    if (known && !known->gone && known->start <= start)
        return;

    process = g_new0(Process, 1);
    process->pid = pid;
    process->start = start;
    process->delays = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    process->frozen_path = find_frozen_path(host, pid);
    g_hash_table_replace(host->processes, g_strdup(uuid), process);
}

static void
find_processes(VitalsHost *host, GHashTable *wanted)
{
    g_autofree char *path = g_build_filename(host->root, "proc", NULL);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        const char *uuid = g_ascii_isdigit(*name) ? wanted_uuid(host, name, wanted) : NULL;

        if (uuid)
            adopt(host, uuid, (int)g_ascii_strtoll(name, NULL, 10));
    }
}

/* ---- looking ---- */

/* The longest that one of its threads waited for a CPU since the last look, microseconds. A thread
 * seen for the first time has waited for nothing yet. */
static gint64
starved_since(VitalsHost *host, Process *process)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/task", host->root, process->pid);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *thread;
    guint64 most = 0;

    while (directory && (thread = g_dir_read_name(directory))) {
        guint64 delay = read_run_delay(host, process->pid, thread);
        guint64 *before = g_hash_table_lookup(process->delays, thread);

        if (before && delay > *before)
            most = MAX(most, delay - *before);
        if (before)
            *before = delay;
        else
            g_hash_table_insert(process->delays, g_strdup(thread), g_memdup2(&delay, sizeof delay));
    }
    /* Threads of QEMU's pools come and go; what is forgotten is only counted from anew. */
    if (g_hash_table_size(process->delays) > 4096)
        g_hash_table_remove_all(process->delays);
    return (gint64)(most / 1000);
}

static void
look(VitalsHost *host, Process *process, VitalsSample *sample)
{
    guint64 start = 0;
    char state = 0;

    sample->parts[VITALS_PART_PROCESS] = VITALS_FACT_AVAILABLE;
    sample->pid = process->pid;
    if (process->gone || !read_stat(host, process->pid, &state, &start) ||
        start != process->start || state == 'Z' || state == 'X') {
        process->gone = TRUE;
        sample->process = VITALS_PROCESS_GONE;
        return;
    }
    sample->starved = starved_since(host, process);
    if (state == 'T' || state == 't')
        sample->process = VITALS_PROCESS_STOPPED;
    else if (is_frozen(host, process))
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

static void
look_for_missing(VitalsHost *host, const char *const *uuids)
{
    g_autoptr(GHashTable) missing = g_hash_table_new(g_str_hash, g_str_equal);

    for (const char *const *uuid = uuids; *uuid; uuid++) {
        Process *process = g_hash_table_lookup(host->processes, *uuid);

        if (process && !process->gone)
            continue;
        /* one that is gone may be back at any moment, and must not be called gone then */
        if (!process && !is_search_due(host, *uuid))
            continue;
        note_search(host, *uuid);
        g_hash_table_add(missing, (gpointer)*uuid);
    }
    if (g_hash_table_size(missing) > 0)
        find_processes(host, missing);
}

GPtrArray *
vitals_host_look(VitalsHost *host, const char *const *uuids)
{
    GPtrArray *sightings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sighting_free);
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);

    for (const char *const *uuid = uuids; *uuid; uuid++)
        g_hash_table_add(wanted, (gpointer)*uuid);
    g_hash_table_foreach_remove(host->processes, is_forgotten, wanted);
    g_hash_table_foreach_remove(host->searched, is_forgotten, wanted);
    look_for_missing(host, uuids);

    for (const char *const *uuid = uuids; *uuid; uuid++) {
        Process *process = g_hash_table_lookup(host->processes, *uuid);
        VitalsSighting *sighting = g_new0(VitalsSighting, 1);

        sighting->uuid = g_strdup(*uuid);
        sighting->sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        if (process)
            look(host, process, sighting->sample);
        else
            sighting->sample->parts[VITALS_PART_PROCESS] = VITALS_FACT_ABSENT;
        g_ptr_array_add(sightings, sighting);
    }
    return sightings;
}
