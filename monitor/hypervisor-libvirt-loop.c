/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt-loop.h"

#include <glib-unix.h>
#include <libvirt/libvirt.h>
#include <sys/epoll.h>
#include <unistd.h>

/* So many sockets are served at one wake-up; the others come at the next. */
#define SERVED_AT_ONCE 16

/* @events: of enum virEventHandleType; with none of them the socket is not in the epoll set at all, as
 * that tells of a broken one even if nothing was asked for */
typedef struct {
    int fd;
    int events;
    virEventHandleCallback callback;
    void *opaque;
    virFreeCallback free_opaque;
} Handle;

/* @due: monotonic microseconds; G_MAXINT64 while it is switched off */
typedef struct {
    gint64 interval;
    gint64 due;
    virEventTimeoutCallback callback;
    void *opaque;
    virFreeCallback free_opaque;
} Timer;

/* What is to be called once the lock was released. */
typedef struct {
    int id;
    virEventTimeoutCallback callback;
    void *opaque;
} Due;

/* libvirt has one loop in a process and calls it from any thread. @armed: when @timer_source wakes up,
 * which may be earlier than needed and never later */
static struct {
    GMutex lock;
    int last_id;
    GHashTable *handles; /* (element-type int Handle) */
    GHashTable *timers;  /* (element-type int Timer) */
    int epoll;
    GSource *timer_source;
    gint64 armed;
} loop;

static gboolean
free_later(gpointer data)
{
    gpointer *pair = data;

    ((virFreeCallback)pair[0])(pair[1]);
    return G_SOURCE_REMOVE;
}

/* Not before the callback has returned, if it is running, and never within a call of libvirt's. */
static void
release(virFreeCallback free_opaque, void *opaque)
{
    gpointer *pair;

    if (!free_opaque)
        return;
    pair = g_new(gpointer, 2);
    pair[0] = (gpointer)free_opaque;
    pair[1] = opaque;
    g_idle_add_full(G_PRIORITY_DEFAULT, free_later, pair, g_free);
}

/* ---- sockets ---- */

static guint32
to_epoll(int events)
{
    return (events & VIR_EVENT_HANDLE_READABLE ? EPOLLIN : 0) |
           (events & VIR_EVENT_HANDLE_WRITABLE ? EPOLLOUT : 0);
}

static int
from_epoll(guint32 events)
{
    return (events & EPOLLIN ? VIR_EVENT_HANDLE_READABLE : 0) |
           (events & EPOLLOUT ? VIR_EVENT_HANDLE_WRITABLE : 0) |
           (events & EPOLLERR ? VIR_EVENT_HANDLE_ERROR : 0) |
           (events & EPOLLHUP ? VIR_EVENT_HANDLE_HANGUP : 0);
}

/* The lock is held. */
static gboolean
watch(int id, Handle *handle, int events)
{
    struct epoll_event wanted = { .events = to_epoll(events), .data.u32 = (guint32)id };
    int operation = EPOLL_CTL_MOD;

    if (events == handle->events)
        return TRUE;
    if (!events)
        operation = EPOLL_CTL_DEL;
    else if (!handle->events)
        operation = EPOLL_CTL_ADD;
    if (epoll_ctl(loop.epoll, operation, handle->fd, &wanted) < 0)
        return FALSE;
    handle->events = events;
    return TRUE;
}

static int
add_handle(int fd, int events, virEventHandleCallback callback, void *opaque,
           virFreeCallback free_opaque)
{
    Handle *handle = g_new0(Handle, 1);
    int id;

    handle->fd = fd;
    handle->callback = callback;
    handle->opaque = opaque;
    handle->free_opaque = free_opaque;

    g_mutex_lock(&loop.lock);
    id = ++loop.last_id;
    if (watch(id, handle, events)) {
        g_hash_table_insert(loop.handles, GINT_TO_POINTER(id), handle);
    } else {
        g_free(handle);
        id = -1;
    }
    g_mutex_unlock(&loop.lock);
    return id;
}

static void
update_handle(int id, int events)
{
    Handle *handle;

    g_mutex_lock(&loop.lock);
    handle = g_hash_table_lookup(loop.handles, GINT_TO_POINTER(id));
    if (handle)
        watch(id, handle, events);
    g_mutex_unlock(&loop.lock);
}

static int
remove_handle(int id)
{
    Handle *handle = NULL;

    g_mutex_lock(&loop.lock);
    g_hash_table_steal_extended(loop.handles, GINT_TO_POINTER(id), NULL, (gpointer *)&handle);
    if (handle)
        watch(id, handle, 0);
    g_mutex_unlock(&loop.lock);
    if (!handle)
        return -1;
    release(handle->free_opaque, handle->opaque);
    g_free(handle);
    return 0;
}

