/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"
#include "probes/finding.h"

/*
 * What several guests must not share. A fleet keeps of each guest no more than what it claims, so that
 * thousands of definitions need not be kept.
 */

/* What one guest has to have for itself. */
typedef enum {
    VITALS_CLAIM_MAC,          /* MAC address of an interface */
    VITALS_CLAIM_CONSOLE_FILE, /* file that a console writes */
    VITALS_CLAIM_DISK,         /* image or device of a disk that is written and not shareable */
    VITALS_CLAIM_AGENT_SOCKET, /* socket of the agent's channel, where the definition names it */
    VITALS_CLAIM_DEVICE,       /* device of the host: PCI, mediated, USB by its place */
    VITALS_N_CLAIMS,
} VitalsClaim;

/**
 * VitalsFleetMember: a guest that claims something
 * @name: as it came
 * @uuid: in lower case; "" for none
 * @memory_kib: all its memory
 */
typedef struct {
    char *name;
    char *uuid;
    guint64 memory_kib;
    VitalsKnown is_autostart;
    VitalsKnown is_running;
    VitalsDefinitionDriver driver;
} VitalsFleetMember;

typedef struct VitalsFleet VitalsFleet;

/* @is_one_host: the guests are known to be on one host, as those of a connection are; files may be not */
VitalsFleet *vitals_fleet_new(gboolean is_one_host);
void vitals_fleet_free(VitalsFleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsFleet, vitals_fleet_free)

/* Counts a guest in. Two definitions with one UUID, or without with one name, are the same guest. */
void vitals_fleet_add(VitalsFleet *fleet, const VitalsDefinition *definition);

/* Returns: (transfer none) (element-type VitalsFleetMember): in the order in which they came */
const GPtrArray *vitals_fleet_members(const VitalsFleet *fleet);

/**
 * vitals_fleet_judge:
 * @definition: one of a fleet, or alone; then there is nothing to find
 * @claim: what to compare
 * @findings: a warning is added for each thing that another guest has too; an error where both run or
 *   both start with one host, and it is a device or a socket
 */
void vitals_fleet_judge(const VitalsDefinition *definition, VitalsClaim claim,
                        VitalsFindings *findings);

/**
 * vitals_claim_growing:
 * @disk: a <disk>
 *
 * Returns: (transfer none) (nullable): the image of a writable disk that pauses the guest when it cannot
 *   grow; %NULL for none
 */
const char *vitals_claim_growing(const VitalsXmlNode *disk);

/* Returns: (transfer none) (element-type utf8): the growing images of all guests, each once */
const GPtrArray *vitals_fleet_images(const VitalsFleet *fleet);

/**
 * vitals_claim_disk:
 * @disk: a <disk>
 *
 * Returns: (transfer none) (nullable): the image or device that it writes; %NULL where two may use it,
 *   or nobody writes
 */
const char *vitals_claim_disk(const VitalsXmlNode *disk);
