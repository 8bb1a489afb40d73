/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/consoles.h"
#include "monitor/console-follower.h"
#include "monitor/console-places.h"
#include "config/signatures.h"

/* A panic is to be known within a second of its text; a look at a log that has not grown costs 10 us. */
#define ROUND (250 * G_TIME_SPAN_MILLISECOND)

/* What all guests together may have read in one round; then it is the others' turn in the next one. */
#define ROUND_BYTES (4 * 1024 * 1024)

/* A disk that takes longer than this to read half a megabyte does not answer. */
#define PATIENCE (3 * G_USEC_PER_SEC)

/* Places are written so often, and at the end: what was read since is read again after a crash of ours. */
#define WRITE_AGAIN (15 * G_USEC_PER_SEC)

/* Counters alone are posted so often. */
#define COUNTS_AGAIN G_USEC_PER_SEC

/* One guest. @busy: a thread is reading its log, without the lock */
typedef struct {
    grefcount references;
    char *uuid;
    int id;
    char *label;
    VitalsConsoleFollower *follower;
    gboolean busy;
    gboolean gone;
    gboolean failed;
    gint64 counted;
    guint64 counted_bytes;
} Entry;

/* What the main loop wants; @path is %NULL with @follow to end it, and without it for a reboot. */
typedef struct {
    gboolean follow;
    char *uuid;
    int id;
    char *label;
    char *path;
} Order;

struct VitalsConsoles {
    gatomicrefcount references;
    char *state_dir;

    /* of the main loop */
    VitalsAbandoned *abandoned;
    VitalsConsoleHeard heard;
    gpointer data;
    gboolean closed;

    GMutex mail; /* held for moments only: for what follows */
    GQueue orders;
    gint64 busy_since; /* the current thread waits for the disk since then; 0 if it does not */
    char *busy_with;
    guint current; /* number of the thread that is in charge */
    guint running; /* threads, written off ones too */
    gboolean stop;
    GCond changed;

    GMutex lock; /* for all that follows; never held while the disk is waited for */
    VitalsSignatures *signatures;
    VitalsConsoleStreams *streams; /* NULL until one is followed */
    GHashTable *entries;           /* by UUID */
    GHashTable *places;
    gint64 written;
    guint turn;
};

typedef struct {
    VitalsConsoles *consoles;
    guint number;
    char *buffer;
} Thread;

/* ---- small things ---- */

static void
entry_unref(gpointer data)
{
    Entry *entry = data;

    if (!g_ref_count_dec(&entry->references))
        return;
    vitals_console_follower_free(entry->follower);
    g_free(entry->uuid);
    g_free(entry->label);
    g_free(entry);
}

static void
order_free(gpointer data)
{
    Order *order = data;

    g_free(order->uuid);
    g_free(order->label);
    g_free(order->path);
    g_free(order);
}

static void
consoles_unref(gpointer data)
{
    VitalsConsoles *consoles = data;

    if (!g_atomic_ref_count_dec(&consoles->references))
        return;
    g_queue_clear_full(&consoles->orders, order_free);
    g_hash_table_unref(consoles->entries);
    g_hash_table_unref(consoles->places);
    vitals_console_streams_free(consoles->streams);
    vitals_signatures_free(consoles->signatures);
    g_mutex_clear(&consoles->mail);
    g_mutex_clear(&consoles->lock);
    g_cond_clear(&consoles->changed);
    g_free(consoles->busy_with);
    g_free(consoles->state_dir);
    g_free(consoles);
}

static VitalsConsoles *
consoles_ref(VitalsConsoles *consoles)
{
    g_atomic_ref_count_inc(&consoles->references);
    return consoles;
}

/* ---- to the main loop ---- */

typedef struct {
    VitalsConsoles *consoles;
    char *uuid;
    int id;
    VitalsSample *sample;
    VitalsConsoleCounts *counts;
} News;

static void
news_free(gpointer data)
{
    News *news = data;

    g_free(news->uuid);
    vitals_sample_unref(news->sample);
    vitals_console_counts_unref(news->counts);
    consoles_unref(news->consoles);
    g_free(news);
}

static gboolean
on_news(gpointer data)
{
    News *news = data;

    if (!news->consoles->closed)
        news->consoles->heard(news->uuid, news->id, news->sample, news->counts,
                              news->consoles->data);
    return G_SOURCE_REMOVE;
}

