/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/recorder.h"
#include "monitor/output/time.h"
#include "probes/console/console.h"

#include <jansson.h>
#include <stdlib.h>

/* Three samples a second for the longest time that can be configured, half an hour. */
#define SAMPLES_MAX 5400

struct VitalsRecorder {
    gint64 keep;
    GQueue samples;
};

VitalsRecorder *
vitals_recorder_new(gint64 keep)
{
    VitalsRecorder *recorder = g_new0(VitalsRecorder, 1);

    recorder->keep = keep;
    g_queue_init(&recorder->samples);
    return recorder;
}

void
vitals_recorder_free(VitalsRecorder *recorder)
{
    if (!recorder)
        return;
    g_queue_clear_full(&recorder->samples, (GDestroyNotify)vitals_sample_unref);
    g_free(recorder);
}

static gboolean
is_too_much(const VitalsRecorder *recorder, gint64 now)
{
    const VitalsSample *oldest = g_queue_peek_head((GQueue *)&recorder->samples);

    return oldest && (now - oldest->at > recorder->keep || recorder->samples.length > SAMPLES_MAX);
}

void
vitals_recorder_add(VitalsRecorder *recorder, VitalsSample *sample)
{
    g_queue_push_tail(&recorder->samples, vitals_sample_ref(sample));
    while (is_too_much(recorder, sample->at))
        vitals_sample_unref(g_queue_pop_head(&recorder->samples));
}

GPtrArray *
vitals_recorder_list(const VitalsRecorder *recorder)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);

    for (const GList *link = recorder->samples.head; link; link = link->next)
        g_ptr_array_add(list, vitals_sample_ref(link->data));
    return list;
}

/* ---- a sample as JSON ---- */

static json_t *
state_json(const VitalsSample *sample)
{
    return json_pack("{s:s, s:s}", "state", vitals_domain_state_name(sample->state), "reason",
                     vitals_reason_name(sample->reason));
}

static json_t *
control_json(const VitalsSample *sample)
{
    return json_pack("{s:s, s:f}", "control", vitals_control_name(sample->control), "seconds",
                     (double)sample->control_for / G_USEC_PER_SEC);
}

static json_t *
vcpu_json(const VitalsSample *sample)
{
    json_t *times = json_array();

    for (guint i = 0; i < sample->vcpus; i++)
        json_array_append_new(times, json_integer((json_int_t)sample->vcpu_ns[i]));
    return json_pack("{s:o}", "nanoseconds", times);
}

static json_t *
process_json(const VitalsSample *sample)
{
    json_t *json = json_pack("{s:i, s:s, s:f}", "pid", sample->pid, "process",
                             vitals_process_name(sample->process), "starved_seconds",
                             (double)sample->starved / G_USEC_PER_SEC);

    /* seldom and of interest; nearly always a process that is alive ran */
    if (sample->process_ran && sample->process == VITALS_PROCESS_STOPPED)
        json_object_set_new(json, "ran", json_true());
    if (sample->thread_blocked_for)
        json_object_set_new(json, "thread_blocked_seconds",
                            json_real((double)sample->thread_blocked_for / G_USEC_PER_SEC));
    return json;
}

static json_t *
balloon_json(const VitalsSample *sample)
{
    json_t *json = json_pack("{s:I, s:I}", "last_update", (json_int_t)sample->last_update,
                             "actual_bytes", (json_int_t)sample->actual);

    if (sample->has_counters) {
        json_object_set_new(json, "available_bytes", json_integer((json_int_t)sample->available));
        json_object_set_new(json, "unused_bytes", json_integer((json_int_t)sample->unused));
        json_object_set_new(json, "usable_bytes", json_integer((json_int_t)sample->usable));
    }
    return json;
}

static json_t *
net_json(const VitalsSample *sample)
{
    return json_pack("{s:I}", "transmitted_packets", (json_int_t)sample->transmitted);
}

static json_t *
agent_json(const VitalsSample *sample)
{
    return json_pack("{s:s, s:b}", "agent", vitals_agent_name(sample->agent), "fs_frozen",
                     sample->fs_frozen);
}

static json_t *
block_json(const VitalsSample *sample)
{
    json_t *json = json_pack("{s:I}", "completed_requests", (json_int_t)sample->requests);

    if (sample->disk_limit)
        json_object_set_new(json, "limit_bytes_per_second",
                            json_integer((json_int_t)sample->disk_limit));
    return json;
}

