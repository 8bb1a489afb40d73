/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/fake-private.h"
#include "monitor/survey.h"

#include <elf.h>
#include <string.h>

static Fake *
fake_of(VitalsConnection *connection)
{
    return ((FakeHypervisor *)connection->hypervisor)->fake;
}
/* ---- every call begins and ends here; the lock is held in between the lines ---- */

FakeEntry *
fake_lookup(Fake *fake, const char *domain)
{
    for (guint i = 0; domain && i < fake->guests->len; i++) {
        FakeEntry *entry = g_ptr_array_index(fake->guests, i);

        if (g_str_equal(entry->guest.uuid, domain) || g_str_equal(entry->guest.name, domain))
            return entry;
    }
    return NULL;
}

/* Who says what goes wrong with that call. */
static FakeRecord *
spoiler_of(Fake *fake, FakeEntry *entry, FakeCall call)
{
    const FakeFault *own = entry ? &entry->record.faults[call] : NULL;

    return own && (own->delay || own->hang || own->fails) ? &entry->record : &fake->all;
}

static gboolean
is_question(FakeCall call)
{
    return call == FAKE_BALLOON || call == FAKE_BLOCK || call == FAKE_REGISTERS ||
           call == FAKE_KVM || call == FAKE_SET_PERIOD;
}

