/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_roff_append:
 * @out: source of a manual page, in man(7)
 * @text: plain UTF-8
 *
 * Appends @text so that man(7) sees neither requests, escapes nor hyphens in it. An ellipsis becomes three
 * dots, so that the page is ASCII where the text is.
 */
void vitals_roff_append(GString *out, const char *text);
