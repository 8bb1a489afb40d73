/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/shortage.h"
#include "probes/console/line.h"
#include "probes/console/pattern.h"
#include "config/text.h"

#include <string.h>

/* More names than a guest has programs; what comes behind them is left out, so that a log cannot fill our memory. */
#define NAMES_MAX 4096
#define SHOWN_MAX 5

/* Of x86, where nothing tells. */
#define PAGE_KIB 4

/* A task's name is 16 bytes, a slab cache's some dozen. */
#define NAME_MAX_BYTES 64

/* Numbers of a figure that can be true: no guest has 2^53 bytes. */
#define BYTES_MAX (G_GUINT64_CONSTANT(1) << 53)

/* Keys of the figures in pages, as show_free_areas() prints them. */
typedef enum {
    ACTIVE_ANON,
    INACTIVE_ANON,
    ACTIVE_FILE,
    INACTIVE_FILE,
    UNEVICTABLE,
    SLAB_RECLAIMABLE,
    SLAB_UNRECLAIMABLE,
    SHMEM,
    PAGETABLES,
    SEC_PAGETABLES,
    FREE,
    FREE_PCP,
    N_FIGURES,
} Figure;

static const char *const figure_names[N_FIGURES] = {
    [ACTIVE_ANON] = "active_anon",
    [INACTIVE_ANON] = "inactive_anon",
    [ACTIVE_FILE] = "active_file",
    [INACTIVE_FILE] = "inactive_file",
    [UNEVICTABLE] = "unevictable",
    [SLAB_RECLAIMABLE] = "slab_reclaimable",
    [SLAB_UNRECLAIMABLE] = "slab_unreclaimable",
    [SHMEM] = "shmem",
    [PAGETABLES] = "pagetables",
    [SEC_PAGETABLES] = "sec_pagetables",
    [FREE] = "free",
    [FREE_PCP] = "free_pcp",
};

enum {
    BOOT,
    INVOKED,
    CGROUP_KILLS,
    KILLED,
    KILLS,
    CGROUP,
    FIGURES,
    NODE,
    HUGE,
    STACK,
    RAM,
    RESERVED,
    TASKS,
    TASK,
    SLAB,
    N_SHAPES,
    ANYWHERE = CGROUP /* those before stand outside of reports, too */
};

/* With the user from 5.x on behind it, by some distributions before. */
static const char killed_shape[] =
    "^(?:Out of memory[^:]{0,40}: )?Killed process \\d+,?(?: UID \\d+,)? "
    "\\((?<name>.{0,64}?)\\),?(?: UID:? ?\\d+,)? total-vm:\\d+kB, "
    "anon-rss:(?<anon>\\d+)kB, file-rss:(?<file>\\d+)kB(?:, shmem-rss:(?<shmem>\\d+)kB)?";

static const char *const shapes[N_SHAPES] = {
    [BOOT] = "^Linux version \\d",
    [INVOKED] = " invoked oom-killer: ",
    [CGROUP_KILLS] = "^Memory cgroup out of memory: Kill",
    [KILLED] = killed_shape,
    [KILLS] = "^Out of memory[^:]{0,40}: Kill process \\d",
    [CGROUP] = "^memory: usage \\d+kB, limit|^oom-kill:constraint=CONSTRAINT_MEMCG",
    [FIGURES] = "^ *[a-z_]+:\\d+(?: [a-z_]+:\\d+)* *$",
    [NODE] = "^Node \\d+ active_anon:\\d+kB inactive_anon:(?<inactive>\\d+)kB",
    [HUGE] = "^Node \\d+ hugepages_total=(?<count>\\d+) .*hugepages_size=(?<size>\\d+)kB",
    [STACK] = "^Node \\d+ .* kernel_stack:(?<stack>\\d+)kB",
    [RAM] = "^(?<pages>\\d+) pages RAM",
    [RESERVED] = "^(?<pages>\\d+) (?:pages reserved|reserved pages)",
    [TASKS] = "^\\[ *pid *\\] +uid +tgid +total_vm +rss (?<columns>.*)name",
    [TASK] = "^\\[ *\\d+\\] +\\d+ +\\d+ +\\d+ +(?<numbers>\\d+(?: +-?\\d+)+) (?<name>.+)",
    [SLAB] = "^(?<name>[^\\s:]+) +\\d+KB +(?<total>\\d+)KB *$",
};

