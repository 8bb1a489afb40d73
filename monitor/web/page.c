/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/page.h"

#include "config/text.h"

/* Escapes for HTML what was made printable; the result can stand in text and in quoted attributes. */
static char *
markup(const char *raw)
{
    g_autofree char *printable = vitals_text_printable(raw, -1);

    return g_markup_escape_text(printable, -1);
}

static void
append_link(GString *html, const char *path, const char *what)
{
    g_autofree char *escaped = markup(path);

    g_string_append_printf(html, "<li><a href=\"%s\">%s</a>: %s</li>\n", escaped, escaped, what);
}

static void
append_guest(GString *html, const VitalsGuestView *guest)
{
    g_autofree char *name = markup(guest->name);
    g_autofree char *uuid = markup(guest->uuid);
    g_autofree char *cause = markup(guest->cause);

    g_string_append_printf(html,
                           "<tr><td><a href=\"/api/v1/guests/%s\">%s</a></td><td>%s</td>"
                           "<td>%s</td><td>%s</td></tr>\n",
                           uuid, name, vitals_health_name(guest->health),
                           vitals_layer_name(guest->layer), cause);
}

GBytes *
vitals_page_render(const VitalsSnapshot *snapshot, const char *telemetry_path)
{
    GString *html =
        g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                     "<title>virt-vitals</title></head>\n<body>\n");

    g_string_append(html, "<h1>virt-vitals " VITALS_VERSION "</h1>\n");
    g_string_append_printf(html, "<p>libvirt: %s. Guests: %u.</p>\n<ul>\n",
                           snapshot->connected ? "connected" : "not connected",
                           snapshot->guests->len);
    append_link(html, telemetry_path, "metrics for Prometheus");
    append_link(html, "/api/v1/guests", "guests, JSON");
    append_link(html, "/api/v1/incidents", "incidents, JSON");
    append_link(html, "/-/healthy", "the daemon serves requests");
    append_link(html, "/-/ready", "libvirt has answered");
    g_string_append(html, "</ul>\n<table>\n<tr><th>Guest</th><th>Health</th><th>Layer</th>"
                          "<th>Cause</th></tr>\n");
    for (guint i = 0; i < snapshot->guests->len; i++)
        append_guest(html, g_ptr_array_index(snapshot->guests, i));
    g_string_append(html, "</table>\n</body>\n</html>\n");
    return g_string_free_to_bytes(html);
}
