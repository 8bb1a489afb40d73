/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/incident.h"

#include <jansson.h>

/*
 * incident.json, the facts of an incident for machines; report.txt and report.html are made from the
 * same. "version" is 1: what is there keeps its name and meaning, more may come. Times are RFC 3339 in
 * UTC, durations seconds, sizes bytes.
 *
 *   version, complete, interrupted     complete: nothing was left to be written; interrupted: its
 *                                      monitor was killed, a later one wrote the rest
 *   id, domain, uuid, domain_id, boot_id, health, layer, cause, title, opened, meaning, remedy
 *   kernel_last_beat                   absent if there never was one
 *   confidence, confidence_why, detail, layers, against, alternatives
 *                                      see monitor/reasons.h
 *   detail_by, detail_meaning, detail_remedy, console_line, setting
 *                                      see monitor/diagnosis.h; absent if nothing more is known
 *   evidence                           what speaks for the cause, a line each
 *   timeline                           [{time, text}]
 *   capture                            {result, format, detail, bytes, path, seconds, vmcoreinfo,
 *                                      kernel_release}
 *   pieces                             [{name, file, bytes, reason, seconds}]: the evidence around it;
 *                                      reason is null, or why there is no such file
 *   missing                            what could not be had and why, a line each
 *   lint                               what lint says of the definition, a line each
 *   risks, lint_diff                   of these, what may be the cause; a unified diff of what would mend it
 *   console_reports                    what the guest said on its console, a line each
 *   log_reports                        likewise what its kernel's log says, as it was in the dump
 *   triage                             {release, panic, tools: [{name, result, reason, seconds}],
 *                                      backtrace_path, dmesg_path, stacks}; absent where no dump was read
 *   files                              [{name, bytes, sha256}]: all files beside this one, once complete
 */

/* Returns: (transfer full): the manifest as it is now, without "files" */
json_t *vitals_manifest_new(const VitalsDossier *dossier, gboolean complete);

/* Returns: (transfer full): its text, with a new line at its end */
char *vitals_manifest_text(const json_t *manifest);
