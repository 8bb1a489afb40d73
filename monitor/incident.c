/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/incident.h"
#include "monitor/bundle.h"
#include "monitor/manifest.h"
#include "monitor/output/time.h"
#include "monitor/postmortem/postmortem.h"
#include "monitor/prediction.h"
#include "monitor/recorder.h"
#include "monitor/recording.h"
#include "monitor/report.h"
#include "monitor/testimony.h"
#include "monitor/store.h"
#include "monitor/tail.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTIAL ".partial-"

/* Path components may have 255 bytes; time stamp, cause and the partial mark take about 60. */
#define SLUG_MAX 100

/* What is left of a killed daemon is finished at the start, which must not wait for gigabytes. */
#define RECOVERED_SUM_MAX ((guint64)16 * 1024 * 1024)

/* Two incidents of one guest, cause and second are already one too many. */
#define SAME_NAME_MAX 100

static void
moment_free(gpointer data)
{
    VitalsMoment *moment = data;

    g_free(moment->text);
    g_free(moment);
}

static void
piece_note_free(gpointer data)
{
    VitalsPieceNote *note = data;

    g_free(note->reason);
    g_free(note);
}

VitalsDossier *
vitals_dossier_new(const char *state_dir)
{
    VitalsDossier *dossier = g_new0(VitalsDossier, 1);

    dossier->state_dir = g_strdup(state_dir);
    dossier->view = vitals_incident_view_new();
    dossier->timeline = g_ptr_array_new_with_free_func(moment_free);
    dossier->pieces = g_ptr_array_new_with_free_func(piece_note_free);
    dossier->predictions = g_ptr_array_new_with_free_func(g_free);
    dossier->risks = g_ptr_array_new_with_free_func(g_free);
    dossier->lint_diff = g_strdup("");
    dossier->testimony = g_ptr_array_new_with_free_func(g_free);
    dossier->samples = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    dossier->claim = -1;
    return dossier;
}

void
vitals_dossier_free(VitalsDossier *dossier)
{
    if (!dossier)
        return;
    g_free(dossier->state_dir);
    vitals_incident_view_free(dossier->view);
    vitals_outline_free(dossier->outline);
    g_free(dossier->xml);
    g_strfreev(dossier->evidence);
    g_free(dossier->signals_header);
    g_ptr_array_unref(dossier->samples);
    g_ptr_array_unref(dossier->timeline);
    g_ptr_array_unref(dossier->pieces);
    json_decref(dossier->reasons);
    g_ptr_array_unref(dossier->testimony);
    g_ptr_array_unref(dossier->predictions);
    g_ptr_array_unref(dossier->risks);
    g_free(dossier->lint_diff);
    vitals_vmcore_free(dossier->vmcore);
    vitals_triage_free(dossier->triage);
    if (dossier->claim >= 0)
        close(dossier->claim);
    g_free(dossier);
}

void
vitals_dossier_note(VitalsDossier *dossier, gint64 realtime, const char *format, ...)
{
    VitalsMoment *moment = g_new0(VitalsMoment, 1);
    guint at = dossier->timeline->len;
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    moment->text = vitals_text_printable(text, -1);
    moment->realtime = realtime;

    while (at > 0 &&
           ((VitalsMoment *)g_ptr_array_index(dossier->timeline, at - 1))->realtime > realtime)
        at--;
    g_ptr_array_insert(dossier->timeline, (int)at, moment);
}

/* ---- files ---- */

