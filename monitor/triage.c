/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/triage.h"
#include "monitor/banner.h"
#include "monitor/file-bytes.h"
#include "monitor/tool.h"
#include "monitor/vmcore.h"
#include "monitor/vmlinux.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A kernel's log is at most 16 MiB by its own options; crash prints some KiB for each task. */
#define DMESG_MAX ((gsize)16 * 1024 * 1024)
#define BACKTRACE_MAX ((gsize)4 * 1024 * 1024)
#define NOISE_MAX ((gsize)16 * 1024)

/* It maps the kernel's symbols, and its gdb reads them: some GiB for a distribution's kernel. */
#define CRASH_MEMORY ((guint64)8 * 1024 * 1024 * 1024)

/* The pace of a slow disk, both ways. */
#define BYTES_PER_SECOND (20 * 1024 * 1024)

#define PANIC_MAX 300

/* Printed by crash's gdb before the log; longer than any task's name, as these are printed too. */
#define LOG_MARK "\n$1 = 9223372036854775807\n"

/* The log last, as it may be long. */
static const char crash_commands[] = "set scroll off\n"
                                     "sys\n"
                                     "bt -a\n"
                                     "ps -m\n"
                                     "foreach UN bt\n"
                                     "p 9223372036854775807\n"
                                     "log\n"
                                     "quit\n";

static const char *const usual_directories[] = { "/usr/lib/debug", "/lib/debug", "/", NULL };

void
vitals_triage_order_free(VitalsTriageOrder *order)
{
    if (!order)
        return;
    g_free(order->path);
    g_free(order->makedumpfile);
    g_free(order->crash);
    g_free(order->vmlinux_path);
    g_free(order);
}

static void
tool_free(gpointer data)
{
    VitalsTriageTool *tool = data;

    g_free(tool->reason);
    g_free(tool);
}

void
vitals_triage_free(VitalsTriage *triage)
{
    if (!triage)
        return;
    g_free(triage->release);
    g_clear_pointer(&triage->guessed, g_ptr_array_unref);
    g_free(triage->panic);
    g_ptr_array_unref(triage->tools);
    g_clear_pointer(&triage->stacks, g_ptr_array_unref);
    vitals_refined_free(triage->refined);
    g_free(triage);
}

static void
note(VitalsTriage *triage, const char *name, const char *result, const char *reason, double seconds)
{
    VitalsTriageTool *tool = g_new0(VitalsTriageTool, 1);

    tool->name = name;
    tool->result = result;
    tool->reason = g_strdup(reason);
    tool->seconds = seconds;
    g_ptr_array_add(triage->tools, tool);
}

/* A text file beside the dump. */
static gboolean
keep(const VitalsTriageOrder *order, const char *name, const char *text)
{
    g_autofree char *directory = g_path_get_dirname(order->path);
    g_autofree char *path = g_build_filename(directory, name, NULL);

    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, NULL);
}

/* The line behind the last @mark in @text; %NULL if it has none. */
static char *
line_behind(const char *text, const char *mark)
{
    const char *at = g_strrstr(text, mark);
    gsize length;

    if (!at)
        return NULL;
    at += strlen(mark);
    length = strcspn(at, "\n");
    return g_strchomp(g_utf8_substring(at, 0, MIN(PANIC_MAX, g_utf8_strlen(at, (gssize)length))));
}

/* ---- the log ---- */

/* Reads what a tool wrote into a file of ours. */
static char *
read_printable(int fd, gsize max)
{
    guint64 size = 0;
    g_autofree char *bytes = NULL;

    if (!vitals_bytes_size(fd, &size) || size == 0)
        return NULL;
    size = MIN(size, max);
    bytes = g_malloc(size);
    return vitals_bytes_read(fd, 0, bytes, size) ? vitals_text_printable_lines(bytes, (gssize)size)
                                                 : NULL;
}

