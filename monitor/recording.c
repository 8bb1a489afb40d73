/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/recording.h"
#include "probes/console/console.h"
#include "probes/probe.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(vitals - recording - error - quark, vitals_recording_error)

/* Monotonic seconds beyond this are no clock's, and a double no longer holds their microseconds. */
#define SECONDS_MAX 1e9

/* More than libvirt starts. */
#define VCPUS_MAX 4096

/* More than the daemon puts into one sample. */
#define UTTERANCES_MAX 64

/* No enumeration of ours has so many words. */
#define WORDS_MAX 64

void
vitals_recording_header_clear(VitalsRecordingHeader *header)
{
    g_clear_pointer(&header->domain, g_free);
}

char *
vitals_recording_header_line(const VitalsGuest *guest)
{
    const VitalsSigns *signs = &guest->watch.signs;
    g_autofree char *name = g_utf8_make_valid(guest->name, -1);
    g_autoptr(GPtrArray) samples = vitals_recorder_list(guest->recorder);
    const VitalsSample *first = samples->len > 0 ? g_ptr_array_index(samples, 0) : NULL;
    gboolean boot_seen = signs->boot_seen && (!first || signs->started <= first->at) &&
                         signs->now - signs->started < guest->watch.limits.boot_grace;
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:i, s:f, s:f, s:b, s:b}", "version", 1, "domain", name, "uuid",
                  guest->uuid, "domain_id", guest->id, "balloon_period_seconds",
                  (double)signs->sources[vitals_probe_index("balloon")].period / G_USEC_PER_SEC,
                  "agent_period_seconds",
                  (double)signs->sources[vitals_probe_index("agent")].period / G_USEC_PER_SEC,
                  "boot_seen", boot_seen, "pulse_recalled", signs->pulse_recalled);
    char *dumped = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    char *line = g_strconcat(dumped, "\n", NULL);

    free(dumped);
    json_decref(json);
    return line;
}

/* ---- words and numbers ---- */

/* The number of @word among what @name calls them; -1 if it is none of them. */
typedef const char *(*Namer)(guint value);

static int
number_of(Namer name, const char *word)
{
    for (guint value = 0; word && value < WORDS_MAX; value++) {
        const char *known = name(value);

        if (g_str_equal(known, "invalid"))
            break;
        if (g_str_equal(known, word))
            return (int)value;
    }
    return -1;
}

#define DEFINE_NAMER(Type, function)                \
    static const char *call_##function(guint value) \
    {                                               \
        return function((Type)value);               \
    }
DEFINE_NAMER(VitalsFactState, vitals_fact_state_name)
DEFINE_NAMER(VitalsDomainState, vitals_domain_state_name)
DEFINE_NAMER(VitalsReason, vitals_reason_name)
DEFINE_NAMER(VitalsControl, vitals_control_name)
DEFINE_NAMER(VitalsProcess, vitals_process_name)
DEFINE_NAMER(VitalsAgent, vitals_agent_name)
DEFINE_NAMER(VitalsEvent, vitals_event_name)
DEFINE_NAMER(VitalsSaid, vitals_said_name)
DEFINE_NAMER(VitalsConsoleSeverity, vitals_console_severity_name)

/* Sets *@ret to the number of the word under @key. */
#define TAKE_WORD(json, key, namer, ret)                                               \
    ({                                                                                 \
        int number_ = number_of(namer, json_string_value(json_object_get(json, key))); \
        if (number_ >= 0)                                                              \
            *(ret) = (__typeof__(*(ret)))number_;                                      \
        number_ >= 0;                                                                  \
    })

/* Microseconds of seconds in JSON; @absent if there is no such number in a sane range. */
static gint64
seconds_at(json_t *json, const char *key, gint64 absent)
{
    const json_t *value = json_object_get(json, key);
    double seconds = json_number_value(value);

    if (!json_is_number(value) || !(fabs(seconds) <= SECONDS_MAX))
        return absent;
    return (gint64)llround(seconds * G_USEC_PER_SEC);
}

/* A figure of which there are no negative ones. */
static guint64
size_at(json_t *json, const char *key)
{
    return (guint64)MAX(json_integer_value(json_object_get(json, key)), 0);
}

/* ---- the parts ---- */

static gboolean
take_state(json_t *json, VitalsSample *sample)
{
    return TAKE_WORD(json, "state", call_vitals_domain_state_name, &sample->state) &&
           TAKE_WORD(json, "reason", call_vitals_reason_name, &sample->reason);
}

