/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/survey.h"

/*
 * What verbs that talk to libvirt or read the configuration have in common.
 */

/* The command line's overrides of a configuration: rows of option, its value (nullable: not given)
 * and the name shown in messages; ended by a row without name. */
typedef struct {
    const char *name;
    const char *value;
    const char *origin;
} VitalsOverride;

/**
 * vitals_cli_load_settings:
 * @config: (nullable): the file, as given by --config
 *
 * Loads the settings, prints warnings on standard error and applies the overrides.
 *
 * Returns: (transfer full) (nullable)
 */
VitalsSettings *vitals_cli_load_settings(const char *config, const VitalsOverride *overrides,
                                         GError **error);

/**
 * vitals_cli_domain_xml:
 * @uri: (nullable): a libvirt URI; %NULL for LIBVIRT_DEFAULT_URI, else qemu:///system
 * @domain: a domain's name or UUID
 *
 * Asks libvirt for the domain's inactive definition, which is what the next start uses; for a
 * transient domain that is the live one. Waits a few seconds at the most: a libvirtd that does not
 * answer is an error.
 *
 * Returns: (transfer full) (nullable): its XML
 */
char *vitals_cli_domain_xml(const char *uri, const char *domain, GError **error);

/**
 * vitals_cli_survey:
 * @uri: (nullable): as above
 *
 * Asks libvirt for its host and all its guests, active or not, in one go. Waits as long at the most.
 *
 * Returns: (transfer full) (nullable)
 */
VitalsSurvey *vitals_cli_survey(const char *uri, GError **error);

/**
 * vitals_cli_convert:
 * @uri: (nullable): as above, of a Xen host
 * @text: a definition in the form of xl.cfg(5)
 *
 * Asks libvirt what it would make of it, without defining it. Waits as long at the most.
 *
 * Returns: (transfer full) (nullable): its XML
 */
char *vitals_cli_convert(const char *uri, const char *text, GError **error);

/**
 * vitals_cli_guest_file:
 * @uri: (nullable): as above
 * @uuid: a guest that runs
 * @path: in the guest
 *
 * Asks the guest's agent for a small file. Waits as long at the most.
 *
 * Returns: (transfer full) (nullable): what the guest says is in it
 */
char *vitals_cli_guest_file(const char *uri, const char *uuid, const char *path, GError **error);

/**
 * vitals_cli_domain_whole_xml:
 * @uri: (nullable): as above
 * @domain: a domain's name or UUID
 *
 * Asks for the inactive definition with its secrets, to be defined again. Waits as long at the most.
 *
 * Returns: (transfer full) (nullable): its XML
 */
char *vitals_cli_domain_whole_xml(const char *uri, const char *domain, GError **error);

/**
 * vitals_cli_redefine:
 * @uri: (nullable): as above
 * @before: what vitals_cli_domain_whole_xml() gave
 * @after: what is to be defined instead
 *
 * Waits as long at the most; after an error that says that libvirt does not answer it may be done yet.
 *
 * Returns: whether it is done
 */
gboolean vitals_cli_redefine(const char *uri, const char *domain, const char *before,
                             const char *after, GError **error);

/**
 * vitals_cli_check:
 * @uri: (nullable): as above
 *
 * Asks libvirt what it thinks of a definition; nothing is changed. Waits as long at the most.
 *
 * Returns: (transfer full) (nullable): "" if it accepts it, else its reason, safe to show; %NULL if it
 *   cannot be asked
 */
char *vitals_cli_check(const char *uri, const char *xml, GError **error);