/* Something happened at a socket. Whoever was served before it may have removed it meanwhile. */
static void
serve(int id, guint32 happened)
{
    Handle copy = { 0 };
    const Handle *handle;

    g_mutex_lock(&loop.lock);
    handle = g_hash_table_lookup(loop.handles, GINT_TO_POINTER(id));
    if (handle && handle->events)
        copy = *handle;
    g_mutex_unlock(&loop.lock);
    if (copy.callback)
        copy.callback(id, copy.fd, from_epoll(happened), copy.opaque);
}

static gboolean
on_sockets(int fd, GIOCondition condition, gpointer data)
{
    struct epoll_event events[SERVED_AT_ONCE];
    int count = epoll_wait(fd, events, SERVED_AT_ONCE, 0);

    for (int i = 0; i < count; i++)
        serve((int)events[i].data.u32, events[i].events);
    return G_SOURCE_CONTINUE;
}

/* ---- timers ---- */

/* The lock is held. */
static void
set_timer(Timer *timer, int milliseconds)
{
    timer->interval = milliseconds;
    timer->due = milliseconds < 0
                     ? G_MAXINT64
                     : g_get_monotonic_time() + (gint64)milliseconds * G_TIME_SPAN_MILLISECOND;
    if (timer->due < loop.armed) {
        loop.armed = timer->due;
        g_source_set_ready_time(loop.timer_source, loop.armed);
    }
}

static int
add_timeout(int milliseconds, virEventTimeoutCallback callback, void *opaque,
            virFreeCallback free_opaque)
{
    Timer *timer = g_new0(Timer, 1);
    int id;

    timer->callback = callback;
    timer->opaque = opaque;
    timer->free_opaque = free_opaque;

    g_mutex_lock(&loop.lock);
    id = ++loop.last_id;
    g_hash_table_insert(loop.timers, GINT_TO_POINTER(id), timer);
    set_timer(timer, milliseconds);
    g_mutex_unlock(&loop.lock);
    return id;
}

static void
update_timeout(int id, int milliseconds)
{
    Timer *timer;

    g_mutex_lock(&loop.lock);
    timer = g_hash_table_lookup(loop.timers, GINT_TO_POINTER(id));
    if (timer)
        set_timer(timer, milliseconds);
    g_mutex_unlock(&loop.lock);
}

static int
remove_timeout(int id)
{
    Timer *timer = NULL;

    g_mutex_lock(&loop.lock);
    g_hash_table_steal_extended(loop.timers, GINT_TO_POINTER(id), NULL, (gpointer *)&timer);
    g_mutex_unlock(&loop.lock);
    if (!timer)
        return -1;
    release(timer->free_opaque, timer->opaque);
    g_free(timer);
    return 0;
}

/* Those that are due, which begin anew, and arms the source for the next of all. */
static GArray *
take_due(void)
{
    GArray *due = g_array_new(FALSE, FALSE, sizeof(Due));
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer id;
    gpointer value;

    g_mutex_lock(&loop.lock);
    loop.armed = G_MAXINT64;
    g_hash_table_iter_init(&iter, loop.timers);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        Timer *timer = value;
        Due one = { GPOINTER_TO_INT(id), timer->callback, timer->opaque };

        if (timer->due <= now) {
            g_array_append_val(due, one);
            timer->due = now + timer->interval * G_TIME_SPAN_MILLISECOND;
        }
        loop.armed = MIN(loop.armed, timer->due);
    }
    g_source_set_ready_time(loop.timer_source, loop.armed == G_MAXINT64 ? -1 : loop.armed);
    g_mutex_unlock(&loop.lock);
    return due;
}

/* Whether nobody removed it since, or switched it off. */
static gboolean
is_wanted(int id)
{
    const Timer *timer;
    gboolean wanted;

    g_mutex_lock(&loop.lock);
    timer = g_hash_table_lookup(loop.timers, GINT_TO_POINTER(id));
    wanted = timer && timer->interval >= 0;
    g_mutex_unlock(&loop.lock);
    return wanted;
}

static gboolean
on_timers(GSource *source, GSourceFunc callback, gpointer data)
{
    g_autoptr(GArray) due = take_due();

    for (guint i = 0; i < due->len; i++) {
        const Due *one = &g_array_index(due, Due, i);

        if (is_wanted(one->id))
            one->callback(one->id, one->opaque);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- the whole ---- */

void
vitals_libvirt_loop_join(void)
{
    static GSourceFuncs timer_functions = { .dispatch = on_timers };

    loop.handles = g_hash_table_new(NULL, NULL);
    loop.timers = g_hash_table_new(NULL, NULL);
    loop.armed = G_MAXINT64;
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0)
        g_error("cannot make an epoll set: the limit of open files is too low for anything");
    g_unix_fd_add(loop.epoll, G_IO_IN, on_sockets, NULL);

    loop.timer_source = g_source_new(&timer_functions, sizeof(GSource));
    g_source_set_ready_time(loop.timer_source, -1);
    g_source_attach(loop.timer_source, NULL);

    virEventRegisterImpl(add_handle, update_handle, remove_handle, add_timeout, update_timeout,
                         remove_timeout);
}
