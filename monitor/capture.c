/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

G_DEFINE_QUARK(vitals - capture - error - quark, vitals_capture_error)

#define PROGRESS_MS 1000
#define PROGRESS_DEADLINE (5 * G_TIME_SPAN_SECOND)

/* A dump cannot be cancelled (measured), so one that hangs with its QEMU can only be left behind: it
 * is given ten minutes and the time its size takes at a hundredth of a slow disk's pace. */
#define DUMP_PATIENCE (10 * G_TIME_SPAN_MINUTE)
#define DUMP_BYTES_PER_SECOND (1024 * 1024)

/* A reset takes a moment; destroying gives QEMU 15 s to end by itself before it is killed. */
#define ACTION_DEADLINE (30 * G_TIME_SPAN_SECOND)

struct VitalsCapture {
    VitalsLane *lane;
    GQueue queue;
    struct Task *current;
    guint ticker;
    gboolean asking;
};

/* @left_behind: atomic: the queue went on without it
 * @format, @seconds: results, written by the worker and read when it is done */
typedef struct Task {
    VitalsCapture *capture;
    VitalsDump *dump;
    VitalsDumpListener listener;
    gpointer data;
    int left_behind;
    VitalsDumpFormat format;
    double seconds;
} Task;

typedef struct {
    VitalsCapture *capture;
    char *uuid;
    guint64 done;
    guint64 total;
} Question;

typedef struct {
    char *uuid;
    int id;
    VitalsAction action;
    VitalsActed acted;
    gpointer data;
} Deed;

void
vitals_dump_free(VitalsDump *dump)
{
    if (!dump)
        return;
    g_free(dump->uuid);
    g_free(dump->label);
    g_free(dump->path);
    g_free(dump->state_dir);
    g_free(dump);
}

static void
task_free(gpointer data)
{
    Task *task = data;

    vitals_dump_free(task->dump);
    g_free(task);
}

static void
question_free(gpointer data)
{
    Question *question = data;

    g_free(question->uuid);
    g_free(question);
}

static void
deed_free(gpointer data)
{
    Deed *deed = data;

    g_free(deed->uuid);
    g_free(deed);
}

/* ---- on a worker ---- */

/* Free space of a file system as this user may use it; reported as 0 if that cannot be asked. */
static guint64
free_space(const char *path)
{
    struct statvfs info;

    return statvfs(path, &info) == 0 ? (guint64)info.f_bavail * info.f_frsize : 0;
}

static gboolean
check_space(const VitalsDump *dump, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(dump->path);
    guint64 available = free_space(directory);
    g_autofree char *has = NULL;
    g_autofree char *needs = NULL;
    g_autofree char *keeps = NULL;

    if (available >= dump->expected && available - dump->expected >= dump->keep_free)
        return TRUE;
    has = g_format_size_full(available, G_FORMAT_SIZE_IEC_UNITS);
    needs = g_format_size_full(dump->expected, G_FORMAT_SIZE_IEC_UNITS);
    keeps = g_format_size_full(dump->keep_free, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_SPACE,
                "not enough space: the dump may take %s and %s are to stay free (KeepFree), but "
                "only %s are free",
                needs, keeps, has);
    return FALSE;
}