static json_t *
queues_json(const VitalsSample *sample)
{
    json_t *queues = json_array();

    for (guint i = 0; i < sample->n_queues; i++)
        json_array_append_new(queues, json_pack("{s:i, s:i}", "outstanding",
                                                (int)sample->queues[i].outstanding, "completed",
                                                (int)sample->queues[i].completed));
    return json_pack("{s:o}", "queues", queues);
}

static json_t *
kvm_json(const VitalsSample *sample)
{
    json_t *vcpus = json_array();

    for (guint i = 0; i < sample->n_kvm; i++) {
        const VitalsKvm *kvm = &sample->kvm[i];

        json_array_append_new(
            vcpus, kvm->known
                       ? json_pack("{s:I, s:I, s:I, s:I, s:I}", "nanoseconds", (json_int_t)kvm->ns,
                                   "exits", (json_int_t)kvm->exits, "host_exits",
                                   (json_int_t)kvm->host_exits, "halts", (json_int_t)kvm->halts,
                                   "interrupts", (json_int_t)kvm->interrupts)
                       : json_null());
    }
    return json_pack("{s:o}", "vcpus", vcpus);
}

static json_t *
registers_json(const VitalsSample *sample)
{
    json_t *vcpus = json_array();

    for (guint i = 0; i < sample->n_registers; i++) {
        const VitalsRegisters *registers = &sample->registers[i];
        g_autofree char *pc = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", registers->pc);

        json_array_append_new(vcpus, json_pack("{s:s, s:b, s:b, s:b}", "pc", pc, "interrupts_off",
                                               registers->interrupts_off, "halted",
                                               registers->halted, "offline", registers->offline));
    }
    return json_pack("{s:o}", "vcpus", vcpus);
}

static json_t *
event_json(const VitalsSample *sample)
{
    return json_pack("{s:s}", "event", vitals_event_name(sample->event));
}

static json_t *
console_json(const VitalsSample *sample)
{
    json_t *said = json_array();

    for (guint i = 0; i < sample->n_utterances; i++) {
        const VitalsUtterance *utterance = &sample->utterances[i];

        json_array_append_new(
            said, json_pack("{s:s, s:s, s:b, s:b, s:I, s:f, s:s}", "what",
                            vitals_said_name(utterance->what), "severity",
                            vitals_console_severity_name(utterance->severity), "begun",
                            utterance->begun, "live", utterance->live, "count",
                            (json_int_t)utterance->count, "period_seconds",
                            (double)utterance->period / G_USEC_PER_SEC, "title", utterance->title));
    }
    return json_pack("{s:b, s:b, s:b, s:o}", "booted", sample->booted, "kernel_lines",
                     sample->kernel_lines, "userspace_lines", sample->userspace_lines, "said",
                     said);
}

char *
vitals_sample_to_line(const VitalsSample *sample)
{
    static json_t *(*const writers[VITALS_N_PARTS])(const VitalsSample *) = {
        [VITALS_PART_STATE] = state_json,
        [VITALS_PART_CONTROL] = control_json,
        [VITALS_PART_VCPU] = vcpu_json,
        [VITALS_PART_PROCESS] = process_json,
        [VITALS_PART_BALLOON] = balloon_json,
        [VITALS_PART_EVENT] = event_json,
        [VITALS_PART_NET] = net_json,
        [VITALS_PART_AGENT] = agent_json,
        [VITALS_PART_BLOCK] = block_json,
        [VITALS_PART_QUEUES] = queues_json,
        [VITALS_PART_REGISTERS] = registers_json,
        [VITALS_PART_KVM] = kvm_json,
        [VITALS_PART_CONSOLE] = console_json,
    };
    g_autofree char *time = vitals_time_rfc3339(sample->realtime);
    json_t *json = json_pack("{s:f, s:s}", "at", (double)sample->at / G_USEC_PER_SEC, "time", time);
    char *dumped;
    char *line;

    for (guint part = 0; part < VITALS_N_PARTS; part++) {
        VitalsFactState state = sample->parts[part];

        if (state == VITALS_FACT_NOT_ASKED)
            continue;
        json_object_set_new(json, vitals_part_name(part),
                            state == VITALS_FACT_AVAILABLE
                                ? writers[part](sample)
                                : json_string(vitals_fact_state_name(state)));
    }
    dumped = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    line = g_strconcat(dumped, "\n", NULL);
    free(dumped);
    json_decref(json);
    return line;
}
