/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/fleet.h"

/*
 * What a connection to libvirt tells of its host beyond single guests.
 */

/**
 * VitalsSurveyDomain: a guest
 * @is_active: it runs
 * @is_autostart: it starts with its host
 * @inactive: what its next start uses, or the only definition of a transient one
 * @live: (nullable): what it runs with
 */
typedef struct {
    char *name;
    char *uuid;
    gboolean is_active;
    gboolean is_autostart;
    char *inactive;
    char *live;
} VitalsSurveyDomain;

/**
 * VitalsSurvey: a host by way of libvirt
 * @domains: (element-type VitalsSurveyDomain): all, by name; the host's own entry of Xen is left out
 * @networks: (nullable) (element-type utf8 VitalsHostNetwork): %NULL if the driver has none
 * @pools: (nullable) (element-type utf8 VitalsHostNetwork): storage pools; likewise
 * @capabilities: (nullable): libvirt's XML
 * @domain_capabilities: (nullable): libvirt's XML of what a guest of the host's architecture may have
 * @version: (nullable): of the hypervisor, "7.2.22"
 */
typedef struct VitalsSurvey {
    GPtrArray *domains;
    GHashTable *networks;
    GHashTable *pools;
    char *capabilities;
    char *domain_capabilities;
    char *version;
} VitalsSurvey;

void vitals_survey_free(VitalsSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSurvey, vitals_survey_free)

/**
 * vitals_survey_find:
 * @survey: (nullable)
 * @name: (nullable): a guest's name or UUID
 *
 * Returns: (transfer none) (nullable): the guest
 */
const VitalsSurveyDomain *vitals_survey_find(const VitalsSurvey *survey, const char *name);

/* Sets what libvirt tells of a guest beyond its definition. @survey: (nullable) */
void vitals_survey_mark(const VitalsSurvey *survey, VitalsDefinition *definition);

/* Adds all guests to a fleet; one whose definition cannot be read claims nothing. */
void vitals_survey_add_guests(const VitalsSurvey *survey, VitalsFleet *fleet);

/* Adds what @survey tells of the host to @facts. */
void vitals_survey_add_facts(const VitalsSurvey *survey, VitalsHostFacts *facts);
