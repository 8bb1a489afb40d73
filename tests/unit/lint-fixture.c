/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lint-fixture.h"

#include "monitor/facts.h"
#include "monitor/schema.h"
#include "probes/rule.h"

#include <string.h>

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

/* What others say of a definition: libvirt's schema, and libvirt, which refuses multicast addresses. */
static void
ask_others(const char *source, const char *text, VitalsDefinition *definition)
{
    g_autoptr(VitalsSchema) schema = NULL;

    if (strstr(source, "XML001")) {
        schema = vitals_schema_load(VITALS_SCHEMA_PATH, NULL);
        g_assert_nonnull(schema);
        definition->violations = vitals_schema_check(schema, definition);
    }
    if (strstr(source, "XML002")) {
        definition->accepted = strstr(text, "01:00:5e") ? VITALS_NO : VITALS_YES;
        definition->refusal = g_strdup("expected unicast mac address");
    }
}

VitalsDefinition *
lint_fixture_define(const char *source, const char *text, const VitalsHostFacts *host)
{
    g_autoptr(GError) error = NULL;
    VitalsDefinition *definition = vitals_definition_new(source, text, strlen(text), host, &error);

    g_assert_no_error(error);
    definition->today = "2026-11-21";
    if (strstr(text, "<!-- starts with the host -->"))
        definition->is_autostart = VITALS_YES;
    ask_others(source, text, definition);
    return definition;
}

GPtrArray *
lint_fixture_all_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++)
        g_ptr_array_add(rules, (gpointer)*rule);
    return rules;
}
