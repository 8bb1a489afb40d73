/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/facts.h"

#include <stdio.h>

extern const VitalsVerb vitals_verb_facts;

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
            "Reads /sys and /proc only and changes nothing.",
            &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (argc > 1) {
        g_printerr("virt-vitals: facts takes no arguments; see 'virt-vitals facts --help'\n");
        return VITALS_EXIT_USAGE;
    }
    facts = vitals_facts_collect(root ? root : "/");
    document = vitals_facts_json(facts);
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
    json_decref(document);
    return VITALS_EXIT_OK;
}

const VitalsVerb vitals_verb_facts = {
    .name = "facts",
    .synopsis = "",
    .summary = "print what lint needs to know of this host",
    .run = run,
};