/* @sample: (transfer full) (nullable) */
static void
post(VitalsConsoles *consoles, Entry *entry, VitalsSample *sample, gint64 now)
{
    g_autoptr(VitalsConsoleCounts) counts = vitals_console_follower_counts(entry->follower);
    News *news;

    if (!sample && (now - entry->counted < COUNTS_AGAIN || counts->bytes == entry->counted_bytes))
        return;
    entry->counted = now;
    entry->counted_bytes = counts->bytes;
    news = g_new0(News, 1);
    news->consoles = consoles_ref(consoles);
    news->uuid = g_strdup(entry->uuid);
    news->id = entry->id;
    news->sample = sample;
    news->counts = g_steal_pointer(&counts);
    g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, on_news, news, news_free);
}

static gboolean
on_thread_returned(gpointer data)
{
    VitalsConsoles *consoles = data;

    if (!consoles->closed)
        consoles->abandoned->abandoned--;
    return G_SOURCE_REMOVE;
}

/* ---- orders, with the lock ---- */

static void
keep_place(VitalsConsoles *consoles, const Entry *entry)
{
    VitalsConsolePlace place;

    /* a thread has it in its hands: where it stood when it was last looked at has to do */
    if (entry->busy)
        return;
    place = vitals_console_follower_place(entry->follower);
    vitals_console_places_set(consoles->places, vitals_console_follower_path(entry->follower),
                              &place);
}

static void
leave(VitalsConsoles *consoles, const char *uuid)
{
    Entry *entry = g_hash_table_lookup(consoles->entries, uuid);

    if (!entry)
        return;
    keep_place(consoles, entry);
    entry->gone = TRUE;
    g_hash_table_remove(consoles->entries, uuid);
}

static VitalsConsoleFollower *
new_follower(VitalsConsoles *consoles, const Order *order)
{
    if (!vitals_console_stream_is_path(order->path))
        return vitals_console_follower_new(consoles->signatures, order->path, order->id,
                                           g_hash_table_lookup(consoles->places, order->path));
    if (!consoles->streams)
        consoles->streams = vitals_console_streams_new();
    return vitals_console_follower_new_of_stream(
        consoles->signatures, order->id, vitals_console_stream_new(consoles->streams, order->path));
}

static void
follow(VitalsConsoles *consoles, Order *order)
{
    Entry *entry = g_hash_table_lookup(consoles->entries, order->uuid);

    if (entry && entry->id == order->id &&
        g_strcmp0(vitals_console_follower_path(entry->follower), order->path) == 0)
        return;
    leave(consoles, order->uuid);
    if (!order->path)
        return;
    entry = g_new0(Entry, 1);
    g_ref_count_init(&entry->references);
    entry->uuid = g_strdup(order->uuid);
    entry->id = order->id;
    entry->label = g_strdup(order->label);
    entry->follower = new_follower(consoles, order);
    g_hash_table_insert(consoles->entries, entry->uuid, entry);
}

static void
take_orders(VitalsConsoles *consoles)
{
    GQueue orders = G_QUEUE_INIT;
    Order *order;

    g_mutex_lock(&consoles->mail);
    orders = consoles->orders;
    g_queue_init(&consoles->orders);
    g_mutex_unlock(&consoles->mail);

    while ((order = g_queue_pop_head(&orders))) {
        Entry *entry = g_hash_table_lookup(consoles->entries, order->uuid);

        if (order->follow)
            follow(consoles, order);
        else if (entry)
            vitals_console_follower_rebooted(entry->follower);
        order_free(order);
    }
}

/* ---- the thread ---- */

/* Lets go of the lock for what may hang, and tells whoever looks after us; returns with the lock. */
static void
begin_wait(Thread *thread, const char *what)
{
    VitalsConsoles *consoles = thread->consoles;

    g_mutex_unlock(&consoles->lock);
    g_mutex_lock(&consoles->mail);
    if (consoles->current == thread->number) {
        consoles->busy_since = g_get_monotonic_time();
        g_free(consoles->busy_with);
        consoles->busy_with = g_strdup(what);
    }
    g_mutex_unlock(&consoles->mail);
}

static void
end_wait(Thread *thread)
{
    VitalsConsoles *consoles = thread->consoles;

    g_mutex_lock(&consoles->mail);
    if (consoles->current == thread->number)
        consoles->busy_since = 0;
    g_mutex_unlock(&consoles->mail);
    g_mutex_lock(&consoles->lock);
}

