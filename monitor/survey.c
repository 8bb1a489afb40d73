/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/survey.h"
#include "probes/xml.h"

#include <string.h>

void
vitals_survey_free(VitalsSurvey *survey)
{
    if (!survey)
        return;
    g_ptr_array_unref(survey->domains);
    g_clear_pointer(&survey->networks, g_hash_table_unref);
    g_clear_pointer(&survey->pools, g_hash_table_unref);
    g_free(survey->capabilities);
    g_free(survey->domain_capabilities);
    g_free(survey->version);
    g_free(survey);
}

const VitalsSurveyDomain *
vitals_survey_find(const VitalsSurvey *survey, const char *name)
{
    for (guint i = 0; survey && name && i < survey->domains->len; i++) {
        const VitalsSurveyDomain *domain = survey->domains->pdata[i];

        if (g_str_equal(domain->name, name) || g_ascii_strcasecmp(domain->uuid, name) == 0)
            return domain;
    }
    return NULL;
}

void
vitals_survey_mark(const VitalsSurvey *survey, VitalsDefinition *definition)
{
    const char *name = vitals_xml_value(definition->domain, "name");
    const VitalsSurveyDomain *domain = vitals_survey_find(survey, name);

    if (!domain)
        return;
    definition->is_autostart = domain->is_autostart ? VITALS_YES : VITALS_NO;
    definition->is_running = domain->is_active ? VITALS_YES : VITALS_NO;
}

void
vitals_survey_add_guests(const VitalsSurvey *survey, VitalsFleet *fleet)
{
    for (guint i = 0; i < survey->domains->len; i++) {
        const VitalsSurveyDomain *domain = survey->domains->pdata[i];
        const char *text = domain->inactive ? domain->inactive : "";
        g_autoptr(VitalsDefinition) definition =
            vitals_definition_new(domain->name, text, strlen(text), NULL, NULL);

        if (!definition)
            continue;
        vitals_survey_mark(survey, definition);
        vitals_fleet_add(fleet, definition);
    }
}

static void
add_machines(VitalsHostFacts *facts, const char *arch, const VitalsXmlNode *parent)
{
    g_autoptr(GPtrArray) machines = vitals_xml_all(parent, "machine");

    for (guint i = 0; i < machines->len; i++) {
        const char *deprecated = vitals_xml_attribute(machines->pdata[i], "deprecated");

        g_hash_table_replace(facts->machines,
                             g_strdup_printf("%s %s", arch, vitals_xml_text(machines->pdata[i])),
                             GUINT_TO_POINTER(g_strcmp0(deprecated, "yes") == 0 ? 2 : 1));
    }
}

static void
add_emulator(VitalsHostFacts *facts, const char *path)
{
    char *key = g_strdup(path);

    g_hash_table_replace(facts->emulators, key, key);
}

/* An architecture may stand in several <guest>s, as Xen's do for each kind of guest. */
static void
add_types(VitalsHostFacts *facts, const char *arch, const GPtrArray *domains)
{
    g_autofree char *key = g_strdup_printf("%s types", arch);
    const char *before = vitals_host_facts_ability(facts, arch, "types");
    g_autoptr(GString) types = g_string_new(before);

    for (guint i = 0; i < domains->len; i++) {
        const char *type = vitals_xml_attribute(domains->pdata[i], "type");

        if (type)
            g_string_append_printf(types, "%s%s", types->len > 0 ? " " : "", type);
    }
    vitals_host_facts_add_ability(facts, key, types->str);
}

/* <guest><arch name=…><emulator/><machine/>…<domain type=…><emulator/><machine/>… */
static void
add_guest(VitalsHostFacts *facts, const VitalsXmlNode *guest)
{
    const VitalsXmlNode *arch = vitals_xml_first(guest, "arch");
    const char *name = vitals_xml_attribute(arch, "name");
    const char *emulator = vitals_xml_value(arch, "emulator");
    g_autoptr(GPtrArray) domains = vitals_xml_all(arch, "domain");

    if (!name)
        return;
    add_types(facts, name, domains);
    if (emulator)
        add_emulator(facts, emulator);
    add_machines(facts, name, arch);
    for (guint i = 0; i < domains->len; i++) {
        emulator = vitals_xml_value(domains->pdata[i], "emulator");
        if (emulator)
            add_emulator(facts, emulator);
        add_machines(facts, name, domains->pdata[i]);
    }
}

static void
add_capabilities(VitalsHostFacts *facts, const char *text)
{
    g_autoptr(VitalsXml) xml = vitals_xml_parse("capabilities", text, strlen(text), NULL);
    g_autoptr(GPtrArray) guests = NULL;

    if (!xml)
        return;
    g_clear_pointer(&facts->machines, g_hash_table_unref);
    g_clear_pointer(&facts->emulators, g_hash_table_unref);
    g_clear_pointer(&facts->abilities, g_hash_table_unref);
    facts->machines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    facts->emulators = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guests = vitals_xml_all(vitals_xml_root(xml), "guest");
    for (guint i = 0; i < guests->len; i++)
        add_guest(facts, guests->pdata[i]);
}

/* <domainCapabilities><arch/><os><enum name='firmware'><value/>…<features><vmcoreinfo supported=…/> */
static void
add_domain_capabilities(VitalsHostFacts *facts, const char *text)
{
    g_autoptr(VitalsXml) xml = vitals_xml_parse("domain capabilities", text, strlen(text), NULL);
    const VitalsXmlNode *root = xml ? vitals_xml_root(xml) : NULL;
    const char *arch = vitals_xml_value(root, "arch");
    const char *vmcoreinfo = vitals_xml_value(root, "features/vmcoreinfo/@supported");
    const VitalsXmlNode *list = vitals_xml_first(root, "os/enum");
    g_autoptr(GPtrArray) values = list ? vitals_xml_all(list, "value") : NULL;
    g_autofree char *vmcoreinfo_key = g_strdup_printf("%s vmcoreinfo", arch ? arch : "");
    g_autofree char *firmware_key = g_strdup_printf("%s firmware", arch ? arch : "");
    g_autoptr(GString) firmware = g_string_new(NULL);

    if (!arch)
        return;
    if (vmcoreinfo)
        vitals_host_facts_add_ability(facts, vmcoreinfo_key, vmcoreinfo);
    if (g_strcmp0(vitals_xml_attribute(list, "name"), "firmware") != 0)
        return;
    for (guint i = 0; i < values->len; i++)
        g_string_append_printf(firmware, "%s%s", i > 0 ? " " : "",
                               vitals_xml_text(values->pdata[i]));
    vitals_host_facts_add_ability(facts, firmware_key, firmware->str);
}

void
vitals_survey_add_facts(const VitalsSurvey *survey, VitalsHostFacts *facts)
{
    if (survey->networks) {
        g_clear_pointer(&facts->networks, g_hash_table_unref);
        facts->networks = g_hash_table_ref(survey->networks);
    }
    if (survey->pools) {
        g_clear_pointer(&facts->pools, g_hash_table_unref);
        facts->pools = g_hash_table_ref(survey->pools);
    }
    if (survey->capabilities)
        add_capabilities(facts, survey->capabilities);
    if (survey->domain_capabilities)
        add_domain_capabilities(facts, survey->domain_capabilities);
    if (survey->version) {
        g_free(facts->words[VITALS_HOST_QEMU_VERSION]);
        facts->words[VITALS_HOST_QEMU_VERSION] = g_strdup(survey->version);
    }
}
