/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/settings.h"
#include "config/value.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* A directory with a main file and its drop-ins, and what came of loading them. */
typedef struct {
    char *directory;
    char *file;
    GPtrArray *warnings;
    VitalsSettings *settings;
    GError *error;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("test-settings-XXXXXX", NULL);
    g_assert_nonnull(fixture->directory);
    fixture->file = g_build_filename(fixture->directory, "v.conf", NULL);
    fixture->warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
}

static void
remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_all(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    remove_all(fixture->directory);
    g_free(fixture->directory);
    g_free(fixture->file);
    g_ptr_array_unref(fixture->warnings);
    vitals_settings_unref(fixture->settings);
    g_clear_error(&fixture->error);
}

static void
write_bytes(const char *path, const char *bytes, gssize length)
{
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, bytes, length, &error);
    g_assert_no_error(error);
}

static void
write_drop_in(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *directory = g_strconcat(fixture->file, ".d", NULL);
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    write_bytes(path, text, -1);
}

static void
load(Fixture *fixture)
{
    g_ptr_array_set_size(fixture->warnings, 0);
    g_clear_pointer(&fixture->settings, vitals_settings_unref);
    g_clear_error(&fixture->error);
    fixture->settings = vitals_settings_load(fixture->file, fixture->warnings, &fixture->error);
}

/* Loads @text, which must be right. */
static void
load_text(Fixture *fixture, const char *text)
{
    write_bytes(fixture->file, text, -1);
    load(fixture);
    g_assert_no_error(fixture->error);
    g_assert_nonnull(fixture->settings);
}

/* Loads what is there; it must fail with a message "FILE" + @expected. */
static void
assert_refused(Fixture *fixture, int code, const char *expected)
{
    load(fixture);
    g_assert_null(fixture->settings);
    g_assert_error(fixture->error, VITALS_SETTINGS_ERROR, code);
    g_assert_true(g_str_has_prefix(fixture->error->message, fixture->file));
    g_assert_cmpstr(fixture->error->message + strlen(fixture->file), ==, expected);
}

static void
assert_warning(Fixture *fixture, guint index, guint line, const char *message)
{
    const VitalsSettingsWarning *warning;

    g_assert_cmpuint(index, <, fixture->warnings->len);
    warning = g_ptr_array_index(fixture->warnings, index);
    g_assert_cmpstr(warning->file, ==, fixture->file);
    g_assert_cmpuint(warning->line, ==, line);
    g_assert_cmpstr(warning->message, ==, message);
}

static void
test_defaults(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    g_assert_cmpstr(vitals_settings_string(settings, NULL, "Monitor.Connect"), ==, "");
    g_assert_cmpint(vitals_settings_duration(settings, NULL, "Monitor.SamplePeriod"), ==,
                    G_USEC_PER_SEC);
    g_assert_cmpint(vitals_settings_integer(settings, "any", "Verdict.BalloonDeadline"), ==, 4);
    g_assert_false(vitals_settings_boolean(settings, NULL, "Monitor.DryRun"));
    g_assert_cmpuint(vitals_settings_size(settings, NULL, "Capture.KeepFree"), ==,
                     G_GUINT64_CONSTANT(2) << 30);
    g_assert_cmpstr(vitals_settings_string(settings, "any", "Capture.DumpFormat"), ==, "auto");
    g_assert_true(vitals_settings_has(settings, "any", "Capture.CaptureOn", "crashed"));
    g_assert_true(vitals_settings_has(settings, NULL, "Capture.CaptureOn", "kernel-dead"));
    g_assert_cmpstr(vitals_settings_origin(settings, "Capture.CaptureOn"), ==, "default");
}

