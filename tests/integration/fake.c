/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/fake.h"

#include <elf.h>
#include <string.h>

/* Each thing that can be counted or spoilt, of one guest or of all. */
typedef struct {
    FakeFault faults[FAKE_N_CALLS];
    guint calls[FAKE_N_CALLS];
    guint questions;
    guint most_questions;
    guint releases;
} Record;

typedef struct {
    FakeGuest guest;
    Record record;
    gint64 born;
} Entry;

typedef struct {
    VitalsConnection base;
    gboolean broken;
    VitalsEventHandler on_event;
    VitalsClosedHandler on_closed;
    gpointer data;
} Connection;

typedef struct {
    VitalsHypervisor base;
    Fake *fake;
} Hypervisor;

struct Fake {
    gatomicrefcount references;
    Hypervisor hypervisor;

    GMutex lock; /* for all that follows */
    GCond changed;
    GPtrArray *guests;
    GPtrArray *connections;
    Record all;
    int last_id;
    gboolean dead;
    guint under_way;
    guint dumps;
    guint most_dumps;
    gboolean given;
    guint fail_in;
    gboolean has_failed;
    VitalsHypervisorError fail_with;
};

static Fake *
fake_of(VitalsConnection *connection)
{
    return ((Hypervisor *)connection->hypervisor)->fake;
}

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->guest.uuid);
    g_free(entry->guest.name);
    g_free(entry->guest.xml);
    g_free(entry);
}

static void
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

/* ---- every call begins and ends here; the lock is held in between the lines ---- */

static Entry *
lookup(Fake *fake, const char *domain)
{
    for (guint i = 0; domain && i < fake->guests->len; i++) {
        Entry *entry = g_ptr_array_index(fake->guests, i);

        if (g_str_equal(entry->guest.uuid, domain) || g_str_equal(entry->guest.name, domain))
            return entry;
    }
    return NULL;
}

/* Who says what goes wrong with that call. */
static Record *
spoiler_of(Fake *fake, Entry *entry, FakeCall call)
{
    const FakeFault *own = entry ? &entry->record.faults[call] : NULL;

    return own && (own->delay || own->hang || own->fails) ? &entry->record : &fake->all;
}

static gboolean
is_question(FakeCall call)
{
    return call == FAKE_BALLOON || call == FAKE_SET_PERIOD;
}

static void
count_in(Record *record, FakeCall call)
{
    record->calls[call]++;
    if (is_question(call) && ++record->questions > record->most_questions)
        record->most_questions = record->questions;
}

static gboolean
refuse(GError **error, VitalsHypervisorError code, const char *message)
{
    g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, code, message ? message : "fake failure");
    return FALSE;
}

static gboolean
is_the_nth(Fake *fake)
{
    if (fake->fail_in == 0 || --fake->fail_in > 0)
        return FALSE;
    fake->has_failed = TRUE;
    return TRUE;
}

static void
suffer_delay(Fake *fake, guint milliseconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)milliseconds * 1000;

    while (milliseconds && g_cond_wait_until(&fake->changed, &fake->lock, until))
        ;
}

static gboolean
suffer(Fake *fake, Entry *entry, FakeCall call, GError **error)
{
    Record *spoiler = spoiler_of(fake, entry, call);
    FakeFault *fault = &spoiler->faults[call];
    FakeFault now = *fault;
    guint releases = spoiler->releases;

    if (now.times && --fault->times == 0)
        *fault = (FakeFault){ 0 };
    suffer_delay(fake, now.delay);
    while (now.hang && spoiler->releases == releases)
        g_cond_wait(&fake->changed, &fake->lock);
    return !now.fails || refuse(error, now.error, now.message);
}

/* Takes the lock. Returns FALSE with @error if the call is to fail; leave() follows either way. */
static gboolean
enter(Fake *fake, Connection *connection, const char *domain, FakeCall call, GError **error)
{
    Entry *entry;

    g_mutex_lock(&fake->lock);
    entry = lookup(fake, domain);
    fake->under_way++;
    count_in(&fake->all, call);
    if (entry)
        count_in(&entry->record, call);
    if (call == FAKE_DUMP && ++fake->dumps > fake->most_dumps)
        fake->most_dumps = fake->dumps;

    if (is_the_nth(fake))
        return refuse(error, fake->fail_with, "the call whose turn it was");
    if (!suffer(fake, entry, call, error))
        return FALSE;
    if (fake->dead || (connection && connection->broken))
        return refuse(error, VITALS_HYPERVISOR_ERROR_DISCONNECTED, "libvirt is away");
    if (domain && (!entry || entry->guest.id < 0))
        return refuse(error, VITALS_HYPERVISOR_ERROR_GONE, "no such domain");
    return TRUE;
}

