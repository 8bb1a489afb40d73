/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/incident.h"
#include "monitor/aftermath.h"
#include "monitor/bundle.h"
#include "monitor/postmortem/facts.h"
#include "monitor/store.h"

#include "tests/unit/program.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTILE "a\nb\x1b[2J\xff\xe2\x80\xae"

typedef struct {
    char *state_dir;
    VitalsDossier *dossier;
} Fixture;

static void
fill(Fixture *fixture, const char *domain)
{
    VitalsIncidentView *view = fixture->dossier->view;
    VitalsSample *sample = vitals_sample_new(G_USEC_PER_SEC, 1700000000 * (gint64)G_USEC_PER_SEC);

    view->id = g_strdup("");
    view->domain = g_strdup(domain);
    view->uuid = g_strdup("01234567-89ab-cdef-0123-456789abcdef");
    view->health = g_strdup("unresponsive");
    view->layer = g_strdup("kernel");
    view->cause = g_strdup("kernel-halted");
    view->title = g_strdup("A title");
    view->opened = 1700000000 * (gint64)G_USEC_PER_SEC;
    view->path = g_strdup("");
    view->capture_result = g_strdup("none");
    view->capture_format = g_strdup("");
    view->capture_detail = g_strdup("");
    view->capture_path = g_strdup("");
    fixture->dossier->meaning = "It means.";
    fixture->dossier->remedy = "Do.";
    fixture->dossier->console_tail = 4096;
    fixture->dossier->xml = g_strdup("<domain/>");
    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    g_ptr_array_add(fixture->dossier->samples, sample);
}

static void
renew(Fixture *fixture, const char *domain)
{
    vitals_dossier_free(fixture->dossier);
    fixture->dossier = vitals_dossier_new(fixture->state_dir);
    fill(fixture, domain);
}

/* As it was read behind all else. */
static void
let_console_say(Fixture *fixture, const char *text)
{
    fixture->dossier->console = g_bytes_new(text, strlen(text));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->state_dir = g_dir_make_tmp("test-incident-XXXXXX", NULL);
    g_assert_true(vitals_incident_prepare(fixture->state_dir, NULL));
    renew(fixture, "web");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_dossier_free(fixture->dossier);
    test_remove_tree(fixture->state_dir);
    g_free(fixture->state_dir);
}

static void
begin(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    vitals_incident_begin(fixture->dossier, &error);
    g_assert_no_error(error);
}

static void
finish(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    vitals_incident_finish(fixture->dossier, &error);
    g_assert_no_error(error);
}

static char *
read_element(Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->dossier->view->path, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* Valid UTF-8 without any control character but the new line. */
static void
check_printable(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at; at++)
        g_assert_true((guchar)*at >= 0x20 || *at == '\n');
    g_assert_null(strstr(text, "\xe2\x80\xae"));
}

static json_t *
manifest_of(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    json_t *manifest = vitals_store_read_manifest(fixture->dossier->view->path, &error);

    g_assert_no_error(error);
    return manifest;
}

static void
check_mode(const char *path, const char *name, guint mode)
{
    g_autofree char *full = g_build_filename(path, name, NULL);
    struct stat about;

    g_assert_cmpint(lstat(full, &about), ==, 0);
    g_assert_cmphex(about.st_mode & 07777, ==, mode);
}

static void
test_whole(Fixture *fixture, gconstpointer data)
{
    const VitalsIncidentView *view = fixture->dossier->view;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) list = NULL;
    json_t *manifest;

    let_console_say(fixture, "one\ntwo\n");
    begin(fixture);
    g_assert_nonnull(strstr(view->path, "/incidents/.partial-"));
    manifest = manifest_of(fixture);
    g_assert_true(json_is_false(json_object_get(manifest, "complete")));
    json_decref(manifest);
    finish(fixture);
    g_assert_cmpstr(view->id, ==, "20231114T221320Z-web-kernel-halted");
    g_assert_true(g_str_has_suffix(view->path, view->id));
    check_mode(view->path, ".", 0700);
    for (const char *const *name =
             (const char *const[]){ "incident.json", "report.txt", "report.html", "domain.xml",
                                    "signals.jsonl", "console.log", NULL };
         *name; name++)
        check_mode(view->path, *name, 0600);
    list = vitals_store_list(fixture->state_dir, problems, NULL);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_false(((VitalsIncidentView *)list->pdata[0])->partial);
}