/* Every row of the table keeps the promises that config/option.h makes for it. */
static void
test_table(void)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) sections = g_hash_table_new(g_str_hash, g_str_equal);
    const char *previous = "";
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        g_autoptr(GError) error = NULL;
        g_autofree char *allowed = vitals_value_allowed(option);
        gboolean words = option->type == VITALS_OPTION_WORD || option->type == VITALS_OPTION_WORDS;
        gint64 number;

        g_test_message("%s.%s: %s", option->section, option->key, allowed);
        g_assert_true(g_hash_table_add(keys, (char *)option->key));
        /* Sections are not scattered, and none is called like those of guests. */
        if (!g_str_equal(option->section, previous))
            g_assert_true(g_hash_table_add(sections, (char *)option->section));
        previous = option->section;
        g_assert_false(g_str_has_prefix(option->section, "Guest"));
        g_assert_true(vitals_value_parse(option, option->fallback, &number, &error));
        g_assert_no_error(error);
        g_assert_true(option->maximum == 0 || option->minimum < option->maximum);
        g_assert_true(words == (option->words != NULL));
        g_assert_nonnull(option->text);
        g_assert_true(g_ascii_isupper(option->text[0]));
        g_assert_true(g_str_has_suffix(option->text, "."));
        g_assert_null(strstr(option->text, "  "));
    }
    g_assert_cmpuint(g_hash_table_size(keys), >=, 20);
}

static void
test_file(Fixture *fixture, gconstpointer data)
{
    g_autofree char *origin = g_strconcat(fixture->file, ":2", NULL);

    load_text(fixture, "[Monitor]\nSamplePeriod=500ms\nDryRun=on\nConnect = test:///default \n"
                       "[Capture]\nCaptureOn=crashed\nKeepFree=5G\nDumpFormat=elf\n");
    g_assert_cmpuint(fixture->warnings->len, ==, 0);
    g_assert_cmpint(vitals_settings_duration(fixture->settings, NULL, "Monitor.SamplePeriod"), ==,
                    500000);
    g_assert_true(vitals_settings_boolean(fixture->settings, NULL, "Monitor.DryRun"));
    g_assert_cmpstr(vitals_settings_string(fixture->settings, NULL, "Monitor.Connect"), ==,
                    "test:///default");
    g_assert_true(vitals_settings_has(fixture->settings, NULL, "Capture.CaptureOn", "crashed"));
    g_assert_false(
        vitals_settings_has(fixture->settings, NULL, "Capture.CaptureOn", "kernel-dead"));
    g_assert_cmpuint(vitals_settings_size(fixture->settings, NULL, "Capture.KeepFree"), ==,
                     G_GUINT64_CONSTANT(5) << 30);
    g_assert_cmpstr(vitals_settings_string(fixture->settings, NULL, "Capture.DumpFormat"), ==,
                    "elf");
    g_assert_cmpstr(vitals_settings_origin(fixture->settings, "Monitor.SamplePeriod"), ==, origin);
}

static void
test_unknown(Fixture *fixture, gconstpointer data)
{
    load_text(fixture, "[Monitor]\nSamplePeroid=1s\nKeepFre=1G\nWhatever=1\n"
                       "[Webb]\nListenAddress=x\n[Xyzzy]\n[Guest a]\nBalloonPeroid=1s\n");
    g_assert_cmpuint(fixture->warnings->len, ==, 6);
    assert_warning(
        fixture, 0, 2,
        "the unknown key 'SamplePeroid' in [Monitor] is ignored; did you mean SamplePeriod?");
    assert_warning(
        fixture, 1, 3,
        "the unknown key 'KeepFre' in [Monitor] is ignored; did you mean KeepFree in [Capture]?");
    assert_warning(fixture, 2, 4, "the unknown key 'Whatever' in [Monitor] is ignored");
    assert_warning(fixture, 3, 5,
                   "the unknown section [Webb] is ignored with its keys; did you mean [Web]?");
    assert_warning(fixture, 4, 7, "the unknown section [Xyzzy] is ignored with its keys");
    assert_warning(
        fixture, 5, 9,
        "the unknown key 'BalloonPeroid' in [Guest a] is ignored; did you mean BalloonPeriod?");
}

