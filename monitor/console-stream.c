/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-stream.h"
#include "monitor/console-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Linux' numbers for the slaves of ptys (Documentation/admin-guide/devices.txt). */
enum { PTY_FIRST = 136, PTY_LAST = 143 };

/* What is kept until it is taken, four times a second; a pty itself holds 12 KiB at most. */
#define KEPT_MAX (512 * 1024)

/* Who writes more than this within a second is left alone for so long. A serial port that is emulated, each
 * byte at the cost of an exit, does some 100 KB a second; a virtio console does hundreds of megabytes. */
#define FLOOD (1024 * 1024)
#define FLOOD_OVER (5 * G_USEC_PER_SEC)

/* Whether whoever had the console has left it is looked at this often, once somebody has. */
#define TICK_MS 1000

/* At one wake-up, so that whoever wants a console does not wait for those that write. */
#define READ_AT_ONCE (64 * 1024)

struct VitalsConsoleStreams {
    GMainContext *context;
    GThread *thread;
    gint stop; /* atomic */

    /* of the thread */
    int notify;
    GHashTable *streams; /* by number of the watch */
};

/* What follows the lock is shared; the rest but @path is the thread's. */
struct VitalsConsoleStream {
    gatomicrefcount references;
    char *path;
    VitalsConsoleStreams *streams;
    GMainContext *context;

    int watch;
    int place; /* that pty and no other one that got its number later, without being open */
    int fd;    /* -1 while we are away */
    GSource *source;
    guint own_opens;   /* events of our own that are still to come */
    gboolean left;     /* somebody let go of it: it may be ours again */
    gint64 not_before; /* monotonic */
    gint64 window;
    gsize window_bytes;

    GMutex lock;
    GByteArray *bytes;
    gsize gap_at; /* in what is kept, or behind it */
    gboolean flood;
    int failure; /* errno, or 0 */
};

static VitalsConsoleStream *
stream_ref(VitalsConsoleStream *stream)
{
    g_atomic_ref_count_inc(&stream->references);
    return stream;
}

static void
stream_unref(gpointer data)
{
    VitalsConsoleStream *stream = data;

    if (!g_atomic_ref_count_dec(&stream->references))
        return;
    g_main_context_unref(stream->context);
    g_byte_array_unref(stream->bytes);
    g_mutex_clear(&stream->lock);
    g_free(stream->path);
    g_free(stream);
}

gboolean
vitals_console_stream_is_path(const char *path)
{
    static const char folder[] = "/dev/pts/";
    const char *number = g_str_has_prefix(path, folder) ? path + strlen(folder) : "";

    return *number && strspn(number, "0123456789") == strlen(number);
}

/* ---- others ---- */

