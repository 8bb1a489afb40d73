/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/diagnosis.h"
#include "monitor/stacks.h"
#include "monitor/postmortem/facts.h"

#include <string.h>

/*
 * A guest that was starving for memory at its last report: of what its kernel has, next to nothing was
 * free, and little could have been freed. A leak in a guest of 84 MB ended at 4 and 11 %, as what lies in
 * a tmpfs counts as usable; a healthy guest that caches much has 5 % free and more than half usable.
 */
#define FREE_SHARE 0.05
#define USABLE_SHARE 0.15

typedef struct {
    char *detail;
    const char *by;
    const char *meaning;
    const char *remedy;
    const char *setting;
    const char *place;
    gboolean of_memory;
} Diagnosis;

static void
diagnosis_clear(Diagnosis *diagnosis)
{
    g_free(diagnosis->detail);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Diagnosis, diagnosis_clear)

/* ---- who knows what ---- */

static void
take_remark(Diagnosis *diagnosis, const VitalsRemark *remark, const char *by)
{
    diagnosis->detail = g_strdup(remark->title);
    diagnosis->by = by;
    diagnosis->meaning = remark->explanation;
    diagnosis->remedy = remark->remedy;
    diagnosis->setting = remark->setting;
    diagnosis->place = remark->place;
    diagnosis->of_memory = remark->of_memory;
}

static gboolean
ask_logs(Diagnosis *diagnosis, const VitalsTestimony *console, const VitalsTestimony *log)
{
    const VitalsRemark *said = console ? vitals_testimony_best(console) : NULL;
    const VitalsRemark *logged = log ? vitals_testimony_best(log) : NULL;

    /* a panic may come after the log could still be written, or be cut off at the console */
    if (logged && (!said || logged->weight >= said->weight))
        take_remark(diagnosis, logged, "log");
    else if (said)
        take_remark(diagnosis, said, "console");
    return diagnosis->detail != NULL;
}

static gboolean
ask_stacks(Diagnosis *diagnosis, const VitalsDossier *dossier)
{
    const GPtrArray *stacks = dossier->triage ? dossier->triage->stacks : NULL;

    diagnosis->detail = stacks ? vitals_stacks_tell(stacks) : NULL;
    if (!diagnosis->detail)
        return FALSE;
    diagnosis->by = "stacks";
    diagnosis->meaning =
        vitals_stacks_are_deaf(stacks)
            ? "Its memory shows where it stood when it was dumped: with interrupts off, so that "
              "neither its clock nor its disks nor its network could reach it any more."
            : "Its memory shows where it stood when it was dumped.";
    diagnosis->remedy =
        "Look for what loops or waits where its vCPUs stood: backtrace.txt has the whole stacks. "
        "Report them to whoever maintains that code, with the dump.";
    diagnosis->setting = vitals_stacks_setting(stacks);
    return TRUE;
}

/* A report of a vCPU that is stuck may have been cut off before it said where, as the guest was dumped right then:
 * that is where the vCPU stood. */
static void
name_place(Diagnosis *diagnosis, const VitalsDossier *dossier)
{
    static const char nowhere[] = " in corrupted";
    const GPtrArray *stacks = dossier->triage ? dossier->triage->stacks : NULL;
    g_autofree char *place = stacks ? vitals_stacks_tell(stacks) : NULL;
    g_autofree char *title = NULL;

    if (!place || !(g_str_has_suffix(diagnosis->detail, "lockup in corrupted") ||
                    g_str_has_suffix(diagnosis->detail, "stall in corrupted")))
        return;
    title = g_steal_pointer(&diagnosis->detail);
    title[strlen(title) - strlen(nowhere)] = '\0';
    diagnosis->detail = g_strconcat(title, ": ", place, NULL);
}

const VitalsSample *
vitals_diagnosis_memory(const GPtrArray *samples)
{
    for (guint i = samples->len; i > 0; i--) {
        const VitalsSample *sample = g_ptr_array_index(samples, i - 1);

        if (vitals_sample_has(sample, VITALS_PART_BALLOON) && sample->has_counters &&
            sample->available > 0)
            return sample;
    }
    return NULL;
}

static gboolean
ask_memory(Diagnosis *diagnosis, const VitalsDossier *dossier)
{
    const VitalsSample *sample = vitals_diagnosis_memory(dossier->samples);
    g_autofree char *left = NULL;
    g_autofree char *all = NULL;

    if (!sample || (double)sample->unused > FREE_SHARE * (double)sample->available ||
        (double)sample->usable > USABLE_SHARE * (double)sample->available)
        return FALSE;
    left = g_format_size_full(sample->unused, G_FORMAT_SIZE_IEC_UNITS);
    all = g_format_size_full(sample->available, G_FORMAT_SIZE_IEC_UNITS);
    diagnosis->detail =
        g_strdup_printf("memory used up: %s of %s free at its last report", left, all);
    diagnosis->by = "memory";
    diagnosis->meaning = "Its memory was all but used up when it was last heard of, which is the "
                         "likely reason.";
    diagnosis->remedy = "Give the guest more memory, or find what used it.";
    diagnosis->of_memory = TRUE;
    return TRUE;
}

/* The verdict's own words stay where the guest goes on, or where it is QEMU that died. */
static gboolean
is_of_kernel(const VitalsIncidentView *view)
{
    return (g_str_equal(view->health, "crashed") || g_str_equal(view->health, "unresponsive")) &&
           (g_str_equal(view->layer, "kernel") || g_str_equal(view->layer, "vcpu"));
}

