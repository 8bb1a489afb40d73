/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/kernel-log.h"
#include "monitor/evidence/piece.h"
#include "monitor/output/png.h"

#include "tests/unit/program.h"

#include <gio/gio.h>
#include <png.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *root;
    VitalsEvidenceRequest *request;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->root = g_dir_make_tmp("test-evidence-XXXXXX", NULL);
    fixture->request = vitals_evidence_request_new();
    fixture->request->root = g_strdup(fixture->root);
    fixture->request->name = g_strdup("web");
    fixture->request->opened = g_get_real_time();
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_evidence_request_unref(fixture->request);
    test_remove_tree(fixture->root);
    g_free(fixture->root);
}

static void
put(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->root, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    test_write_file(path, text, strlen(text));
}

static const VitalsPiece *
find(const char *file)
{
    for (const VitalsPiece *const *piece = vitals_pieces; *piece; piece++) {
        if (g_str_equal((*piece)->file, file))
            return *piece;
    }
    g_error("no piece makes %s", file);
}

/* Returns: (transfer full) (nullable): its text */
static char *
collect(Fixture *fixture, const char *file, GError **error)
{
    g_autoptr(GBytes) bytes = find(file)->collect(NULL, fixture->request, error);

    return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

/* Names are files of an incident, and each one's alone. */
static void
test_table(void)
{
    g_autoptr(GHashTable) files = g_hash_table_new(g_str_hash, g_str_equal);

    for (const VitalsPiece *const *piece = vitals_pieces; *piece; piece++) {
        g_assert_true(g_hash_table_add(files, (char *)(*piece)->file));
        g_assert_null(strchr((*piece)->file, '/'));
        g_assert_cmpint((*piece)->deadline, >, 0);
        /* the dump waits for these */
        if ((*piece)->asks_qemu)
            g_assert_cmpint((*piece)->deadline, <=, G_USEC_PER_SEC / 2);
    }
}

/* ---- the host's kernel log ---- */

static void
test_kernel_log(Fixture *fixture, gconstpointer data)
{
    gint64 now = g_get_monotonic_time();
    g_autofree char *log =
        g_strdup_printf("6,1,%" G_GINT64_FORMAT ",-;old\n"
                        "6,2,%" G_GINT64_FORMAT ",-,caller=T1;eth0: fine\n SUBSYSTEM=net\n"
                        "3,3,%" G_GINT64_FORMAT ",-;pcieport 0000:00:1c.0: AER: bad \x1b[2J\n"
                        "nonsense\n4,5;x\n7\n",
                        now - 20 * G_TIME_SPAN_MINUTE, now - G_USEC_PER_SEC, now);
    static const char *const picks[] = { "aer:", NULL };
    g_autofree char *all = NULL;
    g_autofree char *picked = NULL;
    g_autofree char *piece = NULL;
    g_auto(GStrv) lines = NULL;

    put(fixture, "dev/kmsg", log);
    all = vitals_kernel_log_read(fixture->root, fixture->request->opened - G_TIME_SPAN_MINUTE, NULL,
                                 NULL);
    lines = g_strsplit(all, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_true(g_str_has_suffix(lines[0], "Z  eth0: fine"));
    g_assert_true(g_str_has_suffix(lines[1], "AER: bad \\x1b[2J"));
    picked = vitals_kernel_log_read(fixture->root, 0, picks, NULL);
    g_assert_null(strstr(picked, "eth0"));
    g_assert_nonnull(strstr(picked, "AER: bad"));
    piece = collect(fixture, "host-hardware.log", NULL);
    g_assert_cmpstr(piece, ==, picked);
}

static void
test_kernel_log_bounds(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_assert_null(vitals_kernel_log_read(fixture->root, 0, NULL, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(log, "6,%u,%u,-;line %u is forty bytes long or so, I think\n", i, i,
                               i);
    put(fixture, "dev/kmsg", log->str);
    text = vitals_kernel_log_read(fixture->root, 0, NULL, NULL);
    g_assert_cmpuint(strlen(text), <=, 256 * 1024);
    g_assert_nonnull(strstr(text, "line 9999 "));
    g_assert_true(g_ascii_isdigit(*text));
}

/* ---- the console's log ---- */

/* Whatever stands where it should: nothing waits. */
static void
check_console(Fixture *fixture, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = collect(fixture, "console.log", &error);

    g_assert_cmpstr(text, ==, expected);
    g_assert_true(!error == !!text);
}

static void
test_console(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->root, "console", NULL);
    g_autofree char *huge = g_strnfill(100000, 'x');
    g_autofree char *tail = g_strnfill(4096, 'x');

    g_assert_false(find("console.log")->applies(fixture->request));
    fixture->request->console_log = g_strdup(path);
    fixture->request->console_tail = 4096;
    g_assert_true(find("console.log")->applies(fixture->request));
    check_console(fixture, NULL);
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    check_console(fixture, "");
    g_assert_true(g_file_set_contents(path, "\xff\x1b\n\0z", 5, NULL));
    check_console(fixture, "\\xff\\x1b\n\\x00z");
    g_assert_true(g_file_set_contents(path, huge, -1, NULL));
    check_console(fixture, tail);
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(symlink("/etc/passwd", path), ==, 0);
    check_console(fixture, NULL);
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    check_console(fixture, NULL);
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(mkdir(path, 0700), ==, 0);
    check_console(fixture, NULL);
}

/* ---- other files of the host ---- */

static void
test_host_state(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;

    put(fixture, "proc/loadavg", "9.00 8.00\n");
    put(fixture, "proc/pressure/io", "some avg10=99\x1b");
    text = collect(fixture, "host.txt", NULL);
    g_assert_nonnull(strstr(text, "== /proc/loadavg\n9.00 8.00\n"));
    g_assert_nonnull(strstr(text, "== /proc/pressure/io\nsome avg10=99\\x1b\n"));
    g_assert_nonnull(strstr(text, "== /proc/meminfo\ncannot be read\n"));
}

static void
test_qemu_log(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = { "..", ".", "../../etc/passwd", "/etc/passwd" };
    const VitalsPiece *piece = find("qemu.log");
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *link = NULL;

    put(fixture, "var/log/libvirt/qemu/web.log", "kvm: error\x1b\n");
    text = collect(fixture, "qemu.log", NULL);
    g_assert_cmpstr(text, ==, "kvm: error\\x1b\n");
    link = g_build_filename(fixture->root, "var/log/libvirt/qemu/link.log", NULL);
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
    g_free(fixture->request->name);
    fixture->request->name = g_strdup("link");
    g_assert_null(collect(fixture, "qemu.log", &error));
    g_assert_nonnull(error);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_free(fixture->request->name);
        fixture->request->name = g_strdup(names[i]);
        g_assert_nonnull(piece->refuse(fixture->request));
    }
}

/* ---- the screenshot ---- */

static GBytes *
convert(const char *bytes, gsize length, GError **error)
{
    g_autoptr(GBytes) picture = g_bytes_new(bytes, length);

    return vitals_png_from(picture, error);
}

static void
test_png(void)
{
    static const char ppm[] = "P6\n2 1\n255\n\x01\x02\x03\xff\xfe\xfd";
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) png = convert(ppm, sizeof ppm - 1, &error);
    g_autoptr(GBytes) same = NULL;
    png_image image = { .version = PNG_IMAGE_VERSION };
    guint8 pixels[6];
    gsize length;
    const void *bytes;

    g_assert_no_error(error);
    bytes = g_bytes_get_data(png, &length);
    g_assert_true(png_image_begin_read_from_memory(&image, bytes, length));
    g_assert_cmpuint(image.width, ==, 2);
    g_assert_cmpuint(image.height, ==, 1);
    image.format = PNG_FORMAT_RGB;
    g_assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    g_assert_cmpmem(pixels, 6, ppm + sizeof ppm - 7, 6);
    same = vitals_png_from(png, &error);
    g_assert_true(g_bytes_equal(png, same));
}

static void
test_png_hostile(void)
{
    static const char *const bad[] = {
        "",
        "P6",
        "P6\n2 1\n255\n12345",
        "P6\n2 1\n255\n1234567",
        "P6\n0 1\n255\n",
        "P6\n2 1\n65535\n123456",
        "P6\n65535 65535\n255\n123456",
        "P6\n99999999999999999999 1\n255\n1",
        "P6\n-1 -1\n255\n123",
        "GIF89a..",
        "P6 x y z",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(convert(bad[i], strlen(bad[i]), &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

/* All its pixels are there, but a guest does not decide on hundreds of megabytes of ours. */
static void
test_png_large(void)
{
    static const char header[] = "P6\n4097 4096\n255\n";
    const gsize length = sizeof header - 1 + (gsize)4097 * 4096 * 3;
    g_autofree char *ppm = g_malloc0(length);
    g_autoptr(GError) error = NULL;

    memcpy(ppm, header, sizeof header - 1);
    g_assert_null(convert(ppm, length, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

#define ADD(path, test) g_test_add("/evidence/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/evidence/table", test_table);
    ADD("kernel-log", test_kernel_log);
    ADD("kernel-log-bounds", test_kernel_log_bounds);
    ADD("console", test_console);
    ADD("host-state", test_host_state);
    ADD("qemu-log", test_qemu_log);
    g_test_add_func("/evidence/png", test_png);
    g_test_add_func("/evidence/png-hostile", test_png_hostile);
    g_test_add_func("/evidence/png-large", test_png_large);
    return g_test_run();
}