static void
count_in(FakeRecord *record, FakeCall call)
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
suffer(Fake *fake, FakeEntry *entry, FakeCall call, GError **error)
{
    FakeRecord *spoiler = spoiler_of(fake, entry, call);
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
enter(Fake *fake, FakeConnection *connection, const char *domain, FakeCall call, GError **error)
{
    FakeEntry *entry;

    g_mutex_lock(&fake->lock);
    entry = fake_lookup(fake, domain);
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
    if (domain && (!entry || (entry->guest.id < 0 && call != FAKE_ACT)))
        return refuse(error, VITALS_HYPERVISOR_ERROR_GONE, "no such domain");
    return TRUE;
}

/* Releases the lock; returns what it was given. */
static gboolean
leave(Fake *fake, const char *domain, FakeCall call, gboolean result)
{
    FakeEntry *entry = fake_lookup(fake, domain);

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
    Fake *fake = ((FakeHypervisor *)base)->fake;
    FakeConnection *self = NULL;

    if (enter(fake, NULL, NULL, FAKE_CONNECT, error)) {
        self = g_new0(FakeConnection, 1);
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
    FakeConnection *self = (FakeConnection *)base;
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
fill_vcpus(const FakeEntry *entry, VitalsSample *sample)
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

static void
fill_control(const FakeEntry *entry, VitalsSample *sample)
{
    sample->parts[VITALS_PART_CONTROL] = VITALS_FACT_AVAILABLE;
    sample->control = entry->record.questions ? VITALS_CONTROL_JOB : VITALS_CONTROL_OK;
}

static VitalsSighting *
sight(const FakeEntry *entry)
{
    const FakeGuest *guest = &entry->guest;
    VitalsSample *sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
    VitalsSighting *sighting = g_new0(VitalsSighting, 1);

    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = guest->state;
    sample->reason = guest->reason;
    if (!(guest->spared & VITALS_SPARE_CONTROL))
        fill_control(entry, sample);
    if (!(guest->spared & VITALS_SPARE_VCPUS))
        fill_vcpus(entry, sample);
    sighting->name = g_strdup(guest->name);
    sighting->uuid = g_strdup(guest->uuid);
    sighting->id = guest->id;
    sighting->sample = sample;
    return sighting;
}

static GPtrArray *
look_round(Fake *fake, GHashTable *spared)
{
    GPtrArray *sightings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sighting_free);

    for (guint i = 0; i < fake->guests->len; i++) {
        FakeEntry *entry = g_ptr_array_index(fake->guests, i);
        FakeGuest *guest = &entry->guest;

        if (guest->id < 0)
            continue;
        guest->spared = spared ? GPOINTER_TO_UINT(g_hash_table_lookup(spared, guest->uuid)) : 0;
        g_ptr_array_add(sightings, sight(entry));
    }
    return sightings;
}

/* What a delayed sweep brings is as old as the question. */
static GPtrArray *
sweep(VitalsConnection *base, GHashTable *spared, GError **error)
{
    Fake *fake = fake_of(base);
    g_autoptr(GPtrArray) sightings = NULL;
    gboolean good;

    g_mutex_lock(&fake->lock);
    sightings = look_round(fake, spared);
    g_mutex_unlock(&fake->lock);
    good = enter(fake, (FakeConnection *)base, NULL, FAKE_SWEEP, error);
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

static void
free_domain(gpointer data)
{
    VitalsSurveyDomain *domain = data;

    g_free(domain->name);
    g_free(domain->uuid);
    g_free(domain->inactive);
    g_free(domain);
}

/* Without guests unless asked for: a test counts what the daemon does to them. */
static VitalsSurvey *
survey(VitalsConnection *base, GError **error)
{
    Fake *fake = fake_of(base);
    VitalsSurvey *answer = g_new0(VitalsSurvey, 1);

    answer->domains = g_ptr_array_new_with_free_func(free_domain);
    g_mutex_lock(&fake->lock);
    for (guint i = 0; fake->tells_names && i < fake->guests->len; i++) {
        const FakeGuest *guest = &((FakeEntry *)fake->guests->pdata[i])->guest;
        VitalsSurveyDomain *domain = g_new0(VitalsSurveyDomain, 1);

        domain->name = g_strdup(guest->name);
        domain->uuid = g_strdup(guest->uuid);
        domain->is_active = TRUE;
        domain->inactive = xml_of(guest);
        g_ptr_array_add(answer->domains, domain);
    }
    g_mutex_unlock(&fake->lock);
    return answer;
}

static char *
definition(VitalsConnection *base, const char *domain, gboolean inactive, GError **error)
{
    Fake *fake = fake_of(base);
    char *xml = NULL;

    if (enter(fake, (FakeConnection *)base, domain, FAKE_DEFINITION, error))
        xml = xml_of(&fake_lookup(fake, domain)->guest);
    leave(fake, domain, FAKE_DEFINITION, TRUE);
    return xml;
}

static VitalsSample *
balloon(VitalsConnection *base, const char *uuid, GError **error)
{
    Fake *fake = fake_of(base);
    VitalsSample *sample = NULL;

    if (enter(fake, (FakeConnection *)base, uuid, FAKE_BALLOON, error)) {
        FakeGuest *guest = &fake_lookup(fake, uuid)->guest;

        sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        if (guest->beating && guest->period)
            guest->stamp = sample->realtime / G_USEC_PER_SEC + guest->stamp_offset;
        sample->parts[VITALS_PART_CONTROL] = VITALS_FACT_AVAILABLE;
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        sample->last_update = guest->stamp;
        sample->has_counters = guest->counters;
        sample->actual = sample->available = sample->unused = sample->usable = guest->size;
    }
    leave(fake, uuid, FAKE_BALLOON, TRUE);
    return sample;
}

static gboolean
block(VitalsConnection *base, const char *uuid, VitalsSample *sample, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_BLOCK, error);

    if (good) {
        sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_AVAILABLE;
        sample->requests = fake_lookup(fake, uuid)->guest.requests;
    }
    return leave(fake, uuid, FAKE_BLOCK, good);
}

static VitalsSample *
registers(VitalsConnection *base, const char *uuid, GError **error)
{
    Fake *fake = fake_of(base);
    VitalsSample *sample = NULL;

    if (enter(fake, (FakeConnection *)base, uuid, FAKE_REGISTERS, error)) {
        const FakeGuest *guest = &fake_lookup(fake, uuid)->guest;

        sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        sample->parts[VITALS_PART_REGISTERS] = VITALS_FACT_AVAILABLE;
        sample->n_registers = guest->vcpus;
        sample->registers = g_new0(VitalsRegisters, guest->vcpus);
        for (guint i = 0; i < guest->vcpus; i++) {
            sample->registers[i].halted = sample->registers[i].interrupts_off =
                (guest->dead & (1u << i)) != 0;
            sample->registers[i].pc = (guint64)g_get_monotonic_time();
        }
    }
    leave(fake, uuid, FAKE_REGISTERS, TRUE);
    return sample;
}

/* Those that are not dead take a hundred interrupts with each look. */
static void
count_for_kvm(FakeGuest *guest, VitalsSample *sample)
{
    sample->parts[VITALS_PART_KVM] = guest->kvm_ns ? VITALS_FACT_AVAILABLE : VITALS_FACT_ABSENT;
    sample->n_kvm = MIN(guest->vcpus, G_N_ELEMENTS(guest->kvm_ticks));
    sample->kvm = g_new0(VitalsKvm, sample->n_kvm);
    guest->kvm_looks++;
    for (guint i = 0; i < sample->n_kvm; i++) {
        guest->kvm_ticks[i] += !(guest->dead & (1u << i));
        sample->kvm[i] = (VitalsKvm){
            .known = TRUE,
            .ns = guest->kvm_looks * guest->kvm_ns,
            .exits = (guint64)guest->kvm_looks * 1000,
            .host_exits = (guint64)guest->kvm_looks * 1000,
            .interrupts = (guint64)guest->kvm_ticks[i] * 1000,
        };
    }
}

static VitalsSample *
kvm(VitalsConnection *base, const char *uuid, GError **error)
{
    Fake *fake = fake_of(base);
    VitalsSample *sample = NULL;

    if (enter(fake, (FakeConnection *)base, uuid, FAKE_KVM, error)) {
        sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());
        count_for_kvm(&fake_lookup(fake, uuid)->guest, sample);
    }
    leave(fake, uuid, FAKE_KVM, TRUE);
    return sample;
}

static gboolean
set_balloon_period(VitalsConnection *base, const char *uuid, guint seconds, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_SET_PERIOD, error);

    if (good)
        fake_lookup(fake, uuid)->guest.period = seconds;
    return leave(fake, uuid, FAKE_SET_PERIOD, good);
}

