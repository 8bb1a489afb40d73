/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The boot of the host that this is (random(4), /proc/sys/kernel/random/boot_id): with libvirt's number of a domain
 * it names one run of one guest. Returns: (transfer full): "" if it cannot be read */
char *vitals_boot_id(void);
