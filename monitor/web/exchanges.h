/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * How long clients may take. The library closes a connection that is idle, but one that says or takes a byte every few
 * seconds is not: it would hold its place, and what it is answered, for as long as it likes. So each exchange, from a
 * connection's begin or the end of the last answer to the end of this one, has its time, and all answers that are held
 * in memory together have a bound.
 */
typedef struct VitalsExchanges VitalsExchanges;

/* Returns: (transfer full): on the main loop, which looks every few seconds from now on */
VitalsExchanges *vitals_exchanges_new(void);

/* Behind the end of the daemon; on the main loop. */
void vitals_exchanges_free(VitalsExchanges *exchanges);

/* One connection's; a mere token for others. */
typedef struct VitalsExchange VitalsExchange;

/* A connection begins, or ends; that before @fd is closed. Any thread. */
VitalsExchange *vitals_exchange_begin(VitalsExchanges *exchanges, int fd);
void vitals_exchange_end(VitalsExchanges *exchanges, VitalsExchange *exchange);

/* It is answered with so many bytes, and has time for them; or with 0 it was, and the next may begin. Any thread */
void vitals_exchange_answer(VitalsExchanges *exchanges, VitalsExchange *exchange, guint64 bytes);

/* Takes or gives back memory for an answer; any thread. Returns: whether there was so much left */
gboolean vitals_exchanges_take(VitalsExchanges *exchanges, gsize bytes);
void vitals_exchanges_give(VitalsExchanges *exchanges, gsize bytes);

/* Ends those whose time is over at @now (monotonic); any thread, does not block. */
void vitals_exchanges_expire(VitalsExchanges *exchanges, gint64 now);
