/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/definitions.h"
#include "config/text.h"

/* A definition that could not be read is read again after this time. */
#define DEFINE_AGAIN (2 * G_USEC_PER_SEC)

struct VitalsDefinitions {
    VitalsLane *lane;
    gint64 deadline;
    VitalsDefined defined;
    gpointer data;
};

typedef struct {
    VitalsDefinitions *definitions;
    VitalsGuest *guest;
    char *uuid; /* for the worker, which must not touch the guest */
} Errand;

/* What a definition came to. */
typedef struct {
    char *xml;
    VitalsOutline *outline;
} Definition;

static void
errand_free(gpointer data)
{
    Errand *errand = data;

    vitals_guest_unref(errand->guest);
    g_free(errand->uuid);
    g_free(errand);
}

static void
definition_free(gpointer data)
{
    Definition *definition = data;

    g_free(definition->xml);
    vitals_outline_free(definition->outline);
    g_free(definition);
}

/* ---- on a worker ---- */

static gpointer
read_definition(VitalsConnection *connection, gpointer data, GError **error)
{
    const Errand *errand = data;
    Definition *definition;
    char *xml = connection->hypervisor->driver->definition(connection, errand->uuid, FALSE, error);

    if (!xml)
        return NULL;
    definition = g_new0(Definition, 1);
    definition->xml = xml;
    definition->outline = vitals_outline_new("definition", xml, error);
    if (definition->outline)
        return definition;
    definition_free(definition);
    return NULL;
}

/* ---- on the main loop ---- */

/* Once for each new mistake: definitions are read again and again. */
static void
tell_misread(const VitalsGuest *guest, const VitalsOutline *outline)
{
    g_autofree char *label = vitals_guest_label(guest);
    g_autofree char *wish = NULL;

    if (!outline->misread ||
        (guest->outline && g_strcmp0(guest->outline->misread, outline->misread) == 0))
        return;
    wish = vitals_text_printable(outline->misread, -1);
    g_warning(
        "%s: the policy in its <metadata> has %u wish(es) that mean nothing here, the first is "
        "%s; its words are those of the options Policy.OnCrashed and its siblings; 'virsh edit' "
        "mends it",
        label, outline->wishes_misread, wish);
}

static void
on_definition(gpointer result, const GError *error, gboolean late, gpointer data)
{
    const Errand *errand = data;
    VitalsGuest *guest = errand->guest;
    Definition *definition = result;

    if (!definition) {
        g_autofree char *label = vitals_guest_label(guest);

        g_info("%s: %s", label, error->message);
        guest->define_at = g_get_monotonic_time() + DEFINE_AGAIN;
        return;
    }
    tell_misread(guest, definition->outline);
    g_free(guest->xml);
    vitals_outline_free(guest->outline);
    guest->xml = g_steal_pointer(&definition->xml);
    guest->outline = g_steal_pointer(&definition->outline);
    definition_free(definition);
    errand->definitions->defined(guest, errand->definitions->data);
}

VitalsDefinitions *
vitals_definitions_new(VitalsLane *lane, gint64 deadline, VitalsDefined defined, gpointer data)
{
    VitalsDefinitions *definitions = g_new0(VitalsDefinitions, 1);

    definitions->lane = lane;
    definitions->deadline = deadline;
    definitions->defined = defined;
    definitions->data = data;
    return definitions;
}

void
vitals_definitions_free(VitalsDefinitions *definitions)
{
    g_free(definitions);
}

void
vitals_definitions_fetch(VitalsDefinitions *definitions, VitalsGuest *guest)
{
    Errand *errand = g_new0(Errand, 1);
    VitalsCall call = {
        .work = read_definition,
        .done = on_definition,
        .deadline = definitions->deadline,
        .data = errand,
        .free_data = errand_free,
        .free_result = definition_free,
    };

    errand->definitions = definitions;
    errand->guest = vitals_guest_ref(guest);
    errand->uuid = g_strdup(guest->uuid);
    guest->define_at = 0;
    vitals_lane_submit(definitions->lane, &call);
}
