/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "config/text.h"

/* What a dump holds beside memory: headers, notes, page descriptors, firmware. */
#define DUMP_OVERHEAD (64 * 1024 * 1024)

static gboolean
on_dump_wanted(gpointer data, GError **error)
{
    return vitals_case_check_wanted(data, error);
}

static void
on_make_room(guint64 bytes, void (*made)(gpointer token), gpointer token, GDestroyNotify free_token,
             gpointer data)
{
    const VitalsCase *item = data;

    if (item->casebook->keeper) {
        vitals_storekeeper_make_room(item->casebook->keeper, bytes, made, token, free_token);
    } else { /* the directory is another process's */
        made(token);
        free_token(token);
    }
}

static void
on_dump_started(gpointer data)
{
    VitalsCase *item = data;
    VitalsCasebook *casebook = item->casebook;

    item->began = TRUE;
    item->guest->capture = "dumping";
    item->guest->capture_began = g_get_monotonic_time();
    vitals_case_replace(&item->dossier->view->capture_result, "running");
    vitals_dossier_note(item->dossier, g_get_real_time(), "dump begins");
    if (casebook->listener.capturing)
        casebook->listener.capturing(item->guest, TRUE, casebook->data);
    vitals_case_show(item);
}

static void
on_dump_progress(guint64 done, guint64 total, gpointer data)
{
    VitalsCase *item = data;
    gint64 now = g_get_monotonic_time();

    item->guest->capture_done = done;
    item->guest->capture_total = total;
    vitals_casebook_changed(item->casebook);
    /* a line every ten seconds is enough to see in a log that it goes on */
    if (now - item->last_logged >= 10 * G_USEC_PER_SEC) {
        g_autofree char *label = vitals_guest_label(item->guest);

        item->last_logged = now;
        g_message("dumping %s: %.0f %% of %.1f GiB, about %.0f s left", label,
                  (double)done * 100 / (double)total, (double)total / (1 << 30),
                  vitals_guest_capture_left(item->guest, now));
    }
}

static void
on_examined(VitalsTriage *triage, gpointer data)
{
    VitalsCase *item = data;

    item->dossier->triage = triage;
    item->examining = FALSE;
    vitals_dossier_note(item->dossier, g_get_real_time(), "the dump is examined");
    vitals_case_finish_if_whole(item);
}

/* The guest need not wait for it, nor the next dump. */
static void
examine(VitalsCase *item)
{
    item->examining = TRUE;
    vitals_examiner_submit(item->casebook->examiner, item->guest->name, item->dossier->outline,
                           vitals_incident_path_of_dump(item->dossier), on_examined, item);
}

static void
note_captured(VitalsCasebook *casebook, VitalsGuest *guest)
{
    gint64 *at = g_new(gint64, 1);

    *at = guest->captured = g_get_monotonic_time();
    g_queue_push_tail(&casebook->captured_at, at);
}

static void
on_kept(VitalsCase *item)
{
    if (item->dumped)
        examine(item);
    vitals_case_act(item, item->dumped);
}

/* Whether nothing was tried, as opposed to a dump that failed. */
static gboolean
is_refusal(const GError *error)
{
    return g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE) ||
           g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_SPACE) ||
           g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_BUSY);
}

static void
on_dump_ended(VitalsDumpFormat format, double seconds, const GError *error, gpointer data)
{
    VitalsCase *item = data;
    VitalsCasebook *casebook = item->casebook;
    VitalsDossier *dossier = item->dossier;
    gboolean refused = is_refusal(error);
    g_autofree char *label = vitals_guest_label(item->guest);
    g_autofree char *reason = vitals_text_printable(error ? error->message : "", -1);

    dossier->moot = g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE);
    item->guest->capture = NULL;
    item->guest->capture_done = item->guest->capture_total = 0;
    dossier->dump_seconds = seconds;
    vitals_case_replace(&dossier->view->capture_format, vitals_dump_format_name(format));
    vitals_case_replace(&dossier->view->capture_result, !error    ? "ok"
                                                        : refused ? "refused"
                                                                  : "failed");
    vitals_case_replace(&dossier->view->capture_detail, reason);
    vitals_dossier_note(dossier, g_get_real_time(), "dump %s after %.1f s%s%s",
                        !error    ? "ends"
                        : refused ? "refused"
                                  : "failed",
                        seconds, error ? ": " : "", reason);
    if (error)
        g_warning("dump of %s %s: %s", label, refused ? "refused" : "failed", reason);
    else
        g_message("dump of %s took %.1f s", label, seconds);
    casebook->pending--;
    if (!refused)
        note_captured(casebook, item->guest);
    if (casebook->listener.capturing && item->began)
        casebook->listener.capturing(item->guest, FALSE, casebook->data);
    /* the list says "running" until everything that belongs to the incident is in its place */
    vitals_casebook_changed(casebook);
    item->dumped = !error;
    if (item->dumped)
        vitals_dossier_note_deed(dossier, "due");
    vitals_case_keep(item, on_kept);
}

void
vitals_case_refuse_dump(VitalsCase *item, const char *reason)
{
    g_autoptr(GError) error =
        g_error_new_literal(VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_BUSY, reason);

    on_dump_ended(VITALS_DUMP_ELF, 0, error, item);
}

/* What is filtered afterwards is written as it is, which keeps the guest standing still for a fraction
 * of the time; QEMU compresses where that is all there will be, or where there is no room for both. */
static void
choose_formats(const VitalsCasebook *casebook, const VitalsGuest *guest, VitalsDump *dump)
{
    const char *format =
        vitals_settings_string(casebook->settings, guest->name, "Capture.DumpFormat");
    gboolean filters = vitals_examiner_filters(casebook->examiner, guest->name);

    if (g_str_equal(format, "auto") && guest->outline && guest->outline->windows) {
        dump->formats[dump->n_formats++] = VITALS_DUMP_ELF; /* all that elf2dmp reads */
        return;
    }
    if (g_str_equal(format, "elf") || g_str_equal(format, "kdump-zlib")) {
        dump->formats[dump->n_formats++] =
            g_str_equal(format, "elf") ? VITALS_DUMP_ELF : VITALS_DUMP_KDUMP_ZLIB;
        return;
    }
    dump->formats[dump->n_formats++] = filters ? VITALS_DUMP_ELF : VITALS_DUMP_KDUMP_ZLIB;
    dump->formats[dump->n_formats++] = filters ? VITALS_DUMP_KDUMP_ZLIB : VITALS_DUMP_ELF;
}

void
vitals_case_dump(VitalsCase *item)
{
    static const VitalsDumpListener listener = {
        .wanted = on_dump_wanted,
        .make_room = on_make_room,
        .started = on_dump_started,
        .progress = on_dump_progress,
        .ended = on_dump_ended,
    };
    VitalsCasebook *casebook = item->casebook;
    const VitalsOutline *outline = item->guest->outline;
    VitalsDump *dump = g_new0(VitalsDump, 1);

    dump->uuid = g_strdup(item->guest->uuid);
    dump->id = item->guest->id;
    dump->label = vitals_guest_label(item->guest);
    dump->path = vitals_incident_path_of_dump(item->dossier);
    dump->state_dir = g_strdup(casebook->state_dir);
    dump->keep_free = vitals_settings_size(casebook->settings, NULL, "Capture.KeepFree");
    /* zlib cannot make a page larger than it is, so every format ends below this */
    dump->expected =
        DUMP_OVERHEAD + (outline ? outline->memory + outline->memory / 64 + outline->video : 0);
    choose_formats(casebook, item->guest, dump);
    vitals_capture_submit(casebook->capture, dump, &listener, item);
}