static void
test_hostile_names(Fixture *fixture, gconstpointer data)
{
    load_text(fixture, "[Monitor]\n\x1b[2J=1\n[\x1b]0;x]\n[Guest \x1b[1m]\n\xe2\x80\xae=2\n");
    assert_warning(fixture, 0, 2, "the unknown key '\\x1b[2J' in [Monitor] is ignored");
    assert_warning(fixture, 1, 3, "the unknown section [\\x1b]0;x] is ignored with its keys");
    assert_warning(fixture, 2, 5, "the unknown key '\\u{202e}' in [Guest \\x1b[1m] is ignored");
}

static void
test_twice(Fixture *fixture, gconstpointer data)
{
    load_text(fixture, "[Monitor]\nDryRun=yes\n[Web]\n[Monitor]\nSamplePeriod=2s\nDryRun=no\n"
                       "[Guest a]\nBootGrace=1s\nBootGrace=2s\n");
    g_assert_cmpuint(fixture->warnings->len, ==, 3);
    assert_warning(fixture, 0, 4, "the section [Monitor] began in line 1 already; both count");
    assert_warning(fixture, 1, 6,
                   "DryRun in [Monitor] was set in line 2 already; this line counts");
    assert_warning(fixture, 2, 9,
                   "BootGrace in [Guest a] was set in line 8 already; this line counts");
    g_assert_false(vitals_settings_boolean(fixture->settings, NULL, "Monitor.DryRun"));
    g_assert_cmpint(vitals_settings_duration(fixture->settings, NULL, "Monitor.SamplePeriod"), ==,
                    2 * G_USEC_PER_SEC);
    g_assert_cmpint(vitals_settings_duration(fixture->settings, "a", "Verdict.BootGrace"), ==,
                    2 * G_USEC_PER_SEC);
}

static void
test_empty_resets(Fixture *fixture, gconstpointer data)
{
    load_text(fixture, "[Capture]\nCaptureOn=none\n[Monitor]\nSamplePeriod=9s\nSamplePeriod=\n"
                       "[Verdict]\nBootGrace=1min\n"
                       "[Guest *]\nBootGrace=5min\n[Guest web]\nBootGrace=\nCaptureOn=crashed\n");
    g_assert_cmpint(vitals_settings_duration(fixture->settings, NULL, "Monitor.SamplePeriod"), ==,
                    G_USEC_PER_SEC);
    g_assert_cmpstr(vitals_settings_origin(fixture->settings, "Monitor.SamplePeriod"), ==,
                    "default");
    g_assert_false(vitals_settings_has(fixture->settings, NULL, "Capture.CaptureOn", "crashed"));
    g_assert_true(vitals_settings_has(fixture->settings, "web", "Capture.CaptureOn", "crashed"));
    g_assert_cmpint(vitals_settings_duration(fixture->settings, "db", "Verdict.BootGrace"), ==,
                    300 * G_USEC_PER_SEC);
    g_assert_cmpint(vitals_settings_duration(fixture->settings, "web", "Verdict.BootGrace"), ==,
                    60 * G_USEC_PER_SEC);
}

