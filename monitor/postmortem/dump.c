/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"
#include "monitor/file-bytes.h"

#include <fcntl.h>
#include <unistd.h>

/* So much of a file is quoted; the whole is beside the page. */
#define QUOTED ((gsize)16 * 1024)

/* The beginning of a file of the incident, where its most telling stands. Returns: (transfer full) (nullable) */
static char *
quote_beginning(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    guint64 size = 0;
    gboolean there = fd >= 0 && vitals_bytes_size(fd, &size) && size > 0;
    gsize length = (gsize)MIN(size, QUOTED);
    g_autofree char *bytes = there ? g_malloc0(length + 1) : NULL;
    gboolean read = there && vitals_bytes_read(fd, 0, bytes, length);

    if (fd >= 0)
        close(fd);
    return read ? g_steal_pointer(&bytes) : NULL;
}

static void
write_row(VitalsHtml *html, const char *name, const char *value)
{
    if (!*value)
        return;
    vitals_html_open(html, "tr", NULL);
    vitals_html_element(html, "th", "", name);
    vitals_html_element(html, "td", "", value);
    vitals_html_close(html);
}

static void
write_tools(VitalsHtml *html, const json_t *triage)
{
    size_t index;
    json_t *tool;

    vitals_html_open(html, "ul", NULL);
    json_array_foreach(json_object_get(triage, "tools"), index, tool)
    {
        double seconds = vitals_fact_number(tool, "seconds", 0);
        g_autofree char *span = vitals_fact_span(seconds);
        const char *reason = vitals_fact_text(tool, "reason");

        vitals_html_open(html, "li", NULL);
        vitals_html_element(html, "code", "", vitals_fact_text(tool, "name"));
        vitals_html_textf(html, ": %s%s%s%s%s", vitals_fact_text(tool, "result"),
                          seconds > 0 ? " in " : "", seconds > 0 ? span : "", *reason ? ": " : "",
                          reason);
        vitals_html_close(html);
    }
    vitals_html_close(html);
}

/* One vCPU: who called whom, innermost first. */
static void
write_stack(VitalsHtml *html, const json_t *stack)
{
    const json_t *frames = json_object_get(stack, "frames");
    g_autoptr(GString) calls = g_string_new(NULL);
    size_t index;
    json_t *frame;

    json_array_foreach((json_t *)frames, index, frame)
        g_string_append_printf(calls, "%s%s", index ? " ← " : "", json_string_value(frame) ?: "");
    vitals_html_open(html, "tr", NULL);
    vitals_html_open(html, "td", "class", "when", NULL);
    vitals_html_textf(html, "vCPU %.0f", vitals_fact_number(stack, "cpu", 0));
    vitals_html_element(html, "div", "quiet", vitals_fact_text(stack, "task"));
    if (*vitals_fact_text(stack, "module")) {
        vitals_html_open(html, "div", "class", "quiet", NULL);
        vitals_html_textf(html, "module %s", vitals_fact_text(stack, "module"));
        vitals_html_close(html);
    }
    if (json_is_true(json_object_get(stack, "interrupts_off")))
        vitals_html_element(html, "div", "quiet", "interrupts off");
    if (json_is_true(json_object_get(stack, "idle")))
        vitals_html_element(html, "div", "quiet", "idle");
    vitals_html_close(html);
    vitals_html_element(html, "td", "mono", calls->len ? calls->str : "in a program");
    vitals_html_close(html);
}

static void
write_stacks(VitalsHtml *html, const json_t *stacks)
{
    size_t index;
    json_t *stack;

    vitals_html_element(html, "h3", "", "What its vCPUs were at");
    vitals_html_open(html, "table", NULL);
    json_array_foreach((json_t *)stacks, index, stack) write_stack(html, stack);
    vitals_html_close(html);
}

static void
write_triage(VitalsHtml *html, const char *directory, const json_t *triage)
{
    const json_t *stacks = json_object_get(triage, "stacks");
    const char *backtrace = vitals_fact_text(triage, "backtrace_path");
    g_autofree char *name = g_path_get_basename(*backtrace ? backtrace : "backtrace.txt");
    g_autofree char *text = *backtrace ? quote_beginning(directory, name) : NULL;

    if (*vitals_fact_text(triage, "panic"))
        vitals_html_element(html, "p", "detail", vitals_fact_text(triage, "panic"));
    if (json_array_size(stacks) > 0)
        write_stacks(html, stacks);
    if (text) {
        vitals_html_open(html, "details", NULL);
        vitals_html_element(html, "summary", "",
                            "The beginning of backtrace.txt, as crash printed it");
        vitals_html_element(html, "pre", "", text);
        vitals_html_close(html);
    }
    if (*vitals_fact_text(triage, "advice"))
        vitals_html_element(html, "p", "", vitals_fact_text(triage, "advice"));
    vitals_html_element(html, "h3", "", "What the tools made of it");
    write_tools(html, triage);
}

void
vitals_dump_section_write(VitalsHtml *html, const char *directory, const json_t *manifest)
{
    const json_t *capture = json_object_get(manifest, "capture");
    const json_t *triage = json_object_get(manifest, "triage");
    const char *release = vitals_fact_text(capture, "kernel_release");
    double bytes = vitals_fact_number(capture, "bytes", 0);
    g_autofree char *size = g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *took = vitals_fact_span(vitals_fact_number(capture, "seconds", 0));

    vitals_section_open(html, "Memory dump");
    vitals_html_open(html, "table", NULL);
    write_row(html, "Result", vitals_fact_text(capture, "result"));
    write_row(html, "Reason", vitals_fact_text(capture, "detail"));
    if (bytes > 0) {
        write_row(html, "Size", size);
        write_row(html, "Written in", took);
        write_row(html, "Format", vitals_fact_text(capture, "format"));
    }
    write_row(html, "Kernel", *release ? release : vitals_fact_text(triage, "release"));
    vitals_html_close(html);
    if (triage)
        write_triage(html, directory, triage);
    vitals_html_close(html);
}
