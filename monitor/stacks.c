/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/stacks.h"
#include "monitor/whereabouts.h"

#include <stdlib.h>
#include <string.h>

/* More vCPUs and frames than anybody reads in a headline. */
#define STACKS_MAX 1024
#define FRAMES_MAX 40
#define TOLD_MAX 3

/* x86: the flag IF in RFLAGS. */
#define INTERRUPTS_ON 0x200

static void
stack_free(gpointer data)
{
    VitalsStack *stack = data;

    g_free(stack->task);
    g_free(stack->module);
    g_ptr_array_unref(stack->frames);
    g_free(stack);
}

/* crash, task.c: PID: 121  TASK: ffff8eee42819840  CPU: 0  COMMAND: "vvfault" */
static VitalsStack *
begin_stack(const GMatchInfo *match)
{
    VitalsStack *stack = g_new0(VitalsStack, 1);
    g_autofree char *pid = g_match_info_fetch(match, 1);
    g_autofree char *cpu = g_match_info_fetch(match, 2);

    stack->cpu = (guint)strtoul(cpu, NULL, 10);
    stack->task = g_match_info_fetch(match, 3);
    stack->frames = g_ptr_array_new_with_free_func(g_free);
    stack->idle = g_str_equal(pid, "0");
    return stack;
}

/* What a CPU at rest is in, with interrupts on; with them off it never wakes up again. */
static gboolean
is_rest(const char *function)
{
    static const char *const beginnings[] = {
        "native_safe_halt", "default_idle", "acpi_idle",     "acpi_safe_halt",
        "mwait_idle",       "intel_idle",   "amd_e400_idle", "cpuidle_",
        "poll_idle",        "haltpoll",     "kvm_wait",      "pv_native_safe"
    };

    for (gsize i = 0; i < G_N_ELEMENTS(beginnings); i++) {
        if (g_str_has_prefix(function, beginnings[i]))
            return TRUE;
    }
    return FALSE;
}

static void
add_frame(VitalsStack *stack, const GMatchInfo *match)
{
    if (stack->frames->len < FRAMES_MAX)
        g_ptr_array_add(stack->frames, g_match_info_fetch(match, 1));
    if (!stack->module && g_match_info_get_match_count(match) > 2)
        stack->module = g_match_info_fetch(match, 2);
}

/* Of the first registers, which are those of the moment of the dump if no frame stands before them. */
static void
take_flags(VitalsStack *stack, const GMatchInfo *match)
{
    g_autofree char *flags = g_match_info_fetch(match, 1);

    if (stack->frames->len == 1)
        stack->interrupts_off = !(strtoull(flags, NULL, 16) & INTERRUPTS_ON);
}

static gboolean
is_at_rest(const VitalsStack *stack)
{
    return stack->frames->len > 0 && !stack->interrupts_off &&
           is_rest(g_ptr_array_index(stack->frames, 0));
}

enum { HEAD, FRAME, EXCEPTION, FLAGS, END, N_SHAPES };

/* Which of @shapes the line has, N_SHAPES for none. @ret_match: (transfer full) (nullable) */
static guint
classify(GRegex *const *shapes, const char *line, GMatchInfo **ret_match)
{
    for (guint i = 0; i < N_SHAPES; i++) {
        g_autoptr(GMatchInfo) match = NULL;

        if (g_regex_match(shapes[i], line, 0, &match)) {
            *ret_match = g_steal_pointer(&match);
            return i;
        }
    }
    return N_SHAPES;
}

/* Returns: whether more is to come */
static gboolean
take_line(GPtrArray *stacks, GRegex *const *shapes, const char *line)
{
    VitalsStack *stack = stacks->len ? g_ptr_array_index(stacks, stacks->len - 1) : NULL;
    g_autoptr(GMatchInfo) match = NULL;
    guint shape = classify(shapes, line, &match);

    if (shape == HEAD && stacks->len < STACKS_MAX)
        g_ptr_array_add(stacks, begin_stack(match));
    else if (stack && (shape == FRAME || shape == EXCEPTION))
        add_frame(stack, match);
    else if (stack && shape == FLAGS)
        take_flags(stack, match);
    return !stack || shape != END;
}