static gboolean
is_in_charge(Thread *thread)
{
    VitalsConsoles *consoles = thread->consoles;
    gboolean in_charge;

    g_mutex_lock(&consoles->mail);
    in_charge = consoles->current == thread->number && !consoles->stop;
    g_mutex_unlock(&consoles->mail);
    return in_charge;
}

/* Says it once, until it can be read again. */
static void
note_failure(Entry *entry, const GError *error)
{
    if (error && !entry->failed)
        g_warning("%s: %s; what it says there is not known", entry->label, error->message);
    entry->failed = error != NULL;
}

static void
read_entry(Thread *thread, Entry *entry)
{
    VitalsConsoles *consoles = thread->consoles;
    g_autoptr(GError) error = NULL;
    VitalsSample *sample;
    gint64 now;

    entry->busy = TRUE;
    begin_wait(thread, entry->label);
    vitals_console_follower_fetch(entry->follower, thread->buffer, &error);
    end_wait(thread);
    entry->busy = FALSE;
    note_failure(entry, error);
    now = g_get_monotonic_time();
    sample =
        vitals_console_follower_digest(entry->follower, thread->buffer, now, g_get_real_time());
    if (entry->gone)
        vitals_sample_unref(sample);
    else
        post(consoles, entry, sample, now);
}

/* The entries in turn, another one first each time. */
static GPtrArray *
list_entries(VitalsConsoles *consoles)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(entry_unref);
    g_autoptr(GList) entries = g_hash_table_get_values(consoles->entries);
    guint count = g_list_length(entries);
    GList *first = count > 0 ? g_list_nth(entries, consoles->turn++ % count) : NULL;
    GList *link = first;

    for (guint i = 0; i < count; i++) {
        Entry *entry = link->data;

        g_ref_count_inc(&entry->references);
        g_ptr_array_add(list, entry);
        link = link->next ? link->next : entries;
    }
    return list;
}

static void
read_round(Thread *thread)
{
    g_autoptr(GPtrArray) list = list_entries(thread->consoles);
    gsize total = 0;

    for (guint i = 0; i < list->len && total < ROUND_BYTES && is_in_charge(thread); i++) {
        Entry *entry = g_ptr_array_index(list, i);

        if (entry->busy || entry->gone)
            continue;
        read_entry(thread, entry);
        total += vitals_console_follower_digested(entry->follower);
    }
}

static void
write_places(Thread *thread)
{
    VitalsConsoles *consoles = thread->consoles;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer entry;

    consoles->written = g_get_monotonic_time();
    if (!consoles->state_dir)
        return;
    g_hash_table_iter_init(&iter, consoles->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        keep_place(consoles, entry);
    text = vitals_console_places_text(consoles->places);
    begin_wait(thread, "the state directory");
    if (!vitals_console_places_write(consoles->state_dir, text, &error))
        g_info("%s", error->message);
    end_wait(thread);
}

static gboolean
prepare(VitalsConsoles *consoles)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = NULL;

    if (consoles->signatures)
        return TRUE;
    items = vitals_signatures_items(NULL, &error);
    consoles->signatures = items ? vitals_signatures_new(items, &error) : NULL;
    if (!consoles->signatures)
        g_critical("the console's signatures cannot be read: %s", error->message);
    if (consoles->state_dir) {
        g_hash_table_unref(consoles->places);
        consoles->places = vitals_console_places_load(consoles->state_dir);
    }
    consoles->written = g_get_monotonic_time();
    return consoles->signatures != NULL;
}

static void
wait_for_round(Thread *thread)
{
    VitalsConsoles *consoles = thread->consoles;
    gint64 until = g_get_monotonic_time() + ROUND;

    g_mutex_unlock(&consoles->lock);
    g_mutex_lock(&consoles->mail);
    while (!consoles->stop && g_queue_is_empty(&consoles->orders) &&
           g_cond_wait_until(&consoles->changed, &consoles->mail, until))
        ;
    g_mutex_unlock(&consoles->mail);
    g_mutex_lock(&consoles->lock);
}

