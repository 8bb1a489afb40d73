/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/manifest.h"
#include "monitor/boot.h"
#include "monitor/memory-use.h"
#include "monitor/output/time.h"
#include "monitor/report.h"

#include <stdlib.h>

/* JSON holds UTF-8 only, and jansson would rather give nothing: a path of ours or a message of
 * libvirt's that is none must not cost the manifest. Returns: a new reference */
static json_t *
text_json(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

    return json_string(valid);
}

static json_t *
strings_json(char *const *strings)
{
    json_t *array = json_array();

    for (; strings && *strings; strings++)
        json_array_append_new(array, text_json(*strings));
    return array;
}

static json_t *
lines_json(const GPtrArray *lines)
{
    json_t *array = json_array();

    for (guint i = 0; i < lines->len; i++)
        json_array_append_new(array, text_json(g_ptr_array_index(lines, i)));
    return array;
}

static json_t *
timeline_json(const VitalsDossier *dossier)
{
    json_t *array = json_array();

    for (guint i = 0; i < dossier->timeline->len; i++) {
        const VitalsMoment *moment = g_ptr_array_index(dossier->timeline, i);
        g_autofree char *time = vitals_time_rfc3339(moment->realtime);

        json_array_append_new(
            array, json_pack("{s:s, s:o}", "time", time, "text", text_json(moment->text)));
    }
    return array;
}

static json_t *
capture_json(const VitalsDossier *dossier)
{
    const VitalsIncidentView *view = dossier->view;
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:I, s:o, s:f}", "result", text_json(view->capture_result),
                  "format", text_json(view->capture_format), "detail",
                  text_json(view->capture_detail), "bytes", (json_int_t)view->capture_bytes, "path",
                  text_json(view->capture_path), "seconds", dossier->dump_seconds);

    json_object_set_new(json, "moot", json_boolean(dossier->moot));
    if (dossier->vmcore) {
        json_object_set_new(json, "vmcoreinfo", json_boolean(dossier->vmcore->vmcoreinfo));
        json_object_set_new(json, "kernel_release",
                            dossier->vmcore->release ? json_string(dossier->vmcore->release)
                                                     : json_null());
    }
    return json;
}

static json_t *
missing_json(const VitalsDossier *dossier)
{
    g_autoptr(GPtrArray) missing = vitals_report_missing(dossier);

    return lines_json(missing);
}

/* What there is has "reason" null, what is missing has the reason. */
static json_t *
pieces_json(const VitalsDossier *dossier)
{
    json_t *array = json_array();

    for (guint i = 0; i < dossier->pieces->len; i++) {
        const VitalsPieceNote *note = g_ptr_array_index(dossier->pieces, i);

        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:I, s:o, s:f}", "name", note->name, "file",
                                        note->file, "bytes", (json_int_t)note->bytes, "reason",
                                        note->reason ? text_json(note->reason) : json_null(),
                                        "seconds", note->seconds));
    }
    return array;
}

/* What the next monitor has to go on with, if this one is killed: see monitor/legacy.h. */
static json_t *
deed_json(const VitalsDossier *dossier)
{
    g_autofree char *at = vitals_time_rfc3339(dossier->deed_at);

    return json_pack("{s:s, s:s, s:s, s:b}", "action", vitals_action_name(dossier->deed), "state",
                     dossier->deed_state, "at", at, "inherited", dossier->inherited);
}

json_t *
vitals_manifest_new(const VitalsDossier *dossier, gboolean complete)
{
    const VitalsIncidentView *view = dossier->view;
    g_autofree char *opened = vitals_time_rfc3339(view->opened);
    g_autofree char *boot = vitals_boot_id();
    json_t *json = json_pack(
        "{s:i, s:b, s:o, s:o, s:o, s:i, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "version", 1,
        "complete", complete, "id", text_json(view->id), "domain", text_json(view->domain), "uuid",
        text_json(view->uuid), "domain_id", dossier->domain_id, "boot_id", boot, "health",
        text_json(view->health), "layer", text_json(view->layer), "cause", text_json(view->cause),
        "title", text_json(view->title), "opened", opened, "meaning", text_json(dossier->meaning),
        "remedy", text_json(dossier->remedy));

    if (dossier->last_beat) {
        g_autofree char *beat = vitals_time_rfc3339(dossier->last_beat);

        json_object_set_new(json, "kernel_last_beat", json_string(beat));
    }
    if (dossier->reasons)
        json_object_update(json, dossier->reasons);
    json_object_set_new(json, "evidence", strings_json(dossier->evidence));
    json_object_set_new(json, "timeline", timeline_json(dossier));
    json_object_set_new(json, "outcome", text_json(dossier->outcome));
    json_object_set_new(json, "capture", capture_json(dossier));
    if (dossier->deed_state)
        json_object_set_new(json, "deed", deed_json(dossier));
    if (dossier->triage)
        json_object_set_new(json, "triage", vitals_triage_json(dossier->triage));
    if (dossier->shortage)
        json_object_set_new(json, "memory", vitals_memory_use_json(dossier->shortage));
    json_object_set_new(json, "pieces", pieces_json(dossier));
    json_object_set_new(json, "missing", missing_json(dossier));
    json_object_set_new(json, "lint", lines_json(dossier->predictions));
    json_object_set_new(json, "risks", lines_json(dossier->risks));
    json_object_set_new(json, "lint_diff", text_json(dossier->lint_diff));
    json_object_set_new(json, "console_reports", lines_json(dossier->testimony));
    json_object_set_new(json, "log_reports", lines_json(dossier->log_said));
    return json;
}

char *
vitals_manifest_text(const json_t *manifest)
{
    char *dumped =
        json_dumps(manifest, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    char *text = g_strconcat(dumped ? dumped : "{}", "\n", NULL);

    free(dumped);
    return text;
}