static void
test_names(Fixture *fixture, gconstpointer data)
{
    g_autofree char *longest = g_strnfill(300, 'x');
    const char *const names[] = { "..",           ".",  "", "a/b", "-rf", HOSTILE, longest,
                                  "\xc3\xbcnter", "a b" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *report = NULL;
        g_autofree char *folder = NULL;
        json_t *manifest;

        renew(fixture, names[i]);
        begin(fixture);
        finish(fixture);
        folder = g_path_get_dirname(fixture->dossier->view->path);
        g_assert_true(g_str_has_suffix(folder, "/incidents"));
        report = read_element(fixture, "report.txt");
        check_printable(report);
        manifest = manifest_of(fixture);
        g_assert_cmpstr(json_string_value(json_object_get(manifest, "uuid")), ==,
                        fixture->dossier->view->uuid);
        json_decref(manifest);
    }
}

static void
test_same_second(Fixture *fixture, gconstpointer data)
{
    begin(fixture);
    finish(fixture);
    renew(fixture, "web");
    begin(fixture);
    g_assert_cmpstr(fixture->dossier->view->id, ==, "20231114T221320Z-web-kernel-halted-2");
    renew(fixture, "web");
    begin(fixture);
    g_assert_cmpstr(fixture->dossier->view->id, ==, "20231114T221320Z-web-kernel-halted-3");
}

/* What was read at the verdict stays where nothing can be read any more. */
static void
test_console_lost(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) before = g_bytes_new_static("before\n", 7);
    g_autofree char *console = NULL;

    begin(fixture);
    g_assert_true(vitals_incident_add(fixture->dossier->view->path, "console.log", before, NULL));
    finish(fixture);
    console = read_element(fixture, "console.log");
    g_assert_cmpstr(console, ==, "before\n");
}

/* Without a log there is what was heard. */
static void
test_console_heard(Fixture *fixture, gconstpointer data)
{
    g_autofree char *console = NULL;

    fixture->dossier->console_tail = 8;
    fixture->dossier->console_end = g_bytes_new("long ago\nBUG: \x1bx", 16);
    begin(fixture);
    finish(fixture);
    console = read_element(fixture, "console.log");
    g_assert_cmpstr(console, ==, "\nBUG: \\x1bx");
}

/* Who used the memory is said in every form of the report. */
static void
test_memory(Fixture *fixture, gconstpointer data)
{
    static const char said[] =
        "gizmod invoked oom-killer: gfp_mask=0x400dc0, order=0\n"
        "active_anon:200 inactive_anon:20000 isolated_anon:0\n"
        " free:300 shmem:100\n"
        "25000 pages RAM\n"
        "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
        "[  171]    33   171   100000    19000     120        0             0 gizmod\n"
        "Out of memory: Killed process 171 (gizmod) total-vm:400000kB, "
        "anon-rss:76000kB, file-rss:0kB, shmem-rss:0kB\n";
    g_autofree char *report = NULL;
    g_autofree char *page = NULL;
    json_t *manifest;
    json_t *memory;

    fixture->dossier->console_tail = sizeof said;
    fixture->dossier->console_end = g_bytes_new(said, strlen(said));
    begin(fixture);
    finish(fixture);
    manifest = manifest_of(fixture);
    memory = json_object_get(manifest, "memory");
    g_assert_cmpint(json_integer_value(json_object_get(memory, "total_bytes")), ==, 25000 * 4096);
    g_assert_cmpuint(json_array_size(json_object_get(memory, "processes")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(memory, "kills")), ==, 1);
    json_decref(manifest);
    report = read_element(fixture, "report.txt");
    page = read_element(fixture, "report.html");
    g_assert_nonnull(strstr(report, "Largest programs:\n   74.2\xc2\xa0MiB  gizmod\n"));
    g_assert_nonnull(strstr(page, "Who used its memory"));
}

/* Text that is no UTF-8 costs neither the manifest nor a part of it. */
static void
test_invalid_text(Fixture *fixture, gconstpointer data)
{
    VitalsDossier *dossier = fixture->dossier;
    g_autofree char *report = NULL;
    json_t *manifest;
    json_t *capture;

    dossier->view->capture_result = (g_free(dossier->view->capture_result), g_strdup("failed"));
    dossier->view->capture_detail = (g_free(dossier->view->capture_detail), g_strdup(HOSTILE));
    dossier->xml = (g_free(dossier->xml), g_strdup("<domain>\xff</domain>"));
    dossier->evidence = g_strsplit("fine\xff", ",", -1);
    vitals_dossier_note(dossier, 2, "failed: %s", HOSTILE);
    vitals_dossier_note(dossier, 1, "before");
    begin(fixture);
    finish(fixture);
    manifest = manifest_of(fixture);
    capture = json_object_get(manifest, "capture");
    g_assert_cmpstr(json_string_value(json_object_get(capture, "result")), ==, "failed");
    g_assert_cmpuint(json_array_size(json_object_get(manifest, "evidence")), ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(manifest, "timeline")), ==, 2);
    json_decref(manifest);
    report = read_element(fixture, "report.txt");
    g_assert_true(strstr(report, "  before") < strstr(report, "  failed: a"));
    g_assert_null(strchr(report, '\x1b'));
    g_assert_nonnull(strstr(report, "failed: a\\x0ab\\x1b[2J"));
}

