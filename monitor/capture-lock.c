/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture-lock.h"
#include "monitor/capture.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* A line in the file: a process id and a guest's label. */
#define HOLDER_MAX 512

struct VitalsCaptureLock {
    int fd;
};

/* Who holds it, by what stands in the file; whoever can write there may have put anything. */
static char *
read_holder(int fd)
{
    g_autofree char *bytes = g_malloc(HOLDER_MAX);
    ssize_t got = pread(fd, bytes, HOLDER_MAX, 0);

    return got > 0 ? vitals_text_printable(bytes, (gssize)strnlen(bytes, (gsize)got))
                   : g_strdup("another process");
}

/* Only those who wait for us read it: a disk that is too full for a line must not cost the dump. */
static void
write_holder(int fd, const char *label)
{
    g_autofree char *line =
        g_strdup_printf("process %d, which dumps %.*s", (int)getpid(), HOLDER_MAX / 2, label);

    if (ftruncate(fd, 0) < 0 || pwrite(fd, line, strlen(line), 0) < 0)
        g_debug("capture.lock: %s", g_strerror(errno));
}

VitalsCaptureLock *
vitals_capture_lock_try(const char *state_dir, const char *label, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "capture.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    VitalsCaptureLock *lock;

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        g_autofree char *holder = fd >= 0 && errno == EWOULDBLOCK ? read_holder(fd) : NULL;

        if (holder)
            g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_HELD,
                        "another dump has its turn: %s is held by %s", path, holder);
        else
            g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LOCK,
                        "cannot lock %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    write_holder(fd, label);
    lock = g_new0(VitalsCaptureLock, 1);
    lock->fd = fd;
    return lock;
}

void
vitals_capture_lock_free(VitalsCaptureLock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    g_free(lock);
}