static const struct {
    const char *text;
    int code;
    const char *message;
} refused[] = {
    { "DryRun=yes\n", VITALS_SETTINGS_ERROR_SYNTAX,
      ":1: 'DryRun' stands before the first section: put a line such as [Monitor] before it" },
    { "[Monitor]\n\nSamplePeriod=5 parsecs\n", VITALS_SETTINGS_ERROR_VALUE,
      ":3: Monitor.SamplePeriod: '5 parsecs' has the unknown unit 'parsecs': allowed is a time "
      "span "
      "from 200ms to 1min (units: us, ms, s, min, h, d, w)" },
    { "[Monitor]\nSamplePeriod=100ms\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Monitor.SamplePeriod: '100ms' is too small: allowed is a time span from 200ms to 1min "
      "(units: us, ms, s, min, h, d, w)" },
    { "[Monitor]\nGuestWorkers=9\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Monitor.GuestWorkers: '9' is too large: allowed is a whole number from 1 to 8" },
    { "[Monitor]\nDryRun=no # really\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Monitor.DryRun: 'no # really' is neither yes nor no: allowed is yes or no (a comment "
      "needs "
      "a line of its own)" },
    { "[Monitor]\nStateDirectory=state\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Monitor.StateDirectory: 'state' is no absolute path: allowed is an absolute path" },
    { "[Monitor]\nConnect=a\x1b[1mb\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Monitor.Connect: 'a\\x1b[1mb' holds a control character: allowed is text in one line" },
    { "[Capture]\nKeepFree=2s\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Capture.KeepFree: '2s' has the unknown unit 's': allowed is a size of at least 0 "
      "(bytes, or "
      "with K, M, G, T)" },
    { "[Capture]\nDumpFormat=kdump-lzo\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Capture.DumpFormat: 'kdump-lzo' has the unknown word 'kdump-lzo': allowed is one of "
      "auto, "
      "elf, kdump-zlib" },
    { "[Capture]\nCaptureOn=crashed dead\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Capture.CaptureOn: 'crashed dead' has the unknown word 'dead': allowed is none, or any "
      "of "
      "crashed, kernel-dead with blanks between" },
    { "[Guest web]\nSamplePeriod=1s\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: SamplePeriod holds for the whole host and cannot stand in [Guest web]: put it under "
      "[Monitor]" },
    { "[Guest web]\nBootGrace=-1s\n", VITALS_SETTINGS_ERROR_VALUE,
      ":2: Verdict.BootGrace: '-1s' is no time span: allowed is a time span from 0 to 1h (units: "
      "us, "
      "ms, s, min, h, d, w)" },
    { "[Guest]\n", VITALS_SETTINGS_ERROR_SYNTAX,
      ":1: [Guest] needs a name or pattern, such as [Guest web-*]" },
};

static void
test_refused(Fixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        write_bytes(fixture->file, refused[i].text, -1);
        assert_refused(fixture, refused[i].code, refused[i].message);
    }
}

static void
test_unreadable(Fixture *fixture, gconstpointer data)
{
    g_autofree char *large = g_strnfill(2 * 1024 * 1024, '#');

    assert_refused(fixture, VITALS_SETTINGS_ERROR_READ,
                   ": cannot be read: No such file or directory");
    write_bytes(fixture->file, large, -1);
    assert_refused(fixture, VITALS_SETTINGS_ERROR_READ,
                   ": is larger than 1 MiB, which no settings file is");
    g_remove(fixture->file);
    g_assert_cmpint(g_mkdir(fixture->file, 0700), ==, 0);
    assert_refused(fixture, VITALS_SETTINGS_ERROR_READ, ": cannot be read: it is no regular file");
    g_rmdir(fixture->file);
    g_assert_cmpint(mkfifo(fixture->file, 0600), ==, 0);
    assert_refused(fixture, VITALS_SETTINGS_ERROR_READ, ": cannot be read: it is no regular file");
}

static void
test_drop_ins(Fixture *fixture, gconstpointer data)
{
    g_autofree char *last = g_strconcat(fixture->file, ".d/20-b.conf:2", NULL);
    g_autofree char *bad = g_strconcat(fixture->file, ".d/10-a.conf:1: ", NULL);

    write_drop_in(fixture, "20-b.conf", "[Monitor]\nGuestWorkers=7\n");
    write_drop_in(fixture, "10-a.conf", "[Monitor]\nGuestWorkers=6\nSamplePeriod=3s\n");
    write_drop_in(fixture, "30-c.conf~", "[Monitor]\nGuestWorkers=1\n");
    write_drop_in(fixture, ".40-d.conf", "[Monitor]\nGuestWorkers=1\n");
    load_text(fixture, "[Monitor]\nGuestWorkers=5\nSamplePeriod=2s\nDryRun=yes\n");
    g_assert_cmpuint(fixture->warnings->len, ==, 0);
    g_assert_cmpint(vitals_settings_integer(fixture->settings, NULL, "Monitor.GuestWorkers"), ==,
                    7);
    g_assert_cmpstr(vitals_settings_origin(fixture->settings, "Monitor.GuestWorkers"), ==, last);
    g_assert_cmpint(vitals_settings_duration(fixture->settings, NULL, "Monitor.SamplePeriod"), ==,
                    3 * G_USEC_PER_SEC);
    g_assert_true(vitals_settings_boolean(fixture->settings, NULL, "Monitor.DryRun"));

    write_drop_in(fixture, "10-a.conf", "nonsense\n");
    load(fixture);
    g_assert_error(fixture->error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX);
    g_assert_true(g_str_has_prefix(fixture->error->message, bad));
}

