/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Who used the memory, from what a Linux kernel prints when it runs out of it (mm/oom_kill.c, mm/show_mem.c or
 * mm/page_alloc.c, mm/slab_common.c; 2.6.32 to 6.x): the figures behind "Mem-Info:", the list of tasks, the slab
 * caches, and whom it killed. On a quiet console only the last are shown; the kernel's log has all of them.
 */

/**
 * VitalsMemoryUser: processes of one name, or a slab cache
 * @name: printable
 * @count: how many of them
 * @bytes: all of them together
 * @largest: of these, the largest
 */
typedef struct {
    char *name;
    guint count;
    guint64 bytes;
    guint64 largest;
} VitalsMemoryUser;

/* What memory can be in, by whom one has to ask for it. */
typedef enum {
    VITALS_MEMORY_PROCESSES, /* programs' own */
    VITALS_MEMORY_SHARED, /* files in memory (tmpfs) and shared memory: no process' own, killing gives none back */
    VITALS_MEMORY_CACHE,       /* of files on disks */
    VITALS_MEMORY_LOCKED,      /* what programs do not let go */
    VITALS_MEMORY_HUGE,        /* set apart as huge pages */
    VITALS_MEMORY_SLAB,        /* the kernel's own objects */
    VITALS_MEMORY_TABLES,      /* page tables and kernel stacks: very many processes */
    VITALS_MEMORY_UNACCOUNTED, /* the kernel's, in no list: mostly a driver's */
    VITALS_N_MEMORY,
} VitalsMemoryKind;

/* "processes", "shared" and so on. Static. */
const char *vitals_memory_name(VitalsMemoryKind kind);

/* The same in words for people: "programs". Static. */
const char *vitals_memory_words(VitalsMemoryKind kind);

/**
 * VitalsShortage: the last such report of the last boot
 * @total: what the kernel had for all of this, bytes; 0 if it did not print its figures
 * @free: of these
 * @in: likewise, by kind
 * @users: (element-type VitalsMemoryUser): processes, the largest first, some
 * @slabs: (element-type VitalsMemoryUser): slab caches likewise
 * @killed: (element-type VitalsMemoryUser): what it killed in that boot
 * @kills: how many processes these were
 */
typedef struct {
    guint64 total;
    guint64 free;
    guint64 in[VITALS_N_MEMORY];
    GPtrArray *users;
    GPtrArray *slabs;
    GPtrArray *killed;
    guint kills;
} VitalsShortage;

/**
 * vitals_shortage_read:
 * @log: any bytes, hostile
 *
 * What a control group runs out of is not the guest's, and is left out. A line may be forged by whoever may write to
 * the console: what is found is what was printed.
 *
 * Returns: (transfer full) (nullable): %NULL if the log tells of none
 */
VitalsShortage *vitals_shortage_read(const char *log, gsize length);
void vitals_shortage_free(VitalsShortage *shortage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsShortage, vitals_shortage_free)

/* Which kind holds most; meaningless without figures. */
VitalsMemoryKind vitals_shortage_most(const VitalsShortage *shortage);

/* "113.8 MiB of 141.8 MiB taken by files in memory (tmpfs) or shared memory", "1.2 GiB of 2.0 GiB taken by programs, mostly
 * mysqld (1.1 GiB)"; without figures whom it killed. Returns: (transfer full) */
char *vitals_shortage_tell(const VitalsShortage *shortage);

/* What to do about it, a sentence or two; "" without figures. Static. */
const char *vitals_shortage_remedy(const VitalsShortage *shortage);
