/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/html.h"
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/postmortem.h"
#include "monitor/reasons.h"

#include "probes/facts.h"
#include "probes/probe.h"
#include "tests/unit/program.h"

#include <libxml/parser.h>
#include <string.h>

/* What a guest would like to have in the page. */
#define EVIL "<script>alert(1)</script>\"'&\x1b[2J\xff\xe2\x80\xae]]>"

typedef struct {
    char *directory;
    GPtrArray *samples;
} Fixture;

static void
put(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);

    test_write_file(path, text, strlen(text));
}

/* Half a minute of a guest that dies in the middle. */
static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("test-postmortem-XXXXXX", NULL);
    fixture->samples = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    for (guint i = 0; i < 30; i++) {
        gint64 at = (gint64)(i + 1) * G_USEC_PER_SEC;
        VitalsSample *sample = vitals_sample_new(at, 1700000000 * (gint64)G_USEC_PER_SEC + at);

        sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
        sample->vcpus = 2;
        sample->vcpu_ns = g_new0(guint64, 2);
        sample->vcpu_ns[1] = (guint64)i * 500000000;
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        sample->last_update = 1700000000 + MIN(i, 15);
        sample->has_counters = TRUE;
        sample->available = 100 << 20;
        sample->usable = (guint64)(100 - i) << 20;
        if (i % 15 == 0) {
            sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_AVAILABLE;
            sample->requests = i * 10;
        }
        g_ptr_array_add(fixture->samples, sample);
    }
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->directory);
    g_ptr_array_unref(fixture->samples);
    g_free(fixture->directory);
}

static json_t *
manifest_of(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_t *any = json_string(valid);

    return json_pack(
        "{s:O, s:s, s:O, s:O, s:O, s:O, s:s, s:s, s:O, s:O, s:[O], s:[O], s:[{s:s, s:O}], s:[O], "
        "s:[O], s:[{s:O, s:b, s:f, s:[{s:O, s:f}]}], s:{s:s, s:O, s:I}, s:{s:O, s:[{s:O, s:O}]}, "
        "s:[{s:O, s:I, s:O}], s:o}",
        "domain", any, "health", "unresponsive", "uuid", any, "cause", any, "meaning", any,
        "remedy", any, "opened", "2023-11-14T22:13:50.000Z", "kernel_last_beat",
        "2023-11-14T22:13:36.000Z", "detail", any, "id", any, "evidence", any, "lint", any,
        "timeline", "time", "2023-11-14T22:13:50.000Z", "text", any, "missing", any,
        "console_reports", any, "layers", "layer", any, "up", 0, "age_seconds", 14.0, "sources",
        "source", any, "age_seconds", 14.0, "capture", "result", "failed", "detail", any, "bytes",
        (json_int_t)0, "triage", "panic", any, "tools", "name", any, "reason", any, "files", "name",
        any, "bytes", (json_int_t)5, "sha256", any, "lint_diff", any);
}

/* The page is well-formed, so that nothing got out of its element. */
static void
check_page(const char *page)
{
    g_autofree char *xml = NULL;
    const char *style = strstr(page, "<html");
    xmlDoc *document;

    g_assert_true(g_utf8_validate(page, -1, NULL));
    g_assert_nonnull(style);
    xml = g_strdup(style);
    document = xmlReadMemory(xml, (int)strlen(xml), "page", NULL, XML_PARSE_NONET);
    g_assert_nonnull(document);
    xmlFreeDoc(document);
    g_assert_null(strstr(page, "<script"));
    g_assert_null(strstr(page, "\x1b"));
    g_assert_null(strstr(page, "\xe2\x80\xae"));
    g_assert_nonnull(strstr(page, "default-src 'none'") ?: strstr(page, "default-src &apos;none"));
}

static void
test_hostile(Fixture *fixture, gconstpointer data)
{
    json_t *manifest = manifest_of(EVIL);
    g_autofree char *page = NULL;

    put(fixture, "console.log", EVIL);
    put(fixture, "backtrace.txt", EVIL);
    put(fixture, "host-hardware.log", EVIL);
    put(fixture, "libvirt-messages.txt", EVIL);
    put(fixture, "screenshot.png", EVIL);
    page = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    json_decref(manifest);
    check_page(page);
    g_assert_nonnull(strstr(page, "&lt;script&gt;"));
}

