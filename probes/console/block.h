/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#ifdef __SSE2__
#    include <emmintrin.h>
#endif

/* So many bytes of text are looked at together: an answer has a bit for each, the lowest for the first. */
enum { VITALS_BLOCK = 64 };

#ifdef __SSE2__
/* Sixteen of them. Bytes above ASCII are negative here. */
static inline guint64
vitals_block_part(const char *bytes, char low, char high)
{
    __m128i part = _mm_loadu_si128((const __m128i *)bytes);
    __m128i within = _mm_and_si128(_mm_cmpgt_epi8(part, _mm_set1_epi8((char)(low - 1))),
                                   _mm_cmplt_epi8(part, _mm_set1_epi8((char)(high + 1))));

    return (guint)_mm_movemask_epi8(within);
}
#else
static inline guint64
vitals_block_part(const char *bytes, char low, char high)
{
    guint64 bits = 0;

    for (int at = 0; at < VITALS_BLOCK / 4; at++)
        bits |= (guint64)((guchar)(bytes[at] - low) <= (guchar)(high - low)) << at;
    return bits;
}
#endif

/**
 * vitals_block_between:
 * @bytes: %VITALS_BLOCK of them, anywhere
 * @low, @high: ASCII
 *
 * Returns: which of them are from @low to @high
 */
static inline guint64
vitals_block_between(const char *bytes, char low, char high)
{
    return vitals_block_part(bytes, low, high) | vitals_block_part(bytes + 16, low, high) << 16 |
           vitals_block_part(bytes + 32, low, high) << 32 |
           vitals_block_part(bytes + 48, low, high) << 48;
}
