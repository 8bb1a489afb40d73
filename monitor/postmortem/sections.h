/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/output/html.h"

#include <jansson.h>

/*
 * The sections of report.html, each of which writes itself or nothing. @manifest: see
 * monitor/manifest.h; @directory: the incident's.
 */

/* What died, since when, why, what now: what fits one screen. */
void vitals_summary_write(VitalsHtml *html, const json_t *manifest);

/* The signals before the fault, drawn. @samples: (element-type VitalsSample): oldest first */
void vitals_picture_write(VitalsHtml *html, const json_t *manifest, const GPtrArray *samples);

/* The dump: what came of it, what its vCPUs were at, what the tools made of it. */
void vitals_dump_section_write(VitalsHtml *html, const char *directory, const json_t *manifest);

/* Who used the guest's memory, if it ran out. */
void vitals_memory_section_write(VitalsHtml *html, const json_t *manifest);

/* Begins a section; it is closed as any element. */
void vitals_section_open(VitalsHtml *html, const char *heading);

/* Writes a time, its day in an element of its own, which a phone does not show. */
void vitals_section_stamp(VitalsHtml *html, gint64 realtime);

/* All the others, in their order. */
void vitals_sections_write(VitalsHtml *html, const char *directory, const json_t *manifest);

/* The style sheet. */
extern const char vitals_postmortem_style[];