/* What is being read.
 * @reading: a report is at hand
 * @of_cgroup: it is not of the guest's own shortage
 * @cgroup_kills: nor is who is killed next
 * @node_kib: of INACTIVE_ANON, of all nodes
 * @has_anon: of a task, what is its own is told too
 * @users: by name, as all of these; in pages
 * @slabs: in KiB
 * @killed: in bytes
 * @found: the last report that ended */
typedef struct {
    VitalsPattern *patterns[N_SHAPES];
    VitalsPattern *figure;
    gboolean reading;
    gboolean of_cgroup;
    gboolean cgroup_kills;
    gboolean has_figures;
    guint64 pages[N_FIGURES];
    guint64 ram;
    guint64 reserved;
    guint64 node_kib;
    guint64 stack_kib;
    guint64 huge_kib;
    gboolean has_anon;
    GHashTable *users;
    GHashTable *slabs;
    GHashTable *killed;
    guint kills;
    VitalsShortage *found;
} Reader;

/* ---- users ---- */

static void
user_free(gpointer data)
{
    VitalsMemoryUser *user = data;

    g_free(user->name);
    g_free(user);
}

static GHashTable *
users_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, user_free);
}

static void
add_user(GHashTable *users, const char *name, guint64 amount)
{
    g_autofree char *printable = vitals_text_printable(name, (gssize)strnlen(name, NAME_MAX_BYTES));
    VitalsMemoryUser *user = g_hash_table_lookup(users, printable);

    if (!user && g_hash_table_size(users) >= NAMES_MAX)
        return;
    if (!user) {
        user = g_new0(VitalsMemoryUser, 1);
        user->name = g_steal_pointer(&printable);
        g_hash_table_insert(users, user->name, user);
    }
    amount = MIN(amount, BYTES_MAX);
    user->count++;
    user->bytes = MIN(user->bytes + amount, BYTES_MAX);
    user->largest = MAX(user->largest, amount);
}

static int
by_bytes(gconstpointer a, gconstpointer b)
{
    const VitalsMemoryUser *first = *(const VitalsMemoryUser *const *)a;
    const VitalsMemoryUser *second = *(const VitalsMemoryUser *const *)b;

    if (first->bytes != second->bytes)
        return first->bytes > second->bytes ? -1 : 1;
    return strcmp(first->name, second->name);
}

/* The largest of them, in units of @unit bytes. */
static GPtrArray *
largest(GHashTable *users, guint64 unit)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(user_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, users);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_hash_table_iter_steal(&iter);
        g_ptr_array_add(list, value);
    }
    g_ptr_array_sort(list, by_bytes);
    g_ptr_array_set_size(list, (int)MIN(list->len, SHOWN_MAX));
    for (guint i = 0; i < list->len; i++) {
        VitalsMemoryUser *user = g_ptr_array_index(list, i);

        user->bytes = MIN(user->bytes, BYTES_MAX / unit) * unit;
        user->largest = MIN(user->largest, BYTES_MAX / unit) * unit;
    }
    return list;
}

/* ---- the report that ends ---- */

static void
begin(Reader *reader)
{
    memset(reader->pages, 0, sizeof(reader->pages));
    reader->ram = reader->reserved = reader->node_kib = reader->stack_kib = reader->huge_kib = 0;
    reader->of_cgroup = reader->has_figures = reader->has_anon = FALSE;
    g_hash_table_remove_all(reader->users);
    g_hash_table_remove_all(reader->slabs);
    reader->reading = TRUE;
}

/* The figures are in pages, and a line of each node tells the same in KiB from 4.8 on. */
static guint64
page_kib(const Reader *reader)
{
    guint64 ratio =
        reader->pages[INACTIVE_ANON] ? reader->node_kib / reader->pages[INACTIVE_ANON] : PAGE_KIB;

    return ratio >= 64 ? 64 : ratio >= 16 ? 16 : PAGE_KIB;
}

static guint64
take(guint64 *rest, guint64 amount)
{
    guint64 taken = MIN(*rest, amount);

    *rest -= taken;
    return taken;
}