/* What died, since when, why, what now: before anything else. */
static void
test_first_screen(Fixture *fixture, gconstpointer data)
{
    json_t *manifest = manifest_of("words");
    g_autofree char *page = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    const char *end = strstr(page, "Timeline");
    static const char *const parts[] = {
        "stopped responding", "What happened", "2023-11-14 22:13:36 UTC", "14 s later", "Why",
        "What now",           "not saved"
    };

    json_decref(manifest);
    check_page(page);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *found = strstr(page, parts[i]);

        if (!found || found > end)
            g_error("'%s' does not come first", parts[i]);
    }
}

static void
test_picture(Fixture *fixture, gconstpointer data)
{
    json_t *manifest = manifest_of("words");
    g_autofree char *page = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    g_autofree char *bare = NULL;
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    g_assert_nonnull(strstr(page, "1 seconds at the beginning, 15 at the end"));
    g_assert_nonnull(strstr(page, "50 percent of one core"));
    g_assert_nonnull(strstr(page, "100.0\xc2\xa0MiB at the beginning, 71.0\xc2\xa0MiB at the end"));
    g_assert_nonnull(strstr(page, "requests done per second, 10 at the end"));
    bare = vitals_postmortem_page(fixture->directory, manifest, none);
    check_page(bare);
    g_assert_null(strstr(bare, "<svg"));
    json_decref(manifest);
}

/* The crash report stands on the page, and not what came after it. */
static void
test_report_quoted(Fixture *fixture, gconstpointer data)
{
    json_t *manifest = manifest_of("words");
    g_autoptr(GString) log = g_string_new("first line\nthe report\n");
    g_autofree char *page = NULL;
    g_autofree char *beyond = NULL;

    for (guint i = 0; i < 200; i++)
        g_string_append_printf(log, "later %u\n", i);
    put(fixture, "console.log", log->str);
    json_object_set_new(manifest, "console_line", json_integer(2));
    page = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    check_page(page);
    g_assert_nonnull(strstr(page, "the report"));
    g_assert_null(strstr(page, "first line"));
    g_assert_null(strstr(page, "later 199"));
    json_object_set_new(manifest, "console_line", json_integer(99999));
    beyond = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    g_assert_nonnull(strstr(beyond, "later 199"));
    json_decref(manifest);
}

static json_t *
memory_of(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return json_pack(
        "{s:s, s:I, s:I, s:[{s:s, s:s, s:I}], s:[{s:s, s:i, s:I}], s:[{s:s, s:i, s:I}]}", "told",
        valid, "total_bytes", (json_int_t)200 << 20, "free_bytes", (json_int_t)10 << 20, "kinds",
        "kind", valid, "words", valid, "bytes", (json_int_t)150 << 20, "processes", "name", valid,
        "count", 3, "bytes", (json_int_t)100 << 20, "killed", "name", valid, "count", 1, "bytes",
        (json_int_t)2 << 20);
}

static void
test_memory(Fixture *fixture, gconstpointer data)
{
    json_t *manifest = manifest_of("words");
    g_autofree char *page = NULL;
    g_autofree char *evil = NULL;

    json_object_set_new(manifest, "memory", memory_of("gizmod"));
    page = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    check_page(page);
    g_assert_nonnull(strstr(page, "Who used its memory"));
    g_assert_nonnull(strstr(page, "200.0\xc2\xa0MiB that its kernel had"));
    g_assert_nonnull(strstr(page, ">75 %<"));
    g_assert_nonnull(strstr(page, "gizmod (3 of that name)"));
    json_object_set_new(manifest, "memory", memory_of(EVIL));
    evil = vitals_postmortem_page(fixture->directory, manifest, fixture->samples);
    check_page(evil);
    json_decref(manifest);
}

