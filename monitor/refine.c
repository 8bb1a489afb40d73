/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/refine.h"
#include "monitor/capture-space.h"
#include "monitor/elf-headers.h"
#include "monitor/file-bytes.h"
#include "monitor/kdump-flat.h"
#include "monitor/kdump.h"
#include "monitor/tool.h"
#include "monitor/vmcore.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Without vmcoreinfo makedumpfile can leave out zeros alone. */
#define LEVEL_ZEROS 1

#define OUTPUT_MAX ((gsize)16 * 1024)

void
vitals_refined_free(VitalsRefined *refined)
{
    if (!refined)
        return;
    g_free(refined->reason);
    g_free(refined);
}

static gboolean
fail(GError **error, const char *what, int number)
{
    g_set_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_READ, "%s: %s", what,
                g_strerror(number));
    return FALSE;
}

/* How many bytes more may be written there. */
static guint64
room_beside(const VitalsRefinement *how)
{
    g_autofree char *directory = g_path_get_dirname(how->path);
    guint64 available = vitals_space_free(directory);

    return available > how->keep_free ? available - how->keep_free : 0;
}

/* A new file beside the dump. Returns: its descriptor, or -1 */
static int
open_beside(const VitalsRefinement *how, char **ret_path, GError **error)
{
    g_autofree char *path = g_strconcat(how->path, ".new", NULL);
    int fd;

    unlink(path); /* of a daemon that was killed over it */
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        fail(error, "no file for a smaller dump", errno);
    *ret_path = g_steal_pointer(&path);
    return fd;
}

/* Whether the new file is a whole dump of the same kernel; then it takes the old one's place. */
static gboolean
replace(const VitalsRefinement *how, const VitalsVmcore *old, int fd, const char *path,
        GError **error)
{
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(path, error);
    g_autofree char *directory = g_path_get_dirname(path);
    int folder;

    if (!vmcore)
        return FALSE;
    if (vmcore->vmcoreinfo != old->vmcoreinfo || g_strcmp0(vmcore->release, old->release) != 0) {
        g_set_error_literal(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT,
                            "the new dump does not tell of the same kernel");
        return FALSE;
    }
    if (fsync(fd) < 0 || rename(path, how->path) < 0)
        return fail(error, "cannot replace the dump", errno);
    folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    return TRUE;
}

/* ---- readable ---- */

static gboolean
write_whole(const VitalsRefinement *how, int from, int to, guint64 size, GError **error)
{
    VitalsKdumpRepairs repairs;

    /* what is unfolded is as large as what is folded, but for the pieces' own headers and holes */
    return vitals_kdump_unflatten(from, to, MIN(size, room_beside(how)), error) &&
           vitals_kdump_repair(to, &repairs, error);
}

static gboolean
rearrange(const VitalsRefinement *how, const VitalsVmcore *vmcore, int from, GError **error)
{
    g_autofree char *path = NULL;
    int to = open_beside(how, &path, error);
    gboolean good = to >= 0 && write_whole(how, from, to, vmcore->bytes, error) &&
                    replace(how, vmcore, to, path, error);

    if (to >= 0) {
        close(to);
        if (!good)
            unlink(path);
    }
    return good;
}

static gboolean
is_flat(int fd)
{
    char signature[sizeof VITALS_FLAT_SIGNATURE - 1];

    return vitals_bytes_read(fd, 0, signature, sizeof signature) &&
           memcmp(signature, VITALS_FLAT_SIGNATURE, sizeof signature) == 0;
}

static gboolean
make_readable(const VitalsRefinement *how, const VitalsVmcore *vmcore, VitalsRefined *refined,
              GError **error)
{
    int fd = open(how->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    gboolean moved = FALSE;
    gboolean good = TRUE;

    if (fd < 0)
        return fail(error, "cannot open the dump", errno);
    if (g_str_equal(vmcore->format, "elf")) {
        good = vitals_elf_move_headers(fd, &moved, error);
        refined->readable = moved ? "program headers moved to where makedumpfile looks" : "";
    } else if (is_flat(fd)) {
        good = rearrange(how, vmcore, fd, error);
        refined->readable = good ? "rearranged from the flattened form" : "";
    }
    close(fd);
    return good;
}

/* ---- small ---- */

static gboolean
run_filter(const VitalsRefinement *how, guint level, int from, int to, guint64 limit,
           GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", level);
    const char *const argv[] = { how->makedumpfile, "-f", "-c", "-d", number, "/proc/self/fd/3",
                                 "/proc/self/fd/4", NULL };
    const int fds[] = { from, to };
    const VitalsTool tool = {
        .argv = argv,
        .fds = fds,
        .n_fds = G_N_ELEMENTS(fds),
        .output_max = OUTPUT_MAX,
        .memory = VITALS_MAKEDUMPFILE_MEMORY,
        .file_size = limit,
        .seconds = how->seconds,
    };
    g_autoptr(VitalsToolRun) run = NULL;

    vitals_tool_lend(from, FALSE);
    vitals_tool_lend(to, TRUE);
    run = vitals_tool_run(&tool);
    vitals_tool_take_back(from);
    vitals_tool_take_back(to);
    if (!run->good)
        g_set_error(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_READ, "makedumpfile: %s",
                    run->reason);
    return run->good;
}

/* One that did not become smaller is of no use. */
static gboolean
is_smaller(int fd, guint64 than, GError **error)
{
    guint64 size = 0;

    if (vitals_bytes_size(fd, &size) && size < than)
        return TRUE;
    g_set_error_literal(error, VITALS_VMCORE_ERROR, VITALS_VMCORE_ERROR_FORMAT,
                        "filtered, it would not be smaller");
    return FALSE;
}

static gboolean
filter(const VitalsRefinement *how, const VitalsVmcore *vmcore, GError **error)
{
    guint level = vmcore->vmcoreinfo ? how->level : MIN(how->level, LEVEL_ZEROS);
    guint64 limit = MIN(vmcore->bytes, room_beside(how));
    g_autofree char *path = NULL;
    int from = open(how->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int to = from >= 0 ? open_beside(how, &path, error) : -1;
    gboolean good;

    if (from < 0)
        return fail(error, "cannot open the dump", errno);
    good = to >= 0 && run_filter(how, level, from, to, limit, error) &&
           is_smaller(to, vmcore->bytes, error) && replace(how, vmcore, to, path, error);
    close(from);
    if (to >= 0) {
        close(to);
        if (!good)
            unlink(path);
    }
    return good;
}

/* Why there is nothing to filter; NULL if there is. */
static const char *
no_filter(const VitalsRefinement *how, const VitalsVmcore *vmcore)
{
    if (how->level == 0)
        return "not asked for (FilterLevel)";
    if (!how->makedumpfile)
        return "makedumpfile is not installed";
    if (!vmcore->vmcoreinfo && !g_str_equal(vmcore->format, "elf"))
        return "it has no vmcoreinfo, without which no more can be left out of it";
    return NULL;
}

VitalsRefined *
vitals_refine(const VitalsRefinement *how)
{
    VitalsRefined *refined = g_new0(VitalsRefined, 1);
    gint64 began = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect(how->path, &error);
    const char *why = vmcore ? no_filter(how, vmcore) : NULL;

    refined->readable = "";
    if (vmcore) {
        refined->before = refined->after = vmcore->bytes;
        if (make_readable(how, vmcore, refined, &error) && !why)
            filter(how, vmcore, &error);
    }
    if (vmcore)
        refined->after = vitals_vmcore_size(how->path);
    refined->skipped = why && !error;
    refined->reason = vitals_text_printable(error ? error->message : why ? why : "", -1);
    refined->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    return refined;
}