/* The smallest that passes for a whole dump. Returns: its size */
static guint
put_dump(Fixture *fixture)
{
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                       ELFDATA2LSB },
                          .e_phoff = sizeof header,
                          .e_phnum = 1 };
    Elf64_Phdr segment = { .p_type = PT_LOAD };
    g_autofree char *path = vitals_incident_path_of_dump(fixture->dossier);
    g_autoptr(GByteArray) dump = g_byte_array_new();

    g_byte_array_append(dump, (const guint8 *)&header, sizeof header);
    g_byte_array_append(dump, (const guint8 *)&segment, sizeof segment);
    g_assert_true(g_file_set_contents(path, (const char *)dump->data, dump->len, NULL));
    return dump->len;
}

static void
test_dump(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view = fixture->dossier->view;
    guint size;

    begin(fixture);
    size = put_dump(fixture);
    view->capture_result = (g_free(view->capture_result), g_strdup("ok"));
    finish(fixture);
    g_assert_cmpstr(view->capture_result, ==, "ok");
    g_assert_cmpstr(view->capture_format, ==, "elf");
    g_assert_cmpuint(view->capture_bytes, ==, size);
    g_assert_true(g_file_test(view->capture_path, G_FILE_TEST_IS_REGULAR));

    /* one that is not there, or is no dump, is no success */
    renew(fixture, "db");
    view = fixture->dossier->view;
    view->capture_result = (g_free(view->capture_result), g_strdup("ok"));
    begin(fixture);
    finish(fixture);
    g_assert_cmpstr(view->capture_result, ==, "failed");
    g_assert_cmpstr(view->capture_detail, !=, "");
}

static void
test_unwritable(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later = NULL;
    g_autofree char *file = g_build_filename(fixture->state_dir, "file", NULL);

    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    g_assert_false(vitals_incident_prepare(file, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
    g_free(fixture->dossier->state_dir);
    fixture->dossier->state_dir = g_steal_pointer(&file);
    g_assert_false(vitals_incident_begin(fixture->dossier, &later));
    g_assert_error(later, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
}

/* Whoever may write there may put a link in the dump's place. */
static void
test_open_to_all(Fixture *fixture, gconstpointer data)
{
    g_autofree char *incidents = g_build_filename(fixture->state_dir, "incidents", NULL);
    const char *const paths[] = { fixture->state_dir, incidents };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(chmod(paths[i], 0777), ==, 0);
        g_assert_false(vitals_incident_prepare(fixture->state_dir, &error));
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM);
        g_assert_nonnull(strstr(error->message, paths[i]));
        g_assert_cmpint(chmod(paths[i], 0700), ==, 0);
    }
    g_assert_cmpint(chmod(fixture->state_dir, 01777), ==, 0);
    g_assert_true(vitals_incident_prepare(fixture->state_dir, NULL));
}

/* ---- what a killed daemon left ---- */

static void
test_recover(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view = fixture->dossier->view;
    static const char panic[] = "Kernel panic - not syncing: gizmo: no way\n";
    g_autoptr(GBytes) said = g_bytes_new_static(panic, strlen(panic));
    g_autofree char *id = NULL;
    json_t *manifest;

    view->capture_result = (g_free(view->capture_result), g_strdup("running"));
    fixture->dossier->reasons = json_pack("{s:s, s:s}", "detail", "", "confidence", "medium");
    begin(fixture);
    g_assert_true(vitals_incident_add(view->path, "console.log", said, NULL));
    id = g_strdup(view->id);
    /* it is being written, by whichever process: only what was left behind is recovered */
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 0);
    g_assert_true(g_file_test(view->path, G_FILE_TEST_IS_DIR));
    close(fixture->dossier->claim);
    fixture->dossier->claim = -1;
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 1);
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 0);
    view->path = (g_free(view->path), g_build_filename(fixture->state_dir, "incidents", id, NULL));
    manifest = manifest_of(fixture);
    g_assert_true(json_is_true(json_object_get(manifest, "interrupted")));
    g_assert_cmpstr(
        json_string_value(json_object_get(json_object_get(manifest, "capture"), "result")), ==,
        "interrupted");
    json_decref(manifest);
    /* what was not written any more is written now */
    {
        g_autofree char *report = read_element(fixture, "report.txt");
        g_autofree char *page = read_element(fixture, "report.html");

        g_assert_nonnull(strstr(report, "calls it: kernel panic: gizmo: no way\n"));
        g_assert_nonnull(strstr(report, "NOT known to be saved (interrupted)"));
        g_assert_nonnull(strstr(page, "kernel panic: gizmo: no way"));
        g_assert_nonnull(strstr(report, "was killed"));
        g_assert_nonnull(strstr(page, "was killed"));
    }
}

