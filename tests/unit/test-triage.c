/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/triage.h"
#include "monitor/tool.h"
#include "monitor/vmcore.h"
#include "monitor/vmlinux.h"
#include "tests/unit/program.h"

#include <elf.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tools that do what they should, fail, lie, flood and hang; all of them are shell scripts. */

#define INFO "OSRELEASE=6.1.0-test\nBUILD-ID=00112233445566778899aabbccddeeff00112233\n"

static void
write_script(const char *name, const char *body)
{
    g_autofree char *text = g_strconcat("#!/bin/sh\n", body, "\n", NULL);

    g_assert_true(
        g_file_set_contents_full(name, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));
}

static char *
here(const char *name)
{
    g_autofree char *directory = g_get_current_dir();

    return g_build_filename(directory, name, NULL);
}

/* ---- one tool ---- */

static VitalsToolRun *
run(const char *body, guint seconds)
{
    g_autofree char *path = here("tool");
    const char *const argv[] = { path, "an argument", NULL };
    int dump = open("dump", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const VitalsTool tool = {
        .argv = argv,
        .fds = &dump,
        .n_fds = 1,
        .input = "what to do\n",
        .output_max = 1000,
        .memory = G_GUINT64_CONSTANT(1) << 30,
        .file_size = 4096,
        .seconds = seconds,
    };
    VitalsToolRun *result;

    write_script("tool", body);
    vitals_tool_lend(dump, FALSE);
    result = vitals_tool_run(&tool);
    vitals_tool_take_back(dump);
    close(dump);
    return result;
}

static void
check_run(const char *body, const char *output, const char *reason)
{
    g_autoptr(VitalsToolRun) result = run(body, 20);

    g_assert_cmpstr(result->output, ==, output);
    g_assert_cmpstr(result->reason, ==, reason);
    g_assert_cmpint(result->good, ==, !*reason);
    g_assert_false(result->late);
}

static void
test_runs(void)
{
    g_assert_true(g_file_set_contents("dump", "memory", -1, NULL));
    check_run("echo $1; cat; cat /proc/self/fd/3", "an argument\nwhat to do\nmemory", "");
    check_run("echo out; echo err >&2", "out\nerr\n", "");
    check_run("echo 'it \033[2Jwent wrong' >&2; exit 3", "it \033[2Jwent wrong\n",
              "exit status 3: it \\x1b[2Jwent wrong");
    check_run("kill -9 $$", "", "killed by signal 9");
    check_run("exit 1", "", "exit status 1");
}

/* What it may not do. */
static void
test_confined(void)
{
    struct stat info;

    check_run("nice", "19\n", "");
    check_run("ulimit -v; ulimit -f", "1048576\n8\n", "");
    if (geteuid() != 0)
        return;
    check_run("grep -c : /proc/net/dev", "1\n", ""); /* its own lo */
    check_run("id -u; id -G", "65534\n65534\n", "");
    check_run("(echo no >/proc/self/fd/3) 2>/dev/null || echo kept", "kept\n", "");
    g_assert_cmpint(stat("dump", &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_assert_cmpint(info.st_gid, ==, 0);
}

static void
test_floods(void)
{
    g_autoptr(VitalsToolRun) result = run("yes | head -c 3000000", 20);

    g_assert_true(result->good);
    g_assert_cmpuint(result->length, ==, 1000);
}

/* Killed at its deadline with all that it started. */
static void
test_hangs(void)
{
    g_autoptr(VitalsToolRun) result = run("sleep 61 & sleep 62", 1);
    g_autoptr(VitalsToolRun) closed = run("exec >/dev/null 2>&1; sleep 63", 1);

    g_assert_true(result->late && closed->late);
    g_assert_cmpstr(result->reason, ==, "killed, as it did not end within 1 s");
    g_assert_cmpfloat(result->seconds, <, 4);
    /* one that ends and leaves others behind with its output open */
    vitals_tool_run_free(g_steal_pointer(&result));
    result = run("sleep 64 & exit 0", 1);
    g_assert_cmpfloat(result->seconds, <, 4);
}

static void
test_not_there(void)
{
    const char *const argv[] = { "/nonexistent/tool", NULL };
    const VitalsTool tool = { .argv = argv, .memory = 1 << 30, .seconds = 1 };
    g_autoptr(VitalsToolRun) result = vitals_tool_run(&tool);

    g_assert_false(result->good);
    g_assert_cmpstr(result->reason, !=, "");
    g_assert_null(vitals_tool_find("no-such-program-anywhere"));
    g_assert_null(vitals_tool_find("none"));
}

/* ---- the whole ---- */

/* An ELF dump with vmcoreinfo and @size bytes of memory. */
static void
write_dump(const char *path, const char *info, gsize size)
{
    static const char name[] = "VMCOREINFO";
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree guint8 *memory = g_malloc0(size);
    gsize length = strlen(info);
    Elf64_Nhdr note = { .n_namesz = sizeof name, .n_descsz = (guint32)length };
    Elf64_Phdr segments[2] = {
        { .p_type = PT_NOTE, .p_filesz = sizeof note + 12 + (length + 3) / 4 * 4 },
        { .p_type = PT_LOAD, .p_filesz = size },
    };
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                       ELFDATA2LSB },
                          .e_type = ET_CORE,
                          .e_phoff = sizeof header,
                          .e_ehsize = sizeof header,
                          .e_phentsize = sizeof segments[0],
                          .e_phnum = 2 };

    segments[0].p_offset = sizeof header + sizeof segments;
    segments[1].p_offset = segments[0].p_offset + segments[0].p_filesz;
    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    g_byte_array_append(bytes, (const guint8 *)segments, sizeof segments);
    g_byte_array_append(bytes, (const guint8 *)&note, sizeof note);
    g_byte_array_append(bytes, (const guint8 *)"VMCOREINFO\0\0", 12);
    g_byte_array_append(bytes, (const guint8 *)info, (guint)length);
    g_byte_array_append(bytes, (const guint8 *)"\0\0\0", (guint)(-length % 4));
    g_byte_array_append(bytes, memory, (guint)size);
    test_write_file(path, bytes->data, bytes->len);
}

static json_t *
triage(const char *makedumpfile, const char *crash)
{
    g_autofree char *path = here("vmcore");
    g_autofree char *directory = here(".");
    VitalsTriageOrder order = {
        .path = path,
        .makedumpfile = (char *)makedumpfile,
        .crash = (char *)crash,
        .vmlinux_path = directory,
        .level = 31,
        .tool_seconds = 1,
    };
    g_autoptr(VitalsTriage) result = NULL;

    g_unlink("dmesg.txt");
    g_unlink("backtrace.txt");
    write_dump("vmcore", INFO, 100000);
    result = vitals_triage_run(&order);
    return vitals_triage_json(result);
}

static const char *
text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text ? text : "";
}

