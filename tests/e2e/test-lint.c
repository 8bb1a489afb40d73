/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/lab.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Lint beside a real libvirt: what it says of files, what is put in place of a definition, and the hook. */

/* A guest that has what lint wants, but for what a test puts in. It is never booted. */
#define GUEST(name, devices)                                                            \
    "<domain type='qemu'>\n  <name>" name "</name>\n  <memory unit='MiB'>64</memory>\n" \
    "  <os><type arch='x86_64' machine='q35'>hvm</type></os>\n"                         \
    "  <features><acpi/><vmcoreinfo state='on'/></features>\n"                          \
    "  <on_crash>preserve</on_crash>\n  <devices>\n"                                    \
    "    <memballoon model='virtio'><stats period='5'/></memballoon>\n"                 \
    "    <panic model='isa'/>\n" devices "  </devices>\n</domain>\n"
#define SERIAL "    <serial type='pty'><target port='0'/></serial>\n"

typedef struct {
    char *out;
    char *err;
    int status;
} Run;

static void
clear_run(Run *run)
{
    g_free(run->out);
    g_free(run->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, clear_run)

/* Runs a program with arguments ended by NULL. */
static Run
run(const char *program, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Run result = { 0 };
    int wait_status = 0;
    char *word;
    va_list list;

    g_ptr_array_add(argv, (gpointer)program);
    va_start(list, program);
    do {
        word = va_arg(list, char *);
        g_ptr_array_add(argv, word);
    } while (word);
    va_end(list);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &result.out,
                 &result.err, &wait_status, &error);
    g_assert_no_error(error);
    result.status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    return result;
}

#define virsh(...) run("virsh", "-q", "-c", vitals_lab_uri(), __VA_ARGS__, NULL)
#define lint(...) run(g_getenv("VIRT_VITALS"), "lint", "-c", vitals_lab_uri(), __VA_ARGS__, NULL)

static void
expect(const Run *run, int status, const char *part)
{
    if (run->status != status || !(strstr(run->out, part) || strstr(run->err, part)))
        g_error("status %d, no '%s' in: %s%s", run->status, part, run->out, run->err);
}

