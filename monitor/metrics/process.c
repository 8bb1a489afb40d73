/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * What every Prometheus client says of its own process, by its names
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
 */

static void
emit_cpu(VitalsExposition *out, const VitalsScrape *scrape)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        vitals_exposition_sample(out, NULL,
                                 usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                                     (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void
emit_open_fds(VitalsExposition *out, const VitalsScrape *scrape)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    if (!dir)
        return;
    while (g_dir_read_name(dir))
        count++;
    /* One of them is the folder that is being read. */
    vitals_exposition_sample(out, NULL, count - 1.0);
}

static void
emit_max_fds(VitalsExposition *out, const VitalsScrape *scrape)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        vitals_exposition_sample(out, NULL, limit.rlim_cur);
}

/* Field @index, from 0, of /proc/self/statm: pages; proc(5). */
static void
emit_statm(VitalsExposition *out, guint index)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;

    if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
        return;
    fields = g_strsplit(text, " ", -1);
    if (g_strv_length(fields) > index)
        vitals_exposition_sample(
            out, NULL, (double)g_ascii_strtoull(fields[index], NULL, 10) * sysconf(_SC_PAGESIZE));
}

static void
emit_virtual(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit_statm(out, 0);
}

static void
emit_resident(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit_statm(out, 1);
}

/* Seconds since the epoch at which the host started; 0 if that cannot be read. */
static guint64
boot_time(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/stat", &text, NULL, NULL))
        return 0;
    line = strstr(text, "\nbtime ");
    return line ? g_ascii_strtoull(line + strlen("\nbtime "), NULL, 10) : 0;
}

/* Ticks since boot at which we started: field 22 of proc(5), the 20th after the name in brackets. */
static double
start_time(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *rest;
    guint64 boot = boot_time();

    if (boot == 0 || !g_file_get_contents("/proc/self/stat", &text, NULL, NULL))
        return 0;
    rest = strrchr(text, ')');
    if (!rest)
        return 0;
    fields = g_strsplit(rest, " ", -1);
    if (g_strv_length(fields) <= 20)
        return 0;
    return boot + (double)g_ascii_strtoull(fields[20], NULL, 10) / sysconf(_SC_CLK_TCK);
}

static void
emit_start(VitalsExposition *out, const VitalsScrape *scrape)
{
    double seconds = start_time();

    if (seconds > 0)
        vitals_exposition_sample(out, NULL, seconds);
}

extern const VitalsMetric vitals_metrics_process[];
const VitalsMetric vitals_metrics_process[] = {
    {
        .name = "process_cpu_seconds_total",
        .type = "counter",
        .help = "Total user and system CPU time spent in seconds.",
        .emit = emit_cpu,
    },
    {
        .name = "process_open_fds",
        .type = "gauge",
        .help = "Number of open file descriptors.",
        .emit = emit_open_fds,
    },
    {
        .name = "process_max_fds",
        .type = "gauge",
        .help = "Maximum number of open file descriptors.",
        .emit = emit_max_fds,
    },
    {
        .name = "process_virtual_memory_bytes",
        .type = "gauge",
        .help = "Virtual memory size in bytes.",
        .emit = emit_virtual,
    },
    {
        .name = "process_resident_memory_bytes",
        .type = "gauge",
        .help = "Resident memory size in bytes.",
        .emit = emit_resident,
    },
    {
        .name = "process_start_time_seconds",
        .type = "gauge",
        .help = "Start time of the process since unix epoch in seconds.",
        .emit = emit_start,
    },
    { 0 },
};