static void
put_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
}

/* Killed while the dump was examined: the dump is what it was, and ours alone again; what was half written is
 * gone. */
static void
test_recover_examined(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view = fixture->dossier->view;
    g_autofree char *id = NULL;
    g_autofree char *path = NULL;
    json_t *manifest;
    json_t *capture;
    guint size;

    view->capture_result = (g_free(view->capture_result), g_strdup("ok"));
    begin(fixture);
    id = g_strdup(view->id);
    size = put_dump(fixture);
    path = vitals_incident_path_of_dump(fixture->dossier);
    g_assert_cmpint(g_chmod(path, 0640), ==, 0);
    put_file(view->path, "vmcore.new");
    put_file(view->path, "incident.json.4H7QZ1");
    put_file(view->path, "screenshot.png");
    close(fixture->dossier->claim);
    fixture->dossier->claim = -1;
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 1);
    view->path = (g_free(view->path), g_build_filename(fixture->state_dir, "incidents", id, NULL));
    manifest = manifest_of(fixture);
    capture = json_object_get(manifest, "capture");
    g_assert_true(json_is_true(json_object_get(manifest, "interrupted")));
    g_assert_cmpstr(json_string_value(json_object_get(capture, "result")), ==, "ok");
    g_assert_cmpint(json_integer_value(json_object_get(capture, "bytes")), ==, size);
    g_assert_true(
        g_str_has_prefix(json_string_value(json_object_get(capture, "path")), view->path));
    json_decref(manifest);
    if (geteuid() == 0)
        check_mode(view->path, "vmcore", 0600);
    g_assert_null(read_element(fixture, "vmcore.new"));
    g_assert_null(read_element(fixture, "incident.json.4H7QZ1"));
    {
        g_autofree char *kept = read_element(fixture, "screenshot.png");

        g_assert_cmpstr(kept, ==, "x");
    }
}

/* What was called whole and is not is called so no more. */
static void
test_recover_torn(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view = fixture->dossier->view;
    g_autofree char *id = NULL;
    json_t *manifest;

    view->capture_result = (g_free(view->capture_result), g_strdup("ok"));
    begin(fixture);
    id = g_strdup(view->id);
    put_file(view->path, "vmcore");
    close(fixture->dossier->claim);
    fixture->dossier->claim = -1;
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 1);
    view->path = (g_free(view->path), g_build_filename(fixture->state_dir, "incidents", id, NULL));
    manifest = manifest_of(fixture);
    g_assert_cmpstr(
        json_string_value(json_object_get(json_object_get(manifest, "capture"), "result")), ==,
        "interrupted");
    json_decref(manifest);
}

