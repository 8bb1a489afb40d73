/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/page.h"
#include "monitor/output/html.h"
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"
#include "monitor/web/report.h"
#include "config/text.h"

#include <string.h>

/* More guests and incidents than anybody reads in one page; the API has all of them. */
#define GUESTS_SHOWN 500
#define INCIDENTS_SHOWN 50

/* A health of one's own sort: how bad it is, 0 is worst. As 'virt-vitals status' has it. */
static const guint badness[VITALS_N_HEALTHS] = {
    [VITALS_HEALTH_CRASHED] = 0,  [VITALS_HEALTH_STUCK] = 1,   [VITALS_HEALTH_UNRESPONSIVE] = 2,
    [VITALS_HEALTH_DEGRADED] = 3, [VITALS_HEALTH_PAUSED] = 4,  [VITALS_HEALTH_UNKNOWN] = 5,
    [VITALS_HEALTH_STARTING] = 6, [VITALS_HEALTH_HEALTHY] = 7,
};

static int
worst_first(gconstpointer left, gconstpointer right)
{
    const VitalsGuestView *a = *(const VitalsGuestView *const *)left;
    const VitalsGuestView *b = *(const VitalsGuestView *const *)right;

    if (badness[a->health] != badness[b->health])
        return badness[a->health] < badness[b->health] ? -1 : 1;
    return g_strcmp0(a->name, b->name);
}

/* The colour of a health: a class of the style sheet. */
static const char *
class_of(VitalsHealth health)
{
    if (health == VITALS_HEALTH_HEALTHY || health == VITALS_HEALTH_STARTING)
        return "up";
    if (health == VITALS_HEALTH_UNKNOWN || health == VITALS_HEALTH_PAUSED)
        return "quiet";
    return health == VITALS_HEALTH_DEGRADED ? "warn" : "down";
}

/* ---- the head ---- */

static void
write_counts(VitalsHtml *html, const VitalsSnapshot *snapshot)
{
    guint counts[VITALS_N_HEALTHS] = { 0 };

    for (guint i = 0; i < snapshot->guests->len; i++)
        counts[((VitalsGuestView *)g_ptr_array_index(snapshot->guests, i))->health]++;
    vitals_html_open(html, "p", "class", "headline", NULL);
    vitals_html_textf(html, "%u guest%s", snapshot->guests->len,
                      snapshot->guests->len == 1 ? "" : "s");
    for (guint bad = 0; bad < VITALS_N_HEALTHS; bad++) {
        for (VitalsHealth health = 0; health < VITALS_N_HEALTHS; health++) {
            if (badness[health] != bad || counts[health] == 0)
                continue;
            vitals_html_text(html, " · ");
            vitals_html_open(html, "span", "class", class_of(health), NULL);
            vitals_html_textf(html, "%u %s", counts[health], vitals_health_name(health));
            vitals_html_close(html);
        }
    }
    vitals_html_close(html);
}

static void
write_head(VitalsHtml *html, const VitalsSnapshot *snapshot)
{
    g_autofree char *clock = vitals_fact_clock(snapshot->realtime);

    vitals_html_open(html, "header", NULL);
    vitals_html_element(html, "h1", "", "virt-vitals");
    write_counts(html, snapshot);
    if (snapshot->connected) {
        vitals_html_open(html, "p", "class", "quiet", NULL);
        vitals_html_textf(html, "libvirt: connected (%s) · as of %s",
                          snapshot->uri ? snapshot->uri : "", clock);
        vitals_html_close(html);
    } else {
        vitals_html_element(html, "p", "poor",
                            "libvirt: not connected. What stands here is what was known last; see "
                            "the monitor's log.");
    }
    vitals_html_close(html);
}

/* ---- the guests ---- */

static void
write_link(VitalsHtml *html, const char *base, const char *id, const char *text)
{
    g_autofree char *escaped = id ? g_uri_escape_string(id, NULL, FALSE) : g_strdup("");
    g_autofree char *target = g_strconcat(base, escaped, NULL);
    g_autofree char *printable = vitals_text_printable(text ? text : "", -1);

    vitals_html_open(html, "a", "href", target, NULL);
    vitals_html_text(html, printable);
    vitals_html_close(html);
}

