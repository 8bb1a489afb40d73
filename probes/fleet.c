/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fleet.h"
#include "probes/serial-ports.h"

#include <string.h>

struct VitalsFleet {
    gboolean is_one_host;
    GPtrArray *members;
    GPtrArray *images;
    GHashTable *seen;   /* set of @images */
    GHashTable *claims; /* "claim key" -> GPtrArray of members, which belong to @members */
};

static void
free_member(gpointer data)
{
    VitalsFleetMember *member = data;

    g_free(member->name);
    g_free(member->uuid);
    g_free(member);
}

VitalsFleet *
vitals_fleet_new(gboolean is_one_host)
{
    VitalsFleet *fleet = g_new0(VitalsFleet, 1);

    fleet->is_one_host = is_one_host;
    fleet->members = g_ptr_array_new_with_free_func(free_member);
    fleet->images = g_ptr_array_new_with_free_func(g_free);
    fleet->seen = g_hash_table_new(g_str_hash, g_str_equal);
    fleet->claims =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    return fleet;
}

void
vitals_fleet_free(VitalsFleet *fleet)
{
    if (!fleet)
        return;
    g_hash_table_unref(fleet->claims);
    g_hash_table_unref(fleet->seen);
    g_ptr_array_unref(fleet->images);
    g_ptr_array_unref(fleet->members);
    g_free(fleet);
}

const GPtrArray *
vitals_fleet_members(const VitalsFleet *fleet)
{
    return fleet->members;
}

const GPtrArray *
vitals_fleet_images(const VitalsFleet *fleet)
{
    return fleet->images;
}

/* ---- what a guest claims ---- */

/* Called for each thing that a guest claims. */
typedef void (*Visit)(const char *key, const VitalsXmlNode *node, gpointer data);

static gboolean
is_type(const VitalsXmlNode *node, const char *type)
{
    return g_strcmp0(vitals_xml_attribute(node, "type"), type) == 0;
}

static void
visit_macs(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) interfaces = vitals_xml_all(definition->devices, "interface");

    for (guint i = 0; i < interfaces->len; i++) {
        const char *address = vitals_xml_value(interfaces->pdata[i], "mac/@address");
        g_autofree char *lower = g_ascii_strdown(address ? address : "", -1);

        if (address && !vitals_xml_first(interfaces->pdata[i], "teaming"))
            visit(lower, interfaces->pdata[i], data);
    }
}

static void
visit_console_files(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);

    for (guint i = 0; i < devices->len; i++) {
        const char *log = vitals_xml_value(devices->pdata[i], "log/@file");
        const char *file = is_type(devices->pdata[i], "file")
                               ? vitals_xml_value(devices->pdata[i], "source/@path")
                               : NULL;

        if (log && !g_str_has_prefix(log, "/dev/"))
            visit(log, devices->pdata[i], data);
        if (file && !g_str_has_prefix(file, "/dev/"))
            visit(file, devices->pdata[i], data);
    }
}

const char *
vitals_claim_disk(const VitalsXmlNode *disk)
{
    static const char *const shared[] = { "readonly", "shareable", "transient", "source/slices" };
    const VitalsXmlNode *source = vitals_xml_first(disk, "source");
    const char *path = vitals_xml_attribute(source, "file");
    const char *device = vitals_xml_attribute(disk, "device");

    path = path ? path : vitals_xml_attribute(source, "dev");
    if (!path || g_str_equal(path, "/dev/null") || g_strcmp0(device, "cdrom") == 0 ||
        g_strcmp0(device, "floppy") == 0)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(shared); i++) {
        if (vitals_xml_first(disk, shared[i]))
            return NULL;
    }
    return path;
}

const char *
vitals_claim_growing(const VitalsXmlNode *disk)
{
    const char *policy = vitals_xml_value(disk, "driver/@error_policy");

    if (vitals_xml_first(disk, "readonly") || g_strcmp0(policy, "report") == 0 ||
        g_strcmp0(policy, "ignore") == 0)
        return NULL;
    return vitals_xml_value(disk, "source/@file");
}

