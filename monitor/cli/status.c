/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/client.h"
#include "monitor/cli/verb.h"
#include "monitor/output/table.h"
#include "config/text.h"

#include <jansson.h>
#include <stdlib.h>

extern const VitalsVerb vitals_verb_status;

typedef struct {
    char *url;
    char *format;
    gboolean json;
} Choices;

static void
clear_choices(Choices *choices)
{
    g_free(choices->url);
    g_free(choices->format);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, clear_choices)

/* Health by how bad it is, the worst first: also the order of the table. */
static const struct {
    const char *name;
    VitalsColour colour;
    gboolean finding;
} healths[] = {
    { "crashed", VITALS_COLOUR_BAD, TRUE },      { "stuck", VITALS_COLOUR_BAD, TRUE },
    { "unresponsive", VITALS_COLOUR_BAD, TRUE }, { "degraded", VITALS_COLOUR_ODD, TRUE },
    { "unknown", VITALS_COLOUR_ODD, FALSE },     { "starting", VITALS_COLOUR_NONE, FALSE },
    { "paused", VITALS_COLOUR_NONE, FALSE },     { "healthy", VITALS_COLOUR_GOOD, FALSE },
};

static gboolean
parse_choices(int *argc, char ***argv, Choices *ret_choices)
{
    const GOptionEntry entries[] = {
        { "url", 0, 0, G_OPTION_ARG_STRING, &ret_choices->url,
          "where the monitor listens (default: " VITALS_CLIENT_DEFAULT_URL ")", "URL" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &ret_choices->format, "text or json", "FORMAT" },
        { NULL },
    };

    if (!vitals_verb_parse(
            &vitals_verb_status, entries,
            "DOMAIN is a name or a UUID; for those named, the evidence is shown.\n\n"
            "Exit status: 0 no guest is in trouble, 1 some guest is degraded,\n"
            "unresponsive, crashed or stuck, 2 usage or no such guest, 3 the monitor "
            "or\nits libvirt does not answer.",
            argc, argv))
        return FALSE;
    ret_choices->json = g_strcmp0(ret_choices->format, "json") == 0;
    if (!ret_choices->format || ret_choices->json || g_str_equal(ret_choices->format, "text"))
        return TRUE;
    g_printerr("virt-vitals: --format takes text or json; see 'virt-vitals status --help'\n");
    return FALSE;
}

static const char *
member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* What is not in the table is as odd as "unknown". */
static guint
rank(const json_t *guest)
{
    const char *health = member(guest, "health");
    guint unknown = 0;

    for (guint i = 0; i < G_N_ELEMENTS(healths); i++) {
        if (g_str_equal(healths[i].name, health))
            return i;
        if (g_str_equal(healths[i].name, "unknown"))
            unknown = i;
    }
    return unknown;
}

static int
worst_first(gconstpointer left, gconstpointer right)
{
    const json_t *a = *(const json_t *const *)left;
    const json_t *b = *(const json_t *const *)right;

    if (rank(a) != rank(b))
        return rank(a) < rank(b) ? -1 : 1;
    return g_strcmp0(member(a, "name"), member(b, "name"));
}

/* The day and second, in the time zone of whoever reads it. */
static char *
local_time(const char *stamp)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(stamp, NULL);
    g_autoptr(GDateTime) local = time ? g_date_time_to_local(time) : NULL;

    return local ? g_date_time_format(local, "%Y-%m-%d %H:%M:%S") : g_strdup("");
}

static char *
age_text(const json_t *age)
{
    double seconds = json_number_value(age);

    if (!json_is_number(age))
        return g_strdup("never");
    if (seconds < 100)
        return g_strdup_printf("%.1f s", seconds);
    return g_strdup_printf("%.0f min", seconds / 60);
}

static char *
time_left(const json_t *seconds)
{
    return json_is_number(seconds)
               ? g_strdup_printf(", about %.0f s left", json_number_value(seconds))
               : g_strdup("");
}

static void
add_capture(VitalsTable *table, const json_t *capture)
{
    gint64 done = json_integer_value(json_object_get(capture, "bytes"));
    gint64 total = json_integer_value(json_object_get(capture, "total"));
    g_autofree char *written = g_format_size(MAX(done, 0));
    g_autofree char *expected = g_format_size(MAX(total, 0));
    g_autofree char *left = time_left(json_object_get(capture, "seconds_left"));
    g_autofree char *note = NULL;

    if (!json_is_object(capture))
        return;
    if (total > 0)
        note = g_strdup_printf("capture %s: %s of %s (%.0f %%%s)", member(capture, "stage"),
                               written, expected, MIN(100.0, 100.0 * done / total), left);
    else
        note = g_strdup_printf("capture %s: %s", member(capture, "stage"), written);
    vitals_table_note(table, note);
}

static void
add_guest(VitalsTable *table, const json_t *guest, gboolean detailed)
{
    g_autofree char *since = local_time(member(guest, "since"));
    g_autofree char *age = age_text(json_object_get(guest, "sample_age_seconds"));
    const char *cells[] = { member(guest, "name"),
                            member(guest, "health"),
                            member(guest, "layer"),
                            member(guest, "cause"),
                            since,
                            age };
    const json_t *evidence = json_object_get(guest, "evidence");

    vitals_table_add(table, cells, healths[rank(guest)].colour);
    add_capture(table, json_object_get(guest, "capture"));
    for (gsize i = 0; detailed && i < json_array_size(evidence); i++)
        vitals_table_note(table, json_string_value(json_array_get(evidence, i)));
}