/* Releases the lock; returns what it was given. */
static gboolean
leave(Fake *fake, const char *domain, FakeCall call, gboolean result)
{
    Entry *entry = lookup(fake, domain);

    fake->under_way--;
    fake->all.questions -= is_question(call);
    if (entry)
        entry->record.questions -= is_question(call);
    fake->dumps -= call == FAKE_DUMP;
    g_cond_broadcast(&fake->changed);
    g_mutex_unlock(&fake->lock);
    return result;
}

/* ---- the driver ---- */

static VitalsConnection *
connect_to(VitalsHypervisor *base, GError **error)
{
    Fake *fake = ((Hypervisor *)base)->fake;
    Connection *self = NULL;

    if (enter(fake, NULL, NULL, FAKE_CONNECT, error)) {
        self = g_new0(Connection, 1);
        self->base.hypervisor = base;
        g_ptr_array_add(fake->connections, self);
        g_atomic_ref_count_inc(&fake->references);
    }
    leave(fake, NULL, FAKE_CONNECT, TRUE);
    return self ? &self->base : NULL;
}

static void
disconnect(VitalsConnection *base)
{
    Fake *fake = fake_of(base);

    g_mutex_lock(&fake->lock);
    g_ptr_array_remove_fast(fake->connections, base);
    g_cond_broadcast(&fake->changed);
    g_mutex_unlock(&fake->lock);
    g_free(base);
    fake_unref(fake);
}

static gboolean
subscribe(VitalsConnection *base, VitalsEventHandler on_event, VitalsClosedHandler on_closed,
          gpointer data, GError **error)
{
    Connection *self = (Connection *)base;
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, self, NULL, FAKE_SUBSCRIBE, error);

    if (good && self->on_event)
        good = refuse(error, VITALS_HYPERVISOR_ERROR_DISCONNECTED, "subscribed already");
    if (good) {
        self->on_event = on_event;
        self->on_closed = on_closed;
        self->data = data;
    }
    return leave(fake, NULL, FAKE_SUBSCRIBE, good);
}

static void
fill_vcpus(const Entry *entry, VitalsSample *sample)
{
    const FakeGuest *guest = &entry->guest;
    /* from a total that cannot run below zero, so that it can run backwards */
    double base = guest->cores < 0 ? 1e15 : 0;
    double used = (double)(sample->at - entry->born) * 1000 * guest->cores + base;

    if (guest->vcpus == 0) {
        sample->parts[VITALS_PART_VCPU] = VITALS_FACT_FAILED;
        return;
    }
    sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = guest->vcpus;
    sample->vcpu_ns = g_new0(guint64, guest->vcpus);
    for (guint i = 0; i < guest->vcpus; i++)
        sample->vcpu_ns[i] = (guint64)(used / guest->vcpus);
}

static VitalsSighting *
sight(const Entry *entry)
{
    const FakeGuest *guest = &entry->guest;
    VitalsSample *sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    VitalsSighting *sighting = g_new0(VitalsSighting, 1);

    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = guest->state;
    sample->reason = guest->reason;
    sample->parts[VITALS_PART_CONTROL] = VITALS_FACT_AVAILABLE;
    sample->control = entry->record.questions ? VITALS_CONTROL_JOB : VITALS_CONTROL_OK;
    fill_vcpus(entry, sample);
    sighting->name = g_strdup(guest->name);
    sighting->uuid = g_strdup(guest->uuid);
    sighting->id = guest->id;
    sighting->sample = sample;
    return sighting;
}

static GPtrArray *
look_round(Fake *fake)
{
    GPtrArray *sightings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sighting_free);

    for (guint i = 0; i < fake->guests->len; i++) {
        const Entry *entry = g_ptr_array_index(fake->guests, i);

        if (entry->guest.id >= 0)
            g_ptr_array_add(sightings, sight(entry));
    }
    return sightings;
}

/* What a delayed sweep brings is as old as the question. */
static GPtrArray *
sweep(VitalsConnection *base, GError **error)
{
    Fake *fake = fake_of(base);
    g_autoptr(GPtrArray) sightings = NULL;
    gboolean good;

    g_mutex_lock(&fake->lock);
    sightings = look_round(fake);
    g_mutex_unlock(&fake->lock);
    good = enter(fake, (Connection *)base, NULL, FAKE_SWEEP, error);
    return leave(fake, NULL, FAKE_SWEEP, good) ? g_steal_pointer(&sightings) : NULL;
}

/* The name may be what no XML can hold. */
static char *
ordinary_xml(const FakeGuest *guest)
{
    return g_markup_printf_escaped("<domain type='kvm' id='%d'><name>guest</name><uuid>%s</uuid>"
                                   "<memory unit='KiB'>65536</memory><vcpu>%u</vcpu>"
                                   "<on_crash>%s</on_crash>",
                                   guest->id, guest->uuid, guest->vcpus, guest->on_crash);
}