/* A tool's result, or its reason. */
static const char *
tool_of(const json_t *json, const char *name, const char *key)
{
    gsize i;
    json_t *tool;

    json_array_foreach(json_object_get(json, "tools"), i, tool)
    {
        if (g_str_equal(text_of(tool, "name"), name))
            return text_of(tool, key);
    }
    return "";
}

/* The stored dump is the one that was written. */
static void
check_kept(const json_t *json)
{
    g_autoptr(VitalsVmcore) vmcore = vitals_vmcore_inspect("vmcore", NULL);

    g_assert_nonnull(vmcore);
    g_assert_cmpuint(vmcore->bytes, >, 100000);
    g_assert_cmpint(
        json_integer_value(json_object_get(json_object_get(json, "dump"), "bytes_stored")), ==,
        (gint64)vmcore->bytes);
    g_assert_false(g_file_test("vmcore.new", G_FILE_TEST_EXISTS));
}

/* Does as makedumpfile does; a "smaller" dump stands ready. */
#define GOOD_FILTER                                                                    \
    "if [ $2 = --dump-dmesg ]; then\n"                                                 \
    "  printf 'boot\\033[2J\\n[ 1.0] Kernel panic - not syncing: oh \\033no\\n' >$4\n" \
    "else cat \"$(dirname $0)/small\" >$6; fi"

static void
test_good(void)
{
    g_autofree char *filter = here("makedumpfile");
    g_autofree char *crash = here("crash");
    g_autofree char *dmesg = NULL;
    g_autofree char *stacks = NULL;
    json_t *json;
    struct stat info;

    write_script("makedumpfile", GOOD_FILTER);
    write_script("crash", "echo \"$1 $2 $3\"; cat; printf '\\033[2J'");
    write_dump("small", INFO, 10);
    g_assert_cmpint(g_chmod("small", 0644), ==, 0);
    g_assert_true(g_file_set_contents("vmlinux-6.1.0-test", "no ELF", -1, NULL));
    json = triage(filter, crash);
    g_assert_cmpstr(text_of(json, "release"), ==, "6.1.0-test");
    g_assert_cmpstr(text_of(json, "panic"), ==, "oh \\x1bno");
    g_assert_cmpstr(tool_of(json, "makedumpfile", "result"), ==, "ok");
    g_assert_cmpstr(tool_of(json, "dmesg", "result"), ==, "ok");
    g_assert_cmpint(stat("vmcore", &info), ==, 0);
    g_assert_cmpint(info.st_size, <, 1000);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_assert_cmpint((int)info.st_uid, ==, (int)geteuid());
    g_assert_true(g_file_get_contents("dmesg.txt", &dmesg, NULL, NULL));
    g_assert_cmpstr(dmesg, ==, "boot\\x1b[2J\n[ 1.0] Kernel panic - not syncing: oh \\x1bno\n");
    /* the build id is another one */
    g_assert_cmpstr(tool_of(json, "crash", "result"), ==, "skipped");
    g_assert_false(g_file_test("backtrace.txt", G_FILE_TEST_EXISTS));
    json_decref(json);
}