/* Waits for the lock that makes it one dump at a time on this state directory. */
static int
take_lock(const VitalsDump *dump, GError **error)
{
    g_autofree char *path = g_build_filename(dump->state_dir, "capture.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LOCK, "cannot lock %s: %s", path,
                g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean
dump_in_some_format(VitalsConnection *connection, Task *task, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    const VitalsDump *dump = task->dump;

    for (guint i = 0; i < dump->n_formats; i++) {
        g_autoptr(GError) local = NULL;

        task->format = dump->formats[i];
        if (driver->dump(connection, dump->uuid, dump->id, dump->path, task->format, &local))
            return TRUE;
        /* What a failed dump left is useless; but when it was libvirtd that went away, QEMU goes on
         * writing, and the file may yet become whole. */
        if (!g_error_matches(local, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED))
            unlink(dump->path);
        if (i + 1 == dump->n_formats ||
            !g_error_matches(local, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    return FALSE;
}

static gpointer
run_dump(VitalsConnection *connection, gpointer data, GError **error)
{
    Task *task = data;
    int lock = take_lock(task->dump, error);
    gint64 began = g_get_monotonic_time();
    gboolean done;

    if (lock < 0)
        return NULL;
    if (g_atomic_int_get(&task->left_behind)) { /* its incident was closed while it waited */
        g_set_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE,
                    "another dump took too long");
        close(lock);
        return NULL;
    }
    done = check_space(task->dump, error) && dump_in_some_format(connection, task, error);
    task->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    close(lock);
    return done ? task : NULL;
}

static gpointer
ask_progress(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->progress(connection, question->uuid, &question->done,
                                                    &question->total, error)
               ? question
               : NULL;
}

static gpointer
do_deed(VitalsConnection *connection, gpointer data, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    Deed *deed = data;

    if (!driver->act) {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                    "this hypervisor cannot do that");
        return NULL;
    }
    return driver->act(connection, deed->uuid, deed->id, deed->action, error) ? deed : NULL;
}

/* ---- on the main loop ---- */

static void start_next(VitalsCapture *capture);

static void
on_progress(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Question *question = data;
    VitalsCapture *capture = question->capture;
    Task *task = capture->current;

    capture->asking = FALSE;
    if (result && question->total > 0 && task && g_str_equal(task->dump->uuid, question->uuid))
        task->listener.progress(question->done, question->total, task->data);
}

static gboolean
on_ticker(gpointer data)
{
    VitalsCapture *capture = data;
    Question *question;
    VitalsCall call = {
        .work = ask_progress,
        .done = on_progress,
        .deadline = PROGRESS_DEADLINE,
        .free_data = question_free,
    };

    if (!capture->current || capture->asking)
        return G_SOURCE_CONTINUE;
    question = g_new0(Question, 1);
    question->capture = capture;
    question->uuid = g_strdup(capture->current->dump->uuid);
    call.data = question;
    capture->asking = TRUE;
    vitals_lane_submit(capture->lane, &call);
    return G_SOURCE_CONTINUE;
}

/* The current task ends for its listener, whatever its worker still does. */
static void
end_current(VitalsCapture *capture, const GError *error)
{
    Task *task = g_steal_pointer(&capture->current);

    g_clear_handle_id(&capture->ticker, g_source_remove);
    task->listener.ended(task->format, task->seconds, error, task->data);
    start_next(capture);
}

static void
on_dumped(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Task *task = data;

    if (!g_atomic_int_get(&task->left_behind))
        end_current(task->capture, error);
}

static void
on_dump_overdue(gpointer data)
{
    Task *task = data;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "the dump did not end within its time; libvirt may still be writing it");

    g_atomic_int_set(&task->left_behind, TRUE);
    end_current(task->capture, error);
}

static void
start_next(VitalsCapture *capture)
{
    Task *task = capture->current ? NULL : g_queue_pop_head(&capture->queue);
    g_autoptr(GError) error = NULL;
    VitalsCall call = {
        .work = run_dump,
        .done = on_dumped,
        .overdue = on_dump_overdue,
        .free_data = task_free,
    };

    if (!task)
        return;
    call.data = task;
    call.deadline =
        DUMP_PATIENCE + (gint64)(task->dump->expected / DUMP_BYTES_PER_SECOND) * G_TIME_SPAN_SECOND;
    capture->current = task;
    if (!task->listener.started(task->data, &error)) {
        end_current(capture, error);
        task_free(task);
        return;
    }
    capture->ticker = g_timeout_add(PROGRESS_MS, on_ticker, capture);
    vitals_lane_submit(capture->lane, &call);
}

VitalsCapture *
vitals_capture_new(VitalsHypervisor *hypervisor, VitalsAbandoned *abandoned)
{
    VitalsCapture *capture = g_new0(VitalsCapture, 1);

    g_queue_init(&capture->queue);
    capture->lane = vitals_lane_new("capture", hypervisor, 2, abandoned);
    return capture;
}

gboolean
vitals_capture_free(VitalsCapture *capture, gint64 patience)
{
    gboolean ended;

    if (!capture)
        return TRUE;
    g_clear_handle_id(&capture->ticker, g_source_remove);
    g_queue_clear_full(&capture->queue, task_free);
    ended = vitals_lane_free(capture->lane, patience);
    g_free(capture);
    return ended;
}

void
vitals_capture_submit(VitalsCapture *capture, VitalsDump *dump, const VitalsDumpListener *listener,
                      gpointer data)
{
    Task *task = g_new0(Task, 1);

    task->capture = capture;
    task->dump = dump;
    task->listener = *listener;
    task->data = data;
    g_queue_push_tail(&capture->queue, task);
    start_next(capture);
}

static void
on_deed_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Deed *deed = data;

    if (!late)
        deed->acted(error, deed->data);
}

static void
on_deed_overdue(gpointer data)
{
    Deed *deed = data;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "libvirt did not answer within %d s; it may still happen",
                    (int)(ACTION_DEADLINE / G_TIME_SPAN_SECOND));

    deed->acted(error, deed->data);
}

void
vitals_capture_act(VitalsCapture *capture, const char *uuid, int id, VitalsAction action,
                   VitalsActed acted, gpointer data)
{
    Deed *deed = g_new0(Deed, 1);
    VitalsCall call = {
        .work = do_deed,
        .done = on_deed_done,
        .overdue = on_deed_overdue,
        .deadline = ACTION_DEADLINE,
        .data = deed,
        .free_data = deed_free,
    };

    deed->uuid = g_strdup(uuid);
    deed->id = id;
    deed->action = action;
    deed->acted = acted;
    deed->data = data;
    vitals_lane_submit(capture->lane, &call);
}
