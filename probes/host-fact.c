/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

static const char *
look_up(const VitalsDefinition *definition, VitalsHostWord word)
{
    return definition->host ? definition->host->words[word] : NULL;
}

const char *
vitals_host_fact(const VitalsDefinition *definition, VitalsHostWord word, VitalsFindings *findings)
{
    const char *value = look_up(definition, word);

    if (!value)
        vitals_findings_add_unknown(findings, "%s", vitals_host_word_meaning(word));
    return value;
}

gboolean
vitals_host_fact_is(const VitalsDefinition *definition, VitalsHostWord word, const char *value)
{
    return g_strcmp0(look_up(definition, word), value) == 0;
}

gboolean
vitals_host_has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);

    return g_strv_contains((const char *const *)words, word);
}
