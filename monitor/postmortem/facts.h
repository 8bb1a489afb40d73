/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

/* What the sections of a post-mortem ask of its manifest: wrong types and missing keys are empty. */

/* A string; "" if there is none. Borrowed. */
const char *vitals_fact_text(const json_t *object, const char *key);

/* A number; @otherwise if there is none. */
double vitals_fact_number(const json_t *object, const char *key, double otherwise);

/* A time in microseconds; 0 if there is none. */
gint64 vitals_fact_time(const json_t *object, const char *key);

/* "2026-11-21 03:14:43 UTC"; "" for 0. Returns: (transfer full) */
char *vitals_fact_clock(gint64 realtime);

/* See vitals_text_span(). */
char *vitals_fact_span(double seconds);

/* A guest's state as the end of a sentence that begins with its name: "has crashed". Static. */
const char *vitals_fact_health(const char *health);

/* Who tells what the guest died of, as "detail_by" has it, as the beginning of a sentence: "Its console calls it";
 * static. */
const char *vitals_fact_witness(const char *by);

/* "critical", "warning" or "notice": what colour it deserves. Static. */
const char *vitals_fact_severity(const char *health);
