/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/capture.h"
#include "monitor/capture-lock.h"
#include "monitor/capture-orphan.h"
#include "monitor/capture-reserve.h"
#include "monitor/capture-space.h"

#include <unistd.h>

G_DEFINE_QUARK(vitals - capture - error - quark, vitals_capture_error)

#define PROGRESS_MS 1000

/* How often a dump whose turn it is tries to get the lock, and for how long. */
#define RETRY_MS 200
#define LOCK_PATIENCE (60 * G_TIME_SPAN_MINUTE)
#define LOCK_DEADLINE (30 * G_TIME_SPAN_SECOND)

/* libvirtd is restarted in that time. */
#define RECONNECT_PATIENCE (30 * G_TIME_SPAN_SECOND)

#define PROGRESS_DEADLINE (5 * G_TIME_SPAN_SECOND)

/* A dump cannot be cancelled (measured), so one that hangs with its QEMU can only be left behind: it
 * is given ten minutes and the time its size takes at a hundredth of a slow disk's pace. */
#define DUMP_PATIENCE (10 * G_TIME_SPAN_MINUTE)
#define DUMP_BYTES_PER_SECOND (1024 * 1024)

/* @retry: the source that tries to get the lock again
 * @ticker: the source that asks how far a dump is; it has one call under way at most
 * @hanging: (element-type Task): dumps that the queue went on without */
struct VitalsCapture {
    VitalsLane *lane;
    GQueue queue;
    struct Task *current;
    guint retry;
    guint ticker;
    gboolean asking;
    GPtrArray *hanging;
};

/* Counted: its calls hold it, and so do those that run beside it.
 * @waits_since: when its turn came
 * @lock: main loop only; while it is dumped
 * @beside: (element-type Task): those that hang
 * @reserve: (nullable): %NULL before it begins
 * @format, @seconds: results, written by the worker and read when it is done */
typedef struct Task {
    gatomicrefcount references;
    VitalsCapture *capture;
    VitalsDump *dump;
    VitalsDumpListener listener;
    gpointer data;
    gint64 waits_since;
    VitalsCaptureLock *lock;
    GPtrArray *beside;
    VitalsReserve *reserve;
    VitalsDumpFormat format;
    double seconds;
} Task;

typedef struct {
    VitalsCapture *capture;
    char *uuid;
    guint64 done;
    guint64 total;
} Question;

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

static Task *
task_ref(Task *task)
{
    g_atomic_ref_count_inc(&task->references);
    return task;
}

static void
task_unref(gpointer data)
{
    Task *task = data;

    if (!g_atomic_ref_count_dec(&task->references))
        return;
    vitals_reserve_free(task->reserve);
    vitals_dump_free(task->dump);
    vitals_capture_lock_free(task->lock);
    g_ptr_array_unref(task->beside);
    g_free(task);
}

static void
question_free(gpointer data)
{
    Question *question = data;

    g_free(question->uuid);
    g_free(question);
}

/* ---- on a worker ---- */

static gpointer
try_lock(VitalsConnection *connection, gpointer data, GError **error)
{
    const Task *task = data;

    return vitals_capture_lock_try(task->dump->state_dir, task->dump->label, error);
}

/* What dumps that hang may still come to write. */
static guint64
promised_beside(const Task *task)
{
    guint64 promised = 0;

    for (guint i = 0; i < task->beside->len; i++) {
        const Task *other = g_ptr_array_index(task->beside, i);
        guint64 used = vitals_space_used(other->dump->path);

        promised += other->dump->expected - MIN(used, other->dump->expected);
    }
    return promised;
}

/* A dump that is written as it is needs room for a filtered one beside it; without that QEMU is asked to
 * compress it. */
static void
order_formats(VitalsDump *dump, guint64 promised)
{
    g_autofree char *directory = g_path_get_dirname(dump->path);
    guint64 wanted = dump->expected + dump->expected / 2 + promised;

    if (dump->n_formats == 2 && dump->formats[0] == VITALS_DUMP_ELF &&
        vitals_space_free(directory) < wanted + dump->keep_free) {
        dump->formats[0] = dump->formats[1];
        dump->formats[1] = VITALS_DUMP_ELF;
    }
}

/* QEMU writes some MiB a second even where it compresses on a busy host. */
#define ORPHAN_QUIET (10 * G_TIME_SPAN_SECOND)

