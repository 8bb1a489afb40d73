/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/shortage.h"

/* Named beside the kind if they hold at least this share of it. */
#define TOLD_SHARE 0.3

typedef struct {
    const char *name;
    const char *words;
    const char *remedy;
} Kind;

static const Kind kinds[VITALS_N_MEMORY] = {
    [VITALS_MEMORY_PROCESSES] = {
        .name = "processes",
        .words = "programs",
        .remedy = "Find out why the largest program grew, limit it (MemoryMax= of its service), or give the guest "
                  "more memory.",
    },
    [VITALS_MEMORY_SHARED] = {
        .name = "shared",
        .words = "files in memory (tmpfs) or shared memory",
        .remedy = "Look in the guest at what fills its tmpfs mounts (df -t tmpfs) and shared memory (ipcs -m), and "
                  "limit it (mount option size=), or give the guest more memory. No program owns this memory, so "
                  "that killing programs gives none of it back.",
    },
    [VITALS_MEMORY_CACHE] = {
        .name = "cache",
        .words = "cached files",
        .remedy = "Look at the guest's disks first: it could not write or drop what it cached fast enough.",
    },
    [VITALS_MEMORY_LOCKED] = {
        .name = "locked",
        .words = "locked memory",
        .remedy = "Limit what programs may lock (LimitMEMLOCK= of the service), or give the guest more memory.",
    },
    [VITALS_MEMORY_HUGE] = {
        .name = "huge-pages",
        .words = "huge pages that were set apart",
        .remedy = "Set fewer huge pages apart in the guest (vm.nr_hugepages), or give it more memory.",
    },
    [VITALS_MEMORY_SLAB] = {
        .name = "slab",
        .words = "objects of the kernel itself (slab)",
        .remedy = "Watch slabtop in the guest after its restart: this is the kernel's, no program's. It grows by a "
                  "leak in the kernel or a driver (update them), or by very many open files, connections or "
                  "containers.",
    },
    [VITALS_MEMORY_TABLES] = {
        .name = "tables",
        .words = "page tables and stacks of processes",
        .remedy = "Limit how many processes and threads there may be (TasksMax= of the service), or use huge pages.",
    },
    [VITALS_MEMORY_UNACCOUNTED] = {
        .name = "unaccounted",
        .words = "the kernel, in no list of its own",
        .remedy = "Look at which modules the guest loads beside its distribution's, and update them and the kernel: "
                  "this is the kernel's, no program's, and mostly a driver that leaks.",
    },
};

const char *
vitals_memory_name(VitalsMemoryKind kind)
{
    return kinds[kind].name;
}

const char *
vitals_memory_words(VitalsMemoryKind kind)
{
    return kinds[kind].words;
}

VitalsMemoryKind
vitals_shortage_most(const VitalsShortage *shortage)
{
    VitalsMemoryKind most = VITALS_MEMORY_PROCESSES;

    for (VitalsMemoryKind kind = most; kind < VITALS_N_MEMORY; kind++) {
        if (shortage->in[kind] > shortage->in[most])
            most = kind;
    }
    return most;
}

/* "; mostly 12 processes named gizmod (118.0 MiB)" */
static void
tell_user(GString *text, const GPtrArray *users, const char *one, const char *many, guint64 whole)
{
    const VitalsMemoryUser *user = users->len ? g_ptr_array_index(users, 0) : NULL;
    g_autofree char *size = NULL;

    if (!user || (double)user->bytes < TOLD_SHARE * (double)whole)
        return;
    size = g_format_size_full(user->bytes, G_FORMAT_SIZE_IEC_UNITS);
    if (user->count > 1)
        g_string_append_printf(text, ", mostly %u %s named %s (%s together)", user->count, many,
                               user->name, size);
    else
        g_string_append_printf(text, ", mostly the %s %s (%s)", one, user->name, size);
}

static char *
tell_killed(const VitalsShortage *shortage)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "killed %u process%s", shortage->kills,
                           shortage->kills == 1 ? "" : "es");
    for (guint i = 0; i < shortage->killed->len; i++) {
        const VitalsMemoryUser *user = g_ptr_array_index(shortage->killed, i);
        g_autofree char *size = g_format_size_full(user->largest, G_FORMAT_SIZE_IEC_UNITS);

        g_string_append_printf(text, "%s %s (%s%s)", i ? "," : ":", user->name,
                               user->count > 1 ? "up to " : "", size);
    }
    return g_string_free(text, FALSE);
}

char *
vitals_shortage_tell(const VitalsShortage *shortage)
{
    VitalsMemoryKind most = vitals_shortage_most(shortage);
    g_autofree char *size = NULL;
    g_autofree char *total = NULL;
    GString *text;

    if (!shortage->total)
        return tell_killed(shortage);
    size = g_format_size_full(shortage->in[most], G_FORMAT_SIZE_IEC_UNITS);
    total = g_format_size_full(shortage->total, G_FORMAT_SIZE_IEC_UNITS);
    text = g_string_new(NULL);
    g_string_append_printf(text, "%s of %s taken by %s", size, total, kinds[most].words);
    if (most == VITALS_MEMORY_PROCESSES)
        tell_user(text, shortage->users, "process", "processes", shortage->in[most]);
    else if (most == VITALS_MEMORY_SLAB)
        tell_user(text, shortage->slabs, "cache", "caches", shortage->in[most]);
    return g_string_free(text, FALSE);
}

const char *
vitals_shortage_remedy(const VitalsShortage *shortage)
{
    return shortage->total ? kinds[vitals_shortage_most(shortage)].remedy : "";
}