/* What it suffers from, what that means and what to do, for those that suffer. */
static void
write_cause(VitalsHtml *html, const VitalsGuestView *guest)
{
    const VitalsCause *cause = guest->cause ? vitals_cause_find(guest->cause) : NULL;

    vitals_html_open(html, "td", NULL);
    if (badness[guest->health] < badness[VITALS_HEALTH_STARTING]) {
        vitals_html_element(html, "b", "", guest->cause ? guest->cause : "");
        vitals_html_textf(html, "%s%s", guest->detail && *guest->detail ? ": " : "",
                          guest->detail ? guest->detail : "");
        if (cause) {
            vitals_html_open(html, "details", NULL);
            vitals_html_element(html, "summary", "", "What that means, and what to do");
            vitals_html_element(html, "p", "", cause->meaning);
            vitals_html_element(html, "p", "", cause->remedy);
            vitals_html_close(html);
        }
    }
    if (guest->capture)
        vitals_html_textf(html, " Memory dump: %s.", guest->capture);
    if (guest->memory_exhaustion_seconds >= 0)
        vitals_html_textf(html, " Its memory will be used up in about %.0f h.",
                          (double)guest->memory_exhaustion_seconds / 3600);
    vitals_html_close(html);
}

static void
write_guest(VitalsHtml *html, const VitalsSnapshot *snapshot, const VitalsGuestView *guest)
{
    g_autofree char *since =
        vitals_fact_span((double)MAX(snapshot->realtime - guest->since, 0) / G_USEC_PER_SEC);

    vitals_html_open(html, "tr", NULL);
    vitals_html_open(html, "td", NULL);
    write_link(html, "/api/v1/guests/", guest->uuid, guest->name);
    vitals_html_close(html);
    vitals_html_element(html, "td", class_of(guest->health), vitals_health_name(guest->health));
    vitals_html_element(html, "td", "quiet wide",
                        guest->layer == VITALS_LAYER_NONE ? "" : vitals_layer_name(guest->layer));
    vitals_html_element(html, "td", "num", since);
    write_cause(html, guest);
    vitals_html_close(html);
}

static void
write_headings(VitalsHtml *html, const char *const *headings)
{
    vitals_html_open(html, "tr", NULL);
    for (; *headings; headings++)
        vitals_html_element(html, "th", g_str_equal(*headings, "Layer") ? "wide" : "", *headings);
    vitals_html_close(html);
}

static void
write_guests(VitalsHtml *html, const VitalsSnapshot *snapshot)
{
    static const char *const headings[] = { "Guest", "Health", "Layer", "For", "Why", NULL };
    g_autoptr(GPtrArray) guests = g_ptr_array_new();

    for (guint i = 0; i < snapshot->guests->len; i++)
        g_ptr_array_add(guests, g_ptr_array_index(snapshot->guests, i));
    g_ptr_array_sort(guests, worst_first);
    vitals_section_open(html, "Guests");
    if (guests->len == 0)
        vitals_html_element(html, "p", "", "None are running.");
    vitals_html_open(html, "table", NULL);
    if (guests->len > 0)
        write_headings(html, headings);
    for (guint i = 0; i < MIN(guests->len, GUESTS_SHOWN); i++)
        write_guest(html, snapshot, g_ptr_array_index(guests, i));
    vitals_html_close(html);
    if (guests->len > GUESTS_SHOWN) {
        vitals_html_open(html, "p", "class", "quiet", NULL);
        vitals_html_textf(html, "And %u more, none of them worse: see /api/v1/guests.",
                          guests->len - GUESTS_SHOWN);
        vitals_html_close(html);
    }
    vitals_html_close(html);
}

/* ---- the host ---- */

/* What lint says of the host itself, where it says anything. */
static void
write_host(VitalsHtml *html, const VitalsSnapshot *snapshot)
{
    const GPtrArray *lines = snapshot->lint ? snapshot->lint->host : NULL;

    if (!lines || lines->len == 0)
        return;
    vitals_section_open(html, "This host");
    vitals_html_open(html, "ul", NULL);
    for (guint i = 0; i < lines->len; i++)
        vitals_html_element(html, "li", "", lines->pdata[i]);
    vitals_html_close(html);
    vitals_html_element(html, "p", "quiet", "'virt-vitals rules ID' explains one.");
    vitals_html_close(html);
}