/* A vmlinux with that build id. */
static void
write_vmlinux(const char *path)
{
    static const guint8 id[20] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                                   0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33 };
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        Elf64_Nhdr note;
        char name[4];
        guint8 id[20];
    } file = {
        .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
                    .e_phoff = sizeof file.header,
                    .e_phnum = 1 },
        .segment = { .p_type = PT_NOTE,
                     .p_offset = sizeof file.header + sizeof file.segment,
                     .p_filesz = sizeof file.note + 4 + sizeof id },
        .note = { .n_namesz = 4, .n_descsz = sizeof id, .n_type = NT_GNU_BUILD_ID },
        .name = "GNU",
    };

    memcpy(file.id, id, sizeof id);
    test_write_file(path, &file, sizeof file);
}

static void
test_crash(void)
{
    g_autofree char *crash = here("crash");
    g_autofree char *vmlinux = here("./vmlinux-6.1.0-test");
    g_autofree char *expected = NULL;
    g_autofree char *stacks = NULL;
    json_t *json;

    write_script("crash", "echo \"$1 $2 $3\"; grep bt; echo '       PANIC: \"oh no\"'; "
                          "printf '\\033[2J'");
    write_vmlinux("vmlinux-6.1.0-test");
    json = triage("none", crash);
    g_assert_cmpstr(tool_of(json, "makedumpfile", "result"), ==, "missing");
    g_assert_cmpstr(tool_of(json, "dmesg", "result"), ==, "missing");
    g_assert_cmpstr(tool_of(json, "crash", "result"), ==, "ok");
    g_assert_cmpstr(text_of(json, "backtrace_path"), ==, "backtrace.txt");
    g_assert_cmpstr(text_of(json, "panic"), ==, "\"oh no\"");
    g_assert_true(g_file_get_contents("backtrace.txt", &stacks, NULL, NULL));
    expected = g_strconcat("-s ", vmlinux,
                           " /proc/self/fd/3\nbt -a\nforeach UN bt\n"
                           "       PANIC: \"oh no\"\n\\x1b[2J",
                           NULL);
    g_assert_cmpstr(stacks, ==, expected);
    check_kept(json);
    json_decref(json);
}

/* Without vmcoreinfo: the banner in its memory tells the release, crash that it is true, and its log. */
static void
test_banner(void)
{
    static const char banner[] = "Linux version 6.1.0-test (a@b) (gcc) #1 SMP\n";
    g_autofree char *path = here("vmcore");
    g_autofree char *directory = here(".");
    g_autofree char *crash = here("crash");
    VitalsTriageOrder order = { .path = path,
                                .makedumpfile = (char *)"none",
                                .crash = crash,
                                .vmlinux_path = directory,
                                .tool_seconds = 1 };
    const char *const answers[] = { "exit 0", "exit 1" };

    write_vmlinux("vmlinux-6.1.0-test");
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *body =
            g_strconcat("echo 'PID: 7  TASK: ffff0  CPU: 0  COMMAND: \"t\"'\n"
                        "echo '$1 = 9223372036854775807'\n"
                        "echo '[ 1.0] Kernel panic - not syncing: oh no'\n"
                        "echo '[ 1.1] ---[ end Kernel panic - not syncing: oh no ]---'\n",
                        answers[i], NULL);
        g_autoptr(VitalsTriage) result = NULL;
        g_autofree char *dmesg = NULL;
        int fd;

        write_script("crash", body);
        write_dump("vmcore", "", 100000);
        fd = open("vmcore", O_WRONLY);
        g_assert_cmpint(pwrite(fd, banner, sizeof banner, 50000), ==, sizeof banner);
        close(fd);
        result = vitals_triage_run(&order);
        g_assert_cmpstr(result->release, ==, i == 0 ? "6.1.0-test" : NULL);
        g_assert_cmpstr(result->panic, ==, "oh no");
        g_assert_cmpuint(result->stacks->len, ==, 1);
        g_assert_true(g_file_get_contents("dmesg.txt", &dmesg, NULL, NULL));
        g_assert_true(g_str_has_prefix(dmesg, "[ 1.0]"));
        g_assert_cmpint(g_unlink("dmesg.txt"), ==, 0);
    }
}

