/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/exchanges.h"

#include <sys/socket.h>

#define LOOK_SECONDS 5

/* For a request and what its answer takes beside its size; the idle time between two requests is the library's. */
#define PATIENCE (30 * G_TIME_SPAN_SECOND)

/* A slow line's pace. */
#define BYTES_PER_SECOND (64 * 1024)

/* The metrics of a thousand guests take some MiB. */
#define HELD_MAX ((gsize)128 * 1024 * 1024)

/* @until: monotonic */
struct VitalsExchange {
    int fd;
    gint64 until;
};

/* @under_way: (element-type VitalsExchange): one for each connection; with @held under @mutex */
struct VitalsExchanges {
    GMutex mutex;
    GHashTable *under_way;
    gsize held;
    guint source;
};

static gboolean
on_look(gpointer data)
{
    vitals_exchanges_expire(data, g_get_monotonic_time());
    return G_SOURCE_CONTINUE;
}

VitalsExchanges *
vitals_exchanges_new(void)
{
    VitalsExchanges *exchanges = g_new0(VitalsExchanges, 1);

    g_mutex_init(&exchanges->mutex);
    exchanges->under_way = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    exchanges->source = g_timeout_add_seconds(LOOK_SECONDS, on_look, exchanges);
    return exchanges;
}

void
vitals_exchanges_free(VitalsExchanges *exchanges)
{
    if (!exchanges)
        return;
    g_source_remove(exchanges->source);
    g_hash_table_unref(exchanges->under_way);
    g_mutex_clear(&exchanges->mutex);
    g_free(exchanges);
}

VitalsExchange *
vitals_exchange_begin(VitalsExchanges *exchanges, int fd)
{
    VitalsExchange *exchange = g_new(VitalsExchange, 1);

    exchange->fd = fd;
    exchange->until = g_get_monotonic_time() + PATIENCE;
    g_mutex_lock(&exchanges->mutex);
    g_hash_table_add(exchanges->under_way, exchange);
    g_mutex_unlock(&exchanges->mutex);
    return exchange;
}

void
vitals_exchange_end(VitalsExchanges *exchanges, VitalsExchange *exchange)
{
    g_mutex_lock(&exchanges->mutex);
    g_hash_table_remove(exchanges->under_way, exchange);
    g_mutex_unlock(&exchanges->mutex);
}

void
vitals_exchange_answer(VitalsExchanges *exchanges, VitalsExchange *exchange, guint64 bytes)
{
    g_mutex_lock(&exchanges->mutex);
    exchange->until =
        g_get_monotonic_time() + PATIENCE + (gint64)(bytes / BYTES_PER_SECOND) * G_TIME_SPAN_SECOND;
    g_mutex_unlock(&exchanges->mutex);
}

gboolean
vitals_exchanges_take(VitalsExchanges *exchanges, gsize bytes)
{
    gboolean taken;

    g_mutex_lock(&exchanges->mutex);
    /* a single one may be larger than all of that */
    taken = exchanges->held == 0 || bytes <= HELD_MAX - MIN(exchanges->held, HELD_MAX);
    if (taken)
        exchanges->held += bytes;
    g_mutex_unlock(&exchanges->mutex);
    return taken;
}

void
vitals_exchanges_give(VitalsExchanges *exchanges, gsize bytes)
{
    g_mutex_lock(&exchanges->mutex);
    exchanges->held -= bytes;
    g_mutex_unlock(&exchanges->mutex);
}

/* The library's thread then finds the connection broken, and closes it. */
void
vitals_exchanges_expire(VitalsExchanges *exchanges, gint64 now)
{
    GHashTableIter iter;
    gpointer key;

    g_mutex_lock(&exchanges->mutex);
    g_hash_table_iter_init(&iter, exchanges->under_way);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const VitalsExchange *exchange = key;

        if (now > exchange->until)
            shutdown(exchange->fd, SHUT_RDWR);
    }
    g_mutex_unlock(&exchanges->mutex);
}