static gboolean
write_file(const char *directory, const char *name, const char *text, gsize length, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    return g_file_set_contents_full(path, text, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

/* Makes what was renamed or created in a directory survive a power cut. */
static void
sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return;
    if (fsync(fd) < 0)
        g_debug("fsync: %s", g_strerror(errno));
    close(fd);
}

/* The end of a console's log, made printable; the path comes from a definition. */
static char *
read_console(const char *path, gsize most)
{
    g_autoptr(GBytes) end = vitals_tail_read(path, most, NULL);
    gsize length;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;

    return end ? vitals_text_printable_lines(bytes, (gssize)length) : NULL;
}

static gboolean
write_signals(const char *directory, const char *header, const GPtrArray *samples, GError **error)
{
    g_autoptr(GString) lines = g_string_new(header);

    for (guint i = 0; i < samples->len; i++) {
        g_autofree char *line = vitals_sample_to_line(g_ptr_array_index(samples, i));

        g_string_append(lines, line);
    }
    return write_file(directory, "signals.jsonl", lines->str, lines->len, error);
}

static gboolean
write_text(const char *directory, const char *name, const char *text, GError **error)
{
    return write_file(directory, name, text, strlen(text), error);
}

static gboolean
write_manifest(const char *directory, const json_t *manifest, GError **error)
{
    g_autofree char *text = vitals_manifest_text(manifest);

    return write_text(directory, "incident.json", text, error);
}

/* What is there until the incident is whole. */
static gboolean
write_first_manifest(const VitalsDossier *dossier, GError **error)
{
    json_t *manifest = vitals_manifest_new(dossier, FALSE);
    gboolean written = write_manifest(dossier->view->path, manifest, error);

    json_decref(manifest);
    return written;
}

/* The report for people, then the manifest, the last file of all: it tells of the others. */
static gboolean
write_page(const char *directory, json_t *manifest, const GPtrArray *samples, guint64 most,
           GError **error)
{
    g_autofree char *page = NULL;

    json_object_set_new(manifest, "files", vitals_bundle_files(directory, most));
    page = vitals_postmortem_page(directory, manifest, samples);
    if (!write_text(directory, "report.html", page, error))
        return FALSE;
    vitals_bundle_add_file(json_object_get(manifest, "files"), directory, "report.html");
    return write_manifest(directory, manifest, error);
}

/* ---- the life of an incident ---- */

/* Locks a partial directory as long as the descriptor is open. Returns: it, or -1 with errno set:
 * EWOULDBLOCK if somebody else has it */
static int
claim(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}

/* Takes the first free id and makes its partial directory. */
static gboolean
make_directory(VitalsDossier *dossier, GError **error)
{
    VitalsIncidentView *view = dossier->view;
    g_autofree char *time = vitals_time_compact(view->opened);
    g_autofree char *slug = vitals_text_slug(view->domain, SLUG_MAX);
    int failure = EEXIST;

    for (guint i = 1; i <= SAME_NAME_MAX && failure == EEXIST; i++) {
        g_autofree char *suffix = i > 1 ? g_strdup_printf("-%u", i) : g_strdup("");
        g_autofree char *id = g_strdup_printf("%s-%s-%s%s", time, slug, view->cause, suffix);
        g_autofree char *partial = g_strconcat(PARTIAL, id, NULL);
        g_autofree char *final = g_build_filename(dossier->state_dir, "incidents", id, NULL);
        g_autofree char *path = g_build_filename(dossier->state_dir, "incidents", partial, NULL);

        if (g_file_test(final, G_FILE_TEST_EXISTS))
            continue;
        if (mkdir(path, 0700) == 0) {
            g_free(view->id);
            g_free(view->path);
            view->id = g_steal_pointer(&id);
            view->path = g_steal_pointer(&path);
            dossier->claim = claim(view->path);
            return TRUE;
        }
        failure = errno;
    }
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(failure),
                "cannot make an incident directory in %s/incidents: %s", dossier->state_dir,
                g_strerror(failure));
    return FALSE;
}

static gboolean
write_console(const VitalsDossier *dossier, char **ret_console, GError **error)
{
    g_autofree char *console = NULL;

    if (dossier->outline && dossier->outline->console_log)
        console = read_console(dossier->outline->console_log, dossier->console_tail);
    if (console && !write_file(dossier->view->path, "console.log", console, strlen(console), error))
        return FALSE;
    if (ret_console)
        *ret_console = g_steal_pointer(&console);
    return TRUE;
}

gboolean
vitals_incident_begin(VitalsDossier *dossier, GError **error)
{
    return make_directory(dossier, error) && write_first_manifest(dossier, error) &&
           (!dossier->xml || write_file(dossier->view->path, "domain.xml", dossier->xml,
                                        strlen(dossier->xml), error)) &&
           write_signals(dossier->view->path, dossier->signals_header, dossier->samples, error) &&
           write_console(dossier, NULL, error);
}

gboolean
vitals_incident_add(const char *directory, const char *name, GBytes *bytes, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return write_file(directory, name, data ? data : "", length, error);
}

char *
vitals_incident_path_of_dump(const VitalsDossier *dossier)
{
    return g_build_filename(dossier->view->path, "vmcore", NULL);
}

