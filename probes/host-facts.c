/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-facts.h"

VitalsHostFacts *
vitals_host_facts_new(void)
{
    return g_new0(VitalsHostFacts, 1);
}

void
vitals_host_facts_free(VitalsHostFacts *facts)
{
    if (!facts)
        return;
    g_clear_pointer(&facts->pci_devices, g_hash_table_unref);
    g_clear_pointer(&facts->usb_devices, g_hash_table_unref);
    g_clear_pointer(&facts->usb_places, g_hash_table_unref);
    g_clear_pointer(&facts->mediated_devices, g_hash_table_unref);
    g_clear_pointer(&facts->interfaces, g_hash_table_unref);
    g_clear_pointer(&facts->huge_pages, g_hash_table_unref);
    g_clear_pointer(&facts->paths, g_hash_table_unref);
    g_clear_pointer(&facts->filesystems, g_hash_table_unref);
    g_clear_pointer(&facts->networks, g_hash_table_unref);
    g_clear_pointer(&facts->pools, g_hash_table_unref);
    g_clear_pointer(&facts->abilities, g_hash_table_unref);
    g_clear_pointer(&facts->machines, g_hash_table_unref);
    g_clear_pointer(&facts->emulators, g_hash_table_unref);
    g_clear_pointer(&facts->masters, g_hash_table_unref);
    g_clear_pointer(&facts->nodes, g_hash_table_unref);
    for (guint i = 0; i < VITALS_N_HOST_WORDS; i++)
        g_free(facts->words[i]);
    g_free(facts->cmdline);
    g_free(facts->arch);
    g_free(facts);
}

static void
free_pci_device(gpointer data)
{
    VitalsHostPciDevice *device = data;

    g_free(device->id);
    g_free(device->driver);
    g_free(device->group);
    g_free(device->resets);
    g_free(device->aspm);
    g_free(device->parent);
    g_free(device->carrier);
    g_free(device);
}

GHashTable *
vitals_host_facts_pci_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_pci_device);
}

void
vitals_host_facts_add_pci(VitalsHostFacts *facts, const char *address,
                          const VitalsHostPciDevice *device)
{
    VitalsHostPciDevice *copy = g_new0(VitalsHostPciDevice, 1);

    copy->id = g_strdup(device->id ? device->id : "");
    copy->driver = g_strdup(device->driver);
    copy->group = g_strdup(device->group);
    copy->class_code = device->class_code;
    copy->resets = g_strdup(device->resets);
    copy->aspm = g_strdup(device->aspm);
    copy->parent = g_strdup(device->parent ? device->parent : "");
    copy->carrier = g_strdup(device->carrier ? device->carrier : "");
    copy->is_boot_display = device->is_boot_display;
    g_hash_table_replace(facts->pci_devices, g_strdup(address), copy);
}

static void
free_path(gpointer data)
{
    VitalsHostPath *path = data;

    g_free(path->format);
    g_free(path->owner);
    g_free(path);
}

static void
put(GHashTable **table, const char *key, gpointer value, GDestroyNotify free_value)
{
    if (!*table)
        *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
    g_hash_table_replace(*table, g_strdup(key), value);
}

void
vitals_host_facts_add_path(VitalsHostFacts *facts, const char *path, const VitalsHostPath *found)
{
    VitalsHostPath *copy = g_memdup2(found, sizeof *found);

    copy->format = g_strdup(found->format ? found->format : "");
    copy->owner = g_strdup(found->owner ? found->owner : "");
    put(&facts->paths, path, copy, free_path);
}

static void
free_filesystem(gpointer data)
{
    VitalsHostFilesystem *filesystem = data;

    g_free(filesystem->source);
    g_free(filesystem);
}

void
vitals_host_facts_add_filesystem(VitalsHostFacts *facts, const char *directory,
                                 const VitalsHostFilesystem *filesystem)
{
    VitalsHostFilesystem *copy = g_memdup2(filesystem, sizeof *filesystem);

    copy->source = g_strdup(filesystem->source);
    put(&facts->filesystems, directory, copy, free_filesystem);
}

void
vitals_host_facts_add_network(VitalsHostFacts *facts, const char *name,
                              const VitalsHostNetwork *network)
{
    put(&facts->networks, name, g_memdup2(network, sizeof *network), g_free);
}

void
vitals_host_facts_add_pool(VitalsHostFacts *facts, const char *name, const VitalsHostNetwork *pool)
{
    put(&facts->pools, name, g_memdup2(pool, sizeof *pool), g_free);
}

void
vitals_host_facts_add_ability(VitalsHostFacts *facts, const char *name, const char *value)
{
    put(&facts->abilities, name, g_strdup(value), g_free);
}

void
vitals_host_facts_add_usb_place(VitalsHostFacts *facts, const char *place, const char *id)
{
    put(&facts->usb_places, place, g_strdup(id), g_free);
}

void
vitals_host_facts_add_node(VitalsHostFacts *facts, const char *number, const VitalsHostNode *node)
{
    put(&facts->nodes, number, g_memdup2(node, sizeof *node), g_free);
}

const VitalsHostFilesystem *
vitals_host_facts_filesystem(const VitalsHostFacts *facts, const char *path)
{
    g_autofree char *at = g_strdup(path);

    while (facts && facts->filesystems && *at == '/') {
        const VitalsHostFilesystem *found = g_hash_table_lookup(facts->filesystems, at);
        char *above;

        if (found || g_str_equal(at, "/"))
            return found;
        above = g_path_get_dirname(at);
        g_free(at);
        at = above;
    }
    return NULL;
}

const char *
vitals_host_facts_ability(const VitalsHostFacts *facts, const char *arch, const char *name)
{
    g_autofree char *key = NULL;

    if (!facts || !facts->abilities || !(arch || facts->arch))
        return NULL;
    key = g_strdup_printf("%s %s", arch ? arch : facts->arch, name);
    return g_hash_table_lookup(facts->abilities, key);
}

const char *
vitals_path_kind_name(VitalsPathKind kind)
{
    static const char *const names[] = {
        [VITALS_PATH_ABSENT] = "absent",
        [VITALS_PATH_FILE] = "file",
        [VITALS_PATH_DEVICE] = "device",
        [VITALS_PATH_OTHER] = "other",
    };

    return names[kind];
}

VitalsKnown
vitals_host_facts_has_word(const VitalsHostFacts *facts, const char *word)
{
    g_auto(GStrv) words = NULL;

    if (!facts || !facts->cmdline)
        return VITALS_UNKNOWN;
    words = g_strsplit_set(facts->cmdline, " \t\n", -1);
    for (guint i = 0; words[i]; i++) {
        if (g_str_has_suffix(word, "=") ? g_str_has_prefix(words[i], word)
                                        : g_str_equal(words[i], word))
            return VITALS_YES;
    }
    return VITALS_NO;
}
