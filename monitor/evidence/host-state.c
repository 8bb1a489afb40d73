/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"
#include "config/text.h"

#include <fcntl.h>
#include <unistd.h>

extern const VitalsPiece vitals_piece_host_state;

#define MOST ((gsize)16 * 1024)

/* proc(5); pressure: the kernel's Documentation/accounting/psi.rst */
static const char *const files[] = {
    "proc/version",         "proc/uptime",      "proc/loadavg", "proc/pressure/cpu",
    "proc/pressure/memory", "proc/pressure/io", "proc/meminfo",
};

/* Files of /proc have no size that one could ask for. */
static char *
read_start(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    g_autofree char *bytes = g_malloc(MOST);
    gssize got = fd < 0 ? -1 : read(fd, bytes, MOST);

    if (fd >= 0)
        close(fd);
    return got < 0 ? NULL : vitals_text_printable_lines(bytes, got);
}

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(request->root, files[i], NULL);
        g_autofree char *content = read_start(path);

        g_string_append_printf(text, "== /%s\n%s%s", files[i],
                               content ? content : "cannot be read\n",
                               content && g_str_has_suffix(content, "\n") ? "" : "\n");
    }
    return g_string_free_to_bytes(text);
}

const VitalsPiece vitals_piece_host_state = {
    .name = "host state",
    .file = "host.txt",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .collect = collect,
};