/* What a filter does wrong must not cost the dump. */
static void
test_bad_filters(void)
{
    static const struct {
        const char *body;
        const char *reason;
    } cases[] = {
        { "exit 1", "makedumpfile: exit status 1" },
        { "sleep 60", "makedumpfile: killed, as it did not end within 1 s" },
        { "echo garbage garbage garbage >$6", "the file is no ELF and no kdump" },
        { ": >$6", "the dump is empty" },
        { "head -c 500 \"$(dirname $0)/small\" >$6", "the dump ends before its last segment" },
        { "cat \"$(dirname $0)/other\" >$6", "the new dump does not tell of the same kernel" },
    };
    g_autofree char *filter = here("makedumpfile");

    write_dump("small", INFO, 5000);
    write_dump("other", "OSRELEASE=5.0\n", 10);
    g_assert_cmpint(g_chmod("small", 0644), ==, 0);
    g_assert_cmpint(g_chmod("other", 0644), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json;

        write_script("makedumpfile", cases[i].body);
        json = triage(filter, "none");
        g_assert_cmpstr(tool_of(json, "makedumpfile", "result"), ==, "failed");
        g_assert_cmpstr(tool_of(json, "makedumpfile", "reason"), ==, cases[i].reason);
        check_kept(json);
        json_decref(json);
    }
}

/* By the header that its driver leaves, by its kernel in memory, or by its definition; a dump that is of Linux is
 * believed more than that, also where Windows is talked of. */
static void
test_windows(void)
{
    static const struct {
        const char *info;
        gboolean defined;
        const char *advice;
    } rows[] = {
        { "PAGEDU64 and so on", FALSE, "at work" },
        { "PAGEDUMP and so on", FALSE, "at work" },
        { "RSDS0123456789abcdef\1..1ntkrnlmp.pdb", FALSE, "fwcfg driver" },
        { "RSDS0123456789abcdef\1..1ntkrnlmp.exe", FALSE, "" },
        { "nothing that is known", FALSE, "" },
        { "nothing that is known", TRUE, "fwcfg driver" },
        { INFO, TRUE, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = here("vmcore");
        VitalsTriageOrder order = {
            .path = path,
            .makedumpfile = (char *)"none",
            .crash = (char *)"none",
            .vmlinux_path = (char *)"",
            .tool_seconds = 5,
            .windows = rows[i].defined,
        };
        g_autoptr(VitalsTriage) result = NULL;

        write_dump("vmcore", rows[i].info, 100000);
        result = vitals_triage_run(&order);
        g_test_message("%s: %s", rows[i].info, result->advice ? result->advice : "none");
        g_assert_cmpint(result->windows, ==, *rows[i].advice != '\0');
        g_assert_true(!*rows[i].advice || strstr(result->advice, rows[i].advice));
        g_assert_true(result->windows == !result->refined);
    }
}

/* What the dump says becomes a part of a path. */
static void
test_vmlinux(void)
{
    static const char *const odd[] = { "",     "..",       "../../etc/passwd", "a/b",
                                       "%s%n", "6.1\n6.1", ".hidden" };
    g_autofree char *directory = here(".");
    char *const directories[] = { directory, NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
        g_assert_null(vitals_vmlinux_find(directories, odd[i], NULL));
    write_vmlinux("vmlinux-6.1.0-other");
    {
        g_autofree char *found = vitals_vmlinux_find(directories, "6.1.0-other", NULL);
        g_autofree char *id = vitals_vmlinux_build_id("vmlinux-6.1.0-other");

        g_assert_nonnull(found);
        g_assert_cmpstr(id, ==, "00112233445566778899aabbccddeeff00112233");
        g_assert_null(vitals_vmlinux_find(directories, "6.1.0-other", "ffffffffffffffffffff"));
    }
    g_assert_null(vitals_vmlinux_build_id("nothing"));
    g_assert_null(vitals_vmlinux_build_id("/"));
}

int
main(int argc, char **argv)
{
    g_autofree char *directory = g_dir_make_tmp("test-triage-XXXXXX", NULL);
    int status;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(g_chdir(directory), ==, 0);
    g_assert_cmpint(g_chmod(directory, 0755), ==, 0); /* for nobody's scripts */
    g_test_add_func("/tool/runs", test_runs);
    g_test_add_func("/tool/confined", test_confined);
    g_test_add_func("/tool/floods", test_floods);
    g_test_add_func("/tool/hangs", test_hangs);
    g_test_add_func("/tool/not-there", test_not_there);
    g_test_add_func("/triage/good", test_good);
    g_test_add_func("/triage/crash", test_crash);
    g_test_add_func("/triage/banner", test_banner);
    g_test_add_func("/triage/bad-filters", test_bad_filters);
    g_test_add_func("/triage/windows", test_windows);
    g_test_add_func("/triage/vmlinux", test_vmlinux);
    status = g_test_run();
    g_assert_cmpint(g_chdir("/"), ==, 0);
    test_remove_tree(directory);
    return status;
}
