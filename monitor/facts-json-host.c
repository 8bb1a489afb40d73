/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-json.h"

/* Outside text may be no UTF-8. */
static json_t *
text(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    return json_string(valid);
}

static void
set(json_t *object, const char *name, json_t *value)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);

    json_object_set_new(object, valid, value);
}

/* Makes a row of what a table holds. */
typedef json_t *(*Render)(gconstpointer value);

/* Rows in the order of their names, so that the same host gives the same file. */
static void
add_table(json_t *document, const char *name, GHashTable *table, Render render)
{
    g_autoptr(GList) keys = NULL;
    json_t *object;

    if (!table)
        return;
    object = json_object();
    keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)g_strcmp0);
    for (GList *key = keys; key; key = key->next)
        set(object, key->data, render(g_hash_table_lookup(table, key->data)));
    json_object_set_new(document, name, object);
}

static json_t *
render_filesystem(gconstpointer value)
{
    const VitalsHostFilesystem *filesystem = value;
    json_t *row = json_pack("{s:o, s:b, s:b}", "source", text(filesystem->source), "ram",
                            filesystem->is_ram, "read_only", filesystem->is_read_only);

    if (filesystem->free_kib != VITALS_FREE_UNKNOWN)
        json_object_set_new(row, "free_kib", json_integer((json_int_t)filesystem->free_kib));
    return row;
}

static json_t *
render_network(gconstpointer value)
{
    const VitalsHostNetwork *network = value;

    return json_pack("{s:b, s:b}", "active", network->is_active, "autostart",
                     network->is_autostart);
}

static json_t *
render_node(gconstpointer value)
{
    const VitalsHostNode *node = value;

    return json_pack("{s:I, s:I}", "total_kib", (json_int_t)node->total_kib, "available_kib",
                     (json_int_t)node->available_kib);
}

/* machine types: what they are is told by a word */
static json_t *
render_machine(gconstpointer value)
{
    return json_string(GPOINTER_TO_UINT(value) > 1 ? "deprecated" : "current");
}

static json_t *
render_text(gconstpointer value)
{
    return text(value);
}

static json_t *
render_words(const VitalsHostFacts *facts)
{
    json_t *object = json_object();

    for (guint word = 0; word < VITALS_N_HOST_WORDS; word++) {
        if (facts->words[word])
            json_object_set_new(object, vitals_host_word_name((VitalsHostWord)word),
                                text(facts->words[word]));
    }
    return object;
}

void
vitals_facts_json_add_host(const VitalsHostFacts *facts, json_t *document)
{
    json_object_set_new(document, "words", render_words(facts));
    add_table(document, "filesystems", facts->filesystems, render_filesystem);
    add_table(document, "networks", facts->networks, render_network);
    add_table(document, "pools", facts->pools, render_network);
    add_table(document, "abilities", facts->abilities, render_text);
    add_table(document, "usb_places", facts->usb_places, render_text);
    add_table(document, "machines", facts->machines, render_machine);
    add_table(document, "emulators", facts->emulators, render_text);
    add_table(document, "interface_masters", facts->masters, render_text);
    add_table(document, "numa_nodes", facts->nodes, render_node);
}

static GHashTable *
new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
read_words(VitalsHostFacts *facts, const json_t *object)
{
    for (guint word = 0; word < VITALS_N_HOST_WORDS; word++)
        facts->words[word] = g_strdup(json_string_value(
            json_object_get(object, vitals_host_word_name((VitalsHostWord)word))));
}

static void
read_filesystem(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    const char *source = json_string_value(json_object_get(row, "source"));
    const json_t *free_kib = json_object_get(row, "free_kib");
    VitalsHostFilesystem filesystem = {
        .source = (char *)(source ? source : ""),
        .is_ram = json_is_true(json_object_get(row, "ram")),
        .is_read_only = json_is_true(json_object_get(row, "read_only")),
        .free_kib = json_is_integer(free_kib) && json_integer_value(free_kib) >= 0
                        ? (guint64)json_integer_value(free_kib)
                        : VITALS_FREE_UNKNOWN,
    };

    vitals_host_facts_add_filesystem(facts, name, &filesystem);
}

static void
read_network(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    VitalsHostNetwork network = {
        .is_active = json_is_true(json_object_get(row, "active")),
        .is_autostart = json_is_true(json_object_get(row, "autostart")),
    };

    vitals_host_facts_add_network(facts, name, &network);
}

static void
read_pool(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    VitalsHostNetwork pool = {
        .is_active = json_is_true(json_object_get(row, "active")),
        .is_autostart = json_is_true(json_object_get(row, "autostart")),
    };

    vitals_host_facts_add_pool(facts, name, &pool);
}

static void
read_ability(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    if (json_is_string(row))
        vitals_host_facts_add_ability(facts, name, json_string_value(row));
}

static void
read_usb_place(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    if (json_is_string(row))
        vitals_host_facts_add_usb_place(facts, name, json_string_value(row));
}

static void
read_node(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    VitalsHostNode node = {
        .total_kib = (guint64)json_integer_value(json_object_get(row, "total_kib")),
        .available_kib = (guint64)json_integer_value(json_object_get(row, "available_kib")),
    };

    vitals_host_facts_add_node(facts, name, &node);
}

static void
read_machine(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    gboolean is_deprecated = g_strcmp0(json_string_value(row), "deprecated") == 0;

    g_hash_table_replace(facts->machines, g_strdup(name), GUINT_TO_POINTER(is_deprecated ? 2 : 1));
}

static void
read_emulator(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    char *path = g_strdup(name);

    g_hash_table_replace(facts->emulators, path, path);
}

static void
read_master(VitalsHostFacts *facts, const char *name, const json_t *row)
{
    if (json_is_string(row))
        g_hash_table_replace(facts->masters, g_strdup(name), g_strdup(json_string_value(row)));
}

static void
read_table(VitalsHostFacts *facts, json_t *object,
           void (*read_row)(VitalsHostFacts *facts, const char *name, const json_t *row))
{
    const char *name;
    json_t *row;

    json_object_foreach(object, name, row) read_row(facts, name, row);
}

void
vitals_facts_json_read_host(VitalsHostFacts *facts, const json_t *document)
{
    json_t *networks = json_object_get(document, "networks");
    json_t *pools = json_object_get(document, "pools");
    json_t *machines = json_object_get(document, "machines");
    json_t *emulators = json_object_get(document, "emulators");
    json_t *masters = json_object_get(document, "interface_masters");

    read_words(facts, json_object_get(document, "words"));
    read_table(facts, json_object_get(document, "filesystems"), read_filesystem);
    read_table(facts, json_object_get(document, "numa_nodes"), read_node);
    read_table(facts, json_object_get(document, "abilities"), read_ability);
    read_table(facts, json_object_get(document, "usb_places"), read_usb_place);
    /* an empty table says that there is none; without a table nobody knows */
    if (json_is_object(networks))
        facts->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (json_is_object(pools))
        facts->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (json_is_object(machines))
        facts->machines = new_table();
    if (json_is_object(emulators))
        facts->emulators = new_table();
    if (json_is_object(masters))
        facts->masters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    read_table(facts, networks, read_network);
    read_table(facts, pools, read_pool);
    if (facts->machines)
        read_table(facts, machines, read_machine);
    if (facts->emulators)
        read_table(facts, emulators, read_emulator);
    if (facts->masters)
        read_table(facts, masters, read_master);
}
