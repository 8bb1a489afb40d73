/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/sections.h"
#include "monitor/postmortem/facts.h"
#include "monitor/tail.h"

#include <string.h>

/* What is quoted of files; the whole is beside the page. */
#define QUOTED ((gsize)16 * 1024)
#define QUOTED_LINES 40

/* A crash report with its registers and stack; what is kept of a console's log by the largest setting. */
#define REPORT_LINES 80
#define CONSOLE_MAX ((gsize)16 * 1024 * 1024)
#define PICTURE_MAX ((gsize)4 * 1024 * 1024)

void
vitals_section_open(VitalsHtml *html, const char *heading)
{
    vitals_html_open(html, "section", NULL);
    vitals_html_element(html, "h2", "", heading);
}

static void
write_list(VitalsHtml *html, const json_t *lines)
{
    size_t index;
    json_t *line;

    vitals_html_open(html, "ul", NULL);
    json_array_foreach((json_t *)lines, index, line)
    {
        const char *text = json_string_value(line);

        vitals_html_element(html, "li", "", text ? text : "");
    }
    vitals_html_close(html);
}

/* The end of a file of the incident. Returns: (transfer full) (nullable): %NULL if there is none */
static char *
quote(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) end = vitals_tail_read(path, QUOTED, NULL);
    gsize length = 0;
    const char *bytes = end ? g_bytes_get_data(end, &length) : NULL;
    g_autofree char *text = length ? g_strndup(bytes, length) : NULL;
    const char *cut = text;
    guint lines = 0;

    if (!text)
        return NULL;
    for (const char *at = text + strlen(text); at > text && lines <= QUOTED_LINES; at--) {
        lines += at[-1] == '\n' && at[0];
        cut = at;
    }
    return g_strdup(lines > QUOTED_LINES ? cut : text);
}

/* Likewise so many lines from line @from on; %NULL if it has not so many. */
static char *
quote_from(const char *directory, const char *name, gsize from)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) bytes = vitals_tail_read(path, CONSOLE_MAX, NULL);
    gsize length = 0;
    const char *at = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    const char *end = at + length;
    const char *begin;

    for (gsize line = 1; at && line < from; line++)
        at = (at = memchr(at, '\n', (gsize)(end - at))) ? at + 1 : NULL;
    if (!at || at == end)
        return NULL;
    begin = at;
    for (guint lines = 0; at && lines < REPORT_LINES; lines++)
        at = (at = memchr(at, '\n', (gsize)(end - at))) ? at + 1 : NULL;
    return g_strndup(begin, (gsize)((at ? at : end) - begin));
}

static gboolean
write_quote(VitalsHtml *html, const char *directory, const char *name)
{
    g_autofree char *text = quote(directory, name);

    if (text)
        vitals_html_element(html, "pre", "", text);
    return text != NULL;
}

/* ---- the timeline ---- */

void
vitals_section_stamp(VitalsHtml *html, gint64 realtime)
{
    g_autofree char *clock = vitals_fact_clock(realtime);
    g_autofree char *day = g_strndup(clock, 11);

    if (strlen(clock) <= strlen(day))
        return;
    vitals_html_element(html, "span", "day", day);
    vitals_html_text(html, clock + strlen(day));
}

static void
write_moment(VitalsHtml *html, const json_t *moment, gint64 opened)
{
    gint64 at = vitals_fact_time(moment, "time");
    const char *text = vitals_fact_text(moment, "text");
    gboolean fault = g_str_has_prefix(text, "verdict: ");
    g_autofree char *span = vitals_fact_span((double)ABS(at - opened) / G_USEC_PER_SEC);

    vitals_html_open(html, "tr", fault ? "class" : NULL, "fault", NULL);
    vitals_html_open(html, "td", "class", "when", NULL);
    vitals_section_stamp(html, at);
    vitals_html_close(html);
    vitals_html_open(html, "td", "class", "num", NULL);
    vitals_html_textf(html, "%s%s", at < opened ? "−" : "+", span);
    vitals_html_close(html);
    vitals_html_element(html, "td", "", text);
    vitals_html_close(html);
}

static void
write_timeline(VitalsHtml *html, const json_t *manifest)
{
    gint64 opened = vitals_fact_time(manifest, "opened");
    size_t index;
    json_t *moment;

    vitals_section_open(html, "Timeline");
    vitals_html_open(html, "table", NULL);
    json_array_foreach(json_object_get(manifest, "timeline"), index, moment)
        write_moment(html, moment, opened);
    vitals_html_close(html);
    vitals_html_close(html);
}

/* ---- the layers ---- */

