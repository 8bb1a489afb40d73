/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/tool.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of ioprio_set(2), which glibc does not wrap: this process, class idle. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

/* "nobody" and "nogroup" of every distribution: the kernel's own overflow ids. */
#define NOBODY 65534

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define FIRST_FD 3
#define FDS_MAX 4
#define PROCESSES_MAX 256

/* One that was killed is gone by then, unless its disk hangs; it is left then. */
#define REAP_PATIENCE (5 * G_USEC_PER_SEC)
#define REAP_STEP_US 10000

/* How much of a tool's last words becomes the reason. */
#define REASON_MAX 200

void
vitals_tool_run_free(VitalsToolRun *run)
{
    if (!run)
        return;
    g_free(run->reason);
    g_free(run->output);
    g_free(run);
}

char *
vitals_tool_find(const char *name)
{
    return g_str_equal(name, "none") ? NULL : g_find_program_in_path(name);
}

/* ---- in the child: only what is safe between fork and exec ---- */

static void
limit(int resource, guint64 value)
{
    struct rlimit both = { .rlim_cur = value, .rlim_max = value };

    setrlimit((__rlimit_resource_t)resource, &both);
}

/* What cannot be had (no right to change the user, a kernel without network namespaces) is done
 * without. */
static void
confine(gpointer data)
{
    const VitalsTool *tool = data;

    setpgid(0, 0);
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
    limit(RLIMIT_AS, tool->memory);
    limit(RLIMIT_FSIZE, tool->file_size);
    limit(RLIMIT_CPU, tool->seconds + 1);
    limit(RLIMIT_CORE, 0);
    if (unshare(CLONE_NEWNET | CLONE_NEWIPC) < 0)
        errno = 0;
    if (geteuid() == 0) {
        syscall(SYS_setgroups, 0, NULL);
        syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY);
        syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
        limit(RLIMIT_NPROC, PROCESSES_MAX);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* ---- beside it ---- */

/* A file in memory to read @text from. */
static int
open_text(const char *text)
{
    int fd = text ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && text && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static gboolean
spawn(const VitalsTool *tool, int output, GPid *ret_pid, GError **error)
{
    static const char *const environment[] = { PATH, "HOME=/nonexistent", "TERM=dumb", "LC_ALL=C",
                                               NULL };
    static const int targets[FDS_MAX] = { FIRST_FD, FIRST_FD + 1, FIRST_FD + 2, FIRST_FD + 3 };
    int input = open_text(tool->input);
    gboolean good = g_spawn_async_with_pipes_and_fds(
        "/", tool->argv, environment, G_SPAWN_DO_NOT_REAP_CHILD, confine, (gpointer)tool, input,
        output, output, tool->fds, targets, tool->n_fds, ret_pid, NULL, NULL, NULL, error);

    if (input >= 0)
        close(input);
    return good;
}

/* Reads until the end or the deadline; what is beyond the bound is read and forgotten, so that the tool
 * does not stand still. */
static void
drain(int fd, gsize max, gint64 deadline, GString *output)
{
    g_autofree char *chunk = g_malloc(65536);

    for (;;) {
        gint64 left = deadline - g_get_monotonic_time();
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        ssize_t got;

        if (left <= 0)
            return;
        if (poll(&wait, 1, (int)MIN(left / 1000 + 1, 1000)) <= 0)
            continue;
        got = read(fd, chunk, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        g_string_append_len(output, chunk, (gssize)MIN((gsize)got, max - MIN(max, output->len)));
    }
}

/* Returns: whether it ended before @deadline */
static gboolean
reap(GPid pid, gint64 deadline, int *ret_status)
{
    for (;;) {
        pid_t got = waitpid(pid, ret_status, WNOHANG);

        if (got == pid || (got < 0 && errno != EINTR))
            return TRUE;
        if (g_get_monotonic_time() >= deadline)
            return FALSE;
        g_usleep(REAP_STEP_US);
    }
}

/* The last line that is not empty, for people. */
static char *
last_words(const GString *output)
{
    g_autofree char *text = vitals_text_printable_lines(output->str, (gssize)output->len);
    char *end;

    g_strchomp(text);
    end = strrchr(text, '\n');
    return g_utf8_substring(end ? end + 1 : text, 0,
                            MIN(REASON_MAX, g_utf8_strlen(end ? end + 1 : text, -1)));
}

static char *
reason_of(const VitalsTool *tool, const VitalsToolRun *run, int status, const GString *output)
{
    g_autofree char *words = last_words(output);

    if (run->good)
        return g_strdup("");
    if (run->late)
        return g_strdup_printf("killed, as it did not end within %u s", tool->seconds);
    if (WIFSIGNALED(status))
        return g_strdup_printf("killed by signal %d%s%s", WTERMSIG(status), *words ? ": " : "",
                               words);
    return g_strdup_printf("exit status %d%s%s", WEXITSTATUS(status), *words ? ": " : "", words);
}

static void
watch(const VitalsTool *tool, GPid pid, int output, VitalsToolRun *run)
{
    gint64 began = g_get_monotonic_time();
    gint64 deadline = began + tool->seconds * G_USEC_PER_SEC;
    GString *text = g_string_new(NULL);
    int status = 0;

    drain(output, tool->output_max, deadline, text);
    run->late = !reap(pid, deadline, &status);
    kill(-pid, SIGKILL); /* and whatever it started and left */
    if (run->late)
        reap(pid, g_get_monotonic_time() + REAP_PATIENCE, &status);
    run->good = !run->late && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    run->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    run->reason = reason_of(tool, run, status, text);
    run->length = text->len;
    run->output = g_string_free(text, FALSE);
}

VitalsToolRun *
vitals_tool_run(const VitalsTool *tool)
{
    VitalsToolRun *run = g_new0(VitalsToolRun, 1);
    g_autoptr(GError) error = NULL;
    int ends[2] = { -1, -1 };
    GPid pid = 0;

    g_assert(tool->n_fds <= FDS_MAX);
    if (pipe2(ends, O_CLOEXEC) == 0 && spawn(tool, ends[1], &pid, &error)) {
        close(ends[1]);
        watch(tool, pid, ends[0], run);
    } else {
        run->reason = vitals_text_printable(error ? error->message : g_strerror(errno), -1);
        run->output = g_strdup("");
        if (ends[1] >= 0)
            close(ends[1]);
    }
    if (ends[0] >= 0)
        close(ends[0]);
    return run;
}

void
vitals_tool_lend(int fd, gboolean write)
{
    if (geteuid() == 0 &&
        (fchown(fd, write ? NOBODY : 0, NOBODY) < 0 || fchmod(fd, write ? 0600 : 0640) < 0))
        g_debug("lending a file: %s", g_strerror(errno));
}

void
vitals_tool_take_back(int fd)
{
    if (geteuid() == 0 && (fchmod(fd, 0600) < 0 || fchown(fd, 0, 0) < 0))
        g_debug("taking a file back: %s", g_strerror(errno));
}
