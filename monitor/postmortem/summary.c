/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"

/* The rest stands with the other findings. */
#define RISKS_SHOWN 2

/* One of the four questions that a reader comes with. */
static void
open_answer(VitalsHtml *html, const char *question)
{
    vitals_html_open(html, "div", "class", "answer", NULL);
    vitals_html_element(html, "h2", "", question);
}

/* A paragraph with @text in the place of %s; nothing if there is none. */
static void
write_if_any(VitalsHtml *html, const char *class, const char *format, const char *text)
{
    g_auto(GStrv) halves = g_strsplit(format, "%s", 2);
    g_autofree char *whole = g_strconcat(halves[0], text, halves[1], NULL);

    if (*text)
        vitals_html_element(html, "p", class, whole);
}

static void
write_what(VitalsHtml *html, const json_t *manifest)
{
    open_answer(html, "What happened");
    vitals_html_element(html, "p", "", vitals_fact_text(manifest, "meaning"));
    write_if_any(html, "", "%s", vitals_fact_text(manifest, "detail_meaning"));
    write_if_any(html, "", "It happened %s.", vitals_fact_text(manifest, "setting"));
    write_if_any(
        html, "",
        "Besides, its console says again and again: %s. That is a fault of its own; mend it too.",
        vitals_fact_text(manifest, "besides"));
    vitals_html_close(html);
}

static void
write_recovery(VitalsHtml *html, const json_t *manifest)
{
    gint64 recovered = vitals_fact_time(manifest, "recovered");
    double after = (double)(recovered - vitals_fact_time(manifest, "opened")) / G_USEC_PER_SEC;
    g_autofree char *clock = vitals_fact_clock(recovered);
    g_autofree char *span = vitals_fact_span(MAX(after, 0));

    if (!recovered)
        return;
    vitals_html_open(html, "p", "class", "good", NULL);
    vitals_html_textf(html, "It was found healthy again at %s, %s after the verdict.", clock, span);
    vitals_html_close(html);
}

static void
write_since(VitalsHtml *html, const json_t *manifest)
{
    gint64 opened = vitals_fact_time(manifest, "opened");
    gint64 beat = vitals_fact_time(manifest, "kernel_last_beat");
    g_autofree char *since = vitals_fact_clock(beat ? beat : opened);
    g_autofree char *verdict = vitals_fact_clock(opened);
    g_autofree char *delay = vitals_fact_span((double)(opened - beat) / G_USEC_PER_SEC);

    open_answer(html, "Since when");
    vitals_html_element(html, "p", "lead", since);
    vitals_html_open(html, "p", NULL);
    if (beat)
        vitals_html_textf(html, "was the kernel's last sign of life; the verdict came %s later.",
                          delay);
    else
        vitals_html_text(html, "is when it was noticed; there was no sign of life to count from.");
    vitals_html_close(html);
    write_recovery(html, manifest);
    vitals_html_close(html);
}

static void
write_why(VitalsHtml *html, const json_t *manifest)
{
    const json_t *risks = json_object_get(manifest, "risks");
    const char *confidence = vitals_fact_text(manifest, "confidence");
    const char *detail = vitals_fact_text(manifest, "detail");
    size_t index;
    json_t *risk;

    open_answer(html, "Why");
    if (*detail)
        vitals_html_element(html, "p", "quiet",
                            vitals_fact_witness(vitals_fact_text(manifest, "detail_by")));
    vitals_html_element(html, "p", "detail",
                        *detail ? detail : vitals_fact_text(manifest, "cause"));
    write_if_any(html, "mono", "%s", vitals_fact_text(manifest, "place"));
    vitals_html_open(html, "p", NULL);
    vitals_html_textf(html, "Cause %s, layer %s.", vitals_fact_text(manifest, "cause"),
                      vitals_fact_text(manifest, "layer"));
    if (*confidence)
        vitals_html_textf(html, " Confidence: %s, as %s.", confidence,
                          vitals_fact_text(manifest, "confidence_why"));
    vitals_html_close(html);
    json_array_foreach((json_t *)risks, index, risk)
    {
        if (index < RISKS_SHOWN && json_is_string(risk)) {
            vitals_html_open(html, "p", NULL);
            vitals_html_textf(html, "Its definition carried a known risk: %s",
                              json_string_value(risk));
            vitals_html_close(html);
        }
    }
    vitals_html_close(html);
}

/* Whether the memory is safe decides whether one may reset the guest, if that was not done. */
static void
write_safety(VitalsHtml *html, const json_t *manifest)
{
    const json_t *capture = json_object_get(manifest, "capture");
    const char *result = vitals_fact_text(capture, "result");
    const char *detail = vitals_fact_text(capture, "detail");
    gboolean moot = json_is_true(json_object_get(capture, "moot"));
    gboolean saved = g_str_equal(result, "ok");

    vitals_html_open(html, "p", "class", saved || moot ? "good" : "poor", NULL);
    if (saved)
        vitals_html_text(html, "Its memory is saved.");
    else if (g_str_equal(result, "none"))
        vitals_html_text(html,
                         "Its memory was not dumped, as nothing asks for it with this cause.");
    else if (moot)
        vitals_html_textf(html, "It was not dumped: %s.", detail);
    else
        vitals_html_textf(html,
                          "Its memory is not saved (%s%s%s). Before resetting it, consider "
                          "'virt-vitals capture'.",
                          result, *detail ? ": " : "", detail);
    vitals_html_close(html);
    write_if_any(html, "", "%s", vitals_fact_text(manifest, "outcome"));
}

static void
write_now(VitalsHtml *html, const json_t *manifest)
{
    open_answer(html, "What now");
    write_safety(html, manifest);
    write_if_any(html, "lead", "%s", vitals_fact_text(manifest, "detail_remedy"));
    vitals_html_element(html, "p", "", vitals_fact_text(manifest, "remedy"));
    vitals_html_close(html);
}

/* The cause and how sure it is: all that a hurried reader takes along. */
static void
write_headline(VitalsHtml *html, const json_t *manifest)
{
    const char *detail = vitals_fact_text(manifest, "detail");
    const char *confidence = vitals_fact_text(manifest, "confidence");

    vitals_html_open(html, "p", "class", "headline", NULL);
    vitals_html_element(html, "b", "", *detail ? detail : vitals_fact_text(manifest, "cause"));
    if (*confidence)
        vitals_html_textf(html, " · confidence: %s", confidence);
    vitals_html_close(html);
}

void
vitals_summary_write(VitalsHtml *html, const json_t *manifest)
{
    const char *health = vitals_fact_text(manifest, "health");

    vitals_html_open(html, "header", NULL);
    vitals_html_element(html, "p", "pill", health);
    vitals_html_open(html, "h1", NULL);
    vitals_html_element(html, "span", "guest", vitals_fact_text(manifest, "domain"));
    vitals_html_textf(html, " %s", vitals_fact_health(health));
    vitals_html_close(html);
    write_headline(html, manifest);
    vitals_html_element(html, "p", "quiet", vitals_fact_text(manifest, "uuid"));
    if (json_is_true(json_object_get(manifest, "interrupted")))
        vitals_html_element(html, "p", "poor",
                            "The monitor was killed while it wrote this; a later one finished it, "
                            "and something may be missing.");
    vitals_html_close(html);

    vitals_html_open(html, "section", "class", "answers", NULL);
    write_what(html, manifest);
    write_since(html, manifest);
    write_why(html, manifest);
    write_now(html, manifest);
    vitals_html_close(html);
}
