/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/incident-files.h"
#include "monitor/bundle.h"
#include "monitor/manifest.h"
#include "monitor/postmortem/postmortem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

gboolean
vitals_incident_write(const char *directory, const char *name, const char *text, gsize length,
                      GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    return g_file_set_contents_full(path, text, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

void
vitals_incident_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return;
    if (fsync(fd) < 0)
        g_debug("fsync: %s", g_strerror(errno));
    close(fd);
}

gboolean
vitals_incident_write_text(const char *directory, const char *name, const char *text,
                           GError **error)
{
    return vitals_incident_write(directory, name, text, strlen(text), error);
}

gboolean
vitals_incident_write_manifest(const char *directory, const json_t *manifest, GError **error)
{
    g_autofree char *text = vitals_manifest_text(manifest);

    return vitals_incident_write_text(directory, "incident.json", text, error);
}

gboolean
vitals_incident_write_page(const char *directory, json_t *manifest, const GPtrArray *samples,
                           guint64 most, GError **error)
{
    g_autofree char *page = NULL;

    json_object_set_new(manifest, "files", vitals_bundle_files(directory, most));
    page = vitals_postmortem_page(directory, manifest, samples);
    if (!vitals_incident_write_text(directory, "report.html", page, error))
        return FALSE;
    vitals_bundle_add_file(json_object_get(manifest, "files"), directory, "report.html");
    return vitals_incident_write_manifest(directory, manifest, error);
}

int
vitals_incident_claim(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}

gboolean
vitals_incident_rename(const char *from, const char *to, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(to);

    vitals_incident_sync(from);
    if (rename(from, to) < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot name %s: %s", to,
                    g_strerror(errno));
        return FALSE;
    }
    vitals_incident_sync(parent);
    return TRUE;
}
