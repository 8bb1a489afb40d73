/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/bundle.h"
#include "monitor/incident.h"
#include "monitor/retention.h"
#include "monitor/store.h"
#include "tests/unit/program.h"

#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * kill -9 at any moment: a child writes incidents one after the other, from the partial directory to the
 * name, with a dump and evidence in it, and is killed; what it leaves is what the next start finds.
 * VITALS_KILLS says how often; tests/bench/kill-anytime does it for long.
 */

#define KILLS 15

/* The longest that a child lives; one incident takes some milliseconds and more where the disk is slow. */
#define LIFE_US 120000

static guint
kills_wanted(void)
{
    const char *text = g_getenv("VITALS_KILLS");

    return text ? (guint)g_ascii_strtoull(text, NULL, 10) : KILLS;
}

/* ---- the child ---- */

static VitalsDossier *
new_dossier(const char *state_dir, guint number)
{
    VitalsDossier *dossier = vitals_dossier_new(state_dir);
    VitalsIncidentView *view = dossier->view;
    VitalsSample *sample = vitals_sample_new(G_USEC_PER_SEC, g_get_real_time());

    view->id = g_strdup("");
    view->path = g_strdup("");
    view->domain = g_strdup_printf("guest-%u", number % 3);
    view->uuid = g_strdup_printf("uuid-%u", number % 3);
    view->health = g_strdup("crashed");
    view->layer = g_strdup("kernel");
    view->cause = g_strdup("guest-panicked");
    view->title = g_strdup("A title");
    view->opened = g_get_real_time();
    view->capture_result = g_strdup("running");
    view->capture_format = g_strdup("elf");
    view->capture_detail = g_strdup("");
    view->capture_path = g_strdup("");
    dossier->meaning = dossier->remedy = "";
    dossier->xml = g_strdup("<domain/>");
    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    g_ptr_array_add(dossier->samples, sample);
    return dossier;
}

/* A dump that grows: half of it is what a kill in the middle leaves. */
static void
write_dump(const char *path)
{
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                       ELFDATA2LSB },
                          .e_phoff = sizeof header,
                          .e_phnum = 1 };
    Elf64_Phdr segment = { .p_type = PT_LOAD, .p_offset = 4096, .p_filesz = 64 * 1024 };
    g_autofree char *page = g_malloc0(4096);
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0);
    memcpy(page, &header, sizeof header);
    memcpy(page + sizeof header, &segment, sizeof segment);
    for (guint i = 0; i <= 16; i++) {
        g_assert_cmpuint(fwrite(page, 1, 4096, file), ==, 4096);
        memset(page, 'x', 4096);
    }
    fclose(file);
}

/* Tells a stage on the pipe: what was told is to be there afterwards. */
static void
tell(int pipe, const char *stage, const VitalsDossier *dossier)
{
    g_autofree char *line = g_strdup_printf("%s %s\n", stage, dossier->view->id);

    if (write(pipe, line, strlen(line)) < 0)
        _exit(1);
}

static void
write_one(const char *state_dir, guint number, int pipe)
{
    g_autoptr(VitalsDossier) dossier = new_dossier(state_dir, number);
    g_autoptr(GBytes) picture = g_bytes_new_static("picture", 7);
    g_autofree char *dump = NULL;

    if (!vitals_incident_begin(dossier, NULL))
        _exit(1);
    tell(pipe, "begun", dossier);
    vitals_incident_add(dossier->view->path, "screenshot.png", picture, NULL);
    dump = vitals_incident_path_of_dump(dossier);
    write_dump(dump);
    g_free(dossier->view->capture_result);
    dossier->view->capture_result = g_strdup("ok");
    if (!vitals_incident_finish(dossier, NULL))
        _exit(1);
    tell(pipe, "finished", dossier);
}

