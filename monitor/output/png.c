/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/png.h"

#include <gio/gio.h>
#include <png.h>
#include <string.h>

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the screenshot %s", why);
    return FALSE;
}

/* Three numbers behind "P6", each behind blanks, then a single blank; QEMU writes no comments. */
static gboolean
read_header(const char *bytes, gsize length, guint *ret_width, guint *ret_height,
            const char **ret_pixels)
{
    g_autofree char *head = g_strndup(bytes, MIN(length, 64));
    guint64 numbers[3];
    char *at = head + 2;

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char *end;

        numbers[i] = g_ascii_strtoull(at, &end, 10);
        if (end == at || numbers[i] == 0 || numbers[i] > 65535)
            return FALSE;
        at = end;
    }
    if (numbers[2] != 255 || !g_ascii_isspace(*at))
        return FALSE;
    *ret_width = (guint)numbers[0];
    *ret_height = (guint)numbers[1];
    *ret_pixels = bytes + (at + 1 - head);
    return TRUE;
}

static GBytes *
encode(guint width, guint height, const char *pixels, GError **error)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB
    };
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *png = g_malloc(size);

    if (!png_image_write_to_memory(&image, png, &size, 0, pixels, 0, NULL)) {
        g_free(png);
        refuse(error, image.message);
        return NULL;
    }
    return g_bytes_new_take(g_realloc(png, size), size);
}

GBytes *
vitals_png_from(GBytes *picture, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data(picture, &length);
    const char *pixels;
    guint width;
    guint height;

    if (length > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return g_bytes_ref(picture);
    if (length < 8 || memcmp(bytes, "P6", 2) != 0 ||
        !read_header(bytes, length, &width, &height, &pixels)) {
        refuse(error, "is in no known form");
        return NULL;
    }
    if ((guint64)width * height > VITALS_PNG_PIXELS_MAX ||
        (guint64)(bytes + length - pixels) != (guint64)width * height * 3) {
        refuse(error, "has a wrong size");
        return NULL;
    }
    return encode(width, height, pixels, error);
}
