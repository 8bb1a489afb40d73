/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/diff.h"
#include "config/text.h"

#include <string.h>

/* Lines around a change, as everywhere. */
#define CONTEXT 3
/* The most lines that are searched for the shortest way from one text to the other: the effort grows with
 * its square. More are shown as replaced altogether. */
#define MAX_CHANGES 1000

typedef struct {
    const char *text;
    gsize length; /* with the line end */
} Line;

/* What happens to a line: stays (of both), goes (of the first) or comes (of the second). */
typedef struct {
    char mark;
    guint before; /* lines of each text before it */
    guint after;
} Change;

/* The parts of both texts that differ. */
typedef struct {
    const GArray *before;
    const GArray *after;
    guint begin; /* equal lines at the begin */
    guint before_end;
    guint after_end;
} Task;

static GArray *
split(const char *text, gsize length)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));

    for (const char *at = text; at < text + length;) {
        const char *end = memchr(at, '\n', (gsize)(text + length - at));
        Line line = { .text = at, .length = (gsize)((end ? end + 1 : text + length) - at) };

        g_array_append_val(lines, line);
        at += line.length;
    }
    return lines;
}

static const Line *
line_at(const GArray *lines, guint index)
{
    return &g_array_index(lines, Line, index);
}

static gboolean
is_same(const Task *task, guint before, guint after)
{
    const Line *one = line_at(task->before, before);
    const Line *other = line_at(task->after, after);

    return one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

static void
trim(Task *task)
{
    task->before_end = task->before->len;
    task->after_end = task->after->len;
    while (task->begin < MIN(task->before_end, task->after_end) &&
           is_same(task, task->begin, task->begin))
        task->begin++;
    while (task->before_end > task->begin && task->after_end > task->begin &&
           is_same(task, task->before_end - 1, task->after_end - 1)) {
        task->before_end--;
        task->after_end--;
    }
}

static void
add_change(GArray *changes, char mark, guint before, guint after)
{
    Change change = { .mark = mark, .before = before, .after = after };

    g_array_append_val(changes, change);
}

/* Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: @reached holds for each diagonal (line
 * of the first text minus line of the second) the furthest line of the first that was got to with one
 * change less. Whether the @d-th change on the way to diagonal @k adds a line; else it drops one. */
static gboolean
is_added(const gint *reached, gint d, gint k)
{
    return k == -d || (k != d && reached[k - 1] < reached[k + 1]);
}

/* Returns: (nullable): for each number of changes how far each diagonal got; %NULL if too many */
static GPtrArray *
search(const Task *task)
{
    g_autoptr(GPtrArray) rounds = g_ptr_array_new_with_free_func(g_free);
    gint n = (gint)(task->before_end - task->begin);
    gint m = (gint)(task->after_end - task->begin);
    g_autofree gint *space = g_new0(gint, 2 * MAX_CHANGES + 5);
    gint *reached = space + MAX_CHANGES + 2;

    for (gint d = 0; d <= MAX_CHANGES; d++) {
        for (gint k = -d; k <= d; k += 2) {
            gint x = d == 0 ? 0 : is_added(reached, d, k) ? reached[k + 1] : reached[k - 1] + 1;

            while (x < n && x - k < m && x - k >= 0 &&
                   is_same(task, task->begin + (guint)x, task->begin + (guint)(x - k)))
                x++;
            reached[k] = x;
            if (x >= n && x - k >= m)
                return g_steal_pointer(&rounds);
        }
        g_ptr_array_add(rounds, g_memdup2(reached - d - 1, (gsize)(2 * d + 3) * sizeof *reached));
    }
    return NULL;
}

static gint
compare_changes(gconstpointer left, gconstpointer right)
{
    const Change *one = left;
    const Change *other = right;

    if (one->before != other->before)
        return one->before < other->before ? -1 : 1;
    return one->after < other->after ? -1 : one->after > other->after;
}

/* Walks back from the end of both texts. */
static void
trace(const Task *task, const GPtrArray *rounds, GArray *changes)
{
    gint x = (gint)(task->before_end - task->begin);
    gint y = (gint)(task->after_end - task->begin);

    for (gint d = (gint)rounds->len; d > 0; d--) {
        const gint *reached = (const gint *)rounds->pdata[d - 1] + d; /* at diagonal 0 */
        gboolean added = is_added(reached, d, x - y);
        gint diagonal = added ? x - y + 1 : x - y - 1;

        x = reached[diagonal];
        y = x - diagonal;
        add_change(changes, added ? '+' : '-', task->begin + (guint)x, task->begin + (guint)y);
    }
    g_array_sort(changes, compare_changes);
}

static void
replace_all(const Task *task, GArray *changes)
{
    for (guint i = task->begin; i < task->before_end; i++)
        add_change(changes, '-', i, task->begin);
    for (guint i = task->begin; i < task->after_end; i++)
        add_change(changes, '+', task->before_end, i);
}

static void
append_line(GString *out, char mark, const Line *line)
{
    g_string_append_c(out, mark);
    g_string_append_len(out, line->text, (gssize)line->length);
    if (line->length == 0 || line->text[line->length - 1] != '\n')
        g_string_append(out, "\n\\ No newline at end of file\n");
}

/* One hunk: the changes from @first to before @last. */
static void
append_hunk(GString *out, const Task *task, const GArray *changes, guint first, guint last)
{
    const Change *begin = &g_array_index(changes, Change, first);
    const Change *end = &g_array_index(changes, Change, last - 1);
    guint lead = MIN(begin->before, CONTEXT);
    guint behind = end->before + (end->mark == '-');
    guint behind_after = end->after + (end->mark == '+');
    guint tail = MIN(task->before->len - behind, CONTEXT);
    guint from = begin->before - lead;
    guint from_after = begin->after - lead;
    guint n_before = behind + tail - from;
    guint n_after = behind_after + tail - from_after;

    g_string_append_printf(out, "@@ -%u,%u +%u,%u @@\n", n_before > 0 ? from + 1 : from, n_before,
                           n_after > 0 ? from_after + 1 : from_after, n_after);
    for (guint i = first; i < last; i++) {
        const Change *change = &g_array_index(changes, Change, i);

        for (; from < change->before; from++)
            append_line(out, ' ', line_at(task->before, from));
        if (change->mark == '-')
            append_line(out, '-', line_at(task->before, from++));
        else
            append_line(out, '+', line_at(task->after, change->after));
    }
    for (; from < behind + tail; from++)
        append_line(out, ' ', line_at(task->before, from));
}

static void
append_hunks(GString *out, const Task *task, const GArray *changes)
{
    guint first = 0;

    for (guint i = 1; i <= changes->len; i++) {
        const Change *before = &g_array_index(changes, Change, i - 1);

        if (i < changes->len &&
            g_array_index(changes, Change, i).before - before->before <= 2 * CONTEXT)
            continue;
        append_hunk(out, task, changes, first, i);
        first = i;
    }
}

GString *
vitals_diff(const char *name, const char *before, gsize before_length, const char *after,
            gsize after_length)
{
    g_autoptr(GArray) before_lines = split(before, before_length);
    g_autoptr(GArray) after_lines = split(after, after_length);
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(Change));
    g_autoptr(GPtrArray) rounds = NULL;
    g_autofree char *shown = vitals_text_printable(name + strspn(name, "/"), -1);
    Task task = { .before = before_lines, .after = after_lines };
    GString *out = g_string_new(NULL);

    trim(&task);
    if (task.begin == task.before_end && task.begin == task.after_end)
        return out;
    rounds = search(&task);
    if (rounds)
        trace(&task, rounds, changes);
    else
        replace_all(&task, changes);
    g_string_append_printf(out, "--- a/%s\n+++ b/%s\n", shown, shown);
    append_hunks(out, &task, changes);
    return out;
}
