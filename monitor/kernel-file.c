/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kernel-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

/* All that small files hold, and more. */
#define SMALL_FILE 4096

/* A guest takes six to ten: one for each thread of its QEMU, and two. */
#define ROOM 65536

/* @descriptor: -1 while it is not open */
struct VitalsKernelFile {
    char *path;
    int descriptor;
};

/* How many are open; any thread. */
static gint open_files;

VitalsKernelFile *
vitals_kernel_file_new(char *path)
{
    VitalsKernelFile *file = g_new0(VitalsKernelFile, 1);

    file->path = path;
    file->descriptor = -1;
    return file;
}

static void
let_go(VitalsKernelFile *file)
{
    if (file->descriptor < 0)
        return;
    close(file->descriptor);
    file->descriptor = -1;
    g_atomic_int_add(&open_files, -1);
}

void
vitals_kernel_file_free(VitalsKernelFile *file)
{
    if (!file)
        return;
    let_go(file);
    g_free(file->path);
    g_free(file);
}

static gboolean
is_of_the_kernel(int descriptor)
{
    struct statfs info;

    return fstatfs(descriptor, &info) == 0 &&
           (info.f_type == PROC_SUPER_MAGIC || info.f_type == CGROUP_SUPER_MAGIC ||
            info.f_type == CGROUP2_SUPER_MAGIC);
}

/* Counts one more open file, if there is room for it. */
static gboolean
take_room(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FALSE;
    if ((rlim_t)g_atomic_int_add(&open_files, 1) < limit.rlim_cur / 2)
        return TRUE;
    g_atomic_int_add(&open_files, -1);
    return FALSE;
}

static char *
read_at_once(int descriptor)
{
    g_autofree char *text = g_malloc(SMALL_FILE);
    ssize_t length;

    do
        length = pread(descriptor, text, SMALL_FILE - 1, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return NULL;
    text[length] = '\0';
    return g_steal_pointer(&text);
}

char *
vitals_kernel_file_read(VitalsKernelFile *file)
{
    char *text;
    int descriptor;

    if (file->descriptor >= 0) {
        text = read_at_once(file->descriptor);
        if (!text) /* it was of something that has ended */
            let_go(file);
        return text;
    }
    descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    text = read_at_once(descriptor);
    if (text && is_of_the_kernel(descriptor) && take_room())
        file->descriptor = descriptor;
    else
        close(descriptor);
    return text;
}

guint
vitals_kernel_files_open(void)
{
    return (guint)g_atomic_int_get(&open_files);
}

void
vitals_kernel_files_make_room(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= ROOM)
        return;
    limit.rlim_cur = MIN(limit.rlim_max, ROOM);
    setrlimit(RLIMIT_NOFILE, &limit);
}