/* What a failed dump left is useless; but when it was libvirtd that went away, QEMU goes on writing. Returns:
 * whether the dump is whole nevertheless */
static gboolean
survives(const VitalsDump *dump, const GError *error)
{
    if (!g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED)) {
        unlink(dump->path);
        return FALSE;
    }
    g_message("libvirt went away while %s was dumped; QEMU may go on with it", dump->label);
    return vitals_orphan_wait(dump->path, ORPHAN_QUIET);
}

static gboolean
dump_in_some_format(VitalsConnection *connection, Task *task, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    const VitalsDump *dump = task->dump;

    for (guint i = 0; i < dump->n_formats; i++) {
        g_autoptr(GError) local = NULL;

        task->format = dump->formats[i];
        if (driver->dump(connection, dump->uuid, dump->id, dump->path, task->format, &local) ||
            survives(dump, local))
            return TRUE;
        if (i + 1 == dump->n_formats ||
            !g_error_matches(local, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    return FALSE;
}

/* What came of a dump whose blocks were taken away while it was written. */
static gboolean
fail_sacrificed(const Task *task, GError **error)
{
    g_clear_error(error);
    unlink(task->dump->path);
    g_set_error_literal(
        error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_GIVEN_UP,
        "given up while it was written: free space fell below KeepFree, and what was "
        "written was thrown away");
    return FALSE;
}

static gboolean
dump_guarded(VitalsConnection *connection, Task *task, GError **error)
{
    gboolean done;

    vitals_reserve_begin(task->reserve);
    done = dump_in_some_format(connection, task, error);
    if (vitals_reserve_end(task->reserve))
        return fail_sacrificed(task, error);
    return done;
}

static gpointer
run_dump(VitalsConnection *connection, gpointer data, GError **error)
{
    Task *task = data;
    const VitalsDump *dump = task->dump;
    gint64 began = g_get_monotonic_time();
    guint64 promised = promised_beside(task);
    gboolean done;

    order_formats(task->dump, promised);
    done = vitals_space_check(dump->path, dump->expected, promised, dump->keep_free, error) &&
           dump_guarded(connection, task, error);
    task->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
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

/* ---- on the main loop ---- */

static void start_next(VitalsCapture *capture);
static gboolean on_retry(gpointer data);

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

    g_clear_handle_id(&capture->retry, g_source_remove);
    g_clear_handle_id(&capture->ticker, g_source_remove);
    g_clear_pointer(&task->lock, vitals_capture_lock_free);
    task->listener.ended(task->format, task->seconds, error, task->data);
    task_unref(task);
    start_next(capture);
}

static void
on_dumped(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Task *task = data;
    VitalsCapture *capture = task->capture;

    if (capture->current == task)
        end_current(capture, error);
    else if (g_ptr_array_remove(capture->hanging, task))
        g_message("the dump of %s that had been given up has ended", task->dump->label);
}

static void
on_dump_overdue(gpointer data)
{
    Task *task = data;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "the dump did not end within its time; libvirt may still be writing it");

    g_ptr_array_add(task->capture->hanging, task_ref(task));
    vitals_reserve_give_way(task->reserve);
    end_current(task->capture, error);
}

/* The lock is ours. */
static void
begin_dump(Task *task)
{
    VitalsCapture *capture = task->capture;
    gint64 patience = task->dump->patience;
    VitalsCall call = {
        .work = run_dump,
        .done = on_dumped,
        .overdue = on_dump_overdue,
        .free_data = task_unref,
    };

    for (guint i = 0; i < capture->hanging->len; i++) {
        Task *other = g_ptr_array_index(capture->hanging, i);

        g_message("%s is dumped beside %s, whose dump hangs", task->dump->label,
                  other->dump->label);
        g_ptr_array_add(task->beside, task_ref(other));
    }
    call.deadline = patience
                        ? patience
                        : DUMP_PATIENCE + (gint64)(task->dump->expected / DUMP_BYTES_PER_SECOND) *
                                              G_TIME_SPAN_SECOND;
    call.data = task_ref(task);
    task->reserve = vitals_reserve_new(task->dump);
    task->listener.started(task->data);
    capture->ticker = g_timeout_add(PROGRESS_MS, on_ticker, capture);
    vitals_lane_submit(capture->lane, &call);
}

static void
on_room_made(gpointer data)
{
    Task *task = data;
    g_autoptr(GError) unwanted = NULL;

    if (task->capture->current != task)
        return;
    if (task->listener.wanted(task->data, &unwanted))
        begin_dump(task);
    else
        end_current(task->capture, unwanted);
}

/* Old incidents may have to go first. */
static void
make_room(Task *task)
{
    if (task->listener.make_room)
        task->listener.make_room(task->dump->expected, on_room_made, task_ref(task), task_unref,
                                 task->data);
    else
        begin_dump(task);
}

/* Whether what kept the task from its lock may go away by itself. */
static gboolean
may_retry(const Task *task, const GError *error)
{
    gint64 waited = g_get_monotonic_time() - task->waits_since;

    return (g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_HELD) &&
            waited < LOCK_PATIENCE) ||
           (g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED) &&
            waited < RECONNECT_PATIENCE);
}