/* ---- the incidents ---- */

static void
write_state(VitalsHtml *html, const VitalsIncidentView *incident)
{
    vitals_html_open(html, "td", "class", "up", NULL);
    vitals_html_element(html, "div", incident->partial || incident->interrupted ? "warn" : "",
                        incident->partial       ? "being written"
                        : incident->interrupted ? "interrupted"
                                                : "complete");
    if (g_str_equal(incident->capture_result, "ok"))
        vitals_html_element(html, "div", "", "memory saved");
    else if (g_str_equal(incident->capture_result, "failed"))
        vitals_html_element(html, "div", "down", "dump failed");
    else if (g_str_equal(incident->capture_result, "refused"))
        vitals_html_element(html, "div", "quiet", "no dump");
    if (incident->recovered)
        vitals_html_element(html, "div", "", "recovered");
    vitals_html_close(html);
}

static void
write_incident(VitalsHtml *html, const VitalsSnapshot *snapshot, const VitalsIncidentView *incident)
{
    g_autofree char *id = g_uri_escape_string(incident->id ? incident->id : "", NULL, FALSE);
    g_autofree char *base = g_strconcat(VITALS_WEB_REPORTS, id, "/", NULL);
    g_autofree char *printable = vitals_text_printable(incident->id ? incident->id : "", -1);

    vitals_html_open(html, "tr", NULL);
    vitals_html_open(html, "td", "class", "when", NULL);
    vitals_section_stamp(html, incident->opened);
    vitals_html_close(html);
    vitals_html_open(html, "td", NULL);
    if (vitals_web_report_is_served(snapshot, incident))
        write_link(html, base, "report.html", incident->title);
    else
        vitals_html_text(html, incident->title);
    vitals_html_open(html, "div", "class", "quiet mono", NULL);
    vitals_html_text(html, printable);
    vitals_html_close(html);
    vitals_html_close(html);
    write_state(html, incident);
    vitals_html_close(html);
}

static void
write_incidents(VitalsHtml *html, const VitalsSnapshot *snapshot)
{
    static const char *const headings[] = { "When", "What", "State", NULL };

    vitals_section_open(html, "Incidents");
    if (snapshot->incidents->len == 0)
        vitals_html_element(html, "p", "", "None.");
    vitals_html_open(html, "table", "class", "stack", NULL);
    if (snapshot->incidents->len > 0)
        write_headings(html, headings);
    for (guint i = 0; i < MIN(snapshot->incidents->len, INCIDENTS_SHOWN); i++)
        write_incident(html, snapshot, g_ptr_array_index(snapshot->incidents, i));
    vitals_html_close(html);
    vitals_html_element(html, "p", "quiet",
                        snapshot->serves_reports
                            ? "'virt-vitals incidents' lists them all."
                            : "Read one with 'virt-vitals incidents show ID'; with "
                              "ServeReports=yes they can be read here.");
    vitals_html_close(html);
}

static void
write_foot(VitalsHtml *html, const char *telemetry_path)
{
    static const char *const paths[] = { "/api/v1/guests", "/api/v1/incidents", "/-/healthy",
                                         "/-/ready" };

    vitals_html_open(html, "footer", NULL);
    vitals_html_text(html, "virt-vitals " VITALS_VERSION " · ");
    vitals_html_open(html, "a", "href", telemetry_path, NULL);
    vitals_html_text(html, "metrics");
    vitals_html_close(html);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        vitals_html_text(html, " · ");
        vitals_html_open(html, "a", "href", paths[i], NULL);
        vitals_html_text(html, paths[i]);
        vitals_html_close(html);
    }
    vitals_html_close(html);
}

GBytes *
vitals_page_render(const VitalsSnapshot *snapshot, const char *telemetry_path)
{
    g_autoptr(VitalsHtml) html = vitals_html_new("virt-vitals", vitals_postmortem_style);
    char *page;

    vitals_html_open(html, "main", NULL);
    write_head(html, snapshot);
    write_guests(html, snapshot);
    write_incidents(html, snapshot);
    write_host(html, snapshot);
    write_foot(html, telemetry_path);
    page = vitals_html_end(html);
    return g_bytes_new_take(page, strlen(page));
}