static gpointer
run(gpointer data)
{
    Thread *thread = data;
    VitalsConsoles *consoles = thread->consoles;
    gboolean written_off;

    g_mutex_lock(&consoles->lock);
    if (prepare(consoles)) {
        while (is_in_charge(thread)) {
            take_orders(consoles);
            read_round(thread);
            if (g_get_monotonic_time() - consoles->written >= WRITE_AGAIN && is_in_charge(thread))
                write_places(thread);
            wait_for_round(thread);
        }
    }
    g_mutex_lock(&consoles->mail);
    written_off = consoles->current != thread->number;
    g_mutex_unlock(&consoles->mail);
    if (!written_off && consoles->signatures)
        write_places(thread);
    g_mutex_unlock(&consoles->lock);

    if (written_off)
        g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, on_thread_returned,
                                   consoles_ref(consoles), consoles_unref);
    g_mutex_lock(&consoles->mail);
    consoles->running--;
    g_cond_broadcast(&consoles->changed);
    g_mutex_unlock(&consoles->mail);
    consoles_unref(consoles);
    g_free(thread->buffer);
    g_free(thread);
    return NULL;
}

/* With the mail's lock. */
static void
start_thread(VitalsConsoles *consoles)
{
    Thread *thread = g_new0(Thread, 1);

    thread->consoles = consoles_ref(consoles);
    thread->number = ++consoles->current;
    thread->buffer = g_malloc(VITALS_CONSOLE_FETCH_MAX);
    consoles->busy_since = 0;
    consoles->running++;
    g_thread_unref(g_thread_new("consoles", run, thread));
}

/* ---- for others ---- */

VitalsConsoles *
vitals_consoles_new(const char *state_dir, VitalsAbandoned *abandoned, VitalsConsoleHeard heard,
                    gpointer data)
{
    VitalsConsoles *consoles = g_new0(VitalsConsoles, 1);

    g_atomic_ref_count_init(&consoles->references);
    consoles->state_dir = g_strdup(state_dir);
    consoles->abandoned = abandoned;
    consoles->heard = heard;
    consoles->data = data;
    g_mutex_init(&consoles->mail);
    g_mutex_init(&consoles->lock);
    g_cond_init(&consoles->changed);
    g_queue_init(&consoles->orders);
    consoles->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_unref);
    consoles->places = vitals_console_places_new();
    return consoles;
}

gboolean
vitals_consoles_free(VitalsConsoles *consoles, gint64 patience)
{
    gint64 until = g_get_monotonic_time() + patience;
    gboolean ended;

    if (!consoles)
        return TRUE;
    consoles->closed = TRUE;
    g_mutex_lock(&consoles->mail);
    consoles->stop = TRUE;
    g_cond_broadcast(&consoles->changed);
    while (consoles->running > 0 && g_cond_wait_until(&consoles->changed, &consoles->mail, until))
        ;
    ended = consoles->running == 0;
    g_mutex_unlock(&consoles->mail);
    consoles_unref(consoles);
    return ended;
}

static void
send(VitalsConsoles *consoles, Order order)
{
    g_mutex_lock(&consoles->mail);
    g_queue_push_tail(&consoles->orders, g_memdup2(&order, sizeof order));
    if (consoles->current == 0)
        start_thread(consoles);
    g_cond_broadcast(&consoles->changed);
    g_mutex_unlock(&consoles->mail);
}

void
vitals_consoles_follow(VitalsConsoles *consoles, const char *uuid, int id, const char *label,
                       const char *path)
{
    /* a host without any console to read needs no thread */
    if (!path && consoles->current == 0)
        return;
    send(consoles, (Order){ .follow = TRUE,
                            .uuid = g_strdup(uuid),
                            .id = id,
                            .label = g_strdup(label),
                            .path = g_strdup(path) });
}

void
vitals_consoles_rebooted(VitalsConsoles *consoles, const char *uuid)
{
    if (consoles->current != 0)
        send(consoles, (Order){ .uuid = g_strdup(uuid) });
}

void
vitals_consoles_check(VitalsConsoles *consoles)
{
    g_autofree char *stuck = NULL;

    g_mutex_lock(&consoles->mail);
    if (consoles->busy_since && g_get_monotonic_time() - consoles->busy_since > PATIENCE &&
        consoles->abandoned->abandoned < consoles->abandoned->limit) {
        stuck = g_steal_pointer(&consoles->busy_with);
        consoles->abandoned->abandoned++;
        start_thread(consoles);
    }
    g_mutex_unlock(&consoles->mail);
    if (stuck)
        g_warning("the console log of %s does not answer; the others are read without it", stuck);
}
