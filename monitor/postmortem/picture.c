/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"
#include "probes/facts.h"

#include <string.h>

/* A lane's coordinates; it is stretched to the page, so that text stands beside it and not in it. */
#define WIDTH 1000.0
#define HEIGHT 100.0

/* As much before the verdict is drawn, and more if the last sign of life was earlier. */
#define BEFORE (2 * G_TIME_SPAN_MINUTE)
#define BEFORE_BEAT (30 * G_USEC_PER_SEC)

/* Three vCPUs can be told apart in one lane; of more guests' vCPUs the sum is drawn. */
#define VCPUS_DRAWN 3

/* What all lanes share. */
typedef struct {
    VitalsHtml *html;
    const GPtrArray *samples;
    gint64 from;
    gint64 until;
    gint64 beat;
} Picture;

typedef struct {
    double x;
    double value;
} Point;

static double
x_of(const Picture *picture, gint64 realtime)
{
    return (double)(realtime - picture->from) / (double)(picture->until - picture->from) * WIDTH;
}

static const VitalsSample *
sample_with(const Picture *picture, guint at, VitalsPart part)
{
    const VitalsSample *sample = g_ptr_array_index(picture->samples, at);

    return vitals_sample_has(sample, part) && sample->realtime >= picture->from &&
                   sample->realtime <= picture->until
               ? sample
               : NULL;
}

/* ---- series ---- */

static void
add(GArray *points, double x, double value)
{
    Point point = { x, MAX(value, 0) };

    g_array_append_val(points, point);
}

static GArray *
balloon_age(const Picture *picture)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(Point));

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, VITALS_PART_BALLOON);

        gint64 second = sample ? sample->realtime / G_USEC_PER_SEC : 0;

        if (sample && sample->last_update)
            add(points, x_of(picture, sample->realtime), (double)(second - sample->last_update));
    }
    return points;
}

/* The share of a core that one vCPU used, or with -1 all of them, from sample to sample, percent. */
static GArray *
vcpu_share(const Picture *picture, int vcpu)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(Point));
    gint64 before = 0;
    guint64 used_before = 0;

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, VITALS_PART_VCPU);
        guint64 used = 0;

        for (guint n = 0; sample && n < sample->vcpus; n++)
            used += vcpu < 0 || n == (guint)vcpu ? sample->vcpu_ns[n] : 0;
        if (!sample || sample->at <= before)
            continue;
        if (before && used >= used_before)
            add(points, x_of(picture, sample->realtime),
                (double)(used - used_before) / (double)(sample->at - before) / 10);
        before = sample->at;
        used_before = used;
    }
    return points;
}

static guint64
packets_of(const VitalsSample *sample)
{
    return sample->transmitted;
}

static guint64
requests_of(const VitalsSample *sample)
{
    return sample->requests;
}

/* How fast a counter went up from sample to sample, per second. */
static GArray *
rate_of(const Picture *picture, VitalsPart part, guint64 (*count_of)(const VitalsSample *sample))
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(Point));
    const VitalsSample *before = NULL;

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, part);

        if (!sample)
            continue;
        if (before && sample->at > before->at && count_of(sample) >= count_of(before)) {
            double rate = (double)(count_of(sample) - count_of(before)) * G_USEC_PER_SEC /
                          (double)(sample->at - before->at);

            /* disks are asked seldom: what is known is the mean of the time between */
            add(points, x_of(picture, before->realtime), rate);
            add(points, x_of(picture, sample->realtime), rate);
        }
        before = sample;
    }
    return points;
}

/* What the guest could use without swapping, bytes. @ret_all: the most that its kernel had of memory */
static GArray *
memory_left(const Picture *picture, guint64 *ret_all)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(Point));
    guint64 all = 0;

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, VITALS_PART_BALLOON);

        if (!sample || !sample->has_counters)
            continue;
        add(points, x_of(picture, sample->realtime), (double)sample->usable);
        all = MAX(all, sample->available);
    }
    *ret_all = all;
    return points;
}

static gboolean
is_event(const VitalsSample *sample)
{
    return TRUE;
}

static gboolean
has_lines(const VitalsSample *sample)
{
    return sample->kernel_lines || sample->userspace_lines || sample->n_utterances;
}

static gboolean
has_trouble(const VitalsSample *sample)
{
    return sample->n_utterances > 0;
}

/* Moments at which something was told: events of libvirt, or lines on the console. */
static GArray *
moments(const Picture *picture, VitalsPart part, gboolean (*counts)(const VitalsSample *sample))
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(Point));

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, part);

        if (sample && counts(sample))
            add(points, x_of(picture, sample->realtime), 1);
    }
    return points;
}

/* ---- drawing ---- */

static void
draw_vertical(const Picture *picture, double x, const char *class)
{
    g_autofree char *path = g_strdup_printf("M%.1f 0V%.0f", x, HEIGHT);

    if (x >= 0 && x <= WIDTH)
        vitals_html_empty(picture->html, "path", "class", class, "d", path, NULL);
}

