/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Far above what any of our patterns needs on a whole report of 64 KiB, far below a noticeable pause. */
enum {
    MATCH_LIMIT = 2 * 1000 * 1000,
    DEPTH_LIMIT = 10 * 1000,
    HEAP_LIMIT_KIB = 4 * 1024,
};

struct VitalsPattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    const char *text;
    gboolean jit;
};

static gboolean
refuse(const char *text, int code, gsize offset, GError **error)
{
    PCRE2_UCHAR message[256] = "";

    pcre2_get_error_message(code, message, sizeof message);
    g_set_error(error, G_REGEX_ERROR, G_REGEX_ERROR_COMPILE,
                "%s at character %" G_GSIZE_FORMAT " of '%s'", (const char *)message, offset + 1,
                text);
    return FALSE;
}

static VitalsPattern *
compile(const char *text, guint32 options, GError **error)
{
    g_autoptr(VitalsPattern) pattern = g_new0(VitalsPattern, 1);
    PCRE2_SIZE offset = 0;
    int code = 0;

    pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                  PCRE2_MULTILINE | PCRE2_DUPNAMES | PCRE2_NEVER_UTF |
                                      PCRE2_NEVER_UCP | options,
                                  &code, &offset, NULL);
    if (!pattern->code) {
        refuse(text, code, offset, error);
        return NULL;
    }
    /* Where there is no JIT the interpreter does it, only slower. */
    pattern->jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
    return g_steal_pointer(&pattern);
}

VitalsPattern *
vitals_pattern_new(const char *text, GError **error)
{
    return compile(text, 0, error);
}

VitalsPattern *
vitals_pattern_join(const GPtrArray *texts, gboolean anchored, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint i = 0; i < texts->len; i++) {
        const char *text = g_ptr_array_index(texts, i);
        g_autoptr(VitalsPattern) alone = vitals_pattern_new(text, error);

        if (!alone)
            return NULL;
        g_string_append_printf(all, "%s(?:%s)", i > 0 ? "|" : "", text);
    }
    return compile(all->str, anchored ? PCRE2_ANCHORED : 0, error);
}

void
vitals_pattern_free(VitalsPattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_context_free(pattern->limits);
    pcre2_match_data_free(pattern->match);
    pcre2_code_free(pattern->code);
    g_free(pattern);
}

gboolean
vitals_pattern_find(VitalsPattern *pattern, const char *text, gsize length, gsize from)
{
    pattern->text = text;
    /* without the checks of pcre2_match(), which take longer than most matches */
    if (pattern->jit)
        return pcre2_jit_match(pattern->code, (PCRE2_SPTR)text, length, from, 0, pattern->match,
                               pattern->limits) > 0;
    return pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, 0, pattern->match,
                       pattern->limits) > 0;
}

gsize
vitals_pattern_start(const VitalsPattern *pattern)
{
    return pcre2_get_ovector_pointer(pattern->match)[0];
}

gsize
vitals_pattern_end(const VitalsPattern *pattern)
{
    return pcre2_get_ovector_pointer(pattern->match)[1];
}

const char *
vitals_pattern_part(const VitalsPattern *pattern, const char *name, gsize *ret_length)
{
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(pattern->match);
    PCRE2_SPTR first;
    PCRE2_SPTR last;
    int size = pcre2_substring_nametable_scan(pattern->code, (PCRE2_SPTR)name, &first, &last);

    if (size <= 0)
        return NULL;
    /* (?J) lets several groups have one name; the first that took part counts. */
    for (PCRE2_SPTR entry = first; entry <= last; entry += size) {
        guint group = (guint)entry[0] << 8 | entry[1];

        if (group < pcre2_get_ovector_count(pattern->match) && bounds[2 * group] != PCRE2_UNSET) {
            *ret_length = bounds[2 * group + 1] - bounds[2 * group];
            return pattern->text + bounds[2 * group];
        }
    }
    return NULL;
}

char *
vitals_pattern_group(const VitalsPattern *pattern, const char *name)
{
    gsize length;
    const char *part = vitals_pattern_part(pattern, name, &length);

    return part ? g_strndup(part, length) : NULL;
}
