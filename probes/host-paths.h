/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/definition.h"

/**
 * vitals_host_paths:
 *
 * Finds the files and devices of the host that a definition cannot start without: images and devices
 * of disks, pipes, devices and sockets of consoles and channels, the directories of their logs, the
 * emulator.
 *
 * Returns: (transfer full) (element-type utf8): absolute paths; some may be there twice
 */
GPtrArray *vitals_host_paths(const VitalsDefinition *definition);

/**
 * vitals_host_path:
 * @path: (nullable): one of vitals_host_paths()
 *
 * Returns: (transfer none) (nullable): what it is on the host; %NULL if nobody looked
 */
const VitalsHostPath *vitals_host_path(const VitalsDefinition *definition, const char *path);
