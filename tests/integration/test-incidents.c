/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"
#include "monitor/bundle.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the store ---- */

/* A guest that dies again and again, dumped each time. */
static FakeGuest *
die_again(Scene *scene, FakeGuest *guest, guint incidents)
{
    if (guest) {
        fake_renew(scene->fake, guest);
        fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
        scene_run(1.1); /* names of incidents go by the second */
    } else {
        guest = fake_add(scene->fake, "loop");
        scene_set(scene->settings, "Capture.CaptureCooldown", "0");
        scene_set(scene->settings, "Policy.CrashLoopWindow", "0");
        scene_start(scene);
        scene_until(scene_is(scene, "loop", "healthy"), 8);
    }
    fake_panic(scene->fake, guest);
    scene_until(scene_n_incidents(scene) == incidents, 4);
    return guest;
}

static void
test_files_are_listed(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    g_autofree char *text = NULL;
    g_autoptr(json_t) manifest = NULL;
    g_autoptr(GPtrArray) problems = NULL;
    const json_t *files;

    die_again(scene, NULL, 1);
    incident = scene_incident(scene, 4);
    text = scene_file(incident, "incident.json");
    manifest = json_loads(text, 0, NULL);
    files = json_object_get(manifest, "files");
    g_assert_cmpuint(json_array_size(files), >=, 4);
    problems = vitals_bundle_verify(scene_member(incident, "path"), files);
    g_assert_cmpuint(problems->len, ==, 0);
}

static void
test_pruned(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autoptr(json_t) incidents = NULL;

    scene_set(scene->settings, "Store.MaxIncidents", "1");
    guest = die_again(scene, NULL, 1);
    {
        g_autoptr(json_t) incident = scene_incident(scene, 4);

        first = g_strdup(scene_member(incident, "path"));
    }
    fake_renew(scene->fake, guest);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_run(1.1);
    fake_panic(scene->fake, guest);
    /* the new one stays, the old one goes from the disk and from the list */
    scene_until(!g_file_test(first, G_FILE_TEST_EXISTS), 5);
    scene_until(scene_n_incidents(scene) == 1, 3);
    incidents = scene_incidents(scene);
    second = g_strdup(scene_member(json_array_get(incidents, 0), "path"));
    g_assert_cmpstr(first, !=, second);
    g_assert_true(g_file_test(second, G_FILE_TEST_IS_DIR));
}

/* What became of the guest is added to the incident that was closed before. */
static void
test_recovery(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = die_again(scene, NULL, 1);
    g_autoptr(json_t) incident = scene_incident(scene, 4);
    g_autofree char *before = scene_file(incident, "incident.json");
    g_autofree char *manifest = NULL;
    g_autofree char *report = NULL;

    g_assert_null(strstr(before, "recovered"));
    fake_renew(scene->fake, guest);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_until(scene_is(scene, "loop", "healthy"), 8);
    scene_until((g_free(manifest), manifest = scene_file(incident, "incident.json"),
                 strstr(manifest, "\"recovered\": \"")),
                4);
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "  recovered: healthy again, "));
    g_assert_nonnull(strstr(report, "  last sign of life of layer kernel\n"));
}

/* A guest that dies with a device of the host's in it: what lint had to say of that stands with the cause. */
static void
test_passthrough(Scene *scene, gconstpointer data)
{
    static const char definition[] =
        "<domain type='kvm'><name>loop</name><uuid>%s</uuid><memory unit='KiB'>65536</memory>"
        "<vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>"
        "<on_crash>preserve</on_crash><devices><hostdev mode='subsystem' type='pci'>"
        "<driver name='kvm'/><source><address domain='0x0000' bus='0x02' slot='0x00' "
        "function='0x0'/>"
        "</source></hostdev><panic model='isa'/>"
        "<memballoon model='virtio'><stats period='2'/></memballoon></devices></domain>";
    FakeGuest *guest = fake_add(scene->fake, "loop");
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;
    g_autofree char *page = NULL;
    const char *risk;

    guest->xml = g_strdup_printf(definition, guest->uuid);
    scene_start(scene);
    scene_until(scene_is(scene, "loop", "healthy"), 8);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 6);
    report = scene_file(incident, "report.txt");
    page = scene_file(incident, "report.html");
    risk = strstr(report, "known risk: PCI016 ");
    g_assert_true(risk && risk < strstr(report, "\nTimeline\n"));
    risk = strstr(page, "known risk: PCI016 ");
    g_assert_true(risk && risk < strstr(page, "Timeline"));
    g_assert_nonnull(strstr(report, "\n+++ b/domain.xml\n"));
}