/* Shared memory is on the lists of anonymous pages; what remains of the total nobody counts. */
static void
account(const Reader *reader, VitalsShortage *shortage)
{
    const guint64 *pages = reader->pages;
    guint64 page = page_kib(reader) * 1024;
    guint64 anon = pages[ACTIVE_ANON] + pages[INACTIVE_ANON];
    guint64 shared = MIN(pages[SHMEM], BYTES_MAX / page);
    guint64 rest;

    shortage->total = rest = (reader->ram - MIN(reader->reserved, reader->ram)) * page;
    shortage->free = take(&rest, (pages[FREE] + pages[FREE_PCP]) * page);
    shortage->in[VITALS_MEMORY_SHARED] = take(&rest, shared * page);
    shortage->in[VITALS_MEMORY_PROCESSES] = take(&rest, (anon - MIN(anon, shared)) * page);
    shortage->in[VITALS_MEMORY_LOCKED] = take(&rest, pages[UNEVICTABLE] * page);
    shortage->in[VITALS_MEMORY_CACHE] =
        take(&rest, (pages[ACTIVE_FILE] + pages[INACTIVE_FILE]) * page);
    shortage->in[VITALS_MEMORY_HUGE] = take(&rest, reader->huge_kib * 1024);
    shortage->in[VITALS_MEMORY_SLAB] =
        take(&rest, (pages[SLAB_RECLAIMABLE] + pages[SLAB_UNRECLAIMABLE]) * page);
    shortage->in[VITALS_MEMORY_TABLES] =
        take(&rest, (pages[PAGETABLES] + pages[SEC_PAGETABLES]) * page + reader->stack_kib * 1024);
    shortage->in[VITALS_MEMORY_UNACCOUNTED] = rest;
}

static void
end(Reader *reader)
{
    VitalsShortage *shortage;

    if (!reader->reading)
        return;
    reader->reading = FALSE;
    if (reader->of_cgroup || !reader->has_figures || !reader->ram)
        return;
    vitals_shortage_free(reader->found);
    reader->found = shortage = g_new0(VitalsShortage, 1);
    account(reader, shortage);
    shortage->users = largest(reader->users, page_kib(reader) * 1024);
    shortage->slabs = largest(reader->slabs, 1024);
}

static void
forget(Reader *reader)
{
    begin(reader);
    reader->reading = FALSE;
    g_clear_pointer(&reader->found, vitals_shortage_free);
    g_hash_table_remove_all(reader->killed);
    reader->kills = 0;
}

/* ---- lines ---- */

static guint64
number(const VitalsPattern *pattern, const char *group)
{
    gsize length = 0;
    const char *part = vitals_pattern_part(pattern, group, &length);

    return part && length < 16 ? MIN(g_ascii_strtoull(part, NULL, 10), BYTES_MAX) : 0;
}

static void
take_figures(Reader *reader, const VitalsLine *line)
{
    gsize from = 0;

    while (vitals_pattern_find(reader->figure, line->text, line->length, from)) {
        g_autofree char *name = vitals_pattern_group(reader->figure, "name");

        for (Figure i = 0; i < N_FIGURES; i++) {
            if (g_str_equal(name, figure_names[i]))
                reader->pages[i] = MIN(number(reader->figure, "pages"), BYTES_MAX >> 16);
        }
        from = vitals_pattern_end(reader->figure);
        reader->has_figures = TRUE;
    }
}

static void
take_columns(Reader *reader, const VitalsPattern *pattern)
{
    g_autofree char *columns = vitals_pattern_group(pattern, "columns");

    reader->has_anon = strstr(columns, "rss_anon") != NULL;
}

/* @reader->has_anon: behind the whole stands what is its own, which counts what others share only once. */
static void
take_task(Reader *reader, const VitalsPattern *pattern)
{
    g_autofree char *numbers = vitals_pattern_group(pattern, "numbers");
    g_autofree char *name = vitals_pattern_group(pattern, "name");
    char *behind = NULL;
    guint64 resident = g_ascii_strtoull(numbers, &behind, 10);

    add_user(reader->users, g_strstrip(name),
             reader->has_anon ? g_ascii_strtoull(behind, NULL, 10) : resident);
}

static void
take_killed(Reader *reader, const VitalsPattern *pattern)
{
    g_autofree char *name = vitals_pattern_group(pattern, "name");

    end(reader);
    if (reader->cgroup_kills)
        return;
    reader->kills++;
    add_user(reader->killed, name,
             (number(pattern, "anon") + number(pattern, "file") + number(pattern, "shmem")) * 1024);
}