static void
test_null_device(void)
{
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsSettings) settings = vitals_settings_load("/dev/null", warnings, &error);

    g_assert_no_error(error);
    g_assert_nonnull(settings);
    g_assert_null(vitals_settings_load("/dev/zero", warnings, &error));
    g_assert_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ);
}

static gint64
deadline_of(Fixture *fixture, const char *guest)
{
    return vitals_settings_integer(fixture->settings, guest, "Verdict.BalloonDeadline");
}

static void
test_guests(Fixture *fixture, gconstpointer data)
{
    load_text(fixture, "[Guest *]\nBalloonDeadline=5\n"
                       "[Verdict]\nBalloonDeadline=3\n"
                       "[Guest web-[0-9]]\nBalloonDeadline=6\n"
                       "[Guest \tsch\xc3\xb6n ]\nBalloonDeadline=7\n"
                       "[Guest a/b]\nBalloonDeadline=8\n"
                       "[Guest two?lines]\nBalloonDeadline=9\n"
                       "[Guest \\*]\nBalloonDeadline=10\n"
                       "[Guest caf?]\nBalloonDeadline=11\n");
    g_assert_cmpuint(fixture->warnings->len, ==, 0);
    g_assert_cmpint(deadline_of(fixture, NULL), ==, 3);
    g_assert_cmpint(deadline_of(fixture, "other"), ==, 5);
    g_assert_cmpint(deadline_of(fixture, ""), ==, 5);
    g_assert_cmpint(deadline_of(fixture, ".."), ==, 5);
    g_assert_cmpint(deadline_of(fixture, "web-1"), ==, 6);
    g_assert_cmpint(deadline_of(fixture, "web-10"), ==, 5);
    g_assert_cmpint(deadline_of(fixture, "sch\xc3\xb6n"), ==, 7);
    g_assert_cmpint(deadline_of(fixture, "a/b"), ==, 8);
    g_assert_cmpint(deadline_of(fixture, "a/b/c"), ==, 5);
    g_assert_cmpint(deadline_of(fixture, "two\nlines"), ==, 9);
    g_assert_cmpint(deadline_of(fixture, "two\xfflines"), ==, 9);
    g_assert_cmpint(deadline_of(fixture, "*"), ==, 10);
    /* One character of two bytes, though this test runs in the C locale. */
    g_assert_cmpint(deadline_of(fixture, "caf\xc3\xa9"), ==, 11);
    /* A host-wide option does not care who asks. */
    g_assert_cmpint(vitals_settings_integer(fixture->settings, "web-1", "Monitor.GuestWorkers"), ==,
                    4);
}

/* The last section that matches wins, be it the narrower one or not. */
static void
test_guests_order(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = g_strconcat(fixture->file, ".d/a.conf:2", NULL);
    const char *origin;

    write_drop_in(fixture, "a.conf", "[Guest web*]\nBalloonDeadline=8\n");
    load_text(fixture, "[Guest web-1]\nBalloonDeadline=6\nBootGrace=3min\n");
    g_assert_cmpint(deadline_of(fixture, "web-1"), ==, 8);
    g_assert_cmpint(vitals_settings_duration(fixture->settings, "web-1", "Verdict.BootGrace"), ==,
                    180 * G_USEC_PER_SEC);
    g_assert_cmpstr(
        vitals_settings_text(fixture->settings, "web-1", "Verdict.BalloonDeadline", &origin), ==,
        "8");
    g_assert_cmpstr(origin, ==, expected);
}

