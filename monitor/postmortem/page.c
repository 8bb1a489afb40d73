/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/postmortem/postmortem.h"
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/sections.h"

char *
vitals_postmortem_page(const char *directory, const json_t *manifest, const GPtrArray *samples)
{
    const char *health = vitals_fact_text(manifest, "health");
    g_autofree char *title =
        g_strdup_printf("%s %s", vitals_fact_text(manifest, "domain"), vitals_fact_health(health));
    g_autoptr(VitalsHtml) html = vitals_html_new(title, vitals_postmortem_style);

    vitals_html_open(html, "main", "class", vitals_fact_severity(health), NULL);
    vitals_summary_write(html, manifest);
    vitals_picture_write(html, manifest, samples);
    vitals_sections_write(html, directory, manifest);
    vitals_html_open(html, "footer", NULL);
    vitals_html_textf(html, "virt-vitals %s · incident %s", VITALS_VERSION,
                      vitals_fact_text(manifest, "id"));
    vitals_html_close(html);
    return vitals_html_end(html);
}