static void
on_tried(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Task *task = data;
    VitalsCapture *capture = task->capture;
    g_autoptr(GError) unwanted = NULL;

    if (capture->current != task) { /* overdue, and the queue went on */
        vitals_capture_lock_free(result);
        return;
    }
    task->lock = result;
    if (!task->listener.wanted(task->data, &unwanted))
        end_current(capture, unwanted);
    else if (result)
        make_room(task);
    else if (may_retry(task, error))
        capture->retry = g_timeout_add(RETRY_MS, on_retry, capture);
    else
        end_current(capture, error);
}

static void
on_try_overdue(gpointer data)
{
    Task *task = data;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "no connection to libvirt for it could be had in time");

    end_current(task->capture, error);
}

static void
ask_for_lock(Task *task)
{
    VitalsCall call = {
        .work = try_lock,
        .done = on_tried,
        .overdue = on_try_overdue,
        .deadline = LOCK_DEADLINE,
        .data = task_ref(task),
        .free_data = task_unref,
        .free_result = (GDestroyNotify)vitals_capture_lock_free,
    };

    vitals_lane_submit(task->capture->lane, &call);
}

static gboolean
on_retry(gpointer data)
{
    VitalsCapture *capture = data;

    capture->retry = 0;
    ask_for_lock(capture->current);
    return G_SOURCE_REMOVE;
}

static void
start_next(VitalsCapture *capture)
{
    Task *task = capture->current ? NULL : g_queue_pop_head(&capture->queue);

    if (!task)
        return;
    capture->current = task;
    task->waits_since = g_get_monotonic_time();
    ask_for_lock(task);
}

VitalsCapture *
vitals_capture_new(VitalsHypervisor *hypervisor, VitalsAbandoned *abandoned)
{
    VitalsCapture *capture = g_new0(VitalsCapture, 1);

    g_queue_init(&capture->queue);
    capture->hanging = g_ptr_array_new_with_free_func(task_unref);
    capture->lane = vitals_lane_new("capture", hypervisor, 3, abandoned);
    return capture;
}

gboolean
vitals_capture_free(VitalsCapture *capture, gint64 patience)
{
    gboolean ended;

    if (!capture)
        return TRUE;
    g_clear_handle_id(&capture->retry, g_source_remove);
    g_clear_handle_id(&capture->ticker, g_source_remove);
    g_queue_clear_full(&capture->queue, task_unref);
    g_clear_pointer(&capture->current, task_unref);
    g_ptr_array_unref(capture->hanging);
    ended = vitals_lane_free(capture->lane, patience);
    g_free(capture);
    return ended;
}

void
vitals_capture_submit(VitalsCapture *capture, VitalsDump *dump, const VitalsDumpListener *listener,
                      gpointer data)
{
    Task *task = g_new0(Task, 1);

    g_atomic_ref_count_init(&task->references);
    task->capture = capture;
    task->dump = dump;
    task->beside = g_ptr_array_new_with_free_func(task_unref);
    task->listener = *listener;
    task->data = data;
    g_queue_push_tail(&capture->queue, task);
    start_next(capture);
}

void
vitals_capture_act(VitalsCapture *capture, const char *uuid, int id, VitalsAction action,
                   VitalsActed acted, gpointer data)
{
    vitals_deed_do(capture->lane, uuid, id, action, acted, data);
}

void
vitals_capture_ask_job(VitalsCapture *capture, const char *uuid, VitalsJobTold told, gpointer data)
{
    vitals_deed_ask_job(capture->lane, uuid, told, data);
}