/* Whether that process has the pty open. The name alone is looked at: that never waits. */
static gboolean
has_open(const char *process, const char *path)
{
    g_autofree char *directory = g_build_filename("/proc", process, "fd", NULL);
    g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *link = g_build_filename(directory, name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);

        if (g_strcmp0(target, path) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_in_use(const char *path)
{
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (processes && (name = g_dir_read_name(processes))) {
        if (g_ascii_isdigit(*name) && !g_str_equal(name, own) && has_open(name, path))
            return TRUE;
    }
    return FALSE;
}

/* ---- one pty, on the thread ---- */

static void
leave(VitalsConsoleStream *stream)
{
    if (stream->source) {
        g_source_destroy(stream->source);
        g_clear_pointer(&stream->source, g_source_unref);
    }
    if (stream->fd < 0)
        return;
    close(stream->fd);
    stream->fd = -1;
    g_mutex_lock(&stream->lock);
    stream->gap_at = MIN(stream->gap_at, stream->bytes->len);
    g_mutex_unlock(&stream->lock);
}

static void
fail(VitalsConsoleStream *stream, int number)
{
    leave(stream);
    stream->not_before = G_MAXINT64;
    g_mutex_lock(&stream->lock);
    stream->failure = number;
    g_mutex_unlock(&stream->lock);
}

static void
keep(VitalsConsoleStream *stream, const guint8 *bytes, gsize length)
{
    gsize room;

    g_mutex_lock(&stream->lock);
    room = KEPT_MAX - stream->bytes->len;
    g_byte_array_append(stream->bytes, bytes, (guint)MIN(length, room));
    if (length > room) {
        stream->flood = TRUE;
        stream->gap_at = MIN(stream->gap_at, stream->bytes->len);
    }
    g_mutex_unlock(&stream->lock);
}

static void
watch_flood(VitalsConsoleStream *stream, gsize length)
{
    gint64 now = g_get_monotonic_time();

    if (now - stream->window >= G_USEC_PER_SEC) {
        stream->window = now;
        stream->window_bytes = 0;
    }
    stream->window_bytes += length;
    if (stream->window_bytes <= FLOOD)
        return;
    leave(stream);
    stream->left = TRUE;
    stream->not_before = now + FLOOD_OVER;
    g_mutex_lock(&stream->lock);
    stream->flood = TRUE;
    g_mutex_unlock(&stream->lock);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer data)
{
    VitalsConsoleStream *stream = data;
    guint8 bytes[4096]; /* a pty hands out no more at once */
    gsize sum = 0;
    ssize_t got = 0;

    while (sum < READ_AT_ONCE && (got = read(fd, bytes, sizeof bytes)) > 0) {
        keep(stream, bytes, (gsize)got);
        sum += (gsize)got;
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        /* its guest has ended; what comes behind it is another console */
        leave(stream);
        stream->not_before = G_MAXINT64;
        return G_SOURCE_REMOVE;
    }
    watch_flood(stream, sum);
    return stream->source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void read_events(VitalsConsoleStreams *streams);

/* Begins to read if nobody else does. An opening of ours and one of somebody else may be one event: so ours
 * is taken from the queue first, and then it is looked once more who is there. */
static void
enter(VitalsConsoleStream *stream)
{
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", stream->place);

    stream->left = FALSE;
    if (is_in_use(stream->path))
        return;
    stream->own_opens++;
    stream->fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (stream->fd < 0) {
        fail(stream, errno);
        return;
    }
    read_events(stream->streams);
    if (stream->fd < 0 || is_in_use(stream->path)) {
        leave(stream);
        return;
    }
    stream->source = g_unix_fd_source_new(stream->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(stream->source, G_SOURCE_FUNC(on_readable), stream, NULL);
    g_source_attach(stream->source, stream->context);
}

static void
take_event(VitalsConsoleStreams *streams, const struct inotify_event *event)
{
    VitalsConsoleStream *stream = g_hash_table_lookup(streams->streams, GINT_TO_POINTER(event->wd));

    if (!stream)
        return;
    if (event->mask & IN_CLOSE)
        stream->left = TRUE;
    if (!(event->mask & IN_OPEN))
        return;
    if (stream->own_opens > 0)
        stream->own_opens--;
    else
        leave(stream);
}

static void
read_events(VitalsConsoleStreams *streams)
{
    /* none has a name, as files are watched and no folders */
    struct inotify_event events[64];
    ssize_t got;

    while ((got = read(streams->notify, events, sizeof events)) > 0) {
        for (gsize i = 0; i < (gsize)got / sizeof events[0]; i++)
            take_event(streams, &events[i]);
    }
}

static gboolean
on_notify(int fd, GIOCondition condition, gpointer data)
{
    read_events(data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_tick(gpointer data)
{
    VitalsConsoleStreams *streams = data;
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, streams->streams);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VitalsConsoleStream *stream = value;

        if (stream->fd < 0 && stream->left && now >= stream->not_before)
            enter(stream);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- orders, on the thread ---- */

/* Returns: 0, or errno */
static int
find_place(VitalsConsoleStream *stream)
{
    g_autofree char *name = NULL;
    struct stat info;

    stream->place = open(stream->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (stream->place < 0 || fstat(stream->place, &info) < 0)
        return errno;
    if (!S_ISCHR(info.st_mode) || major(info.st_rdev) < PTY_FIRST || major(info.st_rdev) > PTY_LAST)
        return ENOTTY;
    name = g_strdup_printf("/proc/self/fd/%d", stream->place);
    stream->watch = inotify_add_watch(stream->streams->notify, name, IN_OPEN | IN_CLOSE);
    if (stream->watch < 0)
        return errno;
    g_hash_table_insert(stream->streams->streams, GINT_TO_POINTER(stream->watch),
                        stream_ref(stream));
    return 0;
}

static gboolean
on_begin(gpointer data)
{
    VitalsConsoleStream *stream = data;
    int failure = find_place(stream);

    if (failure)
        fail(stream, failure);
    else
        enter(stream);
    return G_SOURCE_REMOVE;
}

static gboolean
on_end(gpointer data)
{
    VitalsConsoleStream *stream = data;

    leave(stream);
    if (stream->watch >= 0) {
        inotify_rm_watch(stream->streams->notify, stream->watch);
        g_hash_table_remove(stream->streams->streams, GINT_TO_POINTER(stream->watch));
        stream->watch = -1;
    }
    if (stream->place >= 0)
        close(stream->place);
    stream->place = -1;
    return G_SOURCE_REMOVE;
}

static gpointer
run(gpointer data)
{
    VitalsConsoleStreams *streams = data;
    g_autoptr(GSource) notify = g_unix_fd_source_new(streams->notify, G_IO_IN);
    g_autoptr(GSource) tick = g_timeout_source_new(TICK_MS);

    g_main_context_push_thread_default(streams->context);
    g_source_set_callback(notify, G_SOURCE_FUNC(on_notify), streams, NULL);
    g_source_attach(notify, streams->context);
    g_source_set_callback(tick, on_tick, streams, NULL);
    g_source_attach(tick, streams->context);
    while (!g_atomic_int_get(&streams->stop))
        g_main_context_iteration(streams->context, TRUE);

    g_source_destroy(notify);
    g_source_destroy(tick);
    /* what was ordered last: the end of each stream */
    while (g_main_context_iteration(streams->context, FALSE))
        ;
    g_main_context_pop_thread_default(streams->context);
    return NULL;
}

/* ---- for others ---- */

VitalsConsoleStreams *
vitals_console_streams_new(void)
{
    VitalsConsoleStreams *streams = g_new0(VitalsConsoleStreams, 1);

    streams->context = g_main_context_new();
    streams->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    streams->streams = g_hash_table_new_full(NULL, NULL, NULL, stream_unref);
    streams->thread = g_thread_new("streams", run, streams);
    return streams;
}

void
vitals_console_streams_free(VitalsConsoleStreams *streams)
{
    if (!streams)
        return;
    g_atomic_int_set(&streams->stop, TRUE);
    g_main_context_wakeup(streams->context);
    g_thread_join(streams->thread);
    if (streams->notify >= 0)
        close(streams->notify);
    g_hash_table_unref(streams->streams);
    g_main_context_unref(streams->context);
    g_free(streams);
}

/* On the thread, whoever calls. */
static void
order(VitalsConsoleStream *stream, GSourceFunc what)
{
    g_autoptr(GSource) source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, what, stream_ref(stream), stream_unref);
    g_source_attach(source, stream->context);
}

VitalsConsoleStream *
vitals_console_stream_new(VitalsConsoleStreams *streams, const char *path)
{
    VitalsConsoleStream *stream = g_new0(VitalsConsoleStream, 1);

    g_atomic_ref_count_init(&stream->references);
    stream->path = g_strdup(path);
    stream->streams = streams;
    stream->context = g_main_context_ref(streams->context);
    stream->watch = stream->place = stream->fd = -1;
    stream->bytes = g_byte_array_new();
    stream->gap_at = G_MAXSIZE;
    g_mutex_init(&stream->lock);
    order(stream, on_begin);
    return stream;
}

void
vitals_console_stream_free(VitalsConsoleStream *stream)
{
    if (!stream)
        return;
    order(stream, on_end);
    stream_unref(stream);
}

const char *
vitals_console_stream_path(const VitalsConsoleStream *stream)
{
    return stream->path;
}

gssize
vitals_console_stream_take(VitalsConsoleStream *stream, char *buffer, gsize size, gsize *ret_gap_at,
                           gboolean *ret_flood, GError **error)
{
    gsize length;
    int failure;

    g_mutex_lock(&stream->lock);
    length = MIN(size, stream->bytes->len);
    if (length > 0) {
        memcpy(buffer, stream->bytes->data, length);
        g_byte_array_remove_range(stream->bytes, 0, (guint)length);
    }
    *ret_gap_at = stream->gap_at < length ? stream->gap_at : G_MAXSIZE;
    *ret_flood = stream->flood;
    if (stream->gap_at != G_MAXSIZE)
        stream->gap_at = stream->gap_at < length ? G_MAXSIZE : stream->gap_at - length;
    stream->flood = FALSE;
    failure = stream->failure;
    g_mutex_unlock(&stream->lock);
    if (!failure)
        return (gssize)length;
    g_set_error(error, VITALS_CONSOLE_FILE_ERROR, VITALS_CONSOLE_FILE_ERROR_READ,
                "the console %s: %s", stream->path, g_strerror(failure));
    return -1;
}