static gboolean
diagnose(Diagnosis *diagnosis, const VitalsDossier *dossier, const VitalsTestimony *console,
         const VitalsTestimony *log)
{
    const char *known = vitals_fact_text(dossier->reasons, "detail");
    const VitalsRemark *remark = console ? vitals_testimony_find(console, known) : NULL;

    if (is_of_kernel(dossier->view) && ask_logs(diagnosis, console, log)) {
        name_place(diagnosis, dossier);
        return TRUE;
    }
    if (*known) {
        if (remark)
            take_remark(diagnosis, remark, "console");
        return remark != NULL;
    }
    return is_of_kernel(dossier->view) &&
           (ask_stacks(diagnosis, dossier) || ask_memory(diagnosis, dossier));
}

/* Where memory ran out, who had it is the cause, and it is no matter who asked for the last page. */
static void
name_users(Diagnosis *diagnosis, const VitalsShortage *shortage)
{
    g_autofree char *told = NULL;
    g_autofree char *title = NULL;

    if (!diagnosis->of_memory)
        return;
    diagnosis->place = diagnosis->setting = NULL;
    if (!shortage)
        return;
    told = vitals_shortage_tell(shortage);
    title = g_steal_pointer(&diagnosis->detail);
    diagnosis->detail = g_strconcat(title, ": ", told, NULL);
    if (*vitals_shortage_remedy(shortage))
        diagnosis->remedy = vitals_shortage_remedy(shortage);
}

/* ---- what is told ---- */

static void
set_text(json_t *reasons, const char *key, const char *text)
{
    json_object_set_new(reasons, key, json_string(text ? text : ""));
}

/* What was inferred is surer when the guest's memory says the same. */
static void
raise_confidence(json_t *reasons, const char *by)
{
    static const struct {
        const char *by;
        const char *confidence;
        const char *why;
    } rows[] = {
        { "log", "certain", "the kernel's own log in its memory says so" },
        { "stacks", "high", "the stacks in its memory show it" },
        { "console", "high", "what the guest printed says the same" },
        { "memory", "medium",
          "it is inferred from its last figures and signs of life that stopped" },
    };

    if (!g_str_equal(vitals_fact_text(reasons, "confidence"), "medium") &&
        !g_str_equal(vitals_fact_text(reasons, "confidence"), "high"))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(rows[i].by, by)) {
            set_text(reasons, "confidence", rows[i].confidence);
            set_text(reasons, "confidence_why", rows[i].why);
        }
    }
}

/* What to do without what was done already. @ret_own: (transfer full): holds it where it was changed */
static const char *
without_capture(const char *remedy, char **ret_own)
{
    static const char capture[] = "Capture the guest's memory";
    const char *rest = remedy && g_str_has_prefix(remedy, capture) ? remedy + strlen(capture) : "";

    if ((*rest != ',' && *rest != ';') || strlen(rest) < 3)
        return remedy;
    *ret_own = g_strdup(rest + 2);
    **ret_own = g_ascii_toupper(**ret_own);
    return *ret_own;
}

/* @before: what the title ends in */
static void
retitle(VitalsIncidentView *view, const char *before, const char *detail)
{
    g_autofree char *old = g_steal_pointer(&view->title);
    g_autofree char *tail = g_strconcat(": ", before, NULL);

    if (*before && g_str_has_suffix(old, tail))
        old[strlen(old) - strlen(tail)] = '\0';
    view->title = g_strconcat(old, ": ", detail, NULL);
}

/* Figures are worth more than names of who was killed, and the log in the dump has all that was printed. */
static void
take_shortage(VitalsDossier *dossier, VitalsTestimony *console, VitalsTestimony *log)
{
    VitalsTestimony *best = log && log->shortage ? log : console;

    if (console && console->shortage && console->shortage->total && best->shortage->total == 0)
        best = console;
    if (!best || !best->shortage)
        return;
    vitals_shortage_free(dossier->shortage);
    dossier->shortage = g_steal_pointer(&best->shortage);
}

void
vitals_diagnosis_make(VitalsDossier *dossier, VitalsTestimony *console, VitalsTestimony *log)
{
    g_auto(Diagnosis) found = { .by = "" };
    g_autofree char *own = NULL;
    json_t *reasons = dossier->reasons;
    const VitalsRemark *said;

    take_shortage(dossier, console, log);
    if (reasons && console && is_of_kernel(dossier->view))
        set_text(reasons, "besides", console->loop);
    if (!reasons || g_str_equal(dossier->view->health, "unknown") ||
        !diagnose(&found, dossier, console, log))
        return;
    name_users(&found, dossier->shortage);
    retitle(dossier->view, vitals_fact_text(reasons, "detail"), found.detail);
    set_text(reasons, "detail", found.detail);
    set_text(reasons, "detail_by", found.by);
    set_text(reasons, "detail_meaning", found.meaning);
    set_text(reasons, "detail_remedy",
             g_strcmp0(dossier->view->capture_result, "ok") == 0
                 ? without_capture(found.remedy, &own)
                 : found.remedy);
    set_text(reasons, "setting", found.setting);
    set_text(reasons, "place", found.place);
    raise_confidence(reasons, found.by);
    said = console ? vitals_testimony_best(console) : NULL;
    if (said && is_of_kernel(dossier->view))
        json_object_set_new(reasons, "console_line", json_integer((json_int_t)said->line));
}