static void
visit_disks(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");

    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_claim_disk(disks->pdata[i]);

        if (path && !vitals_xml_first(disks->pdata[i], "backenddomain"))
            visit(path, disks->pdata[i], data);
    }
}

static void
visit_agent_sockets(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) channels = vitals_xml_all(definition->devices, "channel");

    for (guint i = 0; i < channels->len; i++) {
        const char *path = vitals_xml_value(channels->pdata[i], "source/@path");

        if (path && is_type(channels->pdata[i], "unix") &&
            g_strcmp0(vitals_xml_value(channels->pdata[i], "target/@name"),
                      "org.qemu.guest_agent.0") == 0)
            visit(path, channels->pdata[i], data);
    }
}

static void
visit_pci(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);

    for (guint i = 0; i < devices->len; i++) {
        char *address = vitals_definition_pci_address(devices->pdata[i]);

        if (address)
            visit(address, devices->pdata[i], data);
        g_free(address);
    }
}

/* Two sticks of one kind are told apart by their place alone, so vendor and product claim nothing. */
static void
visit_devices(const VitalsDefinition *definition, Visit visit, gpointer data)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");

    visit_pci(definition, visit, data);
    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *address = vitals_xml_first(devices->pdata[i], "source/address");
        const char *uuid = vitals_xml_attribute(address, "uuid");
        const char *bus = vitals_xml_attribute(address, "bus");
        const char *number = vitals_xml_attribute(address, "device");

        if (is_type(devices->pdata[i], "mdev") && uuid) {
            g_autofree char *lower = g_ascii_strdown(uuid, -1);

            visit(lower, devices->pdata[i], data);
        } else if (is_type(devices->pdata[i], "usb") && bus && number) {
            g_autofree char *place = g_strdup_printf("USB %s:%s", bus, number);

            visit(place, devices->pdata[i], data);
        }
    }
}

/* @visit: goes through what a guest claims; @clash: the message, with the thing and the other's name
 * @is_exclusive: whether two guests that run at once cannot both have it
 * @is_of_host: whether it is a thing of one host, where no two guests have the same name */
static const struct {
    void (*visit)(const VitalsDefinition *definition, Visit visit, gpointer data);
    const char *clash;
    gboolean is_exclusive;
    gboolean is_of_host;
} claims[] = {
    [VITALS_CLAIM_MAC] = { visit_macs,
                           "MAC address %s belongs to guest '%s' too: packets will reach one or "
                           "the "
                           "other",
                           FALSE, FALSE },
    [VITALS_CLAIM_CONSOLE_FILE] = { visit_console_files,
                                    "'%s' is written by guest '%s' too: one overwrites what the "
                                    "other said",
                                    FALSE, TRUE },
    [VITALS_CLAIM_DISK] = { visit_disks,
                            "'%s' is attached for writing to guest '%s' too: QEMU's lock keeps the "
                            "second from starting, and without a lock data is lost",
                            FALSE, FALSE },
    [VITALS_CLAIM_AGENT_SOCKET] = { visit_agent_sockets,
                                    "the agent's socket '%s' is guest '%s''s too: the second "
                                    "cannot "
                                    "start, or is asked in the other's place",
                                    TRUE, TRUE },
    [VITALS_CLAIM_DEVICE] = { visit_devices,
                              "host device %s is assigned to guest '%s' too: whichever starts "
                              "second "
                              "fails",
                              TRUE, TRUE },
};

G_STATIC_ASSERT(G_N_ELEMENTS(claims) == VITALS_N_CLAIMS);

/* ---- counting in ---- */

typedef struct {
    VitalsFleet *fleet;
    VitalsFleetMember *member;
    VitalsClaim claim;
} Adding;

static char *
claim_key(VitalsClaim claim, const char *key)
{
    return g_strdup_printf("%u %s", claim, key);
}

static void
add_claim(const char *key, const VitalsXmlNode *node, gpointer data)
{
    Adding *adding = data;
    g_autofree char *full = claim_key(adding->claim, key);
    GPtrArray *owners = g_hash_table_lookup(adding->fleet->claims, full);

    if (!owners) {
        owners = g_ptr_array_new();
        g_hash_table_insert(adding->fleet->claims, g_steal_pointer(&full), owners);
    }
    g_ptr_array_add(owners, adding->member);
}

