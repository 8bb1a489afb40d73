/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * vitals_lint_is_native:
 * @path: what the user named
 * @content: what is in it
 *
 * Returns: whether it is a definition in the form of xl.cfg(5) and no XML
 */
gboolean vitals_lint_is_native(const char *path, GBytes *content);

/**
 * vitals_lint_from_native:
 * @uri: (nullable): the connection that the user named
 * @path: the file's name, for errors
 *
 * Lets libvirt convert it, which only that of a Xen host can. An error says the next step.
 *
 * Returns: (transfer full) (nullable): XML
 */
GBytes *vitals_lint_from_native(const char *uri, const char *path, GBytes *content, GError **error);
