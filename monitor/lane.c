/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/lane.h"

/* How often deadlines are looked at: a tenth of the shortest that can be configured. */
#define TICK_MS 100

/* On a thrifty lane: a call that has taken longer than this lets another worker help, as does one that has waited
 * longer than that; and so long are answers gathered. */
#define LONG_CALL (50 * G_TIME_SPAN_MILLISECOND)
#define LONG_WAIT (200 * G_TIME_SPAN_MILLISECOND)
#define GATHER_MS 10

/* A tick that comes so much late was kept by more than a busy main loop. */
#define ABSENT (500 * G_TIME_SPAN_MILLISECOND)

/* After a connection failed the next attempt waits, longer each time, with jitter so that several
 * lanes do not arrive together at a libvirtd that has just come back. Where nobody listens an attempt costs
 * next to nothing, and a libvirtd that dies again and again is up for a few seconds at a time: with waits of 5 s
 * ten of its lives in a row were missed (measured, with 50 kills). */
#define BACKOFF_FIRST (250 * G_TIME_SPAN_MILLISECOND)
#define BACKOFF_LAST (2 * G_TIME_SPAN_SECOND)

/* @lane holds a reference; @started, @overdue and @written_off belong to the lane's lock.
 * @written_off: it counts as abandoned, and its worker was replaced */
typedef struct {
    VitalsCall call;
    VitalsLane *lane;
    gint64 queued;
    gint64 started;
    gboolean overdue;
    gboolean written_off;
    gpointer result;
    GError *error;
} Job;

/* A worker thread; @job and @abandoned belong to the lane's lock, @connection to the thread. */
typedef struct {
    VitalsLane *lane;
    Job *job;
    gboolean abandoned;
    VitalsConnection *connection;
    gboolean was_connected;
} Worker;

struct VitalsLane {
    gatomicrefcount references; /* the owner, each worker and each job */
    char *name;
    VitalsHypervisor *hypervisor;
    VitalsAbandoned *abandoned; /* main loop only */
    guint tick;                 /* main loop only; 0 while there is nothing to look after */
    gint64 ticked;              /* main loop only */
    gboolean freed;             /* main loop only */
    gboolean thrifty;           /* set before the first call */

    GMutex lock; /* for all that follows */
    GCond changed;
    GQueue queue;
    GQueue finished; /* to be delivered; there is a source for it while it is not empty */
    GPtrArray *workers;
    guint resting;   /* workers that wait for a call */
    gboolean called; /* one of them was, and has not taken it yet */
    gboolean closed;
    gint64 retry_at;
    gint64 backoff;
    guint64 reconnects;
};

static void
lane_unref(VitalsLane *lane)
{
    if (!g_atomic_ref_count_dec(&lane->references))
        return;
    vitals_hypervisor_unref(lane->hypervisor);
    g_ptr_array_unref(lane->workers);
    g_mutex_clear(&lane->lock);
    g_cond_clear(&lane->changed);
    g_free(lane->name);
    g_free(lane);
}

static void
job_free(Job *job)
{
    if (job->call.free_data)
        job->call.free_data(job->call.data);
    g_clear_error(&job->error);
    lane_unref(job->lane);
    g_free(job);
}

/* ---- on the main loop ---- */

static void
deliver(Job *job)
{
    VitalsLane *lane = job->lane;

    if (lane->freed) {
        if (job->result && job->call.free_result)
            job->call.free_result(job->result);
    } else {
        if (job->written_off)
            lane->abandoned->abandoned--;
        job->call.done(job->result, job->error, job->overdue, job->call.data);
    }
    job_free(job);
}

static void
deliver_all(VitalsLane *lane)
{
    GQueue jobs = G_QUEUE_INIT;
    Job *job;

    g_mutex_lock(&lane->lock);
    jobs = lane->finished;
    g_queue_init(&lane->finished);
    g_mutex_unlock(&lane->lock);
    while ((job = g_queue_pop_head(&jobs)))
        deliver(job);
}

