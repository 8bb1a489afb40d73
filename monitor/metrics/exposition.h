/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Prometheus' text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 *
 * No maintained C client is packaged, and the format is small. Everything here works on memory only.
 */
typedef struct VitalsExposition VitalsExposition;

#define VITALS_EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Returns: (transfer full): an empty document */
VitalsExposition *vitals_exposition_new(void);
void vitals_exposition_free(VitalsExposition *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsExposition, vitals_exposition_free)

/* Ends the writing. Returns: (transfer full): the document */
GBytes *vitals_exposition_finish(VitalsExposition *out);

/**
 * vitals_exposition_family:
 * @name: the metric's name; must match `[a-zA-Z_:][a-zA-Z0-9_:]*`
 * @type: "gauge" or "counter"
 * @help: one sentence
 * @labels: the names of its labels, ended by %NULL; owned by the caller until the next family
 *
 * Begins a family. Its HELP and TYPE are written with its first sample, so that a family without a
 * sample leaves no trace.
 */
void vitals_exposition_family(VitalsExposition *out, const char *name, const char *type,
                              const char *help, const char *const *labels);

/**
 * vitals_exposition_sample:
 * @values: a value for each label of the family, in its order; %NULL reads as "". They may be any
 *   bytes: what is no text or would drive a terminal is escaped as vitals_text_printable_lines() does
 * @value: written so that it reads back as the same number in any locale; NaN and infinities allowed
 *
 * Adds one line to the family begun last.
 */
void vitals_exposition_sample(VitalsExposition *out, const char *const *values, double value);
