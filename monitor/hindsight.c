/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hindsight.h"
#include "monitor/diagnosis.h"
#include "monitor/memory-use.h"
#include "monitor/postmortem/facts.h"
#include "monitor/tail.h"
#include "config/text.h"

#define READ_MAX ((gsize)1024 * 1024)

static VitalsTestimony *
read_testimony(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) end = vitals_tail_read(path, READ_MAX, NULL);
    gsize length = 0;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;

    return length ? vitals_testimony_read(bytes, length) : NULL;
}

static char *
printable(const json_t *object, const char *key)
{
    return vitals_text_printable(vitals_fact_text(object, key), -1);
}

/* As much of it as a diagnosis asks for. */
static VitalsDossier *
dossier_from(json_t *manifest, GPtrArray *samples)
{
    VitalsDossier *dossier = vitals_dossier_new("");
    VitalsIncidentView *view = dossier->view;

    view->health = printable(manifest, "health");
    view->layer = printable(manifest, "layer");
    view->cause = printable(manifest, "cause");
    view->title = printable(manifest, "title");
    view->capture_result = printable(json_object_get(manifest, "capture"), "result");
    dossier->reasons = json_incref(manifest);
    g_ptr_array_unref(dossier->samples);
    dossier->samples = g_ptr_array_ref(samples);
    return dossier;
}

static json_t *
lines_json(const GPtrArray *lines)
{
    json_t *array = json_array();

    for (guint i = 0; i < lines->len; i++)
        json_array_append_new(array, json_string(g_ptr_array_index(lines, i)));
    return array;
}

void
vitals_hindsight_add(const char *directory, json_t *manifest, GPtrArray *samples)
{
    g_autoptr(VitalsTestimony) console = read_testimony(directory, "console.log");
    g_autoptr(VitalsTestimony) log = read_testimony(directory, "dmesg.txt");
    g_autoptr(VitalsDossier) dossier = dossier_from(manifest, samples);

    vitals_diagnosis_make(dossier, console, log);
    json_object_set_new(manifest, "title", json_string(dossier->view->title));
    if (console)
        json_object_set_new(manifest, "console_reports", lines_json(console->lines));
    if (log)
        json_object_set_new(manifest, "log_reports", lines_json(log->lines));
    if (dossier->shortage)
        json_object_set_new(manifest, "memory", vitals_memory_use_json(dossier->shortage));
}