static gboolean
on_finished(gpointer data)
{
    deliver_all(data);
    return G_SOURCE_REMOVE;
}

/* The lock is held. */
static void
post(Job *job)
{
    VitalsLane *lane = job->lane;
    gboolean first = g_queue_is_empty(&lane->finished);
    g_autoptr(GSource) source = NULL;

    g_queue_push_tail(&lane->finished, job);
    if (!first)
        return;
    source = lane->thrifty ? g_timeout_source_new(GATHER_MS) : g_idle_source_new();
    g_atomic_ref_count_inc(&lane->references);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_finished, lane, (GDestroyNotify)lane_unref);
    g_source_attach(source, NULL);
}

/* ---- on a worker ---- */

/* Whether a new attempt to connect is due; the lock is held. */
static gboolean
may_connect(VitalsLane *lane, GError **error)
{
    gint64 wait = lane->retry_at - g_get_monotonic_time();

    if (wait <= 0)
        return TRUE;
    g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED,
                "not connected to libvirt; next attempt in %.1f s", (double)wait / G_USEC_PER_SEC);
    return FALSE;
}

static void
note_attempt(Worker *worker)
{
    VitalsLane *lane = worker->lane;

    if (worker->connection) {
        lane->backoff = 0;
        lane->reconnects += worker->was_connected;
        worker->was_connected = TRUE;
        return;
    }
    lane->backoff = lane->backoff ? MIN(lane->backoff * 2, BACKOFF_LAST) : BACKOFF_FIRST;
    lane->retry_at = g_get_monotonic_time() +
                     (gint64)((double)lane->backoff * g_random_double_range(0.75, 1.25));
}

static gboolean
ensure_connection(Worker *worker, GError **error)
{
    VitalsLane *lane = worker->lane;
    gboolean may;

    if (!lane->hypervisor || worker->connection)
        return TRUE;

    g_mutex_lock(&lane->lock);
    may = may_connect(lane, error);
    g_mutex_unlock(&lane->lock);
    if (!may)
        return FALSE;

    worker->connection = lane->hypervisor->driver->connect(lane->hypervisor, error);
    g_mutex_lock(&lane->lock);
    note_attempt(worker);
    g_mutex_unlock(&lane->lock);
    return worker->connection != NULL;
}

static void
drop_connection(Worker *worker)
{
    if (worker->connection)
        worker->lane->hypervisor->driver->disconnect(worker->connection);
    worker->connection = NULL;
}

static void
run(Worker *worker, Job *job)
{
    if (!ensure_connection(worker, &job->error))
        return;
    job->result = job->call.work(worker->connection, job->call.data, &job->error);
    if (g_error_matches(job->error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED))
        drop_connection(worker);
}

/* The next job, or NULL when this worker is to end; the lock is held. */
static Job *
take(Worker *worker)
{
    VitalsLane *lane = worker->lane;

    while (!lane->closed && !worker->abandoned) {
        Job *job = g_queue_pop_head(&lane->queue);

        if (job) {
            job->started = g_get_monotonic_time();
            worker->job = job;
            lane->called = FALSE;
            return job;
        }
        lane->resting++;
        g_cond_wait(&lane->changed, &lane->lock);
        lane->resting--;
    }
    return NULL;
}

static gpointer
work(gpointer data)
{
    Worker *worker = data;
    VitalsLane *lane = worker->lane;
    Job *job;

    g_mutex_lock(&lane->lock);
    while ((job = take(worker))) {
        g_mutex_unlock(&lane->lock);
        run(worker, job);
        g_mutex_lock(&lane->lock);
        worker->job = NULL;
        post(job);
    }
    g_mutex_unlock(&lane->lock);

    drop_connection(worker);

    g_mutex_lock(&lane->lock);
    g_ptr_array_remove_fast(lane->workers, worker);
    g_cond_broadcast(&lane->changed);
    g_mutex_unlock(&lane->lock);
    lane_unref(lane);
    g_free(worker);
    return NULL;
}

