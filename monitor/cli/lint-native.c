/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-native.h"
#include "monitor/cli/connect.h"
#include "config/text.h"

#include <gio/gio.h>
#include <string.h>

gboolean
vitals_lint_is_native(const char *path, GBytes *content)
{
    gsize length;
    const char *text = g_bytes_get_data(content, &length);
    gsize at = 0;

    while (at < length && g_ascii_isspace(text[at]))
        at++;
    return g_str_has_suffix(path, ".cfg") && at < length && text[at] != '<';
}

static gboolean
is_xen(const char *uri)
{
    const char *wanted = uri ? uri : g_getenv("LIBVIRT_DEFAULT_URI");

    return wanted && (g_str_has_prefix(wanted, "xen:") || g_str_has_prefix(wanted, "xen+"));
}

GBytes *
vitals_lint_from_native(const char *uri, const char *path, GBytes *content, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);
    g_autofree char *text = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    char *xml;

    if (!is_xen(uri)) {
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
            "%s: this is xl's own format, which only libvirt on a Xen host can convert: use "
            "-c xen:///system, or check what 'virsh domxml-from-native xen-xl' prints there",
            shown);
        return NULL;
    }
    xml = vitals_cli_convert(uri, text, error);
    if (!xml) {
        g_prefix_error(error, "%s: ", shown);
        return NULL;
    }
    return g_bytes_new_take(xml, strlen(xml));
}