static gboolean
take_control(json_t *json, VitalsSample *sample)
{
    sample->control_for = MAX(seconds_at(json, "seconds", 0), 0);
    return TAKE_WORD(json, "control", call_vitals_control_name, &sample->control);
}

static gboolean
take_vcpu(json_t *json, VitalsSample *sample)
{
    json_t *times = json_object_get(json, "nanoseconds");

    if (!json_is_array(times) || json_array_size(times) > VCPUS_MAX)
        return FALSE;
    sample->vcpus = (guint)json_array_size(times);
    sample->vcpu_ns = g_new0(guint64, sample->vcpus);
    for (guint i = 0; i < sample->vcpus; i++)
        sample->vcpu_ns[i] = (guint64)MAX(json_integer_value(json_array_get(times, i)), 0);
    return TRUE;
}

static gboolean
take_process(json_t *json, VitalsSample *sample)
{
    sample->pid = (gint)CLAMP(json_integer_value(json_object_get(json, "pid")), 0, G_MAXINT);
    sample->process_ran = json_is_true(json_object_get(json, "ran"));
    sample->starved = MAX(seconds_at(json, "starved_seconds", 0), 0);
    sample->thread_blocked_for = MAX(seconds_at(json, "thread_blocked_seconds", 0), 0);
    return TAKE_WORD(json, "process", call_vitals_process_name, &sample->process);
}

static gboolean
take_balloon(json_t *json, VitalsSample *sample)
{
    /* seconds since the epoch; beyond this, microseconds of it would not fit */
    sample->last_update = (gint64)MIN(size_at(json, "last_update"), (guint64)G_MAXINT32 * 1024);
    sample->actual = size_at(json, "actual_bytes");
    sample->has_counters = json_object_get(json, "available_bytes") != NULL;
    sample->available = size_at(json, "available_bytes");
    sample->unused = size_at(json, "unused_bytes");
    sample->usable = size_at(json, "usable_bytes");
    return TRUE;
}

static gboolean
take_net(json_t *json, VitalsSample *sample)
{
    sample->transmitted = size_at(json, "transmitted_packets");
    return TRUE;
}

static gboolean
take_agent(json_t *json, VitalsSample *sample)
{
    sample->fs_frozen = json_is_true(json_object_get(json, "fs_frozen"));
    return TAKE_WORD(json, "agent", call_vitals_agent_name, &sample->agent);
}

static gboolean
take_block(json_t *json, VitalsSample *sample)
{
    sample->requests = size_at(json, "completed_requests");
    sample->disk_limit = size_at(json, "limit_bytes_per_second");
    return TRUE;
}

static gboolean
take_queues(json_t *json, VitalsSample *sample)
{
    json_t *queues = json_object_get(json, "queues");

    if (!json_is_array(queues) || json_array_size(queues) > VITALS_QUEUES_MAX)
        return FALSE;
    sample->n_queues = (guint)json_array_size(queues);
    sample->queues = g_new0(VitalsQueue, sample->n_queues);
    for (guint i = 0; i < sample->n_queues; i++) {
        json_t *queue = json_array_get(queues, i);

        sample->queues[i].outstanding = (guint)size_at(queue, "outstanding");
        sample->queues[i].completed = (guint)size_at(queue, "completed");
    }
    return TRUE;
}

static gboolean
take_kvm(json_t *json, VitalsSample *sample)
{
    json_t *vcpus = json_object_get(json, "vcpus");

    if (!json_is_array(vcpus) || json_array_size(vcpus) > VCPUS_MAX)
        return FALSE;
    sample->n_kvm = (guint)json_array_size(vcpus);
    sample->kvm = g_new0(VitalsKvm, sample->n_kvm);
    for (guint i = 0; i < sample->n_kvm; i++) {
        json_t *vcpu = json_array_get(vcpus, i);

        if (json_is_object(vcpu))
            sample->kvm[i] = (VitalsKvm){
                .known = TRUE,
                .ns = size_at(vcpu, "nanoseconds"),
                .exits = size_at(vcpu, "exits"),
                .host_exits = size_at(vcpu, "host_exits"),
                .halts = size_at(vcpu, "halts"),
                .interrupts = size_at(vcpu, "interrupts"),
            };
    }
    return TRUE;
}