/* A manifest may hold anything, or nothing. */
static void
test_odd_manifests(Fixture *fixture, gconstpointer data)
{
    static const char *const texts[] = {
        "{}",
        "{\"timeline\":{},\"layers\":[1,null,\"x\"],\"evidence\":[[]],\"capture\":[],\"files\":7}",
        "{\"domain\":7,\"opened\":\"x\",\"timeline\":[{\"time\":3}],\"triage\":{\"tools\":{}}}",
        "{\"memory\":{\"total_bytes\":-1,\"kinds\":{},\"processes\":[7,{\"count\":\"x\"}]}}",
        "{\"memory\":[]}",
        "{\"triage\":{\"backtrace_path\":\"../../../../etc/passwd\"},\"capture\":{\"bytes\":-5}}",
    };

    put(fixture, "console.log", "");
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        json_t *manifest = json_loads(texts[i], 0, NULL);
        g_autofree char *page =
            vitals_postmortem_page(fixture->directory, manifest, fixture->samples);

        check_page(page);
        g_assert_null(strstr(page, "root:"));
        json_decref(manifest);
    }
}

static void
test_spans(void)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = { { 0.04, "0.0 s" },      { 9.9, "9.9 s" },      { 61, "61 s" },
                 { 200, "3 min 20 s" },  { 7500, "2 h 5 min" }, { 10800, "3 h 0 min" },
                 { 4338000, "50 d 5 h" } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = vitals_fact_span(rows[i].seconds);

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

/* ---- how sure the verdict is ---- */

static void
test_confidence(void)
{
    static const struct {
        const char *cause;
        const char *confidence;
    } rows[] = { { "guest-panicked", "certain" },
                 { "qemu-stopped", "certain" },
                 { "kernel-panic", "high" }, /* by its console alone */
                 { "kernel-spinning", "medium" },
                 { "requested", "certain" } };
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest = vitals_guest_new(settings, "uuid", "name", 1, FALSE);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_t *json = vitals_reasons(guest, vitals_cause_find(rows[i].cause), 1);

        g_assert_cmpstr(vitals_fact_text(json, "confidence"), ==, rows[i].confidence);
        g_assert_cmpuint(json_array_size(json_object_get(json, "layers")), ==, 4);
        json_decref(json);
    }
}

/* A kernel that is locked up still prints; of one that only ever printed that is all there is. */
static void
test_last_beat(void)
{
    VitalsSigns *signs = g_new0(VitalsSigns, 1);
    VitalsSource *console = &signs->sources[vitals_probe_index("console")];
    VitalsSource *balloon = &signs->sources[vitals_probe_index("balloon")];

    g_assert_cmpint(vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL), ==, 0);
    console->last_beat = 9;
    g_assert_cmpint(vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL), ==, 9);
    balloon->last_beat = 4;
    g_assert_cmpint(vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL), ==, 4);
    g_free(signs);
}

/* What else holds is named, but not what says the same with less in it. */
static void
test_alternatives(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest = vitals_guest_new(settings, "uuid", "name", 1, FALSE);
    VitalsSigns *signs = &guest->watch.signs;
    VitalsSource *balloon = &signs->sources[vitals_probe_index("balloon")];
    json_t *json;
    char *text;

    signs->state = VITALS_DOMAIN_RUNNING;
    signs->now = signs->state_at = G_USEC_PER_SEC;
    signs->watchdog_at = 1;
    *balloon = (VitalsSource){ .armed = TRUE, .period = 2, .deadline = 8, .run_at_answer = 9 };
    json = vitals_reasons(guest, vitals_cause_find("kernel-spinning"), 1);
    text = json_dumps(json_object_get(json, "alternatives"), JSON_COMPACT);
    g_assert_nonnull(strstr(text, "watchdog-expired"));
    g_assert_null(strstr(text, "kernel-silent"));
    free(text);
    json_decref(json);
}

#define ADD(path, test) g_test_add("/postmortem/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("hostile", test_hostile);
    ADD("first-screen", test_first_screen);
    ADD("picture", test_picture);
    ADD("memory", test_memory);
    ADD("report-quoted", test_report_quoted);
    ADD("odd-manifests", test_odd_manifests);
    g_test_add_func("/postmortem/spans", test_spans);
    g_test_add_func("/reasons/confidence", test_confidence);
    g_test_add_func("/reasons/alternatives", test_alternatives);
    g_test_add_func("/reasons/last-beat", test_last_beat);
    return g_test_run();
}
