/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Where the daemon listens unless told otherwise, as its clients see it. */
#define VITALS_CLIENT_DEFAULT_URL "http://127.0.0.1:10177"

#define VITALS_CLIENT_ERROR (vitals_client_error_quark())
GQuark vitals_client_error_quark(void);
typedef enum {
    VITALS_CLIENT_ERROR_URL,         /* not an http or https URL */
    VITALS_CLIENT_ERROR_UNREACHABLE, /* nobody answered in time */
    VITALS_CLIENT_ERROR_STATUS,      /* an answer that is not 200 */
    VITALS_CLIENT_ERROR_ANSWER,      /* more bytes than we take, or no HTTP */
} VitalsClientError;

/**
 * vitals_client_get:
 * @base: "http://HOST:PORT"; a "/" at its end is ignored
 * @path: begins with "/"
 *
 * Asks a daemon. Blocks for up to ten seconds, follows no redirection, uses no proxy and takes at most
 * 64 MiB. An error's message is printable and says what to do next.
 *
 * Returns: (transfer full): the body of a 200
 */
GBytes *vitals_client_get(const char *base, const char *path, GError **error);
