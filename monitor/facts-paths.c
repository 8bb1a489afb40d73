/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All marks that are looked for stand in the first sector. */
#define HEADER_BYTES 512

/* Where image formats put their marks, as QEMU's block drivers probe for them. */
static const struct {
    const char *format;
    gsize offset;
    const char *mark;
    gsize length;
} marks[] = {
    { "qcow2", 0, "QFI\xfb\0\0\0\2", 8 },
    { "qcow2", 0, "QFI\xfb\0\0\0\3", 8 },
    { "qcow", 0, "QFI\xfb\0\0\0\1", 8 },
    { "vmdk", 0, "KDMV", 4 },
    { "vhdx", 0, "vhdxfile", 8 },
    { "vpc", 0, "conectix", 8 },
    { "qed", 0, "QED\0", 4 },
    { "vdi", 64, "\x7f\x10\xda\xbe", 4 },
};

/* Returns "" if nothing is known by its first bytes, %NULL if they cannot be read. */
static const char *
read_format(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char header[HEADER_BYTES] = { 0 };
    ssize_t got = fd >= 0 ? pread(fd, header, sizeof header, 0) : -1;

    if (fd >= 0)
        close(fd);
    for (guint i = 0; got > 0 && i < G_N_ELEMENTS(marks); i++) {
        if (memcmp(header + marks[i].offset, marks[i].mark, marks[i].length) == 0)
            return marks[i].format;
    }
    return got >= 0 ? "" : NULL;
}

void
vitals_facts_look_at(VitalsHostFacts *facts, const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    const char *format = "";
    VitalsPathKind kind = VITALS_PATH_OTHER;
    struct stat info;

    if (stat(full, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return;
        kind = VITALS_PATH_ABSENT;
    } else if (S_ISREG(info.st_mode)) {
        kind = VITALS_PATH_FILE;
        format = read_format(full);
    } else if (S_ISBLK(info.st_mode) || S_ISCHR(info.st_mode)) {
        kind = VITALS_PATH_DEVICE;
    }
    if (format)
        vitals_host_facts_add_path(facts, path, kind, format);
}
