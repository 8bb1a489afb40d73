/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/client.h"

#include "config/text.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 3000L
#define TIMEOUT_MS 10000L
/* A guest takes about 1 KiB of the largest document. */
#define ANSWER_MAX ((gsize)64 * 1024 * 1024)

G_DEFINE_QUARK(vitals - client - error - quark, vitals_client_error)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)

/* Returning less than was given makes curl stop with CURLE_WRITE_ERROR. */
static size_t
collect(char *data, size_t size, size_t count, void *closure)
{
    GByteArray *body = closure;

    if (size * count > ANSWER_MAX - body->len)
        return 0;
    g_byte_array_append(body, (const guint8 *)data, size * count);
    return size * count;
}

/* Only what an HTTP URL can be; and never a proxy, as that would be asked for its own 127.0.0.1. */
static CURL *
prepare(const char *url, GByteArray *body)
{
    CURL *curl = curl_easy_init();

    if (!curl)
        return NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "virt-vitals/" VITALS_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    return curl;
}

static void
set_error(const char *url, CURLcode code, GError **error)
{
    g_autofree char *shown = vitals_text_printable(url, -1);

    switch ((int)code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        g_set_error(error, VITALS_CLIENT_ERROR, VITALS_CLIENT_ERROR_URL,
                    "'%s' is no URL of a monitor; give --url as http://HOST:PORT", shown);
        break;
    case CURLE_WRITE_ERROR:
        g_set_error(error, VITALS_CLIENT_ERROR, VITALS_CLIENT_ERROR_ANSWER,
                    "%s gave an answer longer than %" G_GSIZE_FORMAT
                    " bytes; is this a virt-vitals monitor?",
                    shown, ANSWER_MAX);
        break;
    default:
        g_set_error(error, VITALS_CLIENT_ERROR, VITALS_CLIENT_ERROR_UNREACHABLE,
                    "no answer from %s: %s; is the monitor running? start it with "
                    "'virt-vitals monitor', or say where it is with --url",
                    shown, curl_easy_strerror(code));
    }
}

GBytes *
vitals_client_get(const char *base, const char *path, GError **error)
{
    gsize length = g_str_has_suffix(base, "/") ? strlen(base) - 1 : strlen(base);
    g_autofree char *url = g_strdup_printf("%.*s%s", (int)length, base, path);
    g_autofree char *shown = vitals_text_printable(url, -1);
    g_autoptr(GByteArray) body = g_byte_array_new();
    g_autoptr(CURL) curl = prepare(url, body);
    CURLcode code = curl ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
    long status = 0;

    if (code != CURLE_OK) {
        set_error(url, code, error);
        return NULL;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        g_set_error(error, VITALS_CLIENT_ERROR, VITALS_CLIENT_ERROR_STATUS,
                    "%s answered with status %ld; is this a virt-vitals monitor? say where it is "
                    "with --url",
                    shown, status);
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&body));
}
