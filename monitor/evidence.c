/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence.h"
#include "monitor/evidence-encore.h"
#include "config/text.h"

#include <string.h>

/* As many as there are pieces that ask libvirt, or it would be one behind the other. */
#define GUEST_WORKERS 3
#define HOST_WORKERS 2

/* How many calls of ours may hang in libvirtd, of whose 20 workers the watch needs most. */
#define HANGING_MAX 2

/* A monitor's job that has lasted so long is not one of our own questions. */
#define JOB_PATIENCE G_TIME_SPAN_SECOND

/* Guests whose consoles' storage hangs may be many; they keep nobody but one another from their logs. */
#define CONSOLES_HANGING_MAX 4

/* @abandoned: of @guest and @host; @consoles_abandoned: of @consoles */
struct VitalsEvidence {
    VitalsLane *guest;
    VitalsLane *host;
    VitalsLane *consoles;
    VitalsLane *disk;
    VitalsAbandoned abandoned;
    VitalsAbandoned consoles_abandoned;
};

/* All pieces for one incident; counted, by each piece that is out. */
typedef struct {
    grefcount references;
    VitalsEvidence *evidence;
    VitalsEvidenceRequest *request;
    VitalsDossier *dossier;
    VitalsEvidenceListener listener;
    gpointer data;
    guint before_dump;
    guint out;
} Collection;

typedef struct {
    Collection *collection;
    VitalsEvidenceRequest *request;
    const VitalsPiece *piece;
    gint64 began;
    char *refusal;
    gboolean told;
} Errand;

/* A piece on its way to the disk. */
typedef struct {
    Collection *collection;
    const VitalsPiece *piece;
    char *directory;
    GBytes *bytes;
    double seconds;
} Parcel;

static void
collection_unref(Collection *collection)
{
    if (!g_ref_count_dec(&collection->references))
        return;
    vitals_evidence_request_unref(collection->request);
    g_free(collection);
}

/* Always on the main loop: the request is all that the worker may touch. */
static void
errand_free(gpointer data)
{
    Errand *errand = data;

    collection_unref(errand->collection);
    vitals_evidence_request_unref(errand->request);
    g_free(errand->refusal);
    g_free(errand);
}

static void
parcel_free(gpointer data)
{
    Parcel *parcel = data;

    collection_unref(parcel->collection);
    g_free(parcel->directory);
    g_bytes_unref(parcel->bytes);
    g_free(parcel);
}

/* ---- on a worker ---- */

/* The state of a process, proc_pid_stat(5): the letter behind its name in brackets. */
static char
process_state(const VitalsEvidenceRequest *request)
{
    g_autofree char *number = g_strdup_printf("%d", request->pid);
    g_autofree char *path = g_build_filename(request->root, "proc", number, "stat", NULL);
    g_autofree char *text = NULL;
    const char *end;

    if (request->pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    end = strrchr(text, ')');
    return end && end[1] == ' ' ? end[2] : 0;
}

static gpointer
run(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;
    char state;

    if (errand->refusal) {
        g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                            errand->refusal);
        return NULL;
    }
    state = errand->piece->asks_qemu ? process_state(errand->request) : 0;
    /* it may have been stopped since the last sample; a call would not return before it goes on */
    if (state == 'T' || state == 't') {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                    "QEMU is stopped and would not answer");
        return NULL;
    }
    return errand->piece->collect(connection, errand->request, error);
}

static gpointer
put_away(VitalsConnection *connection, gpointer data, GError **error)
{
    Parcel *parcel = data;

    return vitals_incident_add(parcel->directory, parcel->piece->file, parcel->bytes, error)
               ? parcel
               : NULL;
}

/* ---- on the main loop ---- */

