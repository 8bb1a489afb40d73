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
    g_clear_pointer(&facts->mediated_devices, g_hash_table_unref);
    g_clear_pointer(&facts->interfaces, g_hash_table_unref);
    g_clear_pointer(&facts->huge_pages, g_hash_table_unref);
    g_clear_pointer(&facts->paths, g_hash_table_unref);
    g_free(facts->cmdline);
    g_free(facts->arch);
    g_free(facts);
}

static void
free_pci_device(gpointer data)
{
    VitalsHostPciDevice *device = data;

    g_free(device->driver);
    g_free(device->group);
    g_free(device->resets);
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

    copy->driver = g_strdup(device->driver);
    copy->group = g_strdup(device->group);
    copy->class_code = device->class_code;
    copy->resets = g_strdup(device->resets);
    g_hash_table_replace(facts->pci_devices, g_strdup(address), copy);
}

static void
free_path(gpointer data)
{
    VitalsHostPath *path = data;

    g_free(path->format);
    g_free(path);
}

void
vitals_host_facts_add_path(VitalsHostFacts *facts, const char *path, VitalsPathKind kind,
                           const char *format)
{
    VitalsHostPath *found = g_new0(VitalsHostPath, 1);

    if (!facts->paths)
        facts->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_path);
    found->kind = kind;
    found->format = g_strdup(format);
    g_hash_table_replace(facts->paths, g_strdup(path), found);
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