static void
print_table(const GPtrArray *guests, gboolean detailed)
{
    static const char *const headings[] = {
        "NAME", "HEALTH", "LAYER", "CAUSE", "SINCE", "AGE", NULL
    };
    g_autoptr(VitalsTable) table = vitals_table_new(headings);
    g_autofree char *text = NULL;

    for (guint i = 0; i < guests->len; i++)
        add_guest(table, g_ptr_array_index(guests, i), detailed);
    text = vitals_table_render(table, vitals_table_wants_colours());
    g_print("%s", text);
}

/* ASCII only: a terminal shows it too, and names may hold what reorders a line. */
static void
print_json(json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));

    g_print("%s\n", text ? text : "{}");
    free(text);
}

static gboolean
is_named(const json_t *guest, const char *domain)
{
    return g_str_equal(member(guest, "name"), domain) ||
           g_ascii_strcasecmp(member(guest, "uuid"), domain) == 0;
}

/* Leaves only the guests named in @domains, in the document itself. */
static gboolean
select_guests(json_t *document, char **domains)
{
    json_t *all = json_object_get(document, "guests");
    json_t *chosen = json_array();

    for (; *domains; domains++) {
        gsize before = json_array_size(chosen);

        for (gsize i = 0; i < json_array_size(all); i++) {
            if (is_named(json_array_get(all, i), *domains))
                json_array_append(chosen, json_array_get(all, i));
        }
        if (json_array_size(chosen) == before) {
            g_autofree char *shown = vitals_text_printable(*domains, -1);

            g_printerr("virt-vitals: the monitor watches no guest '%s'; 'virt-vitals status' lists "
                       "those it does\n",
                       shown);
            json_decref(chosen);
            return FALSE;
        }
    }
    json_object_set_new(document, "guests", chosen);
    return TRUE;
}

/* Asks the daemon. Returns: (nullable): its document, which has an array of guests */
static json_t *
ask(const char *url)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = vitals_client_get(url, "/api/v1/guests", &error);
    json_t *document;
    gsize size;
    const char *data;

    if (!body) {
        g_printerr("virt-vitals: %s\n", error->message);
        return NULL;
    }
    data = g_bytes_get_data(body, &size);
    document = data ? json_loadb(data, size, 0, NULL) : NULL;
    if (!json_is_array(json_object_get(document, "guests"))) {
        g_autofree char *shown = vitals_text_printable(url, -1);

        g_printerr("virt-vitals: %s does not answer as a virt-vitals monitor; say where it is with "
                   "--url\n",
                   shown);
        json_decref(document);
        return NULL;
    }
    return document;
}

static int
exit_status(const GPtrArray *guests, gboolean connected)
{
    for (guint i = 0; i < guests->len; i++) {
        if (healths[rank(g_ptr_array_index(guests, i))].finding)
            return VITALS_EXIT_FINDINGS;
    }
    return connected ? VITALS_EXIT_OK : VITALS_EXIT_UNDECIDED;
}

/* One line; who wants to know more asks lint. */
static void
print_host(const json_t *findings)
{
    size_t n = json_array_size(findings);

    if (n > 0)
        g_print("%zu finding%s about this host; 'virt-vitals lint --host' shows %s\n", n,
                n == 1 ? "" : "s", n == 1 ? "it" : "them");
}

static int
show(json_t *document, gboolean json, gboolean detailed)
{
    const json_t *array = json_object_get(document, "guests");
    gboolean connected = !json_is_false(json_object_get(document, "connected"));
    g_autoptr(GPtrArray) guests = g_ptr_array_new();

    for (gsize i = 0; i < json_array_size(array); i++)
        g_ptr_array_add(guests, json_array_get(array, i));
    g_ptr_array_sort(guests, worst_first);
    if (json)
        print_json(document);
    else
        print_table(guests, detailed);
    if (!json && !detailed)
        print_host(json_object_get(document, "host_findings"));
    if (!connected)
        g_printerr("virt-vitals: the monitor gets no answer from libvirt, so this may be old; look "
                   "at libvirtd and at the monitor's log\n");
    return exit_status(guests, connected);
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { NULL };
    json_t *document;
    int status = VITALS_EXIT_USAGE;

    if (!parse_choices(&argc, &argv, &choices))
        return VITALS_EXIT_USAGE;
    document = ask(choices.url ? choices.url : VITALS_CLIENT_DEFAULT_URL);
    if (!document)
        return VITALS_EXIT_UNDECIDED;
    if (argc < 2 || select_guests(document, argv + 1))
        status = show(document, choices.json, argc > 1);
    json_decref(document);
    return status;
}

const VitalsVerb vitals_verb_status = {
    .name = "status",
    .synopsis = "[DOMAIN…]",
    .summary = "show the health of the guests a running monitor watches",
    .run = run,
};
