/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/incident.h"
#include "monitor/diagnosis.h"
#include "monitor/incident-files.h"
#include "monitor/manifest.h"
#include "monitor/output/time.h"
#include "monitor/prediction.h"
#include "monitor/recording.h"
#include "monitor/report.h"
#include "monitor/tail.h"
#include "config/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Path components may have 255 bytes; time stamp, cause and the partial mark take about 60. */
#define SLUG_MAX 100

/* Two incidents of one guest, cause and second are already one too many. */
#define SAME_NAME_MAX 100

/* So much of a kernel's log is searched for reports; what ended the guest stands at its end. */
#define LOG_MAX ((gsize)1024 * 1024)

static char *
printable_end(GBytes *end, gsize most)
{
    gsize length;
    const char *bytes = g_bytes_get_data(end, &length);
    gsize kept = MIN(length, most);

    return vitals_text_printable_lines(bytes ? bytes + length - kept : "", (gssize)kept);
}

static gboolean
write_signals(const char *directory, const char *header, const GPtrArray *samples, GError **error)
{
    g_autoptr(GString) lines = g_string_new(header);

    for (guint i = 0; i < samples->len; i++) {
        g_autofree char *line = vitals_sample_to_line(g_ptr_array_index(samples, i));

        g_string_append(lines, line);
    }
    return vitals_incident_write(directory, "signals.jsonl", lines->str, lines->len, error);
}

/* What is there until the incident is whole. */
static gboolean
write_first_manifest(const VitalsDossier *dossier, GError **error)
{
    json_t *manifest = vitals_manifest_new(dossier, FALSE);
    gboolean written = vitals_incident_write_manifest(dossier->view->path, manifest, error);

    json_decref(manifest);
    return written;
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
        g_autofree char *partial = g_strconcat(VITALS_INCIDENT_PARTIAL, id, NULL);
        g_autofree char *final = g_build_filename(dossier->state_dir, "incidents", id, NULL);
        g_autofree char *path = g_build_filename(dossier->state_dir, "incidents", partial, NULL);

        if (g_file_test(final, G_FILE_TEST_EXISTS))
            continue;
        if (mkdir(path, 0700) == 0) {
            g_free(view->id);
            g_free(view->path);
            view->id = g_steal_pointer(&id);
            view->path = g_steal_pointer(&path);
            dossier->claim = vitals_incident_claim(view->path);
            return TRUE;
        }
        failure = errno;
    }
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(failure),
                "cannot make an incident directory in %s/incidents: %s", dossier->state_dir,
                g_strerror(failure));
    return FALSE;
}

/* What was heard, or read of its log (monitor/evidence/console.c). */
static gboolean
write_console(const VitalsDossier *dossier, GError **error)
{
    g_autofree char *heard = NULL;

    if (dossier->console)
        return vitals_incident_add(dossier->view->path, "console.log", dossier->console, error);
    if (!dossier->console_end)
        return TRUE;
    heard = printable_end(dossier->console_end, dossier->console_tail);
    return vitals_incident_write_text(dossier->view->path, "console.log", heard, error);
}

/* As it stands in the incident now. Returns: (transfer full) (nullable) */
static char *
read_console(const VitalsDossier *dossier)
{
    g_autofree char *path = g_build_filename(dossier->view->path, "console.log", NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

gboolean
vitals_incident_begin(VitalsDossier *dossier, GError **error)
{
    return make_directory(dossier, error) && write_first_manifest(dossier, error) &&
           (!dossier->xml || vitals_incident_write(dossier->view->path, "domain.xml", dossier->xml,
                                                   strlen(dossier->xml), error)) &&
           write_signals(dossier->view->path, dossier->signals_header, dossier->samples, error) &&
           write_console(dossier, error);
}

gboolean
vitals_incident_add(const char *directory, const char *name, GBytes *bytes, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return vitals_incident_write(directory, name, data ? data : "", length, error);
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
    vitals_incident_sync(path);
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

/* Puts what @testimony says in the place of @lines. */
static void
take_lines(GPtrArray **lines, const VitalsTestimony *testimony)
{
    g_ptr_array_unref(*lines);
    *lines = g_ptr_array_ref(testimony->lines);
}

/* The kernel's log as the dump has it. */
static VitalsTestimony *
read_log(const VitalsDossier *dossier)
{
    g_autofree char *path = g_build_filename(dossier->view->path, "dmesg.txt", NULL);
    g_autoptr(GBytes) end =
        dossier->triage && dossier->triage->dmesg ? vitals_tail_read(path, LOG_MAX, NULL) : NULL;
    gsize length;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;

    return end ? vitals_testimony_read(bytes, length) : NULL;
}

/* What can be said only now, or takes too long before the dump. */
static void
take_findings(VitalsDossier *dossier, const char *console)
{
    g_autoptr(VitalsTestimony) said =
        console ? vitals_testimony_read(console, strlen(console)) : NULL;
    g_autoptr(VitalsTestimony) log = read_log(dossier);

    if (said)
        take_lines(&dossier->testimony, said);
    if (log)
        take_lines(&dossier->log_said, log);
    vitals_diagnosis_make(dossier, said, log);
    if (!dossier->is_linted) {
        g_ptr_array_unref(dossier->predictions);
        dossier->predictions = vitals_prediction_read(dossier->xml);
    }
    g_ptr_array_unref(dossier->risks);
    g_free(dossier->lint_diff);
    dossier->risks = vitals_prediction_risks(dossier->predictions);
    dossier->lint_diff = vitals_prediction_diff(dossier->xml);
}

static gboolean
write_reports(const VitalsDossier *dossier, const char *console, GError **error)
{
    g_autofree char *report = vitals_report_text(dossier, console);
    json_t *manifest = vitals_manifest_new(dossier, TRUE);
    gboolean written =
        vitals_incident_write_text(dossier->view->path, "report.txt", report, error) &&
        vitals_incident_write_page(dossier->view->path, manifest, dossier->samples, G_MAXUINT64,
                                   error);

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
    if (!write_console(dossier, error))
        return FALSE;
    console = read_console(dossier);
    take_findings(dossier, console);
    if (!write_reports(dossier, console, error) ||
        !vitals_incident_rename(dossier->view->path, path, error))
        return FALSE;
    g_free(dossier->view->path);
    dossier->view->path = g_steal_pointer(&path);
    return TRUE;
}

/* Who may write there may put a link where a dump is to be. With the sticky bit only for what is not there yet. */
static gboolean
check_ours(const char *path, GError **error)
{
    g_autofree char *shown = NULL;
    struct stat about;

    if (stat(path, &about) < 0 || !(about.st_mode & S_IWOTH) || about.st_mode & S_ISVTX)
        return TRUE;
    shown = vitals_text_printable(path, -1);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                "everybody may write to %s, where the guests' memory would be kept: "
                "'chmod o-w' it, or give another directory with --state-dir",
                shown);
    return FALSE;
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
    if (!check_ours(state_dir, error) || !check_ours(incidents, error))
        return FALSE;
    if (!g_file_set_contents(probe, "", 0, error)) {
        g_prefix_error(error, "cannot write in the state directory %s: ", state_dir);
        return FALSE;
    }
    unlink(probe);
    return TRUE;
}
