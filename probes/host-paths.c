/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-paths.h"
#include "probes/serial-ports.h"

static void
add(GPtrArray *paths, const char *path)
{
    if (path && *path == '/')
        g_ptr_array_add(paths, g_strdup(path));
}

static void
add_directory(GPtrArray *paths, const char *path)
{
    if (path && *path == '/')
        g_ptr_array_add(paths, g_path_get_dirname(path));
}

GPtrArray *
vitals_host_paths(const VitalsDefinition *definition)
{
    static const char *const names[] = { "file", "dev", "path" };
    static const char *const boot[] = { "os/loader", "os/kernel", "os/initrd", "os/dtb" };
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    add(paths, vitals_xml_value(definition->devices, "emulator"));
    for (guint i = 0; i < G_N_ELEMENTS(boot); i++)
        add(paths, vitals_xml_value(definition->domain, boot[i]));
    for (guint i = 0; i < devices->len; i++) {
        add_directory(paths, vitals_xml_value(devices->pdata[i], "log/@file"));
        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "file") == 0)
            add_directory(paths, vitals_xml_value(devices->pdata[i], "source/@path"));
    }
    g_ptr_array_extend(devices, disks, NULL, NULL);
    for (guint i = 0; i < devices->len; i++) {
        const VitalsXmlNode *source = vitals_xml_first(devices->pdata[i], "source");

        for (guint k = 0; k < G_N_ELEMENTS(names); k++)
            add(paths, vitals_xml_attribute(source, names[k]));
    }
    return paths;
}

const VitalsHostPath *
vitals_host_path(const VitalsDefinition *definition, const char *path)
{
    GHashTable *known = definition->host ? definition->host->paths : NULL;

    return known && path ? g_hash_table_lookup(known, path) : NULL;
}