static void
take_dmesg(const VitalsTriageOrder *order, VitalsTriage *triage, const char *text)
{
    char *panic = line_behind(text, "Kernel panic - not syncing: ");

    triage->dmesg = keep(order, "dmesg.txt", text);
    if (!panic)
        return;
    if (g_str_has_suffix(panic, " ]---")) /* the line that ends the report repeats it */
        panic[strlen(panic) - strlen(" ]---")] = '\0';
    g_free(triage->panic);
    triage->panic = panic;
}

/* A file without a name that a tool writes to. */
static int
open_nameless(const VitalsTriageOrder *order)
{
    g_autofree char *directory = g_path_get_dirname(order->path);

    return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static void
run_dmesg(const VitalsTriageOrder *order, VitalsTriage *triage, const char *program, int dump,
          int log)
{
    const char *const argv[] = { program,           "-f", "--dump-dmesg", "/proc/self/fd/3",
                                 "/proc/self/fd/4", NULL };
    const int fds[] = { dump, log };
    const VitalsTool tool = {
        .argv = argv,
        .fds = fds,
        .n_fds = G_N_ELEMENTS(fds),
        .output_max = NOISE_MAX,
        .memory = VITALS_MAKEDUMPFILE_MEMORY,
        .file_size = DMESG_MAX,
        .seconds = order->tool_seconds,
    };
    g_autoptr(VitalsToolRun) run = NULL;
    g_autofree char *text = NULL;

    vitals_tool_lend(log, TRUE);
    run = vitals_tool_run(&tool);
    text = run->good ? read_printable(log, DMESG_MAX) : NULL;
    if (text)
        take_dmesg(order, triage, text);
    note(triage, "dmesg", run->good ? "ok" : "failed", run->reason, run->seconds);
}

static void
read_dmesg(const VitalsTriageOrder *order, VitalsTriage *triage, const VitalsVmcore *vmcore,
           const char *program, int dump)
{
    int log;

    if (!vmcore->vmcoreinfo) {
        note(triage, "dmesg", "skipped", "the dump has no vmcoreinfo; lint rule CAP007", 0);
    } else if (!program) {
        note(triage, "dmesg", "missing", "makedumpfile is not installed", 0);
    } else if ((log = open_nameless(order)) < 0) {
        note(triage, "dmesg", "failed", g_strerror(errno), 0);
    } else {
        run_dmesg(order, triage, program, dump, log);
        close(log);
    }
}

/* ---- the stacks ---- */

/* @ret_release: (out): of which kernel it is, borrowed. Returns: (transfer full) (nullable): its path */
static char *
find_vmlinux(const VitalsTriageOrder *order, const VitalsTriage *triage, const VitalsVmcore *vmcore,
             const char **ret_release)
{
    g_auto(GStrv) configured = g_strsplit_set(order->vmlinux_path, " \t", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    char *vmlinux = NULL;

    for (char **one = configured; *one; one++) {
        if (g_path_is_absolute(*one))
            g_ptr_array_add(all, *one);
    }
    for (const char *const *one = usual_directories; *one; one++)
        g_ptr_array_add(all, (gpointer)*one);
    g_ptr_array_add(all, NULL);
    *ret_release = vmcore->release;
    if (vmcore->release)
        return vitals_vmlinux_find((char *const *)all->pdata, vmcore->release, vmcore->build_id);
    for (guint i = 0; triage->guessed && !vmlinux && i < triage->guessed->len; i++) {
        *ret_release = g_ptr_array_index(triage->guessed, i);
        vmlinux = vitals_vmlinux_find((char *const *)all->pdata, *ret_release, NULL);
    }
    return vmlinux;
}

static void
take_backtrace(const VitalsTriageOrder *order, VitalsTriage *triage, const VitalsToolRun *run)
{
    g_autofree char *text = vitals_text_printable_lines(run->output, (gssize)run->length);
    char *log = strstr(text, LOG_MARK);

    if (log) {
        log[1] = '\0';
        if (!triage->dmesg && log[strlen(LOG_MARK)])
            take_dmesg(order, triage, log + strlen(LOG_MARK));
    }
    triage->backtrace = *text && keep(order, "backtrace.txt", text);
    triage->stacks = vitals_stacks_read(text);
    if (!triage->panic) {
        g_autofree char *panic = line_behind(text, "       PANIC: ");

        /* the word of crash for a guest that hangs */
        if (panic && *panic && !g_str_equal(panic, "\"\""))
            triage->panic = g_steal_pointer(&panic);
    }
}

/* Returns: whether it opened the dump, which it does not with another kernel's symbols */
static gboolean
run_crash(const VitalsTriageOrder *order, VitalsTriage *triage, const char *program,
          const char *vmlinux, int dump)
{
    const char *const argv[] = { program, "-s", vmlinux, "/proc/self/fd/3", NULL };
    const VitalsTool tool = {
        .argv = argv,
        .fds = &dump,
        .n_fds = 1,
        .input = crash_commands,
        .output_max = BACKTRACE_MAX,
        .memory = CRASH_MEMORY,
        .file_size = BACKTRACE_MAX,
        .seconds = order->tool_seconds,
    };
    g_autoptr(VitalsToolRun) run = vitals_tool_run(&tool);

    /* what it printed before it failed may still tell something */
    if (run->length > 0)
        take_backtrace(order, triage, run);
    note(triage, "crash", run->good ? "ok" : "failed", run->reason, run->seconds);
    return run->good;
}

static void
read_stacks(const VitalsTriageOrder *order, VitalsTriage *triage, const VitalsVmcore *vmcore,
            int dump)
{
    g_autofree char *program = vitals_tool_find(order->crash);
    const char *release = NULL;
    g_autofree char *vmlinux = find_vmlinux(order, triage, vmcore, &release);

    if (!release)
        note(triage, "crash", "skipped",
             "the dump does not say which kernel it is of; lint rule CAP007", 0);
    else if (!program)
        note(triage, "crash", "missing", "crash is not installed", 0);
    else if (!vmlinux)
        note(triage, "crash", "skipped",
             "no vmlinux of that kernel in /usr/lib/debug, /lib/debug or VmlinuxPath: install its "
             "debug package",
             0);
    else if (run_crash(order, triage, program, vmlinux, dump) && !triage->release)
        triage->release = g_strdup(release);
}

/* ---- the whole ---- */

static guint
seconds_for(const VitalsTriageOrder *order)
{
    guint64 size = vitals_vmcore_size(order->path);

    return order->tool_seconds + (guint)MIN(size / BYTES_PER_SECOND, G_MAXINT32);
}

static void
refine(const VitalsTriageOrder *order, VitalsTriage *triage, const char *makedumpfile)
{
    const VitalsRefinement how = {
        .path = order->path,
        .makedumpfile = makedumpfile,
        .level = order->level,
        .keep_free = order->keep_free,
        .seconds = seconds_for(order),
    };
    VitalsRefined *refined = vitals_refine(&how);

    triage->refined = refined;
    note(triage, "makedumpfile",
         !*refined->reason   ? "ok"
         : !refined->skipped ? "failed"
         : makedumpfile      ? "skipped"
                             : "missing",
         refined->reason, refined->seconds);
}

static void
examine(const VitalsTriageOrder *order, VitalsTriage *triage, const char *makedumpfile)
{
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(order->path, NULL);
    int dump = open(order->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (vmcore && dump >= 0) {
        triage->release = g_strdup(vmcore->release);
        vitals_tool_lend(dump, FALSE);
        read_dmesg(order, triage, vmcore, makedumpfile, dump);
        read_stacks(order, triage, vmcore, dump);
        vitals_tool_take_back(dump);
    }
    if (dump >= 0)
        close(dump);
}

/* Which kernel it may be, where the guest left no word of it; of ELF before anything is compressed, of others behind
 * the refinement, which unfolds them. */
static void
guess_system(const VitalsTriageOrder *order, VitalsTriage *triage)
{
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(order->path, NULL);
    int dump;

    if (!vmcore || vmcore->release || vmcore->windows)
        return;
    dump = open(order->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (dump < 0)
        return;
    triage->guessed = vitals_banner_find(dump, order->tool_seconds, &triage->windows);
    close(dump);
}

/* By the dump, or by the definition as long as the dump says nothing else. */
static gboolean
is_windows(const VitalsTriageOrder *order, const VitalsTriage *triage, const VitalsVmcore *vmcore)
{
    if (vmcore->windows || triage->windows)
        return TRUE;
    return order->windows && !vmcore->release && !(triage->guessed && triage->guessed->len);
}

static void
leave_to_windows(VitalsTriage *triage, const VitalsVmcore *vmcore)
{
    static const char reason[] = "a Windows guest: the dump is left as it is";

    if (!g_str_equal(vmcore->format, "elf"))
        triage->advice = "A Windows guest: crash and makedumpfile cannot read it, and neither can "
                         "QEMU's elf2dmp in this format. "
                         "Let its next dump be ELF (DumpFormat=elf in its [Guest] section): "
                         "elf2dmp makes of that what WinDbg opens.";
    else if (vmcore->windows)
        triage->advice =
            "A Windows guest: crash and makedumpfile cannot read it. Convert the dump with QEMU's "
            "elf2dmp and open the "
            "result in WinDbg. Its driver for the vmcoreinfo device is at work, so that QEMU from "
            "6.2 with libvirt from "
            "7.4 can also write for WinDbg at once: 'virsh dump --memory-only --format win-dmp'.";
    else
        triage->advice = "A Windows guest: crash and makedumpfile cannot read it. Convert the dump "
                         "with QEMU's elf2dmp and open the "
                         "result in WinDbg. With <vmcoreinfo state='on'/> (lint rule CAP007) and "
                         "the fwcfg driver of virtio-win in "
                         "the guest the next one needs no guessing, and 'virsh dump --memory-only "
                         "--format win-dmp' works too.";
    triage->windows = TRUE;
    if (!triage->refined)
        note(triage, "makedumpfile", "skipped", reason, 0);
    note(triage, "crash", "skipped", reason, 0);
}

VitalsTriage *
vitals_triage_run(const VitalsTriageOrder *order)
{
    VitalsTriage *triage = g_new0(VitalsTriage, 1);
    g_autofree char *makedumpfile = vitals_tool_find(order->makedumpfile);
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(order->path, NULL);
    gboolean elf = vmcore && g_str_equal(vmcore->format, "elf");

    triage->tools = g_ptr_array_new_with_free_func(tool_free);
    if (elf)
        guess_system(order, triage);
    if (vmcore && is_windows(order, triage, vmcore)) {
        leave_to_windows(triage, vmcore);
        return triage;
    }
    refine(order, triage, makedumpfile);
    if (!elf)
        guess_system(order, triage);
    if (triage->windows)
        leave_to_windows(triage, vmcore);
    else
        examine(order, triage, makedumpfile);
    return triage;
}

static json_t *
text_json(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *
tools_json(const VitalsTriage *triage)
{
    json_t *array = json_array();

    for (guint i = 0; i < triage->tools->len; i++) {
        const VitalsTriageTool *tool = g_ptr_array_index(triage->tools, i);

        json_array_append_new(array, json_pack("{s:s, s:s, s:o, s:f}", "name", tool->name, "result",
                                               tool->result, "reason", text_json(tool->reason),
                                               "seconds", tool->seconds));
    }
    return array;
}

json_t *
vitals_triage_json(const VitalsTriage *triage)
{
    const VitalsRefined *refined = triage->refined;
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "release", text_json(triage->release), "panic",
                  text_json(triage->panic), "advice", text_json(triage->advice), "tools",
                  tools_json(triage), "dmesg_path", text_json(triage->dmesg ? "dmesg.txt" : NULL),
                  "backtrace_path", text_json(triage->backtrace ? "backtrace.txt" : NULL));

    if (triage->stacks)
        json_object_set_new(json, "stacks", vitals_stacks_json(triage->stacks));
    if (refined)
        json_object_set_new(json, "dump",
                            json_pack("{s:I, s:I, s:s}", "bytes_written",
                                      (json_int_t)refined->before, "bytes_stored",
                                      (json_int_t)refined->after, "readable", refined->readable));
    return json;
}
