/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/store.h"
#include "monitor/incident-files.h"

#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
set_file_error(const char *path, int number, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: %s", shown,
                number == ELOOP ? "is a symbolic link, which is not followed" : g_strerror(number));
}

static void
set_content_error(const char *path, const char *what, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", shown, what);
}

/* O_NONBLOCK, as a named pipe would make us wait for a writer. */
static int
open_regular(const char *directory, const char *name, const char *path, GError **error)
{
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = -1;
    int number = errno;
    struct stat about;

    if (folder >= 0) {
        fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        number = errno;
        close(folder);
    }
    if (fd < 0) {
        set_file_error(path, number, error);
        return -1;
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        set_content_error(path, "is not a regular file", error);
        return -1;
    }
    return fd;
}

/* Up to @max + 1 bytes, so that the caller sees whether there was more. */
static GString *
read_bounded(int fd, gsize max)
{
    GString *text = g_string_new(NULL);
    char piece[16384];
    gssize got;

    while (text->len <= max) {
        got = read(fd, piece, MIN(sizeof(piece), max + 1 - text->len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        g_string_append_len(text, piece, got);
    }
    return text;
}

static GString *
read_file(const char *directory, const char *name, gsize max, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = open_regular(directory, name, path, error);
    GString *text;

    if (fd < 0)
        return NULL;
    text = read_bounded(fd, max);
    close(fd);
    return text;
}

int
vitals_store_open(const char *directory, const char *name, gsize most, gsize *ret_size,
                  GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = open_regular(directory, name, path, error);
    struct stat about;

    if (fd < 0)
        return -1;
    if (fstat(fd, &about) != 0 || (guint64)about.st_size > most) {
        set_content_error(path, "is too large", error);
        close(fd);
        return -1;
    }
    *ret_size = (gsize)about.st_size;
    return fd;
}

json_t *
vitals_store_read_manifest(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "incident.json", NULL);
    GString *text = read_file(directory, "incident.json", VITALS_STORE_MANIFEST_MAX, error);
    g_autofree char *what = NULL;
    json_error_t problem;
    json_t *manifest = NULL;

    if (!text)
        return NULL;
    if (text->len > VITALS_STORE_MANIFEST_MAX) {
        what = g_strdup("is too large for a manifest");
    } else {
        /* jansson bounds the nesting at 2048 by itself. */
        manifest = json_loadb(text->str, text->len, 0, &problem);
        if (!manifest) {
            g_autofree char *reason = vitals_text_printable(problem.text, -1);

            what = g_strdup_printf("line %d: %s", problem.line, reason);
        } else if (!json_is_object(manifest)) {
            what = g_strdup("is not a JSON object");
        }
    }
    g_string_free(text, TRUE);
    if (what) {
        json_decref(manifest);
        set_content_error(path, what, error);
        return NULL;
    }
    return manifest;
}

char *
vitals_store_read_report(const char *directory, GError **error)
{
    GString *text = read_file(directory, "report.txt", VITALS_STORE_REPORT_MAX, error);
    char *printable;

    if (!text)
        return NULL;
    printable = vitals_text_printable_lines(text->str, MIN(text->len, VITALS_STORE_REPORT_MAX));
    g_string_free(text, TRUE);
    return printable;
}

/* One printable line that may have been made one before: its backslashes are not doubled again. */
static char *
one_line(const char *text)
{
    return g_strdelimit(vitals_text_printable_lines(text, -1), "\n\t", ' ');
}

/* Takes a string out of @object; without it "" will do, but not another type. */
static gboolean
take_text(const json_t *object, const char *key, char **ret_text)
{
    const json_t *value = json_object_get(object, key);

    if (value && !json_is_string(value) && !json_is_null(value))
        return FALSE;
    *ret_text = g_strdup(json_is_string(value) ? json_string_value(value) : "");
    return TRUE;
}

static gboolean
take_line(const json_t *object, const char *key, char **ret_line)
{
    g_autofree char *text = NULL;

    if (!take_text(object, key, &text))
        return FALSE;
    *ret_line = one_line(text);
    return TRUE;
}

static gboolean
take_time(const json_t *object, const char *key, gint64 *ret_realtime)
{
    const char *text = json_string_value(json_object_get(object, key));
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, utc) : NULL;

    if (!time)
        return FALSE;
    *ret_realtime = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    return TRUE;
}

/* Returns: %NULL, or the key whose value will not do */
static const char *
take_capture(const json_t *capture, VitalsIncidentView *incident)
{
    const json_t *bytes = json_object_get(capture, "bytes");

    if (capture && !json_is_object(capture))
        return "capture";
    if (!take_text(capture, "result", &incident->capture_result))
        return "capture.result";
    if (!take_text(capture, "format", &incident->capture_format))
        return "capture.format";
    if (!take_text(capture, "path", &incident->capture_path))
        return "capture.path";
    if (!take_line(capture, "detail", &incident->capture_detail))
        return "capture.detail";
    if (bytes && (!json_is_integer(bytes) || json_integer_value(bytes) < 0))
        return "capture.bytes";
    incident->capture_bytes = (guint64)json_integer_value(bytes);
    if (!*incident->capture_result) {
        g_free(incident->capture_result);
        incident->capture_result = g_strdup("none");
    }
    return NULL;
}

/* Returns: %NULL, or the key whose value will not do */
static const char *
take_manifest(const json_t *manifest, VitalsIncidentView *incident)
{
    if (!take_text(manifest, "domain", &incident->domain))
        return "domain";
    if (!take_text(manifest, "uuid", &incident->uuid))
        return "uuid";
    if (!take_text(manifest, "health", &incident->health))
        return "health";
    if (!take_text(manifest, "layer", &incident->layer))
        return "layer";
    if (!take_text(manifest, "cause", &incident->cause))
        return "cause";
    if (!take_line(manifest, "title", &incident->title))
        return "title";
    if (!take_time(manifest, "opened", &incident->opened))
        return "opened";
    return take_capture(json_object_get(manifest, "capture"), incident);
}

