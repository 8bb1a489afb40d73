/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Returns: (transfer full): the sample configuration, rendered from the options: each default, commented out */
char *vitals_settings_render_sample(void);

/* Returns: (transfer full): the manual page virt-vitals.conf(5), rendered likewise, in man(7) */
char *vitals_settings_render_manual(void);