/* ---- on the main loop again ---- */

/* The lock is held. */
static void
add_worker(VitalsLane *lane)
{
    Worker *worker = g_new0(Worker, 1);

    worker->lane = lane;
    g_atomic_ref_count_inc(&lane->references);
    g_ptr_array_add(lane->workers, worker);
    g_thread_unref(g_thread_new(lane->name, work, worker));
}

/* A main loop that stood still (the process was stopped, or the host had no time for it) has read no answer
 * meanwhile: that time is nobody's who was to answer. It shows by the tick, which comes so much late. The lock is
 * held. */
static void
forgive_absence(VitalsLane *lane)
{
    gint64 now = g_get_monotonic_time();
    gint64 away = now - lane->ticked - TICK_MS * G_TIME_SPAN_MILLISECOND;

    lane->ticked = now;
    if (away < ABSENT)
        return;
    for (guint i = 0; i < lane->workers->len; i++) {
        Worker *worker = g_ptr_array_index(lane->workers, i);

        if (worker->job && !worker->job->overdue)
            worker->job->started = MIN(worker->job->started + away, now);
    }
    for (GList *link = lane->queue.head; link; link = link->next) {
        Job *job = link->data;

        job->queued = MIN(job->queued + away, now);
    }
}

static gboolean
is_past(gint64 since, gint64 deadline)
{
    return deadline > 0 && g_get_monotonic_time() - since > deadline;
}

/* Writes off what is overdue as far as the bound allows, also what was overdue before there was room;
 * the calls that are overdue since now are returned to be told without the lock. */
static GPtrArray *
find_overdue(VitalsLane *lane)
{
    g_autoptr(GPtrArray) overdue = g_ptr_array_new();
    guint replacements = 0;

    for (guint i = 0; i < lane->workers->len; i++) {
        Worker *worker = g_ptr_array_index(lane->workers, i);
        Job *job = worker->job;

        if (!job || !is_past(job->started, job->call.deadline))
            continue;
        if (!job->overdue)
            g_ptr_array_add(overdue, job);
        job->overdue = TRUE;
        if (!worker->abandoned && lane->abandoned->abandoned < lane->abandoned->limit) {
            lane->abandoned->abandoned++;
            worker->abandoned = job->written_off = TRUE;
            replacements++;
        }
    }
    while (replacements--)
        add_worker(lane);
    return g_steal_pointer(&overdue);
}

/* Calls that no worker took for as long as they might have run: the lane is blocked. */
static void
fail_waiting(VitalsLane *lane)
{
    for (GList *link = lane->queue.head, *next; link; link = next) {
        Job *job = link->data;

        next = link->next;
        if (!is_past(job->queued, job->call.deadline))
            continue;
        g_queue_delete_link(&lane->queue, link);
        g_set_error(&job->error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "no worker of the %s lane was free: other calls hang", lane->name);
        post(job);
    }
}

/* Whether a call that waits should have another worker; the lock is held. On a thrifty lane those that are awake
 * take one after the other, as long as none of them is held up. */
static gboolean
needs_help(const VitalsLane *lane)
{
    const Job *oldest = g_queue_peek_head((GQueue *)&lane->queue);

    if (!lane->thrifty)
        return TRUE;
    if (is_past(oldest->queued, LONG_WAIT))
        return TRUE;
    if (lane->called)
        return FALSE;
    for (guint i = 0; i < lane->workers->len; i++) {
        const Job *job = ((const Worker *)g_ptr_array_index(lane->workers, i))->job;

        if (job && !is_past(job->started, LONG_CALL))
            return FALSE;
    }
    return TRUE;
}

/* The lock is held. */
static void
call_help(VitalsLane *lane)
{
    if (lane->resting == 0 || lane->queue.length == 0 || !needs_help(lane))
        return;
    lane->called = TRUE;
    g_cond_signal(&lane->changed);
}

