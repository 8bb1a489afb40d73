/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/leftovers.h"
#include "monitor/tool.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What mkstemp(3) puts behind a name, as GLib calls it. */
#define RANDOM_LENGTH 6

static gboolean
is_temporary(const char *name)
{
    const char *random = strrchr(name, '.');

    if (g_str_equal(name, "vmcore.new"))
        return TRUE;
    if (!random || !memchr(name, '.', (gsize)(random - name)) || strlen(++random) != RANDOM_LENGTH)
        return FALSE;
    while (g_ascii_isalnum(*random))
        random++;
    return !*random;
}

static void
take_dump_back(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "vmcore", NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat about;

    if (fd < 0)
        return;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        vitals_tool_take_back(fd);
    close(fd);
}

void
vitals_leftovers_clear(const char *directory)
{
    g_autoptr(GDir) list = g_dir_open(directory, 0, NULL);
    const char *name;

    while (list && (name = g_dir_read_name(list))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (is_temporary(name))
            unlink(path); /* a directory stays */
    }
    take_dump_back(directory);
}