static void
draw_line(const Picture *picture, const GArray *points, double top, const char *class)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = 0; i < points->len; i++) {
        const Point *point = &g_array_index(points, Point, i);

        g_string_append_printf(path, "%c%.1f %.1f", i ? 'L' : 'M', point->x,
                               HEIGHT - point->value / top * (HEIGHT - 6) - 2);
    }
    if (points->len > 1)
        vitals_html_empty(picture->html, "path", "class", class, "d", path->str, NULL);
}

static void
draw_ticks(const Picture *picture, const GArray *points, const char *class)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = 0; i < points->len; i++)
        g_string_append_printf(path, "M%.1f 10V90", g_array_index(points, Point, i).x);
    if (points->len > 0)
        vitals_html_empty(picture->html, "path", "class", class, "d", path->str, NULL);
}

static double
top_of(const GArray *points, double at_least)
{
    double top = at_least;

    for (guint i = 0; i < points->len; i++)
        top = MAX(top, g_array_index(points, Point, i).value);
    return top;
}

/* Opens a lane: its name with the scale beside it, then the drawing with its text alternative. */
static void
open_lane(const Picture *picture, const char *class, const char *name, const char *scale,
          const char *alternative)
{
    VitalsHtml *html = picture->html;

    vitals_html_open(html, "div", "class", class, NULL);
    vitals_html_open(html, "div", "class", "name", NULL);
    vitals_html_element(html, "b", "", name);
    vitals_html_textf(html, " %s", scale);
    vitals_html_close(html);
    vitals_html_open(html, "svg", "viewBox", "0 0 1000 100", "preserveAspectRatio", "none", "role",
                     "img", "aria-label", alternative, NULL);
    vitals_html_empty(html, "path", "class", "grid", "d", "M0 50H1000", NULL);
    if (picture->beat)
        draw_vertical(picture, x_of(picture, picture->beat), "beat");
}

static void
close_lane(const Picture *picture, gint64 verdict)
{
    draw_vertical(picture, x_of(picture, verdict), "mark");
    vitals_html_close(picture->html);
    vitals_html_close(picture->html);
}

static void
draw_balloon(const Picture *picture, gint64 verdict)
{
    g_autoptr(GArray) points = balloon_age(picture);
    double top = top_of(points, 4);
    g_autofree char *scale = g_strdup_printf("its age, 0 to %.0f s", top);
    g_autofree char *alternative = NULL;

    if (points->len < 2)
        return;
    alternative = g_strdup_printf(
        "Age of the balloon driver's stamp: %.0f seconds at the beginning, %.0f at the end",
        g_array_index(points, Point, 0).value, g_array_index(points, Point, points->len - 1).value);
    open_lane(picture, "lane", "Kernel's pulse", scale, alternative);
    draw_line(picture, points, top, "v0");
    close_lane(picture, verdict);
}

static guint
count_vcpus(const Picture *picture)
{
    guint count = 0;

    for (guint i = 0; i < picture->samples->len; i++) {
        const VitalsSample *sample = sample_with(picture, i, VITALS_PART_VCPU);

        count = sample ? MAX(count, sample->vcpus) : count;
    }
    return count;
}

static void
draw_vcpus(const Picture *picture, gint64 verdict)
{
    static const char *const classes[VCPUS_DRAWN] = { "v0", "v1", "v2" };
    guint count = count_vcpus(picture);
    gboolean all = count > VCPUS_DRAWN;
    g_autofree char *scale =
        g_strdup_printf("%u vCPU%s%s, 0 to %u %%", count, count == 1 ? "" : "s",
                        all ? " together" : "", all ? count * 100 : 100);
    g_autoptr(GArray) sum = vcpu_share(picture, -1);
    g_autofree char *alternative = NULL;

    if (sum->len < 2)
        return;
    alternative = g_strdup_printf("CPU time of all vCPUs together: %.0f percent of one core at the "
                                  "beginning, %.0f at the end",
                                  g_array_index(sum, Point, 0).value,
                                  g_array_index(sum, Point, sum->len - 1).value);
    open_lane(picture, "lane", "CPU time", scale, alternative);
    for (guint i = 0; i < (all ? 1 : count); i++) {
        g_autoptr(GArray) points = vcpu_share(picture, all ? -1 : (int)i);

        draw_line(picture, points, top_of(points, all ? count * 100 : 100), classes[i]);
    }
    close_lane(picture, verdict);
}

static void
draw_rate(const Picture *picture, const char *name, const char *what, const GArray *points,
          gint64 verdict)
{
    double top = top_of(points, 1);
    g_autofree char *scale = g_strdup_printf("%s, 0 to %.0f/s", what, top);
    g_autofree char *alternative = NULL;

    if (points->len < 2)
        return;
    alternative = g_strdup_printf("%s: %s per second, %.0f at the end", name, what,
                                  g_array_index(points, Point, points->len - 1).value);
    open_lane(picture, "lane", name, scale, alternative);
    draw_line(picture, points, top, "v0");
    close_lane(picture, verdict);
}