/* The lock is held. */
static gboolean
is_idle(const VitalsLane *lane)
{
    for (guint i = 0; i < lane->workers->len; i++) {
        if (((const Worker *)g_ptr_array_index(lane->workers, i))->job)
            return FALSE;
    }
    return lane->queue.length == 0;
}

static gboolean
on_tick(gpointer data)
{
    VitalsLane *lane = data;
    g_autoptr(GPtrArray) overdue = NULL;
    gboolean idle;

    g_mutex_lock(&lane->lock);
    forgive_absence(lane);
    overdue = find_overdue(lane);
    fail_waiting(lane);
    call_help(lane);
    idle = is_idle(lane);
    if (idle)
        lane->tick = 0;
    g_mutex_unlock(&lane->lock);

    /* A job found overdue cannot be freed meanwhile: that happens on this loop. */
    for (guint i = 0; i < overdue->len; i++) {
        Job *job = g_ptr_array_index(overdue, i);

        if (job->call.overdue)
            job->call.overdue(job->call.data);
    }
    return idle ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

VitalsLane *
vitals_lane_new(const char *name, VitalsHypervisor *hypervisor, guint workers,
                VitalsAbandoned *abandoned)
{
    VitalsLane *lane = g_new0(VitalsLane, 1);

    g_atomic_ref_count_init(&lane->references);
    lane->name = g_strdup(name);
    lane->hypervisor = hypervisor ? vitals_hypervisor_ref(hypervisor) : NULL;
    lane->abandoned = abandoned;
    g_mutex_init(&lane->lock);
    g_cond_init(&lane->changed);
    g_queue_init(&lane->queue);
    g_queue_init(&lane->finished);
    lane->workers = g_ptr_array_new();

    g_mutex_lock(&lane->lock);
    for (guint i = 0; i < workers; i++)
        add_worker(lane);
    g_mutex_unlock(&lane->lock);
    return lane;
}

void
vitals_lane_set_thrifty(VitalsLane *lane)
{
    lane->thrifty = TRUE;
}

gboolean
vitals_lane_free(VitalsLane *lane, gint64 patience)
{
    gint64 until = g_get_monotonic_time() + patience;
    gboolean ended;
    Job *job;

    if (!lane)
        return TRUE;

    g_clear_handle_id(&lane->tick, g_source_remove);
    lane->freed = TRUE;

    g_mutex_lock(&lane->lock);
    lane->closed = TRUE;
    g_cond_broadcast(&lane->changed);
    while (lane->workers->len > 0 && g_cond_wait_until(&lane->changed, &lane->lock, until))
        ;
    ended = lane->workers->len == 0;
    g_mutex_unlock(&lane->lock);

    while ((job = g_queue_pop_head(&lane->queue)))
        job_free(job);
    deliver_all(lane);
    lane_unref(lane);
    return ended;
}

void
vitals_lane_submit(VitalsLane *lane, const VitalsCall *call)
{
    Job *job = g_new0(Job, 1);

    job->call = *call;
    job->lane = lane;
    job->queued = g_get_monotonic_time();
    g_atomic_ref_count_inc(&lane->references);

    g_mutex_lock(&lane->lock);
    g_queue_push_tail(&lane->queue, job);
    call_help(lane);
    g_mutex_unlock(&lane->lock);
    if (lane->tick || lane->freed)
        return;
    lane->ticked = job->queued;
    lane->tick = g_timeout_add(TICK_MS, on_tick, lane);
}

guint
vitals_lane_waiting(VitalsLane *lane)
{
    guint waiting;

    g_mutex_lock(&lane->lock);
    waiting = g_queue_get_length(&lane->queue);
    g_mutex_unlock(&lane->lock);
    return waiting;
}

guint64
vitals_lane_reconnects(VitalsLane *lane)
{
    guint64 reconnects;

    g_mutex_lock(&lane->lock);
    reconnects = lane->reconnects;
    g_mutex_unlock(&lane->lock);
    return reconnects;
}
