/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-console HEALTHY [CRASHES...]: how many MB/s of console the engine reads on one core, beside
 * `grep -c -F -f` and `rg -c -F -f` with the same literals. HEALTHY is the log of a guest's boot, repeated to
 * 256 MB; "-" makes one from templates. CRASHES are files or folders of them, repeated to 32 MB. Numbers
 * for people, not a test: tests/bench/console boots a guest for it, `meson test --benchmark -v console`
 * does without.
 */
#include "config/signatures.h"
#include "probes/console/console.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

enum { HEALTHY = 256 * 1000 * 1000, CRASHES = 32 * 1000 * 1000, CHUNK = 128 * 1024, BEST_OF = 3 };

/* Kinds of lines a healthy guest writes; %u differ. */
static const char *const templates[] = {
    "[%5u.%06u] pci 0000:00:%02u.0: [1af4:1000] type 00 class 0x020000\n",
    "[%5u.%06u] systemd[1]: Started gizmo-%u.service - Gizmo daemon.\n",
    "[%5u.%06u] EXT4-fs (vda%u): re-mounted. Quota mode: none.\n",
    "[%5u.%06u] audit: type=1400 audit(1700000000.%u:12): apparmor=\"STATUS\" "
    "operation=\"profile_load\"\n",
    "[%5u.%06u] virtio_net virtio%u eth0: renamed from eth1\n",
    "[  OK  ] Finished gizmo-prepare@%u.%u.%u.service - Prepare the gizmo.\n",
    "gizmod[%u]: 192.168.%u.%u GET /door HTTP/1.1 200 in 13 ms\n",
    "[%5u.%06u] usb 1-%u: New USB device found, idVendor=0627, idProduct=0001, bcdDevice= 0.00\n",
};

static void
make_healthy(GString *out)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint i = 0; out->len < HEALTHY; i++) {
        const char *format = templates[g_rand_int_range(random, 0, G_N_ELEMENTS(templates))];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        g_string_append_printf(out, format, i / 1000, i % 1000 * 1000,
                               (guint)g_rand_int_range(random, 0, 250));
#pragma GCC diagnostic pop
    }
}

/* Processor time, as others may want the core meanwhile. */
static double
spent(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
scan(VitalsSignatures *signatures, const char *bytes, gsize length, guint *ret_reports)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, NULL, NULL);
    double begin = spent(RUSAGE_SELF);

    for (gsize at = 0; at < length; at += CHUNK)
        vitals_console_feed(console, bytes + at, MIN(CHUNK, length - at), 0);
    vitals_console_finish(console);
    *ret_reports = vitals_console_reports(console)->len;
    return spent(RUSAGE_SELF) - begin;
}

static double
run_tool(const char *tool, const char *literals, const char *log)
{
    g_autofree char *command =
        g_strdup_printf("LC_ALL=C exec %s -c -F -f %s %s", tool, literals, log);
    const char *const argv[] = { "sh", "-c", command, NULL };
    g_autofree char *count = NULL;
    double begin = spent(RUSAGE_CHILDREN);

    /* into a pipe: GNU grep stops at the first match if its output is /dev/null */
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &count, NULL, NULL,
                 NULL);
    return spent(RUSAGE_CHILDREN) - begin;
}

static void
measure(VitalsSignatures *signatures, const char *name, const char *literals, const GString *bytes)
{
    g_autofree char *log = g_strconcat(literals, ".log", NULL);
    g_autofree char *rg = g_find_program_in_path("rg");
    double megabytes = (double)bytes->len / 1e6;
    double ours = G_MAXDOUBLE;
    double grep = G_MAXDOUBLE;
    double ripgrep = G_MAXDOUBLE;
    guint reports = 0;

    g_file_set_contents(log, bytes->str, (gssize)bytes->len, NULL);
    for (int round = 0; round < BEST_OF; round++) {
        ours = MIN(ours, scan(signatures, bytes->str, bytes->len, &reports));
        grep = MIN(grep, run_tool("grep -a", literals, log));
        if (rg)
            ripgrep = MIN(ripgrep, run_tool("rg -a -j1", literals, log));
    }
    g_unlink(log);
    g_print("%-20.20s %5.0f %8.0f %8.0f %8.0f %11.2f %8u\n", name, megabytes, megabytes / ours,
            megabytes / grep, rg ? megabytes / ripgrep : 0.0, ours / grep, reports);
}

/* Appends a file, or all files of a folder. */
static void
append_path(GString *bytes, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autofree char *contents = NULL;
    const char *name;
    gsize length;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (!g_str_has_suffix(name, ".expect"))
            append_path(bytes, file);
    }
    if (!dir && g_file_get_contents(path, &contents, &length, NULL))
        g_string_append_len(bytes, contents, (gssize)length);
}

static void
repeat(GString *bytes, gsize size)
{
    gsize once = bytes->len;

    while (once > 0 && bytes->len < size)
        g_string_append_len(bytes, bytes->str, (gssize)once);
}

static void
write_literals(const VitalsSignatures *signatures, const char *path)
{
    const GPtrArray *all = vitals_signatures_literals(signatures);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < all->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(all, i));
    g_file_set_contents(path, text->str, -1, NULL);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);
    g_autoptr(VitalsSignatures) signatures = items ? vitals_signatures_new(items, &error) : NULL;
    g_autofree char *folder = g_dir_make_tmp("bench-console-XXXXXX", NULL);
    g_autofree char *literals = g_build_filename(folder, "literals", NULL);

    g_assert_no_error(error);
    write_literals(signatures, literals);
    g_print("%-20s %5s %8s %8s %8s %11s %8s\n", "MB/s of one core", "MB", "engine", "grep -F",
            "rg -F", "time/grep's", "reports");
    for (int i = 1; i < argc; i++) {
        g_autoptr(GString) bytes = g_string_sized_new(HEALTHY + 1024);
        g_autofree char *name = g_path_get_basename(argv[i]);

        if (i == 1 && g_str_equal(argv[i], "-"))
            make_healthy(bytes);
        else
            append_path(bytes, argv[i]);
        repeat(bytes, i == 1 ? HEALTHY : CRASHES);
        if (bytes->len > 0)
            measure(signatures, i == 1 ? "(a) healthy" : name, literals, bytes);
    }
    g_unlink(literals);
    g_rmdir(folder);
    return 0;
}