/* What the dump is; one that cannot be read back is no success. */
static void
inspect_dump(VitalsDossier *dossier)
{
    VitalsIncidentView *view = dossier->view;
    g_autofree char *path = vitals_incident_path_of_dump(dossier);
    g_autoptr(GError) error = NULL;

    if (!g_str_equal(view->capture_result, "ok"))
        return;
    dossier->vmcore = vitals_vmcore_inspect(path, &error);
    if (!dossier->vmcore) {
        g_free(view->capture_result);
        g_free(view->capture_detail);
        view->capture_result = g_strdup("failed");
        view->capture_detail = vitals_text_printable(error->message, -1);
        return;
    }
    view->capture_bytes = dossier->vmcore->bytes;
    g_free(view->capture_format);
    view->capture_format = g_strdup(dossier->vmcore->format);
    sync_path(path);
}

/* The directory as it will be called; paths in the view follow. */
static char *
final_path(VitalsDossier *dossier)
{
    VitalsIncidentView *view = dossier->view;

    if (g_str_equal(view->capture_result, "ok")) {
        g_free(view->capture_path);
        view->capture_path =
            g_build_filename(dossier->state_dir, "incidents", view->id, "vmcore", NULL);
    }
    return g_build_filename(dossier->state_dir, "incidents", view->id, NULL);
}

static gboolean
rename_durably(const char *from, const char *to, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(to);

    sync_path(from);
    if (rename(from, to) < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot name %s: %s", to,
                    g_strerror(errno));
        return FALSE;
    }
    sync_path(parent);
    return TRUE;
}

/* What the guest itself called it, where the verdict came before its console was read. */
static void
take_detail(VitalsDossier *dossier)
{
    static const char critical[] = "critical: ";
    const char *known = json_string_value(json_object_get(dossier->reasons, "detail"));

    if (!known || *known || g_str_equal(dossier->view->health, "unknown"))
        return;
    for (guint i = 0; i < dossier->testimony->len; i++) {
        const char *line = g_ptr_array_index(dossier->testimony, i);

        if (g_str_has_prefix(line, critical)) {
            json_object_set_new(dossier->reasons, "detail", json_string(line + strlen(critical)));
            return;
        }
    }
}

/* What can be said only now, or takes too long before the dump. */
static void
take_findings(VitalsDossier *dossier, const char *console)
{
    if (console) {
        g_ptr_array_unref(dossier->testimony);
        dossier->testimony = vitals_testimony_read(console, strlen(console));
    }
    take_detail(dossier);
    if (!dossier->is_linted) {
        g_ptr_array_unref(dossier->predictions);
        dossier->predictions = vitals_prediction_read(dossier->xml);
    }
    g_ptr_array_unref(dossier->risks);
    g_free(dossier->lint_diff);
    dossier->risks = vitals_prediction_risks(dossier->xml);
    dossier->lint_diff = vitals_prediction_diff(dossier->xml);
}

static gboolean
write_reports(const VitalsDossier *dossier, const char *console, GError **error)
{
    g_autofree char *report = vitals_report_text(dossier, console);
    json_t *manifest = vitals_manifest_new(dossier, TRUE);
    gboolean written =
        write_text(dossier->view->path, "report.txt", report, error) &&
        write_page(dossier->view->path, manifest, dossier->samples, G_MAXUINT64, error);

    json_decref(manifest);
    return written;
}

gboolean
vitals_incident_finish(VitalsDossier *dossier, GError **error)
{
    g_autofree char *console = NULL;
    g_autofree char *path = NULL;

    inspect_dump(dossier);
    path = final_path(dossier);
    if (!write_console(dossier, &console, error))
        return FALSE;
    take_findings(dossier, console);
    if (!write_reports(dossier, console, error) ||
        !rename_durably(dossier->view->path, path, error))
        return FALSE;
    g_free(dossier->view->path);
    dossier->view->path = g_steal_pointer(&path);
    return TRUE;
}

/* ---- what a killed daemon left ---- */

/* What became of a dump that nobody waited for. QEMU goes on writing when we are gone, so the file may
 * have become whole since, or may yet. */
static void
mark_dump(const char *directory, json_t *capture)
{
    const char *result = json_string_value(json_object_get(capture, "result"));
    g_autofree char *path = g_build_filename(directory, "vmcore", NULL);
    g_autoptr(VitalsVmcore) vmcore = NULL;

    if (g_strcmp0(result, "running") != 0 && g_strcmp0(result, "queued") != 0)
        return;
    vmcore = vitals_vmcore_inspect(path, NULL);
    json_object_set_new(capture, "result", json_string("interrupted"));
    json_object_set_new(
        capture, "detail",
        json_string(vmcore ? "the monitor ended before the dump did; the file vmcore in this "
                             "incident is whole"
                    : g_file_test(path, G_FILE_TEST_EXISTS)
                        ? "the monitor ended before the dump did; a file vmcore in this incident "
                          "may be incomplete"
                        : "the monitor ended before the dump was begun"));
    if (vmcore)
        json_object_set_new(capture, "bytes", json_integer((json_int_t)vmcore->bytes));
}