static void
draw_memory(const Picture *picture, gint64 verdict)
{
    guint64 all = 0;
    g_autoptr(GArray) points = memory_left(picture, &all);
    g_autofree char *size = g_format_size_full(all, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *scale = g_strdup_printf("usable, 0 to %s", size);
    g_autofree char *first = NULL;
    g_autofree char *last = NULL;
    g_autofree char *alternative = NULL;

    if (points->len < 2 || all == 0)
        return;
    first =
        g_format_size_full((guint64)g_array_index(points, Point, 0).value, G_FORMAT_SIZE_IEC_UNITS);
    last = g_format_size_full((guint64)g_array_index(points, Point, points->len - 1).value,
                              G_FORMAT_SIZE_IEC_UNITS);
    alternative =
        g_strdup_printf("Memory that the guest could still use: %s at the beginning, %s at "
                        "the end",
                        first, last);
    open_lane(picture, "lane", "Memory left", scale, alternative);
    draw_line(picture, points, top_of(points, (double)all), "v0");
    close_lane(picture, verdict);
}

/* @marked: (nullable): of these, which stand out */
static void
draw_moments(const Picture *picture, const char *name, const GArray *points, const GArray *marked,
             gint64 verdict)
{
    g_autofree char *times = g_strdup_printf("%u time%s", points->len, points->len == 1 ? "" : "s");
    g_autofree char *scale = marked && marked->len
                                 ? g_strdup_printf("%s, trouble %u", times, marked->len)
                                 : g_strdup(times);
    g_autofree char *alternative = g_strdup_printf("%s: %s", name, scale);

    if (points->len == 0)
        return;
    open_lane(picture, "lane ticks", name, scale, alternative);
    draw_ticks(picture, points, "v0");
    if (marked)
        draw_ticks(picture, marked, "trouble");
    close_lane(picture, verdict);
}

static void
draw_console(const Picture *picture, gint64 verdict)
{
    g_autoptr(GArray) lines = moments(picture, VITALS_PART_CONSOLE, has_lines);
    g_autoptr(GArray) trouble = moments(picture, VITALS_PART_CONSOLE, has_trouble);

    draw_moments(picture, "Console lines", lines, trouble, verdict);
}

static void
draw_lanes(const Picture *picture, gint64 verdict)
{
    g_autoptr(GArray) requests = rate_of(picture, VITALS_PART_BLOCK, requests_of);
    g_autoptr(GArray) packets = rate_of(picture, VITALS_PART_NET, packets_of);
    g_autoptr(GArray) events = moments(picture, VITALS_PART_EVENT, is_event);

    draw_balloon(picture, verdict);
    draw_vcpus(picture, verdict);
    draw_memory(picture, verdict);
    draw_rate(picture, "Disks", "requests done", requests, verdict);
    draw_rate(picture, "Network", "packets sent", packets, verdict);
    draw_console(picture, verdict);
    draw_moments(picture, "libvirt's events", events, NULL, verdict);
}

/* Five marks, evenly spaced, counted from the verdict. */
static void
draw_axis(const Picture *picture, gint64 verdict)
{
    VitalsHtml *html = picture->html;

    vitals_html_open(html, "div", "class", "axis", NULL);
    vitals_html_element(html, "span", "", "before the verdict");
    vitals_html_open(html, "div", NULL);
    for (int i = 0; i <= 4; i++) {
        gint64 at = picture->from + (picture->until - picture->from) * i / 4;
        g_autofree char *span = vitals_fact_span((double)ABS(at - verdict) / G_USEC_PER_SEC);

        vitals_html_open(html, "span", NULL);
        vitals_html_textf(html, "%s%s", at < verdict ? "−" : "+", span);
        vitals_html_close(html);
    }
    vitals_html_close(html);
    vitals_html_close(html);
}

void
vitals_picture_write(VitalsHtml *html, const json_t *manifest, const GPtrArray *samples)
{
    gint64 opened = vitals_fact_time(manifest, "opened");
    gint64 beat = vitals_fact_time(manifest, "kernel_last_beat");
    const VitalsSample *first = samples->len ? g_ptr_array_index(samples, 0) : NULL;
    Picture picture = { .html = html, .samples = samples, .beat = beat };

    if (!first || !opened || first->realtime >= opened)
        return;
    picture.from = MAX(first->realtime, MIN(opened - BEFORE, beat ? beat - BEFORE_BEAT : opened));
    picture.until = opened + (opened - picture.from) / 50; /* room for the mark */
    vitals_html_open(html, "section", NULL);
    vitals_html_element(html, "h2", "", "The signals before it");
    draw_lanes(&picture, opened);
    draw_axis(&picture, opened);
    vitals_html_open(html, "p", "class", "key", NULL);
    vitals_html_element(html, "b", "", "Solid mark");
    vitals_html_text(html,
                     ": the verdict. Dashed: the kernel's last sign of life. All samples are in "
                     "signals.jsonl.");
    vitals_html_close(html);
    vitals_html_close(html);
}
