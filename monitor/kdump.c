/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kdump.h"
#include "monitor/file-bytes.h"
#include "monitor/vmcore.h"

#include <errno.h>
#include <string.h>

#define BLOCK_MIN 512
#define BLOCK_MAX (64 * 1024)

/* Where the fields stand in the header of x86-64 and other 64-bit guests. */
#define VERSION_AT 8
#define STATUS_AT 424
#define BLOCK_AT 428
#define SUB_AT 432
#define BITMAPS_AT 436
#define MAX_MAPNR_AT 440

/* Of the status: makedumpfile ran out of space (DUMP_DH_COMPRESSED_INCOMPLETE). */
#define STATUS_INCOMPLETE 0x8

/* Where they stand in the sub-header, and how much of it there is in version 6. */
#define PHYS_BASE_AT 0
#define VMCOREINFO_AT 32
#define MAX_MAPNR_64_AT 96
#define SUB_HEADER_SIZE 104

#define VMCOREINFO_MAX (64 * 1024)

#define CHUNK ((gsize)64 * 1024)

/* Page frames below 4 GiB; the firmware ends there. */
#define PFN_4G ((guint64)1 << 20)

static gboolean
fail(GError **error, VitalsVmcoreError code, const char *message)
{
    g_set_error_literal(error, VITALS_VMCORE_ERROR, code, message);
    return FALSE;
}

static guint32
number32(const guint8 *bytes, gsize at)
{
    guint32 value;

    memcpy(&value, bytes + at, sizeof value);
    return GUINT32_FROM_LE(value);
}

static guint64
number64(const guint8 *bytes, gsize at)
{
    guint64 value;

    memcpy(&value, bytes + at, sizeof value);
    return GUINT64_FROM_LE(value);
}

static gboolean
put32(int fd, guint64 at, guint32 value)
{
    value = GUINT32_TO_LE(value);
    return vitals_bytes_write(fd, at, &value, sizeof value);
}

static gboolean
put64(int fd, guint64 at, guint64 value)
{
    value = GUINT64_TO_LE(value);
    return vitals_bytes_write(fd, at, &value, sizeof value);
}

gboolean
vitals_kdump_open(int fd, VitalsKdump *ret_kdump, GError **error)
{
    VitalsKdump kdump = { 0 };
    guint8 header[BLOCK_MIN];

    if (!vitals_bytes_size(fd, &kdump.size) || !vitals_bytes_read(fd, 0, header, sizeof header) ||
        memcmp(header, VITALS_KDUMP_SIGNATURE, strlen(VITALS_KDUMP_SIGNATURE)) != 0)
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump has no kdump header");
    kdump.block = number32(header, BLOCK_AT);
    if (kdump.block < BLOCK_MIN || kdump.block > BLOCK_MAX)
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump's block size is absurd");
    if (number32(header, STATUS_AT) & STATUS_INCOMPLETE)
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED,
                    "the dump is marked as incomplete by the one who wrote it");
    kdump.sub = number32(header, SUB_AT);
    kdump.bitmaps = number32(header, BITMAPS_AT);
    kdump.bitmap_at = ((guint64)kdump.sub + 1) * kdump.block;
    kdump.descriptors_at = kdump.bitmap_at + (guint64)kdump.bitmaps * kdump.block;
    if (kdump.descriptors_at > kdump.size)
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends before its first page");
    *ret_kdump = kdump;
    return TRUE;
}

/* ---- is it whole? ---- */

gboolean
vitals_kdump_count(int fd, const VitalsKdump *kdump, guint64 *ret_count)
{
    guint64 half = (guint64)kdump->bitmaps / 2 * kdump->block;
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    guint64 count = 0;

    for (guint64 at = 0; at < half; at += CHUNK) {
        gsize length = (gsize)MIN(CHUNK, half - at);

        if (!vitals_bytes_read(fd, kdump->bitmap_at + half + at, chunk, length))
            return FALSE;
        for (gsize i = 0; i < length; i++)
            count += (guint)__builtin_popcount(chunk[i]);
    }
    *ret_count = count;
    return TRUE;
}

typedef enum {
    PAGE_ZERO, /* it shares the first page's bytes: says nothing about the end */
    PAGE_THERE,
    PAGE_MISSING,
} Presence;

static Presence
presence_of(const guint8 *descriptor, guint64 pages_at, guint64 file_size)
{
    guint64 offset = number64(descriptor, 0);
    guint32 size = number32(descriptor, 8);

    if (offset > file_size || size > file_size - offset)
        return PAGE_MISSING;
    return offset == pages_at ? PAGE_ZERO : PAGE_THERE;
}

/* The last page that has bytes of its own, by a walk over @count descriptors from the end. */
static Presence
presence_of_last(int fd, const VitalsKdump *kdump, guint64 count)
{
    const guint64 most = CHUNK / VITALS_KDUMP_DESCRIPTOR;
    guint64 pages_at = kdump->descriptors_at + count * VITALS_KDUMP_DESCRIPTOR;
    g_autofree guint8 *chunk = g_malloc(CHUNK);

    while (count > 0) {
        guint64 n = MIN(count, most);

        count -= n;
        if (!vitals_bytes_read(fd, kdump->descriptors_at + count * VITALS_KDUMP_DESCRIPTOR, chunk,
                               n * VITALS_KDUMP_DESCRIPTOR))
            return PAGE_MISSING;
        for (guint64 i = n; i > 0; i--) {
            Presence presence =
                presence_of(chunk + (i - 1) * VITALS_KDUMP_DESCRIPTOR, pages_at, kdump->size);

            if (presence != PAGE_ZERO)
                return presence;
        }
    }
    return PAGE_ZERO;
}

