/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/input.h"
#include "monitor/cli/verb.h"
#include "monitor/facts.h"
#include "probes/host-paths.h"

#include <stdio.h>

extern const VitalsVerb vitals_verb_facts;

/* Looks at the files that a definition names. */
static gboolean
add_paths(VitalsHostFacts *facts, const char *root, const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(file, VITALS_XML_MAX_BYTES, &error);
    g_autoptr(VitalsDefinition) definition = NULL;
    g_autoptr(GPtrArray) paths = NULL;

    if (content)
        definition = vitals_definition_new(file, g_bytes_get_data(content, NULL),
                                           g_bytes_get_size(content), NULL, &error);
    if (!definition) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    paths = vitals_host_paths(definition);
    for (guint i = 0; i < paths->len; i++)
        vitals_facts_look_at(facts, root, paths->pdata[i]);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_autofree char *root = NULL;
    g_autoptr(VitalsHostFacts) facts = NULL;
    const GOptionEntry entries[] = {
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &root,
          "directory that stands for / (default: / itself), such as a copy of another host's /sys "
          "and /proc",
          "DIRECTORY" },
        { NULL },
    };
    json_t *document;

    if (!vitals_verb_parse(
            &vitals_verb_facts, entries,
            "Prints JSON for 'virt-vitals lint --facts FILE', also on another machine.\n"
            "Reads /sys and /proc, and of each definition FILE (or - for standard input) looks at\n"
            "the images, devices and pipes that it names. Changes nothing.",
            &argc, &argv))
        return VITALS_EXIT_USAGE;
    facts = vitals_facts_collect(root ? root : "/");
    for (int i = 1; i < argc; i++) {
        if (!add_paths(facts, root ? root : "/", argv[i]))
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
