/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_log_start:
 *
 * Sends all messages to standard error, one line each and printable whatever is in them: with the
 * journal's priority prefix ("<4>") under a service manager that asked for the journal, else with the
 * time. libvirt's and GLib's own messages take the same way. G_MESSAGES_DEBUG shows the rest.
 */
void vitals_log_start(void);