static char *
xml_of(const FakeGuest *guest)
{
    g_autofree char *head = NULL;
    g_autofree char *stats = NULL;

    if (guest->xml)
        return g_strdup(guest->xml);
    head = ordinary_xml(guest);
    if (guest->period)
        stats = g_strdup_printf("<stats period='%u'/>", guest->period);
    return g_strconcat(head, guest->extra,
                       "<devices><panic model='isa'/><memballoon model='virtio'>",
                       stats ? stats : "", "</memballoon></devices></domain>", NULL);
}

static char *
definition(VitalsConnection *base, const char *domain, gboolean inactive, GError **error)
{
    Fake *fake = fake_of(base);
    char *xml = NULL;

    if (enter(fake, (Connection *)base, domain, FAKE_DEFINITION, error))
        xml = xml_of(&lookup(fake, domain)->guest);
    leave(fake, domain, FAKE_DEFINITION, TRUE);
    return xml;
}

static VitalsSample *
balloon(VitalsConnection *base, const char *uuid, GError **error)
{
    Fake *fake = fake_of(base);
    VitalsSample *sample = NULL;

    if (enter(fake, (Connection *)base, uuid, FAKE_BALLOON, error)) {
        FakeGuest *guest = &lookup(fake, uuid)->guest;

        sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        if (guest->beating && guest->period)
            guest->stamp = sample->realtime / G_USEC_PER_SEC + guest->stamp_offset;
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        sample->last_update = guest->stamp;
        sample->has_counters = guest->counters;
        sample->actual = sample->available = sample->unused = sample->usable = guest->size;
    }
    leave(fake, uuid, FAKE_BALLOON, TRUE);
    return sample;
}

static gboolean
set_balloon_period(VitalsConnection *base, const char *uuid, guint seconds, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (Connection *)base, uuid, FAKE_SET_PERIOD, error);

    if (good)
        lookup(fake, uuid)->guest.period = seconds;
    return leave(fake, uuid, FAKE_SET_PERIOD, good);
}

/* The smallest files that can pass for dumps. */
static gboolean
write_dump(const char *path, VitalsDumpFormat format, GError **error)
{
    static const guint32 block = GUINT32_TO_LE(4096);
    static const Elf64_Ehdr elf = {
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof elf,
        .e_ehsize = sizeof elf,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 1,
    };
    static const Elf64_Phdr segment = { .p_type = PT_LOAD, .p_offset = 4096, .p_filesz = 4096 };
    g_autofree char *bytes = g_malloc0(8192);

    if (format == VITALS_DUMP_ELF) {
        memcpy(bytes, &elf, sizeof elf);
        memcpy(bytes + sizeof elf, &segment, sizeof segment);
    } else {
        memcpy(bytes, "KDUMP   ", 8);
        memcpy(bytes + 428, &block, sizeof block);
    }
    return g_file_set_contents(path, bytes, 8192, NULL) ||
           refuse(error, VITALS_HYPERVISOR_ERROR_FAILED, "cannot write the dump");
}

/* As libvirt's driver does: another run of the same guest is not meant. */
static gboolean
check_run(Fake *fake, const char *uuid, int id, GError **error)
{
    return lookup(fake, uuid)->guest.id == id ||
           refuse(error, VITALS_HYPERVISOR_ERROR_GONE, "another run");
}

static gboolean
dump(VitalsConnection *base, const char *uuid, int id, const char *path, VitalsDumpFormat format,
     GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good =
        enter(fake, (Connection *)base, uuid, FAKE_DUMP, error) && check_run(fake, uuid, id, error);

    if (good && format == VITALS_DUMP_KDUMP_ZLIB && lookup(fake, uuid)->guest.kdump_unsupported)
        good = refuse(error, VITALS_HYPERVISOR_ERROR_UNSUPPORTED, "no kdump here");
    if (good) {
        lookup(fake, uuid)->guest.dumped = format;
        good = write_dump(path, format, error);
    }
    return leave(fake, uuid, FAKE_DUMP, good);
}

static gboolean
progress(VitalsConnection *base, const char *uuid, guint64 *ret_done, guint64 *ret_total,
         GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (Connection *)base, uuid, FAKE_PROGRESS, error);

    if (good) {
        *ret_done = 1;
        *ret_total = 2;
    }
    return leave(fake, uuid, FAKE_PROGRESS, good);
}

static gboolean
act(VitalsConnection *base, const char *uuid, int id, VitalsAction action, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good =
        enter(fake, (Connection *)base, uuid, FAKE_ACT, error) && check_run(fake, uuid, id, error);

    if (good) {
        FakeGuest *guest = &lookup(fake, uuid)->guest;

        guest->done = action;
        if (action == VITALS_ACTION_RESET) {
            guest->state = VITALS_DOMAIN_RUNNING;
            guest->reason = VITALS_REASON_OTHER;
            guest->beating = TRUE;
        }
    }
    return leave(fake, uuid, FAKE_ACT, good);
}