gboolean
vitals_kdump_check_whole(int fd, const VitalsKdump *kdump, GError **error)
{
    guint64 count = 0;

    if (!vitals_kdump_count(fd, kdump, &count))
        return fail(error, VITALS_VMCORE_ERROR_READ, "cannot read the dump's bitmap");
    if (count == 0)
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump holds no memory");
    if (count > (kdump->size - kdump->descriptors_at) / VITALS_KDUMP_DESCRIPTOR)
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED,
                    "the dump ends within the table of its pages");
    if (presence_of_last(fd, kdump, count) == PAGE_MISSING)
        return fail(error, VITALS_VMCORE_ERROR_TRUNCATED, "the dump ends before its last page");
    return TRUE;
}

/* ---- phys_base ---- */

/* Where the guest's kernel says it lies. Returns: FALSE if it does not say so in a decimal number */
static gboolean
find_phys_base(int fd, const guint8 *sub, gint64 *ret_value)
{
    static const char key[] = "\nNUMBER(phys_base)=";
    guint64 at = number64(sub, VMCOREINFO_AT);
    guint64 size = number64(sub, VMCOREINFO_AT + 8);
    g_autofree char *text = NULL;
    const char *line;
    char *end = NULL;

    if (size == 0 || size > VMCOREINFO_MAX)
        return FALSE;
    text = g_malloc0(size + 1);
    if (!vitals_bytes_read(fd, at, text, size) || !(line = strstr(text, key)))
        return FALSE;
    line += strlen(key);
    errno = 0;
    *ret_value = g_ascii_strtoll(line, &end, 10);
    return end != line && errno == 0 && (*end == '\n' || *end == '\0');
}

static gboolean
repair_phys_base(int fd, const VitalsKdump *kdump, const guint8 *sub, VitalsKdumpRepairs *repairs)
{
    gint64 value = 0;

    if (!find_phys_base(fd, sub, &value) || (guint64)value == number64(sub, PHYS_BASE_AT))
        return TRUE;
    repairs->phys_base = TRUE;
    return put64(fd, kdump->block + PHYS_BASE_AT, (guint64)value);
}

/* ---- the firmware's pages ---- */

static gboolean
is_set(const guint8 *bitmap, guint64 pfn)
{
    return bitmap[pfn / 8] & 1 << pfn % 8;
}

/* The page behind the last one of memory, if nothing but firmware lies above it, else PFN_4G. */
static guint64
end_of_memory(const guint8 *bitmap)
{
    guint64 pfn = PFN_4G;

    while (pfn > 0 && is_set(bitmap, pfn - 1))
        pfn--;
    if (pfn == PFN_4G || pfn == 0)
        return PFN_4G;
    while (pfn > 0 && !is_set(bitmap, pfn - 1))
        pfn--;
    return pfn ? pfn : PFN_4G;
}

/* Writes both bitmaps anew, right before the descriptors, for pages below @end alone; the sub-header
 * takes up the room that is left. */
static gboolean
shrink_bitmaps(int fd, const VitalsKdump *kdump, const guint8 *bitmap, guint64 end)
{
    guint32 blocks = (guint32)((end + 8 * (guint64)kdump->block - 1) / (8 * (guint64)kdump->block));
    gsize half = (gsize)blocks * kdump->block;
    guint64 at = kdump->descriptors_at - 2 * half;

    return vitals_bytes_write(fd, at, bitmap, half) &&
           vitals_bytes_write(fd, at + half, bitmap, half) &&
           put32(fd, SUB_AT, kdump->sub + kdump->bitmaps - 2 * blocks) &&
           put32(fd, BITMAPS_AT, 2 * blocks) && put32(fd, MAX_MAPNR_AT, (guint32)end) &&
           put64(fd, kdump->block + MAX_MAPNR_64_AT, end);
}

static gboolean
repair_firmware(int fd, const VitalsKdump *kdump, const guint8 *sub, VitalsKdumpRepairs *repairs)
{
    const gsize half = PFN_4G / 8;
    g_autofree guint8 *bitmaps = NULL;
    guint64 end;

    if (number64(sub, MAX_MAPNR_64_AT) != PFN_4G ||
        (guint64)kdump->bitmaps * kdump->block != 2 * half)
        return TRUE;
    bitmaps = g_malloc(2 * half);
    if (!vitals_bytes_read(fd, kdump->bitmap_at, bitmaps, 2 * half))
        return FALSE;
    end = end_of_memory(bitmaps);
    if (end == PFN_4G || memcmp(bitmaps, bitmaps + half, half) != 0)
        return TRUE; /* memory up to there, or filtered by somebody who knew what to do */
    repairs->firmware = TRUE;
    return shrink_bitmaps(fd, kdump, bitmaps, end);
}

gboolean
vitals_kdump_repair(int fd, VitalsKdumpRepairs *ret_repairs, GError **error)
{
    VitalsKdumpRepairs repairs = { 0 };
    guint8 sub[SUB_HEADER_SIZE];
    guint8 version[4];
    VitalsKdump kdump;

    if (!vitals_kdump_open(fd, &kdump, error))
        return FALSE;
    if (!vitals_bytes_read(fd, VERSION_AT, version, sizeof version) || number32(version, 0) < 6 ||
        !vitals_bytes_read(fd, kdump.block, sub, sizeof sub))
        return fail(error, VITALS_VMCORE_ERROR_FORMAT, "the dump's sub-header is of no known form");
    if (!repair_phys_base(fd, &kdump, sub, &repairs) || !repair_firmware(fd, &kdump, sub, &repairs))
        return fail(error, VITALS_VMCORE_ERROR_READ, g_strerror(errno));
    *ret_repairs = repairs;
    return TRUE;
}