/* Every line of that list of the manifest is in both reports. */
static void
check_told(const json_t *lines, const char *report, const char *page)
{
    size_t index;
    json_t *line;

    json_array_foreach((json_t *)lines, index, line)
    {
        const char *text =
            json_is_object(line) ? scene_member(line, "text") : json_string_value(line);
        g_autofree char *escaped = g_markup_escape_text(text, -1);

        if (!strstr(report, text) || !strstr(page, escaped))
            g_error("only one report, or none, tells '%s'", text);
    }
}

/* What programs read is what people read, twice. */
static void
test_reports_agree(Scene *scene, gconstpointer data)
{
    static const char *const lists[] = { "evidence", "against",     "timeline",       "missing",
                                         "lint",     "log_reports", "console_reports" };
    static const char *const texts[] = { "cause", "meaning", "remedy", "detail", "confidence_why" };
    g_autoptr(json_t) incident = NULL;
    g_autoptr(json_t) manifest = NULL;
    g_autofree char *text = NULL;
    g_autofree char *report = NULL;
    g_autofree char *page = NULL;

    die_again(scene, NULL, 1);
    incident = scene_incident(scene, 4);
    text = scene_file(incident, "incident.json");
    report = scene_file(incident, "report.txt");
    page = scene_file(incident, "report.html");
    manifest = json_loads(text, 0, NULL);
    g_assert_cmpuint(json_array_size(json_object_get(manifest, "timeline")), >, 3);
    g_assert_nonnull(strstr(report, "\n- memory: "));
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        check_told(json_object_get(manifest, lists[i]), report, page);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        json_t *one = json_pack("[O]", json_object_get(manifest, texts[i]));

        check_told(one, report, page);
        json_decref(one);
    }
}

/* ---- the evidence around it ---- */

/* The line of the manifest about that file; %NULL if there is none. */
static json_t *
piece_of(const json_t *incident, const char *file, json_t **ret_manifest)
{
    g_autofree char *text = scene_file(incident, "incident.json");
    json_t *manifest = json_loads(text, 0, NULL);
    size_t index;
    json_t *piece;

    *ret_manifest = manifest;
    json_array_foreach(json_object_get(manifest, "pieces"), index, piece)
    {
        if (g_str_equal(scene_member(piece, "file"), file))
            return piece;
    }
    return NULL;
}

static void
test_pieces(Scene *scene, gconstpointer data)
{
    static const char *const files[] = { "screenshot.png", "domain-inactive.xml", "host.txt",
                                         "libvirt-messages.txt" };
    FakeGuest *guest = die_again(scene, NULL, 1);
    g_autoptr(json_t) incident = scene_incident(scene, 4);
    g_autoptr(json_t) manifest = NULL;
    g_autofree char *messages = scene_file(incident, "libvirt-messages.txt");
    g_autofree char *report = scene_file(incident, "report.txt");

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = scene_file(incident, files[i]);

        if (!text)
            g_error("there is no %s", files[i]);
    }
    g_assert_cmpstr(messages, ==, "tainted: custom-monitor\\x1b[2J\n");
    /* what is not allowed is not asked, and said */
    g_assert_nonnull(strstr(scene_member(piece_of(incident, "registers.txt", &manifest), "reason"),
                            "DeepProbe"));
    g_assert_nonnull(strstr(report, "registers.txt: registers: "));
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_SCREENSHOT), ==, 1);
}

/* The command is run once the incident is whole, and what came of it is noted. */
static void
test_hook(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    g_autofree char *path = NULL;
    g_autofree char *note = NULL;
    g_autoptr(json_t) manifest = NULL;

    scene_set(scene->settings, "Store.ExecOnIncident", "cat");
    die_again(scene, NULL, 1);
    incident = scene_incident(scene, 4);
    path = g_build_filename(scene_member(incident, "path"), "exec.txt", NULL);
    scene_until(g_file_test(path, G_FILE_TEST_EXISTS), 4);
    note = scene_file(incident, "exec.txt");
    g_assert_true(g_str_has_prefix(note, "done in "));
    manifest = json_loads(strchr(note, '{'), 0, NULL);
    g_assert_true(json_is_true(json_object_get(manifest, "complete")));
    g_assert_cmpstr(scene_member(manifest, "id"), ==, scene_member(incident, "id"));
}