static void
live(const char *state_dir, int pipe, guint keep)
{
    VitalsRetention limits = { .max_incidents = keep };

    for (guint i = 0;; i++) {
        write_one(state_dir, i, pipe);
        if (keep) {
            g_autoptr(GPtrArray) gone = vitals_retention_apply(state_dir, &limits, FALSE, NULL);
        }
    }
}

/* ---- the next start ---- */

static void
check_complete(const char *path, const json_t *manifest)
{
    g_autoptr(GPtrArray) problems = vitals_bundle_verify(path, json_object_get(manifest, "files"));

    for (guint i = 0; i < problems->len; i++)
        g_error("%s: %s", path, (const char *)g_ptr_array_index(problems, i));
    g_assert_cmpstr(
        json_string_value(json_object_get(json_object_get(manifest, "capture"), "result")), ==,
        "ok");
}

/* Every incident is either whole, all its files as listed, or marked, and its dump not called whole. */
static void
check_incident(const VitalsIncidentView *view)
{
    g_autoptr(GError) error = NULL;
    json_t *manifest = vitals_store_read_manifest(view->path, &error);

    g_assert_no_error(error);
    g_assert_false(g_str_has_prefix(view->id, ".partial-"));
    if (json_is_true(json_object_get(manifest, "interrupted")))
        g_assert_cmpstr(view->capture_result, !=, "running");
    else
        g_assert_true(json_is_true(json_object_get(manifest, "complete")));
    if (!json_is_true(json_object_get(manifest, "interrupted")))
        check_complete(view->path, manifest);
    json_decref(manifest);
}

static void
check_told(const char *state_dir, const char *told)
{
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);

    for (char **line = lines; *line && line[1]; line++) {
        const char *id = strchr(*line, ' ') + 1;
        g_autofree char *path = g_build_filename(state_dir, "incidents", id, NULL);

        if (!g_file_test(path, G_FILE_TEST_IS_DIR))
            g_error("%s is lost", *line);
    }
}

static void
check_all(const char *state_dir)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) incidents = NULL;

    vitals_incident_recover(state_dir, NULL);
    incidents = vitals_store_list(state_dir, problems, NULL);
    for (guint i = 0; i < problems->len; i++)
        g_error("%s", (const char *)g_ptr_array_index(problems, i));
    for (guint i = 0; i < incidents->len; i++)
        check_incident(g_ptr_array_index(incidents, i));
}

static char *
read_all(int fd)
{
    GString *text = g_string_new(NULL);
    char piece[4096];
    gssize got;

    while ((got = read(fd, piece, sizeof piece)) > 0)
        g_string_append_len(text, piece, got);
    return g_string_free(text, FALSE);
}

/* One life. Returns: (transfer full): what the child told */
static char *
kill_once(const char *state_dir, guint keep)
{
    int pipes[2];
    char *told;
    pid_t child;

    g_assert_cmpint(pipe(pipes), ==, 0);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        close(pipes[0]);
        live(state_dir, pipes[1], keep);
    }
    close(pipes[1]);
    g_usleep((gulong)g_test_rand_int_range(0, LIFE_US));
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
    told = read_all(pipes[0]);
    close(pipes[0]);
    return told;
}

static void
test_kill(gconstpointer data)
{
    guint keep = GPOINTER_TO_UINT(data);
    g_autofree char *state_dir = g_dir_make_tmp("test-kill-XXXXXX", NULL);
    guint finished = 0;

    g_assert_true(vitals_incident_prepare(state_dir, NULL));
    for (guint i = 0; i < kills_wanted(); i++) {
        g_autofree char *told = kill_once(state_dir, keep);

        finished += strstr(told, "finished") != NULL;
        check_all(state_dir);
        if (!keep)
            check_told(state_dir, told);
    }
    g_test_message("%u of %u lives finished an incident", finished, kills_wanted());
    test_remove_tree(state_dir);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/kill/writing", GUINT_TO_POINTER(0), test_kill);
    g_test_add_data_func("/kill/pruning", GUINT_TO_POINTER(4), test_kill);
    return g_test_run();
}