/* Returns: (transfer full): the path of a new file in the lab */
static char *
write_file(const char *name, const char *text, int mode)
{
    g_autofree char *path = g_build_filename(vitals_lab_directory(), name, NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
    return g_steal_pointer(&path);
}

static void
define_guest(const char *xml)
{
    g_autofree char *path = write_file("guest.xml", xml, 0644);
    g_auto(Run) defined = virsh("define", path);

    expect(&defined, 0, "");
}

/* What is in the only file of a directory. */
static char *
only_file(const char *directory)
{
    g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
    g_autofree char *path = NULL;
    char *text = NULL;

    g_assert_nonnull(entries);
    path = g_build_filename(directory, g_dir_read_name(entries), NULL);
    g_assert_null(g_dir_read_name(entries));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* A definition is changed when that is asked for in so many words, and what was there can be had back. */
static void
test_define(void)
{
    g_autofree char *state = g_build_filename(vitals_lab_directory(), "state", NULL);
    g_autofree char *backups = g_build_filename(state, "backups", NULL);
    g_autofree char *kept = NULL;

    define_guest(GUEST("vitals-define", SERIAL SERIAL));
    g_auto(Run) before = virsh("dumpxml", "--inactive", "--security-info", "vitals-define");
    g_auto(Run) found = lint("vitals-define");
    g_auto(Run) refused = lint("--fix", "--state-dir", state, "vitals-define");
    g_auto(Run) same = virsh("dumpxml", "--inactive", "--security-info", "vitals-define");
    g_auto(Run) done = lint("--fix", "--define", "--state-dir", state, "vitals-define");
    g_auto(Run) after = virsh("dumpxml", "--inactive", "vitals-define");
    g_auto(Run) again = lint("--fix", "--define", "--state-dir", state, "vitals-define");

    expect(&found, 1, "SER004");
    expect(&refused, 2, "guest 'vitals-define' is not changed without --define");
    g_assert_cmpstr(same.out, ==, before.out);
    expect(&done, 0, "guest 'vitals-define' is defined anew, for its next start");
    expect(&after, 0, "<target type='isa-serial' port='1'>");
    expect(&again, 0, "Applied 0 fixes in 0 definitions");
    kept = only_file(backups);
    g_assert_true(g_str_has_prefix(before.out, kept)); /* virsh adds a line's end */

    /* a transient guest has no definition to change */
    g_auto(Run) gone = virsh("undefine", "vitals-define");
    g_auto(Run) absent = lint("--fix", "--define", "--state-dir", state, "vitals-define");
    expect(&gone, 0, "");
    expect(&absent, 3, "cannot get guest 'vitals-define'");
}

/* libvirt's own validators say more than its schema; here two disks of one name. */
static void
test_refused(void)
{
    static const char disk[] =
        "    <disk type='file' device='disk'>\n      <driver name='qemu' type='raw'/>\n"
        "      <source file='/srv/%d.raw'/>\n      <target dev='vda' bus='virtio'/>\n    </disk>\n";
    g_autofree char *one = g_strdup_printf(disk, 1);
    g_autofree char *other = g_strdup_printf(disk, 2);
    g_autofree char *disks = g_strconcat(one, other, SERIAL, NULL);
    g_autofree char *bad = g_strdup_printf(GUEST("vitals-refused", "%s"), disks);
    g_autofree char *bad_path = write_file("refused.xml", bad, 0644);
    g_autofree char *good_path = write_file("accepted.xml", GUEST("vitals-good", SERIAL), 0644);
    g_auto(Run) alone = run(g_getenv("VIRT_VITALS"), "lint", "--select", "XML", bad_path, NULL);
    g_auto(Run) refused = lint("--select", "XML", bad_path);
    g_auto(Run) accepted = lint("--select", "XML", good_path);

    expect(&alone, 0, "0 errors, 0 warnings");
    expect(&refused, 1, "target 'vda' duplicated");
    g_assert_nonnull(strstr(refused.out, "[XML002 "));
    g_assert_null(strstr(refused.out, "[XML001 "));
    expect(&accepted, 0, "0 errors, 0 warnings");
    g_assert_null(strstr(accepted.out, "not evaluated"));
}

/* The hook as an administrator installs it, with a virt-vitals that reads this configuration. */
static void
install_hook(const char *blocks)
{
    g_autofree char *hooks =
        g_build_filename(vitals_lab_directory(), "etc", "hooks", "qemu.d", NULL);
    g_autofree char *bin = g_build_filename(vitals_lab_directory(), "bin", NULL);
    g_autofree char *config = g_strdup_printf("[Lint]\nHookBlocks=%s\n", blocks);
    g_autofree char *config_path = write_file("hook.conf", config, 0644);
    g_autofree char *program =
        g_strdup_printf("#!/bin/sh\nverb=$1\nshift\nexec %s \"$verb\" --config %s \"$@\"\n",
                        g_getenv("VIRT_VITALS"), config_path);
    g_autofree char *logger =
        g_strdup_printf("#!/bin/sh\ncat >>%s/hook.log\n", vitals_lab_directory());
    g_autofree char *hook = g_strdup_printf("#!/bin/sh\nPATH=%s:$PATH exec %s/contrib/libvirt-hook/"
                                            "virt-vitals \"$@\"\n",
                                            bin, g_getenv("VITALS_SOURCE_ROOT"));

    g_assert_cmpint(g_mkdir_with_parents(hooks, 0755), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(bin, 0755), ==, 0);
    g_free(write_file("bin/virt-vitals", program, 0755));
    g_free(write_file("bin/logger", logger, 0755));
    g_free(write_file("etc/hooks/qemu.d/50-virt-vitals", hook, 0755));
}

static void
check_hook_log(const char *part)
{
    g_autofree char *path = g_build_filename(vitals_lab_directory(), "hook.log", NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (!strstr(text, part))
        g_error("no '%s' in: %s", part, text);
}

/* libvirt asks the hook, shows what it says, and starts what it lets pass. */
static void
test_hook(void)
{
    install_hook("warning");
    vitals_lab_libvirtd("kill"); /* it looks for hooks when it starts */
    vitals_lab_libvirtd("restart");
    define_guest(GUEST("vitals-hook", "    <controller type='usb' model='none'/>\n" SERIAL
                                      "    <channel type='tcp'><source mode='bind' host='0.0.0.0' "
                                      "service='0'/><protocol type='raw'/><target type='virtio' "
                                      "name='com.example.x'/></channel>\n"));
    g_auto(Run) blocked = virsh("start", "--paused", "vitals-hook");
    expect(&blocked, 1, "the definition of 'vitals-hook' has findings that HookBlocks= refuses");
    g_assert_nonnull(strstr(blocked.err, "[SER012 "));

    install_hook("error");
    g_auto(Run) started = virsh("start", "--paused", "vitals-hook");
    g_auto(Run) state = virsh("domstate", "vitals-hook");
    expect(&started, 0, "");
    expect(&state, 0, "paused");
    check_hook_log("[SER012 ");
    g_auto(Run) destroyed = virsh("destroy", "vitals-hook");
    expect(&destroyed, 0, "");
}

static void
add_tests(void)
{
    g_test_add_func("/lint/define", test_define);
    g_test_add_func("/lint/refused", test_refused);
    g_test_add_func("/lint/hook", test_hook);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