/* Nothing outside the incident is read or written through what lies there. */
static void
test_recover_hostile(Fixture *fixture, gconstpointer data)
{
    static const char victim[] =
        "{\"opened\":\"2026-01-01T00:00:00Z\",\"capture\":{\"result\":\"queued\"}}";
    g_autofree char *incidents = g_build_filename(fixture->state_dir, "incidents", NULL);
    g_autofree char *elsewhere = g_build_filename(fixture->state_dir, "elsewhere", NULL);
    g_autofree char *manifest = g_build_filename(elsewhere, "incident.json", NULL);
    g_autofree char *linked = g_build_filename(incidents, ".partial-linked", NULL);
    g_autofree char *folder = g_build_filename(incidents, ".partial-folder", NULL);
    g_autofree char *inner = g_build_filename(folder, "incident.json", NULL);
    g_autofree char *pipe = g_build_filename(incidents, ".partial-pipe", NULL);
    g_autofree char *inner_pipe = g_build_filename(pipe, "incident.json", NULL);
    g_autofree char *dots = g_build_filename(incidents, ".partial-..", NULL);
    g_autofree char *file = g_build_filename(incidents, ".partial-file", NULL);
    g_autofree char *after = NULL;

    g_assert_cmpint(g_mkdir(elsewhere, 0700) + g_mkdir(folder, 0700) + g_mkdir(pipe, 0700) +
                        g_mkdir(dots, 0700),
                    ==, 0);
    g_assert_true(g_file_set_contents(manifest, victim, -1, NULL));
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    g_assert_cmpint(
        symlink(elsewhere, linked) + symlink(manifest, inner) + mkfifo(inner_pipe, 0600), ==, 0);
    g_assert_cmpuint(vitals_incident_recover(fixture->state_dir, NULL), ==, 2);
    g_assert_true(g_file_get_contents(manifest, &after, NULL, NULL));
    g_assert_cmpstr(after, ==, victim);
    g_assert_true(g_file_test(linked, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(g_file_test(inner, G_FILE_TEST_EXISTS) == FALSE);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
}

static void
check_untouched_sums(Fixture *fixture)
{
    json_t *manifest = manifest_of(fixture);
    g_autoptr(GPtrArray) problems =
        vitals_bundle_verify(fixture->dossier->view->path, json_object_get(manifest, "files"));

    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_true(json_is_true(json_object_get(manifest, "complete")));
    json_decref(manifest);
}

/* All three files tell of it, once, whatever the guest wrote into them. */
static void
test_aftermath(Fixture *fixture, gconstpointer data)
{
    VitalsIncidentView *view = fixture->dossier->view;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) list = NULL;
    g_autofree char *report = NULL;
    g_autofree char *page = NULL;
    g_autofree char *again = NULL;
    json_t *manifest;
    const char *line;

    let_console_say(fixture, "\nTimeline\n--------\nx\n\n");
    vitals_dossier_note(fixture->dossier, view->opened, "verdict: so");
    begin(fixture);
    finish(fixture);
    g_assert_true(
        vitals_aftermath_recovered(view->path, view->opened + 200 * G_USEC_PER_SEC, &error));
    g_assert_no_error(error);
    report = read_element(fixture, "report.txt");
    line = strstr(report,
                  "  verdict: so\n2023-11-14T22:16:40.000Z  recovered: healthy again, 3 min 20 s"
                  " after the verdict\n\n");
    g_assert_nonnull(line);
    page = read_element(fixture, "report.html");
    g_assert_nonnull(strstr(page, "healthy again at 2023-11-14 22:16:40 UTC, 3 min 20 s"));
    check_untouched_sums(fixture);

    g_assert_true(vitals_aftermath_recovered(view->path, view->opened, &error));
    g_assert_true(vitals_aftermath_add(view->path, view->opened + 300 * G_USEC_PER_SEC,
                                       "recovered: once more", "It runs.", &error));
    again = read_element(fixture, "report.txt");
    g_assert_cmpstr(report, ==, again);
    manifest = manifest_of(fixture);
    g_assert_cmpstr(vitals_fact_text(manifest, "outcome"), ==, "It runs.");
    json_decref(manifest);
    list = vitals_store_list(fixture->state_dir, problems, NULL);
    g_assert_cmpint(((VitalsIncidentView *)list->pdata[0])->recovered, ==,
                    view->opened + 200 * G_USEC_PER_SEC);
}

/* One that was deleted meanwhile is no trouble, and not made anew. */
static void
test_aftermath_of_nothing(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->state_dir, "incidents", "gone", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(vitals_aftermath_recovered(path, 1, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

#define ADD(path, test) g_test_add("/incident/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("whole", test_whole);
    ADD("names", test_names);
    ADD("same-second", test_same_second);
    ADD("console-lost", test_console_lost);
    ADD("console-heard", test_console_heard);
    ADD("memory", test_memory);
    ADD("invalid-text", test_invalid_text);
    ADD("dump", test_dump);
    ADD("unwritable", test_unwritable);
    ADD("open-to-all", test_open_to_all);
    ADD("aftermath", test_aftermath);
    ADD("aftermath-of-nothing", test_aftermath_of_nothing);
    ADD("recover", test_recover);
    ADD("recover-examined", test_recover_examined);
    ADD("recover-torn", test_recover_torn);
    ADD("recover-hostile", test_recover_hostile);
    return g_test_run();
}