static void
take_sample(VitalsSample *sample, gpointer data)
{
    g_ptr_array_add(data, vitals_sample_ref(sample));
}

static void
ignore_header(const VitalsRecordingHeader *header, gpointer data)
{
}

/* What can be said of an incident that was killed before it had a manifest: its name says most. */
static json_t *
bare_manifest(const char *directory)
{
    g_autofree char *name = g_path_get_basename(directory);
    const char *id = g_str_has_prefix(name, PARTIAL) ? name + strlen(PARTIAL) : name;
    g_autofree char *opened = NULL;
    struct stat about;

    if (lstat(directory, &about) < 0)
        return NULL;
    opened = vitals_time_rfc3339((gint64)about.st_mtim.tv_sec * G_USEC_PER_SEC);
    return json_pack("{s:i, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}}", "version", 1,
                     "complete", 0, "id", id, "domain", "", "health", "unknown", "layer", "none",
                     "cause", "none", "title", "Interrupted before its manifest was written",
                     "opened", opened, "capture", "result", "none");
}

/* Marks an interrupted incident and writes the reports that it lacks, from what is there. One whose
 * manifest cannot be read is left as it is. */
static void
finish_interrupted(const char *directory)
{
    g_autoptr(GError) error = NULL;
    json_t *manifest = vitals_store_read_manifest(directory, &error);
    g_autoptr(GPtrArray) samples =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    g_autofree char *signals = g_build_filename(directory, "signals.jsonl", NULL);
    g_autofree char *report = NULL;

    if (!manifest && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        manifest = bare_manifest(directory);
    if (!manifest)
        return;
    json_object_set_new(manifest, "interrupted", json_true());
    mark_dump(directory, json_object_get(manifest, "capture"));
    vitals_recording_read(signals, ignore_header, take_sample, samples, NULL);
    report = vitals_report_rest(manifest);
    if (write_text(directory, "report.txt", report, NULL))
        write_page(directory, manifest, samples, RECOVERED_SUM_MAX, NULL);
    json_decref(manifest);
}

guint
vitals_incident_recover(const char *state_dir)
{
    g_autofree char *incidents = g_build_filename(state_dir, "incidents", NULL);
    g_autoptr(GDir) directory = g_dir_open(incidents, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint recovered = 0;

    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(incidents, name, NULL);

        /* ours are directories, and nothing that is called as libvirt's ".." is */
        if (g_str_has_prefix(name, PARTIAL) && g_ascii_isalnum(name[strlen(PARTIAL)]) &&
            !g_file_test(path, G_FILE_TEST_IS_SYMLINK) && g_file_test(path, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(names, g_strdup(name));
    }
    for (guint i = 0; i < names->len; i++) {
        const char *partial = g_ptr_array_index(names, i);
        g_autofree char *from = g_build_filename(incidents, partial, NULL);
        g_autofree char *to = g_build_filename(incidents, partial + strlen(PARTIAL), NULL);
        int claimed = claim(from);

        if (claimed < 0 && errno == EWOULDBLOCK) /* its writer lives */
            continue;
        if (rmdir(from) == 0) { /* nothing had been captured */
            if (claimed >= 0)
                close(claimed);
            continue;
        }
        finish_interrupted(from);
        recovered += !g_file_test(to, G_FILE_TEST_EXISTS) && rename_durably(from, to, NULL);
        if (claimed >= 0)
            close(claimed);
    }
    return recovered;
}

gboolean
vitals_incident_prepare(const char *state_dir, GError **error)
{
    g_autofree char *incidents = g_build_filename(state_dir, "incidents", NULL);
    g_autofree char *probe = g_build_filename(incidents, ".writable", NULL);

    if (g_mkdir_with_parents(incidents, 0700) < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make the state directory %s: %s", incidents, g_strerror(errno));
        return FALSE;
    }
    if (!g_file_set_contents(probe, "", 0, error)) {
        g_prefix_error(error, "cannot write in the state directory %s: ", state_dir);
        return FALSE;
    }
    unlink(probe);
    return TRUE;
}