static void
take_slab(Reader *reader, const VitalsPattern *pattern)
{
    g_autofree char *name = vitals_pattern_group(pattern, "name");

    add_user(reader->slabs, name, number(pattern, "total"));
}

/* What may stand outside of a report, or ends one. */
static void
take_mark(Reader *reader, guint shape)
{
    if (shape == KILLED)
        take_killed(reader, reader->patterns[shape]);
    else
        end(reader);
    reader->cgroup_kills = shape == CGROUP_KILLS;
    if (shape == BOOT)
        forget(reader);
    else if (shape == INVOKED)
        begin(reader);
}

/* What stands in a report. */
static void
take_part(Reader *reader, guint shape, const VitalsLine *line)
{
    const VitalsPattern *pattern = reader->patterns[shape];

    if (shape == CGROUP)
        reader->of_cgroup = TRUE;
    else if (shape == FIGURES)
        take_figures(reader, line);
    else if (shape == NODE)
        reader->node_kib += number(pattern, "inactive");
    else if (shape == HUGE)
        reader->huge_kib += MIN(number(pattern, "count"), BYTES_MAX >> 30) *
                            MIN(number(pattern, "size"), G_MAXUINT32 >> 10);
    else if (shape == RAM)
        reader->ram = MIN(number(pattern, "pages"), BYTES_MAX >> 16);
    else if (shape == RESERVED)
        reader->reserved = number(pattern, "pages");
    else if (shape == TASKS)
        take_columns(reader, pattern);
    else if (shape == TASK)
        take_task(reader, pattern);
    else if (shape == SLAB)
        take_slab(reader, pattern);
    /* of a node or of each of its zones, and then at the end of the very line that is a node's */
    if (shape == NODE && vitals_pattern_find(reader->patterns[STACK], line->text, line->length, 0))
        pattern = reader->patterns[shape = STACK];
    if (shape == STACK)
        reader->stack_kib += number(pattern, "stack");
}

static void
on_line(const VitalsLine *line, gpointer data)
{
    Reader *reader = data;
    guint shapes_open = reader->reading ? N_SHAPES : ANYWHERE;

    for (guint i = 0; i < shapes_open; i++) {
        if (!vitals_pattern_find(reader->patterns[i], line->text, line->length, 0))
            continue;
        if (i < ANYWHERE)
            take_mark(reader, i);
        else
            take_part(reader, i, line);
        return;
    }
}

/* ---- the whole ---- */

static void
reader_clear(Reader *reader)
{
    for (guint i = 0; i < N_SHAPES; i++)
        vitals_pattern_free(reader->patterns[i]);
    vitals_pattern_free(reader->figure);
    g_hash_table_unref(reader->users);
    g_hash_table_unref(reader->slabs);
    g_hash_table_unref(reader->killed);
    vitals_shortage_free(reader->found);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static void
reader_init(Reader *reader)
{
    for (guint i = 0; i < N_SHAPES; i++)
        reader->patterns[i] = vitals_pattern_new(shapes[i], NULL);
    reader->figure = vitals_pattern_new("(?<name>[a-z_]+):(?<pages>\\d+)(?= |$)", NULL);
    reader->users = users_new();
    reader->slabs = users_new();
    reader->killed = users_new();
}

VitalsShortage *
vitals_shortage_read(const char *log, gsize length)
{
    g_auto(Reader) reader = { .reading = FALSE };
    g_autoptr(VitalsLines) lines = vitals_lines_new(on_line, &reader);
    VitalsShortage *found;

    reader_init(&reader);
    vitals_lines_feed(lines, log, length, 0);
    vitals_lines_flush(lines);
    end(&reader);
    if (!reader.found && reader.kills == 0)
        return NULL;
    found = g_steal_pointer(&reader.found);
    if (!found) {
        found = g_new0(VitalsShortage, 1);
        found->users = g_ptr_array_new_with_free_func(user_free);
        found->slabs = g_ptr_array_new_with_free_func(user_free);
    }
    found->killed = largest(reader.killed, 1);
    found->kills = reader.kills;
    return found;
}

void
vitals_shortage_free(VitalsShortage *shortage)
{
    if (!shortage)
        return;
    g_ptr_array_unref(shortage->users);
    g_ptr_array_unref(shortage->slabs);
    g_clear_pointer(&shortage->killed, g_ptr_array_unref);
    g_free(shortage);
}