static void
write_sources(VitalsHtml *html, const json_t *sources)
{
    size_t index;
    json_t *source;

    vitals_html_open(html, "td", NULL);
    json_array_foreach((json_t *)sources, index, source)
    {
        double age = vitals_fact_number(source, "age_seconds", 0);
        g_autofree char *span = vitals_fact_span(age);

        vitals_html_textf(html, "%s%s %s", index ? ", " : "", vitals_fact_text(source, "source"),
                          span);
    }
    vitals_html_close(html);
}

static void
write_layer(VitalsHtml *html, const json_t *layer)
{
    const json_t *up = json_object_get(layer, "up");
    double age = vitals_fact_number(layer, "age_seconds", -1);
    g_autofree char *span = vitals_fact_span(age);

    vitals_html_open(html, "tr", NULL);
    vitals_html_element(html, "td", "when", vitals_fact_text(layer, "layer"));
    vitals_html_element(html, "td",
                        json_is_true(up)    ? "up"
                        : json_is_false(up) ? "down"
                                            : "quiet",
                        json_is_true(up)    ? "lives"
                        : json_is_false(up) ? "dead"
                                            : "not known");
    vitals_html_open(html, "td", NULL);
    if (age >= 0)
        vitals_html_textf(html, "%s before", span);
    vitals_html_close(html);
    write_sources(html, json_object_get(layer, "sources"));
    vitals_html_close(html);
}

static void
write_layers(VitalsHtml *html, const json_t *manifest)
{
    static const char *const headings[] = { "Layer", "At the verdict", "Last sign of life",
                                            "By source" };
    size_t index;
    json_t *layer;

    if (json_array_size(json_object_get(manifest, "layers")) == 0)
        return;
    vitals_section_open(html, "What each layer said");
    vitals_html_open(html, "table", NULL);
    vitals_html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(headings); i++)
        vitals_html_element(html, "th", "", headings[i]);
    vitals_html_close(html);
    json_array_foreach(json_object_get(manifest, "layers"), index, layer) write_layer(html, layer);
    vitals_html_close(html);
    vitals_html_close(html);
}

/* ---- the chain of evidence ---- */

static void
write_alternatives(VitalsHtml *html, const json_t *alternatives)
{
    size_t index;
    json_t *other;

    vitals_html_element(html, "h3", "", "What else would fit, and was ranked lower");
    vitals_html_open(html, "ul", NULL);
    json_array_foreach((json_t *)alternatives, index, other)
    {
        vitals_html_open(html, "li", NULL);
        vitals_html_element(html, "code", "", vitals_fact_text(other, "cause"));
        vitals_html_textf(html, ": %s", vitals_fact_text(other, "meaning"));
        vitals_html_close(html);
    }
    vitals_html_close(html);
}

/* Of the evidence, what says something, or else what does not. */
static json_t *
evidence_that(const json_t *manifest, gboolean says_nothing)
{
    json_t *lines = json_array();
    size_t index;
    json_t *line;

    json_array_foreach(json_object_get(manifest, "evidence"), index, line)
    {
        const char *text = json_string_value(line);

        if (text && g_str_has_suffix(text, "says nothing") == says_nothing)
            json_array_append(lines, line);
    }
    return lines;
}

static void
write_evidence(VitalsHtml *html, const json_t *manifest)
{
    json_t *telling = evidence_that(manifest, FALSE);
    json_t *silent = evidence_that(manifest, TRUE);

    vitals_html_element(html, "h3", "", "What was seen");
    write_list(html, telling);
    if (json_array_size(silent) > 0) {
        vitals_html_open(html, "details", NULL);
        vitals_html_element(html, "summary", "", "Sources that say nothing here");
        write_list(html, silent);
        vitals_html_close(html);
    }
    json_decref(telling);
    json_decref(silent);
}

static void
write_chain(VitalsHtml *html, const json_t *manifest)
{
    const json_t *against = json_object_get(manifest, "against");
    const json_t *alternatives = json_object_get(manifest, "alternatives");

    vitals_section_open(html, "How we know");
    write_evidence(html, manifest);
    vitals_html_element(html, "h3", "", "What speaks against it");
    if (json_array_size(against) > 0)
        write_list(html, against);
    else
        vitals_html_element(html, "p", "", "Nothing that we saw.");
    if (json_array_size(alternatives) > 0)
        write_alternatives(html, alternatives);
    vitals_html_close(html);
}

/* ---- the console and the screen ---- */