static gboolean
take_registers(json_t *json, VitalsSample *sample)
{
    json_t *vcpus = json_object_get(json, "vcpus");

    if (!json_is_array(vcpus) || json_array_size(vcpus) > VCPUS_MAX)
        return FALSE;
    sample->n_registers = (guint)json_array_size(vcpus);
    sample->registers = g_new0(VitalsRegisters, sample->n_registers);
    for (guint i = 0; i < sample->n_registers; i++) {
        json_t *vcpu = json_array_get(vcpus, i);
        const char *pc = json_string_value(json_object_get(vcpu, "pc"));

        sample->registers[i] = (VitalsRegisters){
            .pc = pc ? g_ascii_strtoull(pc, NULL, 16) : 0,
            .interrupts_off = json_is_true(json_object_get(vcpu, "interrupts_off")),
            .halted = json_is_true(json_object_get(vcpu, "halted")),
            .offline = json_is_true(json_object_get(vcpu, "offline")),
        };
    }
    return TRUE;
}

static gboolean
take_utterance(json_t *json, VitalsUtterance *utterance)
{
    const char *title = json_string_value(json_object_get(json, "title"));

    vitals_utterance_set_title(utterance, title);
    utterance->begun = json_is_true(json_object_get(json, "begun"));
    utterance->live = json_is_true(json_object_get(json, "live"));
    utterance->count = size_at(json, "count");
    utterance->period = MAX(seconds_at(json, "period_seconds", 0), 0);
    return TAKE_WORD(json, "what", call_vitals_said_name, &utterance->what) &&
           TAKE_WORD(json, "severity", call_vitals_console_severity_name, &utterance->severity);
}

static gboolean
take_console(json_t *json, VitalsSample *sample)
{
    json_t *said = json_object_get(json, "said");

    if (!json_is_array(said) || json_array_size(said) > UTTERANCES_MAX)
        return FALSE;
    sample->booted = json_is_true(json_object_get(json, "booted"));
    sample->kernel_lines = json_is_true(json_object_get(json, "kernel_lines"));
    sample->userspace_lines = json_is_true(json_object_get(json, "userspace_lines"));
    sample->n_utterances = (guint)json_array_size(said);
    sample->utterances = g_new0(VitalsUtterance, sample->n_utterances);
    for (guint i = 0; i < sample->n_utterances; i++) {
        if (!take_utterance(json_array_get(said, i), &sample->utterances[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean
take_event(json_t *json, VitalsSample *sample)
{
    return TAKE_WORD(json, "event", call_vitals_event_name, &sample->event);
}

static gboolean
take_part(json_t *json, VitalsPart part, VitalsSample *sample)
{
    static gboolean (*const readers[VITALS_N_PARTS])(json_t *, VitalsSample *) = {
        [VITALS_PART_STATE] = take_state,
        [VITALS_PART_CONTROL] = take_control,
        [VITALS_PART_VCPU] = take_vcpu,
        [VITALS_PART_PROCESS] = take_process,
        [VITALS_PART_BALLOON] = take_balloon,
        [VITALS_PART_EVENT] = take_event,
        [VITALS_PART_NET] = take_net,
        [VITALS_PART_AGENT] = take_agent,
        [VITALS_PART_BLOCK] = take_block,
        [VITALS_PART_QUEUES] = take_queues,
        [VITALS_PART_REGISTERS] = take_registers,
        [VITALS_PART_KVM] = take_kvm,
        [VITALS_PART_CONSOLE] = take_console,
    };
    int state;

    if (!json)
        return TRUE;
    if (json_is_object(json)) {
        sample->parts[part] = VITALS_FACT_AVAILABLE;
        return readers[part](json, sample);
    }
    state = number_of(call_vitals_fact_state_name, json_string_value(json));
    if (state < 0 || state == VITALS_FACT_AVAILABLE)
        return FALSE;
    sample->parts[part] = (VitalsFactState)state;
    return TRUE;
}

/* ---- lines ---- */

static gint64
realtime_of(json_t *json)
{
    const char *text = json_string_value(json_object_get(json, "time"));
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

    return time ? g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time)
                : 0;
}

static VitalsSample *
sample_of(json_t *json, GError **error)
{
    gint64 at = seconds_at(json, "at", G_MININT64);
    g_autoptr(VitalsSample) sample = NULL;

    if (at == G_MININT64) {
        g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_LINE,
                    "no sample: \"at\", its monotonic seconds, is missing or no time");
        return NULL;
    }
    sample = vitals_sample_new(at, realtime_of(json));
    for (guint part = 0; part < VITALS_N_PARTS; part++) {
        if (!take_part(json_object_get(json, vitals_part_name(part)), part, sample)) {
            g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_LINE,
                        "\"%s\" holds what no sample has", vitals_part_name(part));
            return NULL;
        }
    }
    return g_steal_pointer(&sample);
}

static VitalsRecordingHeader
header_of(json_t *json)
{
    return (VitalsRecordingHeader){
        .domain = g_strdup(json_string_value(json_object_get(json, "domain"))),
        .balloon_period = seconds_at(json, "balloon_period_seconds", -1),
        .agent_period = seconds_at(json, "agent_period_seconds", -1),
        .boot_seen = json_is_true(json_object_get(json, "boot_seen")),
        .pulse_recalled = json_is_true(json_object_get(json, "pulse_recalled")),
    };
}

gboolean
vitals_recording_parse(const char *line, gsize length, VitalsRecordingHeader *ret_header,
                       VitalsSample **ret_sample, GError **error)
{
    json_error_t problem;
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    VitalsSample *sample = NULL;
    gboolean is_header = json_object_get(json, "version") != NULL;

    if (!json_is_object(json)) {
        g_autofree char *text = vitals_text_printable(json ? "not an object" : problem.text, -1);

        g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_LINE, "no sample: %s",
                    text);
    } else if (is_header) {
        *ret_header = header_of(json);
    } else {
        sample = sample_of(json, error);
        if (sample)
            *ret_sample = sample;
    }
    is_header = is_header && json_is_object(json);
    json_decref(json);
    return is_header || sample != NULL;
}

/* ---- files ---- */

static FILE *
open_file(const char *path, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info = { 0 };
    FILE *file = NULL;

    if (fd < 0 || fstat(fd, &info) < 0)
        g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_READ, "%s: %s", shown,
                    g_strerror(errno));
    else if (!S_ISREG(info.st_mode) || info.st_size > VITALS_RECORDING_FILE_MAX)
        g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_READ,
                    "%s: not a file of at most %d MiB; give the signals.jsonl of an incident",
                    shown, VITALS_RECORDING_FILE_MAX / 1024 / 1024);
    else
        file = fdopen(fd, "r");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

