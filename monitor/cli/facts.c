/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/connect.h"
#include "monitor/cli/input.h"
#include "monitor/cli/verb.h"
#include "monitor/facts.h"
#include "probes/host-paths.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>

extern const VitalsVerb vitals_verb_facts;

/* Looks at the files that a definition names. */
static gboolean
add_paths(VitalsHostFacts *facts, const char *root, const char *name, const char *xml, gsize length,
          GError **error)
{
    g_autoptr(VitalsDefinition) definition = vitals_definition_new(name, xml, length, NULL, error);
    g_autoptr(GPtrArray) paths = definition ? vitals_host_paths(definition) : NULL;

    for (guint i = 0; paths && i < paths->len; i++)
        vitals_facts_look_at(facts, root, paths->pdata[i]);
    return definition != NULL;
}

static gboolean
add_file(VitalsHostFacts *facts, const char *root, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(file, VITALS_XML_MAX_BYTES, &error);

    if (content && add_paths(facts, root, file, g_bytes_get_data(content, NULL),
                             g_bytes_get_size(content), &error))
        return TRUE;
    g_printerr("virt-vitals: %s\n", error->message);
    return FALSE;
}

/* What libvirt knows, and the paths that its guests name. Without libvirt there is still the rest. */
static gboolean
add_libvirt(VitalsHostFacts *facts, const char *uri)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsSurvey) survey = vitals_cli_survey(uri, &error);

    if (!survey) {
        g_printerr("virt-vitals: facts of libvirt are missing: %s\n", error->message);
        return FALSE;
    }
    vitals_survey_add_facts(survey, facts);
    for (guint i = 0; i < survey->domains->len; i++) {
        const VitalsSurveyDomain *domain = survey->domains->pdata[i];

        add_paths(facts, "/", domain->name, domain->inactive, strlen(domain->inactive), NULL);
    }
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_autofree char *root = NULL;
    g_autofree char *uri = NULL;
    g_autoptr(VitalsHostFacts) facts = NULL;
    const GOptionEntry entries[] = {
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &root,
          "directory that stands for / (default: / itself), such as a copy of another host's /sys "
          "and /proc",
          "DIRECTORY" },
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &uri,
          "ask this libvirt for networks, pools, emulators and guests too; 'none' for none "
          "(default: the "
          "host's own, where there is one)",
          "URI" },
        { NULL },
    };
    json_t *document;

    if (!vitals_verb_parse(
            &vitals_verb_facts, entries,
            "Prints JSON for 'virt-vitals lint --facts FILE', also on another machine.\n"
            "Reads /sys, /proc and configuration below /etc, asks libvirt, and of each guest\n"
            "and definition FILE (or - for standard input) looks at the images, devices and\n"
            "pipes that it names. Of another --root, files xl-info, xl-dmesg and\n"
            "makedumpfile-version there stand for what `xl info`, `xl dmesg` and\n"
            "`makedumpfile -v` print. Changes nothing.\n\n"
            "Exit status: 0 printed, 2 usage or an unreadable FILE, 3 the libvirt of --connect\n"
            "does not answer.",
            &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (root && !g_file_test(root, G_FILE_TEST_IS_DIR)) {
        g_autofree char *shown = vitals_text_printable(root, -1);

        g_printerr("virt-vitals: --root '%s' is no directory; name one that stands for /\n", shown);
        return VITALS_EXIT_USAGE;
    }
    facts = vitals_facts_collect(root ? root : "/");
    if ((uri || !root) && g_strcmp0(uri, "none") != 0 && !add_libvirt(facts, uri) && uri)
        return VITALS_EXIT_UNDECIDED;
    for (int i = 1; i < argc; i++) {
        if (!add_file(facts, root ? root : "/", argv[i]))
            return VITALS_EXIT_USAGE;
    }
    document = vitals_facts_json(facts);
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
    json_decref(document);
    return VITALS_EXIT_OK;
}

const VitalsVerb vitals_verb_facts = {
    .name = "facts",
    .synopsis = "[FILE…]",
    .summary = "print what lint needs to know of this host",
    .run = run,
};