static void
note(Collection *collection, const VitalsPiece *piece, gsize bytes, const char *reason,
     gboolean overdue, double seconds)
{
    VitalsPieceNote *line = g_new0(VitalsPieceNote, 1);

    line->name = piece->name;
    line->file = piece->file;
    line->bytes = bytes;
    line->reason = reason ? vitals_text_printable(reason, -1) : NULL;
    line->overdue = overdue;
    line->seconds = seconds;
    g_ptr_array_add(collection->dossier->pieces, line);
    if (--collection->out == 0)
        collection->listener.complete(collection->data);
}

static void
on_put_away(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Parcel *parcel = data;

    note(parcel->collection, parcel->piece, error ? 0 : g_bytes_get_size(parcel->bytes),
         error ? error->message : NULL, FALSE, parcel->seconds);
}

static void
send_to_disk(Errand *errand, GBytes *bytes, double seconds)
{
    Collection *collection = errand->collection;
    Parcel *parcel = g_new0(Parcel, 1);
    VitalsCall call = {
        .work = put_away, .done = on_put_away, .data = parcel, .free_data = parcel_free
    };

    g_ref_count_inc(&collection->references);
    parcel->collection = collection;
    parcel->piece = errand->piece;
    parcel->directory = g_strdup(collection->dossier->view->path);
    parcel->bytes = g_bytes_ref(bytes);
    parcel->seconds = seconds;
    vitals_lane_submit(collection->evidence->disk, &call);
}

/* One piece less is out: it is there, or @reason says why not. */
static void
come_home(Errand *errand, GBytes *bytes, const char *reason, gboolean overdue)
{
    Collection *collection = errand->collection;
    double seconds = (double)(g_get_monotonic_time() - errand->began) / G_USEC_PER_SEC;

    errand->told = TRUE;
    if (errand->piece->asks_qemu && --collection->before_dump == 0)
        collection->listener.may_dump(collection->data);
    if (bytes)
        send_to_disk(errand, bytes, seconds);
    else
        note(collection, errand->piece, 0, reason, overdue, seconds);
}

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Errand *errand = data;
    g_autoptr(GBytes) bytes = result;

    if (!errand->told)
        come_home(errand, bytes, error ? error->message : "nothing came", FALSE);
}

static void
on_overdue(gpointer data)
{
    Errand *errand = data;
    g_autofree char *reason = g_strdup_printf("no answer within %.1f s",
                                              (double)errand->piece->deadline / G_USEC_PER_SEC);

    come_home(errand, NULL, reason, TRUE);
}

static const char *
refusal_of(const VitalsPiece *piece, const VitalsEvidenceRequest *request)
{
    const char *refusal = piece->refuse ? piece->refuse(request) : NULL;

    if (!refusal && piece->asks_qemu)
        refusal = request->qemu_trouble;
    return refusal;
}

static VitalsLane *
lane_for(const VitalsEvidence *evidence, const Errand *errand)
{
    if (errand->piece->goes_on)
        return evidence->consoles;
    return errand->piece->asks_libvirt && !errand->refusal ? evidence->guest : evidence->host;
}

static void
send_out(Collection *collection, const VitalsPiece *piece)
{
    VitalsEvidence *evidence = collection->evidence;
    Errand *errand = g_new0(Errand, 1);
    VitalsCall call = {
        .work = run,
        .done = on_done,
        .overdue = on_overdue,
        .deadline = piece->deadline,
        .data = errand,
        .free_data = errand_free,
        .free_result = (GDestroyNotify)g_bytes_unref,
    };

    g_ref_count_inc(&collection->references);
    errand->collection = collection;
    errand->request = vitals_evidence_request_ref(collection->request);
    errand->piece = piece;
    errand->began = g_get_monotonic_time();
    errand->refusal = g_strdup(refusal_of(piece, collection->request));
    vitals_lane_submit(lane_for(evidence, errand), &call);
}

/* Why QEMU must not be asked, or %NULL. Asking one that is frozen costs a thread of libvirtd's and keeps
 * the job that the dump needs. */