static VitalsFleetMember *
new_member(const VitalsDefinition *definition)
{
    const char *name = vitals_xml_value(definition->domain, "name");
    const char *uuid = vitals_xml_value(definition->domain, "uuid");
    VitalsFleetMember *member = g_new0(VitalsFleetMember, 1);

    member->name = g_strdup(name ? name : "");
    member->uuid = g_ascii_strdown(uuid ? uuid : "", -1);
    member->is_autostart = definition->is_autostart;
    member->is_running = definition->is_running;
    member->driver = definition->driver;
    if (!vitals_definition_total_memory(definition, &member->memory_kib))
        member->memory_kib = 0;
    return member;
}

static void
add_images(VitalsFleet *fleet, const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");

    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_claim_growing(disks->pdata[i]);

        if (!path || *path != '/' || g_hash_table_contains(fleet->seen, path))
            continue;
        g_ptr_array_add(fleet->images, g_strdup(path));
        g_hash_table_add(fleet->seen, fleet->images->pdata[fleet->images->len - 1]);
    }
}

void
vitals_fleet_add(VitalsFleet *fleet, const VitalsDefinition *definition)
{
    Adding adding = { .fleet = fleet };

    if (definition->driver != VITALS_DRIVER_QEMU && definition->driver != VITALS_DRIVER_XEN)
        return;
    adding.member = new_member(definition);
    g_ptr_array_add(fleet->members, adding.member);
    add_images(fleet, definition);
    for (guint claim = 0; claim < VITALS_N_CLAIMS; claim++) {
        adding.claim = (VitalsClaim)claim;
        claims[claim].visit(definition, add_claim, &adding);
    }
}

/* ---- comparing ---- */

typedef struct {
    const VitalsDefinition *definition;
    VitalsFindings *findings;
    VitalsClaim claim;
} Judging;

static gboolean
has_name(const VitalsDefinition *definition, const VitalsFleetMember *member)
{
    const char *name = vitals_xml_value(definition->domain, "name");

    return g_strcmp0(name ? name : "", member->name) == 0;
}

static gboolean
is_same(const VitalsDefinition *definition, const VitalsFleetMember *member)
{
    const char *uuid = vitals_xml_value(definition->domain, "uuid");

    if (uuid && *uuid && *member->uuid)
        return g_ascii_strcasecmp(uuid, member->uuid) == 0;
    return has_name(definition, member);
}

static gboolean
meet(const VitalsDefinition *definition, const VitalsFleetMember *member)
{
    return (definition->is_running == VITALS_YES && member->is_running == VITALS_YES) ||
           (definition->is_autostart == VITALS_YES && member->is_autostart == VITALS_YES);
}

static void
judge_claim(const char *key, const VitalsXmlNode *node, gpointer data)
{
    Judging *judging = data;
    const VitalsFleet *fleet = judging->definition->fleet;
    g_autofree char *full = claim_key(judging->claim, key);
    const GPtrArray *owners = g_hash_table_lookup(fleet->claims, full);

    for (guint i = 0; owners && i < owners->len; i++) {
        const VitalsFleetMember *other = owners->pdata[i];
        VitalsFinding *finding;

        if (is_same(judging->definition, other) ||
            (claims[judging->claim].is_of_host && has_name(judging->definition, other)))
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        finding = vitals_findings_add(judging->findings, node, claims[judging->claim].clash, key,
                                      other->name);
#pragma GCC diagnostic pop
        finding->severity = claims[judging->claim].is_exclusive && fleet->is_one_host &&
                                    meet(judging->definition, other)
                                ? VITALS_SEVERITY_ERROR
                                : VITALS_SEVERITY_WARNING;
        return; /* one other is enough to say so */
    }
}

void
vitals_fleet_judge(const VitalsDefinition *definition, VitalsClaim claim, VitalsFindings *findings)
{
    Judging judging = { .definition = definition, .findings = findings, .claim = claim };

    if (definition->fleet)
        claims[claim].visit(definition, judge_claim, &judging);
}
