/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-fleet.h"
#include "monitor/cli/input.h"
#include "monitor/cli/lint-walk.h"

#include <string.h>

static void
add_file(VitalsFleet *fleet, const char *path)
{
    g_autoptr(GBytes) content = vitals_cli_read(path, VITALS_XML_MAX_BYTES, NULL);
    g_autoptr(VitalsDefinition) definition =
        content ? vitals_definition_new(path, g_bytes_get_data(content, NULL),
                                        g_bytes_get_size(content), NULL, NULL)
                : NULL;

    if (definition)
        vitals_fleet_add(fleet, definition);
}

/* All files that the arguments mean. */
static GPtrArray *
list_files(char **arguments)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

    for (; *arguments; arguments++) {
        if (g_file_test(*arguments, G_FILE_TEST_IS_DIR)) {
            GPtrArray *found = vitals_lint_walk(*arguments, NULL);

            if (found)
                g_ptr_array_extend_and_steal(files, found);
        } else if (g_file_test(*arguments, G_FILE_TEST_IS_REGULAR)) {
            g_ptr_array_add(files, g_strdup(*arguments));
        }
    }
    return files;
}

VitalsFleet *
vitals_lint_fleet(char **arguments, const VitalsSurvey *survey)
{
    g_autoptr(GPtrArray) files = list_files(arguments);
    g_autoptr(VitalsFleet) fleet = vitals_fleet_new(files->len == 0);

    if (files->len < 2 && !survey)
        return NULL;
    for (guint i = 0; i < files->len; i++)
        add_file(fleet, files->pdata[i]);
    if (survey)
        vitals_survey_add_guests(survey, fleet);
    return g_steal_pointer(&fleet);
}
