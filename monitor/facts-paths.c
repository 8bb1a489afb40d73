/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All marks that are looked for stand in the first sector. */
#define HEADER_BYTES 512
/* An entry of the user database takes some hundred bytes. */
#define PASSWD_BYTES 16384

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

/* Offsets in a qcow2 header, big-endian, and its extension that names the backing file's format
 * (QEMU, docs/interop/qcow2.txt). */
enum {
    QCOW2_BACKING_OFFSET = 8,
    QCOW2_SIZE = 24,
    QCOW2_V2_HEADER = 72,
    QCOW2_HEADER_LENGTH = 100,
};
#define QCOW2_BACKING_FORMAT 0xe2792acaU

static guint64
read_u64(const guint8 *at)
{
    guint64 value;

    memcpy(&value, at, sizeof value);
    return GUINT64_FROM_BE(value);
}

static guint32
read_u32(const guint8 *at)
{
    guint32 value;

    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_BE(value);
}

/* Extensions follow the header: type, length, and that many bytes padded to eight. */
static gboolean
names_backing_format(const guint8 *header)
{
    gsize at = read_u32(header + 4) >= 3 ? read_u32(header + QCOW2_HEADER_LENGTH) : QCOW2_V2_HEADER;

    while (at + 8 <= HEADER_BYTES) {
        guint32 type = read_u32(header + at);

        if (type == QCOW2_BACKING_FORMAT)
            return TRUE;
        if (type == 0)
            return FALSE;
        at += 8 + (((gsize)read_u32(header + at + 4) + 7) & ~(gsize)7);
    }
    return TRUE; /* more extensions than were read: no reason to say anything */
}

static void
read_qcow2(const guint8 *header, VitalsHostPath *found)
{
    found->virtual_kib = read_u64(header + QCOW2_SIZE) / 1024;
    found->has_unnamed_backing =
        read_u64(header + QCOW2_BACKING_OFFSET) != 0 && !names_backing_format(header);
}

/* Fills in what the first bytes tell. Returns FALSE if they cannot be read. */
static gboolean
read_header(const char *path, VitalsHostPath *found)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char header[HEADER_BYTES] = { 0 };
    ssize_t got = fd >= 0 ? pread(fd, header, sizeof header, 0) : -1;

    if (fd >= 0)
        close(fd);
    for (guint i = 0; got > 0 && i < G_N_ELEMENTS(marks); i++) {
        if (memcmp(header + marks[i].offset, marks[i].mark, marks[i].length) == 0) {
            found->format = (char *)marks[i].format;
            break;
        }
    }
    if (g_str_equal(found->format, "qcow2"))
        read_qcow2((const guint8 *)header, found);
    return got >= 0;
}

/* A link may lead to another file system than the directory that it stands in. */
static void
note_filesystem(VitalsHostFacts *facts, const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    char *resolved = g_str_equal(root, "/") ? realpath(full, NULL) : NULL;
    const VitalsHostFilesystem *filesystem =
        resolved ? vitals_host_facts_filesystem(facts, resolved) : NULL;

    if (filesystem && filesystem != vitals_host_facts_filesystem(facts, path)) {
        VitalsHostFilesystem copy = *filesystem;

        vitals_host_facts_add_filesystem(facts, path, &copy);
    }
    free(resolved);
}

/* Whose it is; "" for nobody that this host knows. */
static char *
owner_of(uid_t user)
{
    g_autofree char *buffer = g_malloc(PASSWD_BYTES);
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(user, &entry, buffer, PASSWD_BYTES, &found) != 0 || !found)
        return g_strdup("");
    return g_strdup(found->pw_name);
}

void
vitals_facts_look_at(VitalsHostFacts *facts, const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    VitalsHostPath found = { .kind = VITALS_PATH_OTHER, .format = (char *)"" };
    g_autofree char *owner = NULL;
    struct stat info = { 0 };

    if (stat(full, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return;
        found.kind = VITALS_PATH_ABSENT;
    } else if (S_ISREG(info.st_mode)) {
        found.kind = VITALS_PATH_FILE;
        found.virtual_kib = (guint64)info.st_size / 1024;
        found.allocated_kib = (guint64)info.st_blocks / 2; /* blocks of 512 bytes: stat(2) */
        if (!read_header(full, &found))
            return;
    } else if (S_ISBLK(info.st_mode) || S_ISCHR(info.st_mode)) {
        found.kind = VITALS_PATH_DEVICE;
    } else if (S_ISDIR(info.st_mode)) {
        owner = owner_of(info.st_uid);
        found.owner = owner;
        found.mode = info.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    }
    vitals_host_facts_add_path(facts, path, &found);
    note_filesystem(facts, root, path);
}
