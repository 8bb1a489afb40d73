/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/incident.h"
#include "monitor/incident-files.h"
#include "monitor/hindsight.h"
#include "monitor/leftovers.h"
#include "monitor/output/time.h"
#include "monitor/recording.h"
#include "monitor/report.h"
#include "monitor/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is left of a killed daemon is finished at the start, which must not wait for gigabytes. */
#define RECOVERED_SUM_MAX ((guint64)16 * 1024 * 1024)

/* What became of a dump that nobody waited for: QEMU goes on writing when we are gone, so the file may
 * have become whole since, or may yet. */
static const char *
fate_of_running(const VitalsVmcore *vmcore, const char *path)
{
    if (vmcore)
        return "the monitor ended before the dump did; the file vmcore in this incident is whole";
    return g_file_test(path, G_FILE_TEST_EXISTS)
               ? "the monitor ended before the dump did; a file vmcore in this incident may be "
                 "incomplete"
               : "the monitor ended before the dump was begun";
}

/* One that had ended well is what it is, if it can be read back; it was not examined to the end. */
static void
mark_dump(const char *directory, const char *final, json_t *capture)
{
    const char *result = json_string_value(json_object_get(capture, "result"));
    gboolean ended = g_strcmp0(result, "ok") == 0;
    g_autofree char *path = g_build_filename(directory, "vmcore", NULL);
    g_autofree char *later = g_build_filename(final, "vmcore", NULL);
    g_autoptr(VitalsVmcore) vmcore = NULL;

    if (!ended && g_strcmp0(result, "running") != 0 && g_strcmp0(result, "queued") != 0)
        return;
    vmcore = vitals_vmcore_inspect(path, NULL);
    if (ended && vmcore) {
        json_object_set_new(capture, "path", json_string(later));
        json_object_set_new(capture, "format", json_string(vmcore->format));
        json_object_set_new(capture, "detail",
                            json_string("the monitor ended before the dump was examined; the "
                                        "dump itself is whole"));
    } else {
        json_object_set_new(capture, "result", json_string("interrupted"));
        json_object_set_new(capture, "detail", json_string(fate_of_running(vmcore, path)));
    }
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
    const char *id = g_str_has_prefix(name, VITALS_INCIDENT_PARTIAL)
                         ? name + strlen(VITALS_INCIDENT_PARTIAL)
                         : name;
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
finish_interrupted(const char *directory, const char *final)
{
    g_autoptr(GError) error = NULL;
    json_t *manifest = vitals_store_read_manifest(directory, &error);
    g_autoptr(GPtrArray) samples =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    g_autofree char *signals = g_build_filename(directory, "signals.jsonl", NULL);
    g_autofree char *report = NULL;

    vitals_leftovers_clear(directory);
    if (!manifest && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        manifest = bare_manifest(directory);
    if (!manifest)
        return;
    json_object_set_new(manifest, "interrupted", json_true());
    mark_dump(directory, final, json_object_get(manifest, "capture"));
    vitals_recording_read(signals, ignore_header, take_sample, samples, NULL);
    vitals_hindsight_add(directory, manifest, samples);
    report = vitals_report_rest(manifest);
    if (vitals_incident_write_text(directory, "report.txt", report, NULL))
        vitals_incident_write_page(directory, manifest, samples, RECOVERED_SUM_MAX, NULL);
    json_decref(manifest);
}

/* Returns: (transfer full) (nullable): where it is now */
static char *
recover_one(const char *incidents, const char *partial)
{
    g_autofree char *from = g_build_filename(incidents, partial, NULL);
    g_autofree char *to =
        g_build_filename(incidents, partial + strlen(VITALS_INCIDENT_PARTIAL), NULL);
    int claimed = vitals_incident_claim(from);
    gboolean recovered = FALSE;

    if (claimed < 0 && errno == EWOULDBLOCK) /* its writer lives */
        return NULL;
    if (rmdir(from) != 0) { /* something had been captured */
        finish_interrupted(from, to);
        recovered = !g_file_test(to, G_FILE_TEST_EXISTS) && vitals_incident_rename(from, to, NULL);
    }
    if (claimed >= 0)
        close(claimed);
    return recovered ? g_steal_pointer(&to) : NULL;
}

guint
vitals_incident_recover(const char *state_dir, GPtrArray *ret_paths)
{
    g_autofree char *incidents = g_build_filename(state_dir, "incidents", NULL);
    g_autoptr(GDir) directory = g_dir_open(incidents, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint recovered = 0;

    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *path = g_build_filename(incidents, name, NULL);

        /* ours are directories, and nothing that is called as libvirt's ".." is */
        if (g_str_has_prefix(name, VITALS_INCIDENT_PARTIAL) &&
            g_ascii_isalnum(name[strlen(VITALS_INCIDENT_PARTIAL)]) &&
            !g_file_test(path, G_FILE_TEST_IS_SYMLINK) && g_file_test(path, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(names, g_strdup(name));
    }
    for (guint i = 0; i < names->len; i++) {
        char *path = recover_one(incidents, g_ptr_array_index(names, i));

        recovered += path != NULL;
        if (path && ret_paths)
            g_ptr_array_add(ret_paths, path);
        else
            g_free(path);
    }
    return recovered;
}