/* Two pixels, as QEMU's screendump would give them. */
static GBytes *
screenshot(VitalsConnection *base, const char *uuid, int id, GError **error)
{
    static const char ppm[] = "P6\n2 1\n255\n\x00\x00\x00\xff\xff\xff";
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_SCREENSHOT, error);

    leave(fake, uuid, FAKE_SCREENSHOT, good);
    return good ? g_bytes_new_static(ppm, sizeof ppm - 1) : NULL;
}

static GStrv
messages(VitalsConnection *base, const char *uuid, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_MESSAGES, error);

    leave(fake, uuid, FAKE_MESSAGES, good);
    return good ? g_strsplit("tainted: custom-monitor\x1b[2J", "\n", -1) : NULL;
}

/* The smallest files that can pass for dumps: an ELF core with a page, a kdump with one. */
#define FAKE_DUMP_SIZE (5 * 4096)

static gboolean
write_dump(const char *path, VitalsDumpFormat format, GError **error)
{
    static const guint32 blocks[] = { GUINT32_TO_LE(4096), GUINT32_TO_LE(1), GUINT32_TO_LE(2) };
    static const guint64 page[] = { GUINT64_TO_LE(4 * 4096 + 24), GUINT64_TO_LE(8), 0 };
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
    g_autofree char *bytes = g_malloc0(FAKE_DUMP_SIZE);

    if (format == VITALS_DUMP_ELF) {
        memcpy(bytes, &elf, sizeof elf);
        memcpy(bytes + sizeof elf, &segment, sizeof segment);
    } else {
        memcpy(bytes, "KDUMP   ", 8);
        memcpy(bytes + 428, blocks, sizeof blocks);
        bytes[2 * 4096] = bytes[3 * 4096] = 1;
        memcpy(bytes + 4 * 4096, page, sizeof page);
    }
    return g_file_set_contents(path, bytes, FAKE_DUMP_SIZE, NULL) ||
           refuse(error, VITALS_HYPERVISOR_ERROR_FAILED, "cannot write the dump");
}

/* As libvirt's driver does: another run of the same guest is not meant. */
static gboolean
check_run(Fake *fake, const char *uuid, int id, GError **error)
{
    return fake_lookup(fake, uuid)->guest.id == id ||
           refuse(error, VITALS_HYPERVISOR_ERROR_GONE, "another run");
}

static gboolean
dump(VitalsConnection *base, const char *uuid, int id, const char *path, VitalsDumpFormat format,
     GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_DUMP, error) &&
                    check_run(fake, uuid, id, error);

    if (good && format == VITALS_DUMP_KDUMP_ZLIB &&
        fake_lookup(fake, uuid)->guest.kdump_unsupported)
        good = refuse(error, VITALS_HYPERVISOR_ERROR_UNSUPPORTED, "no kdump here");
    if (good) {
        fake_lookup(fake, uuid)->guest.dumped = format;
        good = write_dump(path, format, error);
    }
    return leave(fake, uuid, FAKE_DUMP, good);
}

static gboolean
progress(VitalsConnection *base, const char *uuid, guint64 *ret_done, guint64 *ret_total,
         GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_PROGRESS, error);

    if (good) {
        *ret_done = 1;
        *ret_total = 2;
    }
    return leave(fake, uuid, FAKE_PROGRESS, good);
}

static gboolean
job(VitalsConnection *base, const char *uuid, VitalsJob *ret_job, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_JOB, error);

    if (good)
        *ret_job = fake_lookup(fake, uuid)->guest.job;
    return leave(fake, uuid, FAKE_JOB, good);
}

static gboolean
act(VitalsConnection *base, const char *uuid, int id, VitalsAction action, GError **error)
{
    Fake *fake = fake_of(base);
    gboolean good = enter(fake, (FakeConnection *)base, uuid, FAKE_ACT, error) &&
                    (action == VITALS_ACTION_START || check_run(fake, uuid, id, error));

    if (good && (action != VITALS_ACTION_START || fake_lookup(fake, uuid)->guest.id < 0)) {
        FakeGuest *guest = &fake_lookup(fake, uuid)->guest;

        guest->done = action;
        if (action == VITALS_ACTION_RESTART || action == VITALS_ACTION_START)
            guest->id = ++fake->last_id;
        if (action == VITALS_ACTION_RESET || action == VITALS_ACTION_RESTART ||
            action == VITALS_ACTION_START) {
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
    Fake *fake = ((FakeHypervisor *)base)->fake;

    fake_lock(fake);
    fake->given = FALSE;
    fake_unlock(fake);
    fake_unref(fake);
}

const VitalsDriver fake_driver = {
    .name = "fake",
    .connect = connect_to,
    .disconnect = disconnect,
    .subscribe = subscribe,
    .sweep = sweep,
    .survey = survey,
    .definition = definition,
    .balloon = balloon,
    .screenshot = screenshot,
    .messages = messages,
    .block = block,
    .registers = registers,
    .kvm = kvm,
    .set_balloon_period = set_balloon_period,
    .dump = dump,
    .progress = progress,
    .job = job,
    .act = act,
    .free = hypervisor_free,
};
