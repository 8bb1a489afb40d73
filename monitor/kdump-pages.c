/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kdump-pages.h"
#include "monitor/file-bytes.h"
#include "monitor/kdump.h"

#include <string.h>
#include <zlib.h>

/* Of a descriptor's flags: makedumpfile's diskdump_mod.h, DUMP_DH_COMPRESSED_*. */
#define FLAG_ZLIB 0x1
#define FLAGS_OTHER (0x2 | 0x4 | 0x10 | 0x20)

#define DESCRIPTORS_AT_ONCE 1024

/* @count: of descriptors; @next: the number of the next one; @begin, @loaded: which of them are in @chunk
 * @last: where the page before was; @packed: room for one as it is in the file */
struct VitalsKdumpPages {
    int fd;
    VitalsKdump kdump;
    guint64 count;
    guint64 next;
    guint64 begin;
    guint64 loaded;
    guint64 last;
    guint8 *chunk;
    guint8 *packed;
};

VitalsKdumpPages *
vitals_kdump_pages_new(int fd)
{
    VitalsKdump kdump;
    VitalsKdumpPages *pages;
    guint64 count = 0;

    if (!vitals_kdump_open(fd, &kdump, NULL) || !vitals_kdump_count(fd, &kdump, &count))
        return NULL;
    pages = g_new0(VitalsKdumpPages, 1);
    pages->fd = fd;
    pages->kdump = kdump;
    pages->count = count;
    pages->chunk = g_malloc(DESCRIPTORS_AT_ONCE * VITALS_KDUMP_DESCRIPTOR);
    pages->packed = g_malloc(kdump.block);
    return pages;
}

void
vitals_kdump_pages_free(VitalsKdumpPages *pages)
{
    if (!pages)
        return;
    g_free(pages->chunk);
    g_free(pages->packed);
    g_free(pages);
}

/* Returns: (nullable): the next descriptor; %NULL behind the last, or if it cannot be read */
static const guint8 *
next_descriptor(VitalsKdumpPages *pages)
{
    guint64 at;

    if (pages->next >= pages->count)
        return NULL;
    if (pages->next >= pages->begin + pages->loaded) {
        pages->begin = pages->next;
        pages->loaded = MIN(DESCRIPTORS_AT_ONCE, pages->count - pages->begin);
        at = pages->kdump.descriptors_at + pages->begin * VITALS_KDUMP_DESCRIPTOR;
        if (!vitals_bytes_read(pages->fd, at, pages->chunk,
                               pages->loaded * VITALS_KDUMP_DESCRIPTOR)) {
            pages->count = 0;
            return NULL;
        }
    }
    return pages->chunk + (pages->next++ - pages->begin) * VITALS_KDUMP_DESCRIPTOR;
}

/* Returns: whether a page could be made of it */
static gboolean
unpack(VitalsKdumpPages *pages, const guint8 *descriptor, char *page)
{
    guint64 offset;
    guint32 words[2]; /* size and flags */
    uLongf length = pages->kdump.block;

    memcpy(&offset, descriptor, sizeof offset);
    memcpy(words, descriptor + sizeof offset, sizeof words);
    offset = GUINT64_FROM_LE(offset);
    words[0] = GUINT32_FROM_LE(words[0]);
    words[1] = GUINT32_FROM_LE(words[1]);
    if (offset == pages->last || words[0] > pages->kdump.block || words[1] & FLAGS_OTHER)
        return FALSE;
    pages->last = offset;
    if (!(words[1] & FLAG_ZLIB))
        return words[0] == pages->kdump.block &&
               vitals_bytes_read(pages->fd, offset, page, words[0]);
    return vitals_bytes_read(pages->fd, offset, pages->packed, words[0]) &&
           uncompress((Bytef *)page, &length, pages->packed, words[0]) == Z_OK &&
           length == pages->kdump.block;
}

gsize
vitals_kdump_pages_read(VitalsKdumpPages *pages, char *buffer, gsize most)
{
    const guint8 *descriptor = NULL;
    gsize length = 0;

    while (length + pages->kdump.block <= most && (descriptor = next_descriptor(pages))) {
        if (unpack(pages, descriptor, buffer + length))
            length += pages->kdump.block;
    }
    return length;
}
