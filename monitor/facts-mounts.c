/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-read.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* A line of /proc/self/mounts: two paths and the options, of which each takes a page at the most. */
#define MAX_LINE (3 * 4096)

/* File systems that hold no files of anybody's. */
static const char *const pseudo[] = {
    "proc",     "sysfs",     "cgroup",     "cgroup2", "devpts",   "mqueue",      "debugfs",
    "tracefs",  "bpf",       "securityfs", "fusectl", "configfs", "autofs",      "pstore",
    "efivarfs", "hugetlbfs", "rpc_pipefs", "nsfs",    "xenfs",    "binfmt_misc", NULL
};

/* Those that are on a disk of this host or in its memory, so that asking them does not block. */
static const char *const local[] = { "ext2",    "ext3",     "ext4",     "xfs",      "btrfs",
                                     "zfs",     "f2fs",     "vfat",     "tmpfs",    "ramfs",
                                     "overlay", "jfs",      "reiserfs", "bcachefs", "squashfs",
                                     "iso9660", "devtmpfs", NULL };

static gboolean
is_one_of(const char *word, const char *const *words)
{
    return g_strv_contains(words, word);
}

/* An overlay writes to the directory that is its upperdir. */
static char *
upper_directory(const struct mntent *mount)
{
    const char *option = hasmntopt(mount, "upperdir");
    const char *value = option ? strchr(option, '=') : NULL;

    return value ? g_strndup(value + 1, strcspn(value + 1, ",")) : NULL;
}

static gboolean
is_in_ram(const VitalsHostFacts *facts, const struct mntent *mount)
{
    g_autofree char *upper =
        g_str_equal(mount->mnt_type, "overlay") ? upper_directory(mount) : NULL;
    const VitalsHostFilesystem *below = upper ? vitals_host_facts_filesystem(facts, upper) : NULL;

    return g_str_equal(mount->mnt_type, "tmpfs") || g_str_equal(mount->mnt_type, "ramfs") ||
           g_str_has_prefix(mount->mnt_fsname, "/dev/zram") ||
           g_str_has_prefix(mount->mnt_fsname, "/dev/ram") || (below && below->is_ram);
}

static guint64
free_kib(const char *root, const struct mntent *mount)
{
    g_autofree char *full = g_build_filename(root, mount->mnt_dir, NULL);
    struct statvfs info;

    if (!is_one_of(mount->mnt_type, local) || statvfs(full, &info) != 0)
        return VITALS_FREE_UNKNOWN;
    return (guint64)info.f_bavail * info.f_frsize / 1024;
}

static void
add_mount(VitalsHostFacts *facts, const char *root, const struct mntent *mount)
{
    VitalsHostFilesystem filesystem = {
        .source = mount->mnt_fsname,
        .is_ram = is_in_ram(facts, mount),
        .is_read_only = hasmntopt(mount, MNTOPT_RO) != NULL,
        .free_kib = free_kib(root, mount),
    };

    vitals_host_facts_add_filesystem(facts, mount->mnt_dir, &filesystem);
}

/* "pagesize=2M", as the kernel shows it for each (hugetlbfs_show_options) */
static void
add_page_size(GString *sizes, const struct mntent *mount)
{
    const char *option = hasmntopt(mount, "pagesize");
    const char *value = option ? strchr(option, '=') : NULL;
    char *end = NULL;
    guint64 size = value ? g_ascii_strtoull(value + 1, &end, 10) : 0;

    if (size == 0)
        return;
    size *= *end == 'G' ? 1024 * 1024 : *end == 'M' ? 1024 : 1;
    g_string_append_printf(sizes, "%s%" G_GUINT64_FORMAT, sizes->len > 0 ? " " : "", size);
}

void
vitals_facts_collect_mounts(VitalsHostFacts *facts, const char *root)
{
    g_autofree char *path = g_build_filename(root, "proc/self/mounts", NULL);
    g_autofree char *line = g_malloc(MAX_LINE);
    FILE *mounts = setmntent(path, "re");
    GString *page_sizes;
    struct mntent mount;

    if (!mounts)
        return;
    page_sizes = g_string_new(NULL);
    while (getmntent_r(mounts, &mount, line, MAX_LINE)) {
        if (g_str_equal(mount.mnt_type, "hugetlbfs"))
            add_page_size(page_sizes, &mount);
        if (!is_one_of(mount.mnt_type, pseudo) && *mount.mnt_dir == '/')
            add_mount(facts, root, &mount);
    }
    endmntent(mounts);
    facts->words[VITALS_HOST_HUGETLBFS] = g_string_free(page_sizes, FALSE);
}
