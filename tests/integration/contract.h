/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/hypervisor.h"

/*
 * What every driver behind the seam has to do: the same assertions for the fake and for libvirt, so
 * that a test with the fake says something of libvirt.
 */

/* @known: the UUID of a domain that runs; its name is @name */
void contract_check(VitalsHypervisor *hypervisor, const char *name, const char *known);
