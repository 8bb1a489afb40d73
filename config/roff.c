/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/roff.h"

#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

void
vitals_roff_append(GString *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\\') {
            g_string_append(out, "\\e");
        } else if (*at == '-') {
            g_string_append(out, "\\-");
        } else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n')) {
            g_string_append_printf(out, "\\&%c", *at);
        } else if (g_str_has_prefix(at, ellipsis)) {
            g_string_append(out, "...");
            at += strlen(ellipsis) - 1;
        } else {
            g_string_append_c(out, *at);
        }
    }
}
