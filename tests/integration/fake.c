/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/fake.h"

#include "tests/integration/fake-private.h"

#include <string.h>

static void
entry_free(gpointer data)
{
    FakeEntry *entry = data;

    g_free(entry->guest.uuid);
    g_free(entry->guest.name);
    g_free(entry->guest.xml);
    g_free(entry);
}

void
fake_unref(Fake *fake)
{
    if (!g_atomic_ref_count_dec(&fake->references))
        return;
    g_assert_cmpuint(fake->connections->len, ==, 0);
    g_ptr_array_unref(fake->connections);
    g_ptr_array_unref(fake->guests);
    g_mutex_clear(&fake->lock);
    g_cond_clear(&fake->changed);
    g_free(fake);
}
Fake *
fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);

    g_atomic_ref_count_init(&fake->references);
    fake->hypervisor.fake = fake;
    g_mutex_init(&fake->lock);
    g_cond_init(&fake->changed);
    fake->guests = g_ptr_array_new_with_free_func(entry_free);
    fake->connections = g_ptr_array_new();
    return fake;
}

static gboolean
is_idle(Fake *fake)
{
    gboolean idle;

    fake_lock(fake);
    idle = fake->under_way == 0 && fake->connections->len == 0 && !fake->given;
    fake_unlock(fake);
    return idle;
}

static void
run_main_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Until the last call has ended and its worker is gone, and the driver with it. */
static void
settle(Fake *fake)
{
    for (guint i = 0; i < 1000 && !is_idle(fake); i++) {
        run_main_loop();
        g_usleep(10000);
    }
    run_main_loop();
    g_assert_false(fake->given);
}

VitalsHypervisor *
fake_hypervisor(Fake *fake)
{
    settle(fake);
    fake->given = TRUE;
    vitals_hypervisor_init(&fake->hypervisor.base, &fake_driver);
    g_atomic_ref_count_inc(&fake->references);
    return &fake->hypervisor.base;
}

void
fake_free(Fake *fake)
{
    if (!fake)
        return;
    fake_release(fake, NULL);
    settle(fake);
    fake_unref(fake);
}

FakeGuest *
fake_add(Fake *fake, const char *name)
{
    FakeEntry *entry = g_new0(FakeEntry, 1);
    FakeGuest *guest = &entry->guest;

    fake_lock(fake);
    guest->id = ++fake->last_id;
    guest->uuid = g_strdup_printf("6695eb01-f6a4-8304-79aa-%012d", guest->id);
    guest->name = g_strdup(name);
    guest->state = VITALS_DOMAIN_RUNNING;
    guest->beating = TRUE;
    guest->counters = TRUE;
    guest->cores = 0.01;
    guest->vcpus = 1;
    guest->size = 64 * 1024 * 1024;
    guest->period = 1;
    guest->on_crash = "preserve";
    guest->extra = "";
    entry->born = g_get_monotonic_time();
    g_ptr_array_add(fake->guests, entry);
    fake_unlock(fake);
    return guest;
}

FakeGuest *
fake_find(Fake *fake, const char *name)
{
    FakeEntry *entry;

    fake_lock(fake);
    entry = fake_lookup(fake, name);
    fake_unlock(fake);
    return entry ? &entry->guest : NULL;
}

void
fake_lock(Fake *fake)
{
    g_mutex_lock(&fake->lock);
}

void
fake_unlock(Fake *fake)
{
    g_cond_broadcast(&fake->changed);
    g_mutex_unlock(&fake->lock);
}

void
fake_tell_names(Fake *fake)
{
    fake_lock(fake);
    fake->tells_names = TRUE;
    fake_unlock(fake);
}

void
fake_panic(Fake *fake, FakeGuest *guest)
{
    int id;

    fake_lock(fake);
    guest->state = VITALS_DOMAIN_CRASHED;
    guest->reason = VITALS_REASON_CRASHED;
    guest->beating = FALSE;
    id = guest->id;
    fake_unlock(fake);
    fake_fire(fake, guest, id, VITALS_EVENT_CRASHED);
}

void
fake_silence(Fake *fake, FakeGuest *guest, double cores)
{
    fake_lock(fake);
    guest->beating = FALSE;
    guest->cores = cores;
    fake_unlock(fake);
}

VitalsAction
fake_done(Fake *fake, const FakeGuest *guest)
{
    VitalsAction done;

    fake_lock(fake);
    done = guest->done;
    fake_unlock(fake);
    return done;
}

void
fake_vanish(Fake *fake, FakeGuest *guest)
{
    fake_lock(fake);
    guest->id = -1;
    fake_unlock(fake);
}