GPtrArray *
vitals_stacks_read(const char *text)
{
    /* crash prints registers as they were when an exception, or the dump, interrupted the function */
    static const char *const patterns[N_SHAPES] = {
        [HEAD] = "^PID: (\\d{1,9}) +TASK: [0-9a-f]+ +CPU: (\\d{1,5}) +COMMAND: \"(.{0,64})\"$",
        [FRAME] =
            "^ *#\\d+ \\[[0-9a-f]+\\] ([A-Za-z_][\\w.]{0,127}) at [0-9a-f]+(?: \\[(\\w{1,64})\\])?",
        [EXCEPTION] = "^ +\\[exception RIP: ([A-Za-z_][\\w.]{0,127})\\+\\d+\\]$",
        [FLAGS] = "^ +RIP: [0-9a-f]+ .*RFLAGS: ([0-9a-f]{8,16})$",
        [END] = "^\\[\\d+ \\d\\d:\\d\\d:", /* what the next command prints, ps -m */
    };
    GPtrArray *stacks = g_ptr_array_new_with_free_func(stack_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GRegex *shapes[N_SHAPES];

    for (guint i = 0; i < N_SHAPES; i++)
        shapes[i] = g_regex_new(patterns[i], G_REGEX_RAW, 0, NULL);
    for (char **line = lines; *line && take_line(stacks, shapes, *line);)
        line++;
    for (guint i = 0; i < N_SHAPES; i++)
        g_regex_unref(shapes[i]);
    for (guint i = 0; i < stacks->len; i++) {
        VitalsStack *stack = g_ptr_array_index(stacks, i);

        stack->idle = stack->idle && is_at_rest(stack);
    }
    return stacks;
}

/* Whether two vCPUs stand in the same place, by whatever way they got there. */
static gboolean
is_same_place(const VitalsStack *one, const VitalsStack *other)
{
    return !one->idle && !other->idle && one->frames->len > 0 && other->frames->len > 0 &&
           one->interrupts_off == other->interrupts_off &&
           g_str_equal(g_ptr_array_index(one->frames, 0), g_ptr_array_index(other->frames, 0));
}

/* "vCPUs 0, 2, 3 and 5 more in ": @index and those behind it in its place. Returns: how many */
static guint
tell_numbers(GString *text, const GPtrArray *stacks, guint index)
{
    const VitalsStack *stack = g_ptr_array_index(stacks, index);
    g_autoptr(GString) numbers = g_string_new(NULL);
    guint count = 1;

    g_string_append_printf(numbers, "%u", stack->cpu);
    for (guint i = index + 1; i < stacks->len; i++) {
        const VitalsStack *other = g_ptr_array_index(stacks, i);

        if (is_same_place(stack, other) && count++ < TOLD_MAX)
            g_string_append_printf(numbers, ", %u", other->cpu);
    }
    if (count > TOLD_MAX)
        g_string_append_printf(numbers, " and %u more", count - TOLD_MAX);
    g_string_append_printf(text, "vCPU%s %s in ", count > 1 ? "s" : "", numbers->str);
    return count;
}

static void
tell_place(GString *text, const GPtrArray *stacks, guint index)
{
    const VitalsStack *stack = g_ptr_array_index(stacks, index);
    const GPtrArray *frames = stack->frames;
    gboolean alone = tell_numbers(text, stacks, index) == 1;

    if (frames->len == 0) {
        g_string_append_printf(text, "the program '%s'", stack->task);
        return;
    }
    g_string_append(text, g_ptr_array_index(frames, 0));
    if (alone && frames->len > 1)
        g_string_append_printf(text, ", called by %s", (char *)g_ptr_array_index(frames, 1));
    if (stack->interrupts_off)
        g_string_append(text, ", interrupts off");
    if (alone)
        g_string_append_printf(text, " (task %s%s%s)", stack->task,
                               stack->module ? ", module " : "",
                               stack->module ? stack->module : "");
}

/* Whether one before it stands in the same place, and told of it. */
static gboolean
is_told(const GPtrArray *stacks, guint index)
{
    for (guint i = 0; i < index; i++) {
        if (is_same_place(g_ptr_array_index(stacks, i), g_ptr_array_index(stacks, index)))
            return TRUE;
    }
    return FALSE;
}

char *
vitals_stacks_tell(const GPtrArray *stacks)
{
    GString *text = g_string_new(NULL);
    guint places = 0;

    for (guint i = 0; i < stacks->len; i++) {
        const VitalsStack *stack = g_ptr_array_index(stacks, i);

        if (stack->idle || is_told(stacks, i) || places++ >= TOLD_MAX)
            continue;
        g_string_append(text, text->len ? "; " : "");
        tell_place(text, stacks, i);
    }
    if (places > TOLD_MAX)
        g_string_append_printf(text, "; and %u more", places - TOLD_MAX);
    return g_string_free(text, places == 0);
}

gboolean
vitals_stacks_are_deaf(const GPtrArray *stacks)
{
    gboolean deaf = FALSE;

    for (guint i = 0; i < stacks->len; i++) {
        const VitalsStack *stack = g_ptr_array_index(stacks, i);

        if (!stack->interrupts_off)
            return FALSE;
        deaf = TRUE;
    }
    return deaf;
}

const char *
vitals_stacks_setting(const GPtrArray *stacks)
{
    for (guint i = 0; i < stacks->len; i++) {
        const VitalsStack *stack = g_ptr_array_index(stacks, i);

        if (!stack->idle)
            return vitals_whereabouts(stack->frames);
    }
    return NULL;
}

json_t *
vitals_stacks_json(const GPtrArray *stacks)
{
    json_t *array = json_array();

    for (guint i = 0; i < stacks->len; i++) {
        const VitalsStack *stack = g_ptr_array_index(stacks, i);
        json_t *frames = json_array();

        for (guint j = 0; j < stack->frames->len; j++)
            json_array_append_new(frames, json_string(g_ptr_array_index(stack->frames, j)));
        json_array_append_new(array, json_pack("{s:i, s:s, s:s?, s:o, s:b, s:b}", "cpu",
                                               (int)stack->cpu, "task", stack->task, "module",
                                               stack->module, "frames", frames, "interrupts_off",
                                               stack->interrupts_off, "idle", stack->idle));
    }
    return array;
}
