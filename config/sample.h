/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The commented sample configuration, rendered from the option table: every default commented out. */
char *vitals_settings_render_sample(void);

/* The options as sections of a manual page, in man(7). */
char *vitals_settings_render_manual(void);