void
fake_renew(Fake *fake, FakeGuest *guest)
{
    fake_lock(fake);
    guest->id = ++fake->last_id;
    guest->state = VITALS_DOMAIN_RUNNING;
    guest->reason = VITALS_REASON_OTHER;
    guest->beating = TRUE;
    fake_unlock(fake);
}

void
fake_fire(Fake *fake, const FakeGuest *guest, int id, VitalsEvent event)
{
    g_autoptr(GArray) heard = g_array_new(FALSE, FALSE, sizeof(FakeConnection));

    fake_lock(fake);
    for (guint i = 0; i < fake->connections->len; i++) {
        const FakeConnection *connection = g_ptr_array_index(fake->connections, i);

        if (connection->on_event && !connection->broken)
            g_array_append_val(heard, *connection);
    }
    fake_unlock(fake);
    for (guint i = 0; i < heard->len; i++) {
        const FakeConnection *connection = &g_array_index(heard, FakeConnection, i);

        connection->on_event(guest->uuid, guest->name, id, event,
                             event == VITALS_EVENT_STARTED ? VITALS_DETAIL_BOOTED : "",
                             connection->data);
    }
}

static FakeRecord *
record_of(Fake *fake, const FakeGuest *guest)
{
    return guest ? &((FakeEntry *)guest)->record : &fake->all;
}

void
fake_fault(Fake *fake, const FakeGuest *guest, FakeCall call, FakeFault fault)
{
    fake_lock(fake);
    record_of(fake, guest)->faults[call] = fault;
    fake_unlock(fake);
}

static void
clear_faults(FakeRecord *record)
{
    memset(record->faults, 0, sizeof record->faults);
    record->releases++;
}

void
fake_release(Fake *fake, const FakeGuest *guest)
{
    fake_lock(fake);
    clear_faults(record_of(fake, guest));
    for (guint i = 0; !guest && i < fake->guests->len; i++)
        clear_faults(&((FakeEntry *)g_ptr_array_index(fake->guests, i))->record);
    fake_unlock(fake);
}

/* Tells those who subscribed, on the main loop, unless they have gone meanwhile. */
static gboolean
tell_closed(gpointer data)
{
    Fake *fake = data;
    g_autoptr(GArray) heard = g_array_new(FALSE, FALSE, sizeof(FakeConnection));

    fake_lock(fake);
    for (guint i = 0; i < fake->connections->len; i++) {
        FakeConnection *connection = g_ptr_array_index(fake->connections, i);

        if (connection->broken && connection->on_closed) {
            g_array_append_val(heard, *connection);
            connection->on_closed = NULL;
        }
    }
    fake_unlock(fake);
    for (guint i = 0; i < heard->len; i++)
        g_array_index(heard, FakeConnection, i)
            .on_closed(g_array_index(heard, FakeConnection, i).data);
    fake_unref(fake);
    return G_SOURCE_REMOVE;
}

void
fake_die(Fake *fake, gboolean dead)
{
    fake_lock(fake);
    fake->dead = dead;
    for (guint i = 0; dead && i < fake->connections->len; i++)
        ((FakeConnection *)g_ptr_array_index(fake->connections, i))->broken = TRUE;
    fake_unlock(fake);
    if (!dead)
        return;
    g_atomic_ref_count_inc(&fake->references);
    g_idle_add(tell_closed, fake);
}

void
fake_fail_nth(Fake *fake, guint nth, VitalsHypervisorError error)
{
    fake_lock(fake);
    fake->fail_in = nth;
    fake->fail_with = error;
    fake->has_failed = FALSE;
    fake_unlock(fake);
}

gboolean
fake_has_failed(Fake *fake)
{
    gboolean failed;

    fake_lock(fake);
    failed = fake->has_failed;
    fake_unlock(fake);
    return failed;
}

guint
fake_calls(Fake *fake, const FakeGuest *guest, FakeCall call)
{
    guint calls;

    fake_lock(fake);
    calls = record_of(fake, guest)->calls[call];
    fake_unlock(fake);
    return calls;
}

guint
fake_most_questions(Fake *fake, const FakeGuest *guest)
{
    guint most;

    fake_lock(fake);
    most = record_of(fake, guest)->most_questions;
    fake_unlock(fake);
    return most;
}

guint
fake_most_dumps(Fake *fake)
{
    guint most;

    fake_lock(fake);
    most = fake->most_dumps;
    fake_unlock(fake);
    return most;
}

guint
fake_connections(Fake *fake)
{
    guint open;

    fake_lock(fake);
    open = fake->connections->len;
    fake_unlock(fake);
    return open;
}