static void
test_override(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *here = g_get_current_dir();
    g_autofree char *expected = g_build_filename(here, "state", NULL);

    g_assert_true(vitals_settings_override(settings, "Web.ListenAddress", "[::1]:0",
                                           "--web.listen-address", &error));
    g_assert_no_error(error);
    g_assert_cmpstr(vitals_settings_string(settings, NULL, "Web.ListenAddress"), ==, "[::1]:0");
    g_assert_cmpstr(vitals_settings_origin(settings, "Web.ListenAddress"), ==,
                    "--web.listen-address");

    g_assert_true(vitals_settings_override(settings, "Monitor.StateDirectory", "./state",
                                           "--state-dir", &error));
    g_assert_cmpstr(vitals_settings_string(settings, NULL, "Monitor.StateDirectory"), ==, expected);
}

static void
test_override_refused(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(
        vitals_settings_override(settings, "Monitor.GuestWorkers", "x", "--workers", &error));
    g_assert_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE);
    g_assert_cmpstr(error->message, ==,
                    "--workers: Monitor.GuestWorkers: 'x' is no whole number: allowed is a whole "
                    "number from 1 to 8");
    g_clear_error(&error);
    g_assert_false(vitals_settings_override(settings, "Monitor.GuestWorker", "2", "--set", &error));
    g_assert_cmpstr(error->message, ==,
                    "--set: there is no setting 'Monitor.GuestWorker'; did you mean "
                    "Monitor.GuestWorkers?");
    g_clear_error(&error);
    g_assert_false(
        vitals_settings_override(settings, "Monitor.Connect", "\xff", "--connect", &error));
    g_assert_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE);
    g_assert_cmpint(vitals_settings_integer(settings, NULL, "Monitor.GuestWorkers"), ==, 4);
}

static void
assert_aborts(const char *test, const char *message)
{
    g_test_trap_subprocess(test, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(message);
}

static void
test_misuse(void)
{
    assert_aborts("/settings/misuse/subprocess/type", "*Monitor.DryRun*another type*");
    assert_aborts("/settings/misuse/subprocess/name", "*no setting 'Monitor.DryRum'*");
    assert_aborts("/settings/misuse/subprocess/word", "*knows no word 'crash'*");
}

static void
test_misuse_type(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    vitals_settings_integer(settings, NULL, "Monitor.DryRun");
}

static void
test_misuse_name(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    vitals_settings_boolean(settings, NULL, "Monitor.DryRum");
}

static void
test_misuse_word(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    vitals_settings_has(settings, NULL, "Capture.CaptureOn", "crash");
}

static void
test_counted(void)
{
    VitalsSettings *settings = vitals_settings_new();

    g_assert_true(vitals_settings_ref(settings) == settings);
    vitals_settings_unref(settings);
    g_assert_cmpint(vitals_settings_integer(settings, NULL, "Monitor.GuestWorkers"), ==, 4);
    vitals_settings_unref(settings);
    vitals_settings_unref(NULL);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/defaults", test_defaults);
    g_test_add_func("/settings/table", test_table);
    ADD("/settings/file", test_file);
    ADD("/settings/unknown", test_unknown);
    ADD("/settings/hostile-names", test_hostile_names);
    ADD("/settings/twice", test_twice);
    ADD("/settings/empty-resets", test_empty_resets);
    ADD("/settings/refused", test_refused);
    ADD("/settings/unreadable", test_unreadable);
    ADD("/settings/drop-ins", test_drop_ins);
    g_test_add_func("/settings/null-device", test_null_device);
    ADD("/settings/guests", test_guests);
    ADD("/settings/guests/order", test_guests_order);
    g_test_add_func("/settings/override", test_override);
    g_test_add_func("/settings/override/refused", test_override_refused);
    g_test_add_func("/settings/misuse", test_misuse);
    g_test_add_func("/settings/misuse/subprocess/type", test_misuse_type);
    g_test_add_func("/settings/misuse/subprocess/name", test_misuse_name);
    g_test_add_func("/settings/misuse/subprocess/word", test_misuse_word);
    g_test_add_func("/settings/counted", test_counted);
    return g_test_run();
}