static void
hypervisor_free(VitalsHypervisor *base)
{
    Fake *fake = ((Hypervisor *)base)->fake;

    fake->given = FALSE;
    fake_unref(fake);
}

static const VitalsDriver driver = {
    .name = "fake",
    .connect = connect_to,
    .disconnect = disconnect,
    .subscribe = subscribe,
    .sweep = sweep,
    .definition = definition,
    .balloon = balloon,
    .set_balloon_period = set_balloon_period,
    .dump = dump,
    .progress = progress,
    .act = act,
    .free = hypervisor_free,
};

/* ---- for tests ---- */

Fake *
fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);

    g_atomic_ref_count_init(&fake->references);
    fake->hypervisor.base.driver = &driver;
    fake->hypervisor.fake = fake;
    g_mutex_init(&fake->lock);
    g_cond_init(&fake->changed);
    fake->guests = g_ptr_array_new_with_free_func(entry_free);
    fake->connections = g_ptr_array_new();
    return fake;
}

VitalsHypervisor *
fake_hypervisor(Fake *fake)
{
    g_assert_false(fake->given);
    fake->given = TRUE;
    g_atomic_ref_count_inc(&fake->references);
    return &fake->hypervisor.base;
}

VitalsHypervisor *
fake_hypervisor_given(Fake *fake)
{
    return fake->given ? &fake->hypervisor.base : NULL;
}

static gboolean
is_idle(Fake *fake)
{
    gboolean idle;

    fake_lock(fake);
    idle = fake->under_way == 0 && fake->connections->len == 0;
    fake_unlock(fake);
    return idle;
}

static void
run_main_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

void
fake_free(Fake *fake)
{
    if (!fake)
        return;
    fake_release(fake, NULL);
    for (guint i = 0; i < 1000 && !is_idle(fake); i++) {
        run_main_loop();
        g_usleep(10000);
    }
    run_main_loop();
    /* whoever had it could not free it while calls hung */
    if (fake->given)
        hypervisor_free(&fake->hypervisor.base);
    fake_unref(fake);
}

FakeGuest *
fake_add(Fake *fake, const char *name)
{
    Entry *entry = g_new0(Entry, 1);
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
    Entry *entry;

    fake_lock(fake);
    entry = lookup(fake, name);
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
    g_autoptr(GArray) heard = g_array_new(FALSE, FALSE, sizeof(Connection));

    fake_lock(fake);
    for (guint i = 0; i < fake->connections->len; i++) {
        const Connection *connection = g_ptr_array_index(fake->connections, i);

        if (connection->on_event && !connection->broken)
            g_array_append_val(heard, *connection);
    }
    fake_unlock(fake);
    for (guint i = 0; i < heard->len; i++) {
        const Connection *connection = &g_array_index(heard, Connection, i);

        connection->on_event(guest->uuid, guest->name, id, event, "", connection->data);
    }
}

static Record *
record_of(Fake *fake, const FakeGuest *guest)
{
    return guest ? &((Entry *)guest)->record : &fake->all;
}

void
fake_fault(Fake *fake, const FakeGuest *guest, FakeCall call, FakeFault fault)
{
    fake_lock(fake);
    record_of(fake, guest)->faults[call] = fault;
    fake_unlock(fake);
}

static void
clear_faults(Record *record)
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
        clear_faults(&((Entry *)g_ptr_array_index(fake->guests, i))->record);
    fake_unlock(fake);
}

/* Tells those who subscribed, on the main loop, unless they have gone meanwhile. */
static gboolean
tell_closed(gpointer data)
{
    Fake *fake = data;
    g_autoptr(GArray) heard = g_array_new(FALSE, FALSE, sizeof(Connection));

    fake_lock(fake);
    for (guint i = 0; i < fake->connections->len; i++) {
        Connection *connection = g_ptr_array_index(fake->connections, i);

        if (connection->broken && connection->on_closed) {
            g_array_append_val(heard, *connection);
            connection->on_closed = NULL;
        }
    }
    fake_unlock(fake);
    for (guint i = 0; i < heard->len; i++)
        g_array_index(heard, Connection, i).on_closed(g_array_index(heard, Connection, i).data);
    fake_unref(fake);
    return G_SOURCE_REMOVE;
}

void
fake_die(Fake *fake, gboolean dead)
{
    fake_lock(fake);
    fake->dead = dead;
    for (guint i = 0; dead && i < fake->connections->len; i++)
        ((Connection *)g_ptr_array_index(fake->connections, i))->broken = TRUE;
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
