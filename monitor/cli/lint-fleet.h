/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/survey.h"
#include "probes/fleet.h"

/**
 * vitals_lint_fleet:
 * @arguments: what the user named, ended by %NULL; of these the files and directories are read
 * @survey: (nullable): the guests of a connection
 *
 * Gathers what guests must not share, before they are judged one by one. What cannot be read is passed
 * over: it is told when it is judged.
 *
 * Returns: (transfer full) (nullable): the fleet; %NULL where there are no two guests to compare
 */
VitalsFleet *vitals_lint_fleet(char **arguments, const VitalsSurvey *survey);