static char *
qemu_trouble(const VitalsGuest *guest)
{
    const VitalsSample *process = guest->latest[VITALS_PART_PROCESS];
    const VitalsSample *control = guest->latest[VITALS_PART_CONTROL];

    if (!guest->active)
        return g_strdup("the guest has ended");
    if (guest->quarantined)
        return g_strdup("QEMU does not answer");
    if (process && process->process != VITALS_PROCESS_ALIVE)
        return g_strdup_printf("QEMU is %s", vitals_process_name(process->process));
    if (control && control->control != VITALS_CONTROL_OK && control->control_for > JOB_PATIENCE)
        return g_strdup_printf("QEMU's monitor is taken (%s)",
                               vitals_control_name(control->control));
    return NULL;
}

static VitalsEvidenceRequest *
request_for(const VitalsGuest *guest, const VitalsSettings *settings, const VitalsDossier *dossier)
{
    VitalsEvidenceRequest *request = vitals_evidence_request_new();
    const VitalsSample *process = guest->latest[VITALS_PART_PROCESS];

    request->uuid = g_strdup(guest->uuid);
    request->name = g_strdup(guest->name);
    request->id = guest->id;
    request->pid = process ? process->pid : 0;
    request->root = g_strdup("/");
    request->opened = dossier->view->opened;
    request->console_log = g_strdup(dossier->outline ? dossier->outline->console_log : NULL);
    request->console_tail = dossier->console_tail;
    request->qemu_trouble = qemu_trouble(guest);
    request->registers_allowed =
        !g_str_equal(vitals_settings_string(settings, guest->name, "Probe.DeepProbe"), "never");
    return request;
}

static gboolean
is_wanted(const VitalsPiece *piece, const VitalsEvidenceRequest *request)
{
    return !piece->applies || piece->applies(request);
}

void
vitals_evidence_collect(VitalsEvidence *evidence, const VitalsGuest *guest,
                        const VitalsSettings *settings, VitalsDossier *dossier,
                        const VitalsEvidenceListener *listener, gpointer data)
{
    Collection *collection = g_new0(Collection, 1);

    g_ref_count_init(&collection->references);
    collection->evidence = evidence;
    collection->request = request_for(guest, settings, dossier);
    collection->dossier = dossier;
    collection->listener = *listener;
    collection->data = data;
    for (const VitalsPiece *const *piece = vitals_pieces; *piece; piece++) {
        if (is_wanted(*piece, collection->request)) {
            collection->out++;
            collection->before_dump += (*piece)->asks_qemu;
        }
    }
    for (const VitalsPiece *const *piece = vitals_pieces; *piece; piece++) {
        if (is_wanted(*piece, collection->request))
            send_out(collection, *piece);
    }
    collection_unref(collection);
}

void
vitals_evidence_end(VitalsEvidence *evidence, VitalsDossier *dossier, void (*ended)(gpointer data),
                    gpointer data)
{
    vitals_encore_submit(evidence->consoles, dossier, ended, data);
}

VitalsEvidence *
vitals_evidence_new(VitalsHypervisor *hypervisor, VitalsLane *disk)
{
    VitalsEvidence *evidence = g_new0(VitalsEvidence, 1);

    evidence->disk = disk;
    evidence->abandoned.limit = HANGING_MAX;
    evidence->guest = vitals_lane_new("evidence", hypervisor, GUEST_WORKERS, &evidence->abandoned);
    evidence->host = vitals_lane_new("host", NULL, HOST_WORKERS, &evidence->abandoned);
    evidence->consoles_abandoned.limit = CONSOLES_HANGING_MAX;
    evidence->consoles = vitals_lane_new("console-log", NULL, 1, &evidence->consoles_abandoned);
    return evidence;
}

gboolean
vitals_evidence_free(VitalsEvidence *evidence, gint64 patience)
{
    gboolean ended;

    if (!evidence)
        return TRUE;
    ended = vitals_lane_free(evidence->guest, patience);
    ended = vitals_lane_free(evidence->host, patience) && ended;
    ended = vitals_lane_free(evidence->consoles, patience) && ended;
    g_free(evidence);
    return ended;
}
