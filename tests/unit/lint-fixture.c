/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-fixture.h"

#include "monitor/facts.h"

char *
lint_fixture_folder(const char *rule)
{
    return g_build_filename(g_getenv("VITALS_SOURCE_ROOT"), "tests", "lint", rule, NULL);
}

static VitalsHostFacts *
read_host(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *text = NULL;
    VitalsHostFacts *facts;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    facts = vitals_facts_parse(text, length);
    g_assert_nonnull(facts);
    return facts;
}

VitalsHostFacts *
lint_fixture_host(const char *directory, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name ? name : "", ".", 2);
    g_autofree char *own = g_strdup_printf("%s.host.json", parts[0] ? parts[0] : "");
    VitalsHostFacts *host = read_host(directory, own);

    return host ? host : read_host(directory, "host.json");
}