/* Its name and place are what they are, whatever the manifest says. */
static VitalsIncidentView *
read_incident(const char *path, const char *id, GError **error)
{
    g_autoptr(VitalsIncidentView) incident = vitals_incident_view_new();
    json_t *manifest = vitals_store_read_manifest(path, error);
    const char *wrong;

    if (!manifest)
        return NULL;
    incident->id = g_strdup(id);
    incident->path = g_strdup(path);
    incident->interrupted = json_is_true(json_object_get(manifest, "interrupted"));
    incident->partial =
        g_str_has_prefix(id, VITALS_INCIDENT_PARTIAL) ||
        (json_is_false(json_object_get(manifest, "complete")) && !incident->interrupted);
    wrong = take_manifest(manifest, incident);
    take_time(manifest, "recovered", &incident->recovered);
    json_decref(manifest);
    if (wrong) {
        g_autofree char *file = g_build_filename(path, "incident.json", NULL);
        g_autofree char *what = g_strdup_printf("'%s' is missing or has the wrong type", wrong);

        set_content_error(file, what, error);
        return NULL;
    }
    return g_steal_pointer(&incident);
}

/* A partial incident whose manifest was not written yet: all that is known is its directory. */
static VitalsIncidentView *
bare_incident(const char *path, const char *id, const struct stat *about)
{
    VitalsIncidentView *incident = vitals_incident_view_new();

    incident->id = g_strdup(id);
    incident->path = g_strdup(path);
    incident->domain = g_strdup("");
    incident->uuid = g_strdup("");
    incident->health = g_strdup("unknown");
    incident->layer = g_strdup("none");
    incident->cause = g_strdup("none");
    incident->title = g_strdup("Interrupted before its manifest was written");
    incident->opened = (gint64)about->st_mtim.tv_sec * G_USEC_PER_SEC;
    incident->capture_result = g_strdup("interrupted");
    incident->capture_format = g_strdup("");
    incident->capture_detail = g_strdup("");
    incident->capture_path = g_strdup("");
    incident->partial = TRUE;
    return incident;
}

static void
list_entry(const char *folder, const char *id, GPtrArray *incidents, GPtrArray *problems)
{
    g_autofree char *path = g_build_filename(folder, id, NULL);
    gboolean partial = g_str_has_prefix(id, VITALS_INCIDENT_PARTIAL);
    g_autoptr(GError) error = NULL;
    VitalsIncidentView *incident = NULL;
    struct stat about;

    /* Plain files and other hidden ones are nobody's incidents. */
    if (id[0] == '.' && !partial)
        return;
    if (lstat(path, &about) != 0 || !(S_ISDIR(about.st_mode) || S_ISLNK(about.st_mode)))
        return;
    if (S_ISLNK(about.st_mode))
        set_file_error(path, ELOOP, &error);
    else
        incident = read_incident(path, id, &error);
    if (!incident && partial && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        incident = bare_incident(path, id, &about);
    if (incident)
        g_ptr_array_add(incidents, incident);
    else
        g_ptr_array_add(problems, g_strdup(error->message));
}

static int
newest_first(gconstpointer left, gconstpointer right)
{
    const VitalsIncidentView *a = *(const VitalsIncidentView *const *)left;
    const VitalsIncidentView *b = *(const VitalsIncidentView *const *)right;

    if (a->opened != b->opened)
        return a->opened > b->opened ? -1 : 1;
    return g_strcmp0(b->id, a->id);
}

static void
free_incident(gpointer incident)
{
    vitals_incident_view_free(incident);
}

GPtrArray *
vitals_store_list(const char *state_dir, GPtrArray *ret_problems, GError **error)
{
    g_autoptr(GPtrArray) incidents = g_ptr_array_new_with_free_func(free_incident);
    g_autofree char *folder = g_build_filename(state_dir, "incidents", NULL);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *id;

    if (access(state_dir, R_OK | X_OK) != 0) {
        set_file_error(state_dir, errno, error);
        return NULL;
    }
    if (access(folder, F_OK) != 0 && errno == ENOENT)
        return g_steal_pointer(&incidents);
    dir = g_dir_open(folder, 0, &problem);
    if (!dir) {
        g_autofree char *shown = vitals_text_printable(problem->message, -1);

        g_set_error_literal(error, problem->domain, problem->code, shown);
        return NULL;
    }
    while ((id = g_dir_read_name(dir)))
        list_entry(folder, id, incidents, ret_problems);
    g_ptr_array_sort(incidents, newest_first);
    return g_steal_pointer(&incidents);
}

const VitalsIncidentView *
vitals_store_find(const GPtrArray *incidents, const char *id, GError **error)
{
    g_autofree char *shown = vitals_text_printable(id, -1);
    const VitalsIncidentView *found = NULL;
    guint count = 0;

    for (guint i = 0; i < incidents->len; i++) {
        const VitalsIncidentView *incident = g_ptr_array_index(incidents, i);

        if (g_str_equal(incident->id, id))
            return incident;
        if (*id && g_str_has_prefix(incident->id, id)) {
            found = incident;
            count++;
        }
    }
    if (count == 1)
        return found;
    if (count == 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "there is no incident '%s'", shown);
    else
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "'%s' is the beginning of %u incidents; give more of the name", shown, count);
    return NULL;
}