/* Returns: whether there was another line; one that is too long is cut behind its bound */
static gboolean
next_line(FILE *file, GString *line)
{
    int byte;

    g_string_truncate(line, 0);
    while ((byte = getc_unlocked(file)) != EOF && byte != '\n') {
        if (line->len <= VITALS_RECORDING_LINE_MAX)
            g_string_append_c(line, (char)byte);
    }
    return byte != EOF || line->len > 0;
}

static gboolean
take_line(const GString *line,
          void (*on_header)(const VitalsRecordingHeader *header, gpointer data),
          void (*on_sample)(VitalsSample *sample, gpointer data), gpointer data, GError **error)
{
    g_auto(VitalsRecordingHeader) header = { 0 };
    g_autoptr(VitalsSample) sample = NULL;

    if (line->len > VITALS_RECORDING_LINE_MAX) {
        g_set_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_LINE,
                    "the line is longer than %d KiB", VITALS_RECORDING_LINE_MAX / 1024);
        return FALSE;
    }
    if (!vitals_recording_parse(line->str, line->len, &header, &sample, error))
        return FALSE;
    if (sample)
        on_sample(sample, data);
    else
        on_header(&header, data);
    return TRUE;
}

gboolean
vitals_recording_read(const char *path,
                      void (*on_header)(const VitalsRecordingHeader *header, gpointer data),
                      void (*on_sample)(VitalsSample *sample, gpointer data), gpointer data,
                      GError **error)
{
    FILE *file = open_file(path, error);
    g_autofree char *shown = vitals_text_printable(path, -1);
    g_autoptr(GString) line = g_string_new(NULL);
    gboolean good = TRUE;

    if (!file)
        return FALSE;
    for (guint number = 1; good && next_line(file, line); number++) {
        if (line->len == 0)
            continue;
        good = take_line(line, on_header, on_sample, data, error);
        if (!good)
            g_prefix_error(error, "%s:%u: ", shown, number);
    }
    fclose(file);
    return good;
}