/* Its crash report where it has one, and else its end. @from: the report's first line; 0 for none */
static void
write_console_lines(VitalsHtml *html, const char *directory, gsize from)
{
    g_autofree char *text = from ? quote_from(directory, "console.log", from) : NULL;

    vitals_html_element(html, "h3", "", text ? "Its report" : "Its last lines");
    if (text)
        vitals_html_element(html, "pre", "", text);
    else if (!write_quote(html, directory, "console.log"))
        vitals_html_element(html, "p", "", "None were recorded.");
}

static void
write_console(VitalsHtml *html, const char *directory, const json_t *manifest)
{
    const json_t *reports = json_object_get(manifest, "console_reports");
    const json_t *logged = json_object_get(manifest, "log_reports");

    vitals_section_open(html, "What the guest said on its console");
    if (json_array_size(reports) > 0)
        write_list(html, reports);
    write_console_lines(html, directory, (gsize)vitals_fact_number(manifest, "console_line", 0));
    if (json_array_size(logged) > 0) {
        vitals_html_element(html, "h3", "", "Its kernel's log, as it was in the dump");
        write_list(html, logged);
    }
    vitals_html_close(html);
}

static void
write_screen(VitalsHtml *html, const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "screenshot.png", NULL);
    g_autoptr(GBytes) picture = vitals_tail_read(path, PICTURE_MAX + 1, NULL);
    gsize length = 0;
    const guchar *bytes = picture ? g_bytes_get_data(picture, &length) : NULL;
    g_autofree char *base64 = NULL;
    g_autofree char *source = NULL;

    if (!length || length > PICTURE_MAX)
        return;
    base64 = g_base64_encode(bytes, length);
    source = g_strconcat("data:image/png;base64,", base64, NULL);
    vitals_section_open(html, "Its screen");
    vitals_html_empty(html, "img", "src", source, "alt", "The guest's screen before the dump",
                      NULL);
    vitals_html_close(html);
}

/* ---- prevention, host, gaps, files ---- */

static void
write_findings(VitalsHtml *html, const json_t *manifest)
{
    const json_t *lint = json_object_get(manifest, "lint");
    const char *diff = vitals_fact_text(manifest, "lint_diff");

    if (json_array_size(lint) == 0)
        return;
    vitals_section_open(html, "How to prevent it, or see more next time");
    vitals_html_element(html, "p", "", "What lint says of the definition that ran:");
    write_list(html, lint);
    if (*diff) {
        vitals_html_element(html, "p", "", "The change that would mend it:");
        vitals_html_element(html, "pre", "", diff);
    }
    vitals_html_close(html);
}

static void
write_host(VitalsHtml *html, const char *directory)
{
    g_autofree char *hardware = quote(directory, "host-hardware.log");
    g_autofree char *messages = quote(directory, "libvirt-messages.txt");

    if (!hardware && !messages)
        return;
    vitals_section_open(html, "What the host said");
    if (hardware) {
        vitals_html_element(html, "h3", "", "Its kernel, of hardware and memory, within a day");
        vitals_html_element(html, "pre", "", hardware);
    }
    if (messages) {
        vitals_html_element(html, "h3", "", "libvirt, of this guest");
        vitals_html_element(html, "pre", "", messages);
    }
    vitals_html_close(html);
}

static void
write_missing(VitalsHtml *html, const json_t *manifest)
{
    const json_t *missing = json_object_get(manifest, "missing");

    if (json_array_size(missing) == 0)
        return;
    vitals_section_open(html, "What could not be read, and why");
    write_list(html, missing);
    vitals_html_close(html);
}

static void
write_files(VitalsHtml *html, const json_t *manifest)
{
    size_t index;
    json_t *file;

    vitals_section_open(html, "What is kept");
    vitals_html_open(html, "table", NULL);
    json_array_foreach(json_object_get(manifest, "files"), index, file)
    {
        double bytes = vitals_fact_number(file, "bytes", 0);
        g_autofree char *size = g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);

        vitals_html_open(html, "tr", NULL);
        vitals_html_element(html, "td", "mono", vitals_fact_text(file, "name"));
        vitals_html_element(html, "td", "num", size);
        vitals_html_element(html, "td", "mono wide quiet", vitals_fact_text(file, "sha256"));
        vitals_html_close(html);
    }
    vitals_html_close(html);
    vitals_html_close(html);
}

void
vitals_sections_write(VitalsHtml *html, const char *directory, const json_t *manifest)
{
    vitals_memory_section_write(html, manifest);
    write_timeline(html, manifest);
    write_console(html, directory, manifest);
    write_screen(html, directory);
    write_chain(html, manifest);
    write_layers(html, manifest);
    vitals_dump_section_write(html, directory, manifest);
    write_findings(html, manifest);
    write_host(html, directory);
    write_missing(html, manifest);
    write_files(html, manifest);
}
