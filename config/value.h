/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/option.h"

/**
 * vitals_value_parse:
 * @option: says how to read @text and what is allowed
 * @text: as it stands in a file; blanks around it do not count
 * @ret_number: (out): 0 or 1 for booleans, the number for integers, microseconds for durations, bytes
 *   for sizes, the index in @words for a word, a set of bits 1 << index for words, 0 for text
 *
 * An error (%VITALS_SETTINGS_ERROR_VALUE) is a predicate without its subject, such as "has the unknown
 * unit 'x'", so that the caller can put file, line, key and value before it.
 */
gboolean vitals_value_parse(const VitalsOption *option, const char *text, gint64 *ret_number,
                            GError **error);

/**
 * vitals_value_duration:
 * @ret_microseconds: (out): never negative
 *
 * Reads a time span as systemd.time(7) does: numbers with units us, ms, s, min, h, d, w and their long
 * forms, added up; fractions are allowed; a number without a unit is seconds. No bounds but 63 bits.
 */
gboolean vitals_value_duration(const char *text, gint64 *ret_microseconds, GError **error);

/* Reads bytes: "2G", "1.5M", "512"; K, M, G and T to base 1024. Errors as vitals_value_parse(). */
gboolean vitals_value_size(const char *text, gint64 *ret_bytes, GError **error);

/* The shortest text that is read back as the same number: "1min 30s", "500ms", "0"; "2G", "1025". */
char *vitals_value_format_duration(gint64 microseconds);
char *vitals_value_format_size(gint64 bytes);

/* What may be written, to follow "allowed is": "a time span from 200ms to 1min (…)". */
char *vitals_value_allowed(const VitalsOption *option);
