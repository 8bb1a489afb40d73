/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/memory-use.h"
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"

static void
write_row(VitalsHtml *html, double bytes, double total, const char *words)
{
    g_autofree char *size = g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);

    vitals_html_open(html, "tr", NULL);
    vitals_html_element(html, "td", "num", size);
    vitals_html_open(html, "td", "class", "num", NULL);
    if (total > 0)
        vitals_html_textf(html, "%.0f %%", bytes / total * 100);
    vitals_html_close(html);
    vitals_html_element(html, "td", "", words);
    vitals_html_close(html);
}

static void
write_users(VitalsHtml *html, const char *heading, const json_t *users, double total)
{
    size_t index;
    json_t *user;

    if (json_array_size(users) == 0)
        return;
    vitals_html_element(html, "h3", "", heading);
    vitals_html_open(html, "table", NULL);
    json_array_foreach((json_t *)users, index, user)
    {
        g_autofree char *name = vitals_memory_use_name(user);

        write_row(html, vitals_fact_number(user, "bytes", 0), total, name);
    }
    vitals_html_close(html);
}

static void
write_kinds(VitalsHtml *html, const json_t *memory, double total)
{
    g_autofree char *size = g_format_size_full((guint64)total, G_FORMAT_SIZE_IEC_UNITS);
    size_t index;
    json_t *kind;

    vitals_html_open(html, "p", NULL);
    vitals_html_textf(html, "Of the %s that its kernel had, when it ran out:", size);
    vitals_html_close(html);
    vitals_html_open(html, "table", NULL);
    json_array_foreach(json_object_get(memory, "kinds"), index, kind) write_row(
        html, vitals_fact_number(kind, "bytes", 0), total, vitals_fact_text(kind, "words"));
    write_row(html, vitals_fact_number(memory, "free_bytes", 0), total, "free");
    vitals_html_close(html);
}

void
vitals_memory_section_write(VitalsHtml *html, const json_t *manifest)
{
    const json_t *memory = json_object_get(manifest, "memory");
    double total = MAX(vitals_fact_number(memory, "total_bytes", 0), 0);

    if (!memory)
        return;
    vitals_section_open(html, "Who used its memory");
    if (total > 0)
        write_kinds(html, memory, total);
    write_users(html, "Largest programs", json_object_get(memory, "processes"), total);
    write_users(html, "Largest caches of the kernel", json_object_get(memory, "slabs"), total);
    write_users(html, "Killed for it", json_object_get(memory, "killed"), 0);
    vitals_html_close(html);
}
