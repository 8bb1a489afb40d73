/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/html.h"
#include "config/text.h"

/* Nothing is fetched, nothing runs; styles and pictures are in the page. */
#define POLICY                                                                        \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " \
    "form-action 'none'"

struct VitalsHtml {
    GString *text;
    GPtrArray *open; /* element names */
};

/* Backslashes stay: what comes here was mostly made printable before. */
static void
append_escaped(GString *text, const char *raw)
{
    g_autofree char *printable = vitals_text_printable_lines(raw ? raw : "", -1);
    g_autofree char *escaped = g_markup_escape_text(printable, -1);

    g_string_append(text, escaped);
}

static void
begin(VitalsHtml *html, const char *element, va_list attributes)
{
    const char *name;
    const char *value;

    g_string_append_printf(html->text, "<%s", element);
    while ((name = va_arg(attributes, const char *)) &&
           (value = va_arg(attributes, const char *))) {
        g_string_append_printf(html->text, " %s=\"", name);
        append_escaped(html->text, value);
        g_string_append_c(html->text, '"');
    }
}

void
vitals_html_open(VitalsHtml *html, const char *element, ...)
{
    va_list attributes;

    va_start(attributes, element);
    begin(html, element, attributes);
    va_end(attributes);
    g_string_append_c(html->text, '>');
    g_ptr_array_add(html->open, (char *)element);
}

void
vitals_html_empty(VitalsHtml *html, const char *element, ...)
{
    va_list attributes;

    va_start(attributes, element);
    begin(html, element, attributes);
    va_end(attributes);
    g_string_append(html->text, "/>");
}

void
vitals_html_close(VitalsHtml *html)
{
    /* a new line behind one of these would show as a blank */
    static const char *const within_text[] = { "b", "code", "span", NULL };
    const char *element;

    g_assert(html->open->len > 0);
    element = g_ptr_array_index(html->open, html->open->len - 1);
    g_string_append_printf(html->text, "</%s>%s", element,
                           g_strv_contains(within_text, element) ? "" : "\n");
    g_ptr_array_set_size(html->open, (int)html->open->len - 1);
}

void
vitals_html_text(VitalsHtml *html, const char *text)
{
    append_escaped(html->text, text);
}

void
vitals_html_textf(VitalsHtml *html, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    append_escaped(html->text, text);
}

void
vitals_html_element(VitalsHtml *html, const char *element, const char *class, const char *text)
{
    vitals_html_open(html, element, *class ? "class" : NULL, class, NULL);
    vitals_html_text(html, text);
    vitals_html_close(html);
}

VitalsHtml *
vitals_html_new(const char *title, const char *style)
{
    VitalsHtml *html = g_new0(VitalsHtml, 1);

    html->text = g_string_new("<!DOCTYPE html>\n");
    html->open = g_ptr_array_new();
    vitals_html_open(html, "html", "lang", "en", NULL);
    vitals_html_open(html, "head", NULL);
    vitals_html_empty(html, "meta", "charset", "utf-8", NULL);
    vitals_html_empty(html, "meta", "http-equiv", "Content-Security-Policy", "content", POLICY,
                      NULL);
    vitals_html_empty(html, "meta", "name", "viewport", "content",
                      "width=device-width, initial-scale=1", NULL);
    vitals_html_empty(html, "meta", "name", "color-scheme", "content", "light dark", NULL);
    vitals_html_element(html, "title", "", title);
    g_string_append_printf(html->text, "<style>%s</style>\n", style);
    vitals_html_close(html);
    vitals_html_open(html, "body", NULL);
    return html;
}

char *
vitals_html_end(VitalsHtml *html)
{
    while (html->open->len > 0)
        vitals_html_close(html);
    return g_strdup(html->text->str);
}

void
vitals_html_free(VitalsHtml *html)
{
    if (!html)
        return;
    g_string_free(html->text, TRUE);
    g_ptr_array_unref(html->open);
    g_free(html);
}