/* What a killed daemon left is told of too, once the next one has finished it. */
static void
test_hook_at_start(Scene *scene, gconstpointer data)
{
    g_autofree char *incidents = g_build_filename(scene->state_dir, "incidents", NULL);
    g_autofree char *left = g_build_filename(incidents, ".partial-20260101T000000Z-x-y", NULL);
    g_autofree char *manifest = g_build_filename(left, "incident.json", NULL);
    g_autofree char *note = g_build_filename(incidents, "20260101T000000Z-x-y", "exec.txt", NULL);
    g_autofree char *text = NULL;

    g_mkdir_with_parents(left, 0700);
    g_assert_true(g_file_set_contents(
        manifest, "{\"complete\": false, \"domain\": \"x\", \"opened\": \"2026-01-01T00:00:00Z\"}",
        -1, NULL));
    scene_set(scene->settings, "Store.ExecOnIncident", "cat");
    scene_start(scene);
    scene_until(g_file_test(note, G_FILE_TEST_EXISTS), 4);
    g_assert_true(g_file_get_contents(note, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"interrupted\": true"));
}

/* A screen that cannot be had holds up neither the dump nor the incident. */
static void
test_screenshot_hangs(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "stuck");
    g_autoptr(json_t) incident = NULL;
    g_autoptr(json_t) manifest = NULL;
    gint64 began;

    scene_start(scene);
    scene_until(scene_is(scene, "stuck", "healthy"), 8);
    fake_fault(scene->fake, guest, FAKE_SCREENSHOT, (FakeFault){ .hang = TRUE });
    began = g_get_monotonic_time();
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 3);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 2 * G_USEC_PER_SEC);
    incident = scene_incident(scene, 6);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_nonnull(strstr(scene_member(piece_of(incident, "screenshot.png", &manifest), "reason"),
                            "no answer within"));
    fake_release(scene->fake, NULL);
    scene_run(0.3);
    /* what comes late is not slipped into a finished incident */
    {
        g_autofree char *late = scene_file(incident, "screenshot.png");

        g_assert_null(late);
    }
}

/* ---- finishing ---- */

/* The directory of the only incident that is being written. Returns: (transfer full) */
static char *
path_under_way(Scene *scene)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    const json_t *incident = json_array_get(incidents, 0);

    g_assert_cmpuint(json_array_size(incidents), ==, 1);
    g_assert_nonnull(strstr(scene_member(incident, "path"), ".partial-"));
    return g_strdup(scene_member(incident, "path"));
}

/* Something that takes its time to be summed, and no room. */
static void
put_ballast(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "ballast", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, (off_t)768 * 1024 * 1024), ==, 0);
    close(fd);
}

/* The sums of a large dump hold up nobody's dump. */
static void
test_slow_finish(Scene *scene, gconstpointer data)
{
    FakeGuest *large = fake_add(scene->fake, "large");
    FakeGuest *web = fake_add(scene->fake, "web");
    g_autofree char *path = NULL;

    scene_start(scene);
    scene_until(scene_is(scene, "large", "healthy") && scene_is(scene, "web", "healthy"), 8);
    fake_fault(scene->fake, large, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    fake_panic(scene->fake, large);
    scene_until(fake_calls(scene->fake, large, FAKE_DUMP) == 1, 4);
    path = path_under_way(scene);
    put_ballast(path);
    fake_release(scene->fake, large);
    scene_run(0.3); /* its turn to be finished has come */

    fake_panic(scene->fake, web);
    scene_until(fake_calls(scene->fake, web, FAKE_DUMP) == 1, 4);
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR)); /* not finished yet */
    scene_until(!g_file_test(path, G_FILE_TEST_EXISTS), 60);
}

#define ADD(path, test) \
    g_test_add("/incidents/" path, Scene, NULL, scene_set_up, test, scene_tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("files-are-listed", test_files_are_listed);
    ADD("pruned", test_pruned);
    ADD("recovery", test_recovery);
    ADD("reports-agree", test_reports_agree);
    ADD("passthrough", test_passthrough);
    ADD("pieces", test_pieces);
    ADD("hook", test_hook);
    ADD("hook-at-start", test_hook_at_start);
    ADD("screenshot-hangs", test_screenshot_hangs);
    ADD("slow-finish", test_slow_finish);
    return g_test_run();
}
