/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/facts.h"
#include "config/text.h"

const char *
vitals_fact_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

double
vitals_fact_number(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

gint64
vitals_fact_time(const json_t *object, const char *key)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(vitals_fact_text(object, key), utc);

    return time ? g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time)
                : 0;
}

char *
vitals_fact_clock(gint64 realtime)
{
    g_autoptr(GDateTime) time =
        realtime ? g_date_time_new_from_unix_utc(realtime / G_USEC_PER_SEC) : NULL;

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("");
}

char *
vitals_fact_span(double seconds)
{
    return vitals_text_span(seconds);
}

typedef struct {
    const char *health;
    const char *sentence;
    const char *severity;
} Word;

static const Word words[] = {
    { "crashed", "has crashed", "critical" },
    { "unresponsive", "stopped responding", "critical" },
    { "stuck", "is stuck", "critical" },
    { "degraded", "is degraded", "warning" },
    { "paused", "was paused by a fault", "warning" },
    { "unknown", "was dumped on request", "notice" },
};

static const Word *
word_of(const char *health)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(words[i].health, health))
            return &words[i];
    }
    return &words[G_N_ELEMENTS(words) - 1];
}

const char *
vitals_fact_health(const char *health)
{
    return word_of(health)->sentence;
}

const char *
vitals_fact_severity(const char *health)
{
    return word_of(health)->severity;
}

const char *
vitals_fact_witness(const char *by)
{
    static const struct {
        const char *by;
        const char *words;
    } witnesses[] = {
        { "log", "The kernel's log in its memory calls it" },
        { "stacks", "The stacks in its memory show" },
        { "memory", "Its last figures show" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(witnesses); i++) {
        if (g_str_equal(witnesses[i].by, by))
            return witnesses[i].words;
    }
    return "The guest's console calls it";
}
