/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-json.h"
#include "monitor/facts.h"

/* The form of the file; a program that reads it relies on the names below. */
#define VERSION 1

/* Outside text, as the kernel's command line and names are, may be no UTF-8. */
static json_t *
text(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    return json_string(valid);
}

static void
set_known(json_t *object, const char *name, VitalsKnown known)
{
    if (known != VITALS_UNKNOWN)
        json_object_set_new(object, name, json_boolean(known == VITALS_YES));
}

static gint
compare_keys(gconstpointer left, gconstpointer right)
{
    return g_strcmp0(*(const char *const *)left, *(const char *const *)right);
}

/* The keys in order, so that the same host gives the same file. */
static GPtrArray *
sorted_keys(GHashTable *table)
{
    GPtrArray *keys = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, compare_keys);
    return keys;
}

static void
set_names(json_t *object, const char *name, GHashTable *set)
{
    g_autoptr(GPtrArray) keys = set ? sorted_keys(set) : NULL;
    json_t *array = json_array();

    for (guint i = 0; keys && i < keys->len; i++)
        json_array_append_new(array, text(keys->pdata[i]));
    if (set)
        json_object_set(object, name, array);
    json_decref(array);
}

static json_t *
render_pci(GHashTable *devices)
{
    g_autoptr(GPtrArray) keys = sorted_keys(devices);
    json_t *object = json_object();

    for (guint i = 0; i < keys->len; i++) {
        const VitalsHostPciDevice *device = g_hash_table_lookup(devices, keys->pdata[i]);

        json_t *row = json_pack("{s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:b}", "id", text(device->id),
                                "driver", text(device->driver), "iommu_group", text(device->group),
                                "class", (int)device->class_code, "reset", text(device->resets),
                                "parent", text(device->parent), "carrier", text(device->carrier),
                                "boot_display", device->is_boot_display);

        if (device->aspm)
            json_object_set_new(row, "aspm", text(device->aspm));
        json_object_set_new(object, keys->pdata[i], row);
    }
    return object;
}

static json_t *
render_usb(GHashTable *devices)
{
    g_autoptr(GPtrArray) keys = sorted_keys(devices);
    json_t *object = json_object();

    for (guint i = 0; i < keys->len; i++)
        json_object_set_new(
            object, keys->pdata[i],
            json_integer(GPOINTER_TO_UINT(g_hash_table_lookup(devices, keys->pdata[i]))));
    return object;
}

static json_t *
render_pages(GHashTable *pages)
{
    json_t *array = json_array();
    GHashTableIter iter;
    gpointer size;
    gpointer reserved;

    g_hash_table_iter_init(&iter, pages);
    while (g_hash_table_iter_next(&iter, &size, &reserved))
        json_array_append_new(array,
                              json_pack("{s:I, s:I}", "page_kib", (json_int_t) * (guint64 *)size,
                                        "reserved_kib", (json_int_t) * (guint64 *)reserved));
    return array;
}

static json_t *
render_path(const VitalsHostPath *path)
{
    json_t *row =
        json_pack("{s:s, s:s, s:I, s:I, s:b}", "kind", vitals_path_kind_name(path->kind), "format",
                  path->format, "virtual_kib", (json_int_t)path->virtual_kib, "allocated_kib",
                  (json_int_t)path->allocated_kib, "unnamed_backing", path->has_unnamed_backing);

    if (path->mode > 0) {
        g_autofree char *mode = g_strdup_printf("%04o", path->mode);

        json_object_set_new(row, "owner", text(path->owner));
        json_object_set_new(row, "mode", json_string(mode));
    }
    return row;
}

static json_t *
render_paths(GHashTable *paths)
{
    g_autoptr(GPtrArray) keys = sorted_keys(paths);
    json_t *object = json_object();

    for (guint i = 0; i < keys->len; i++) {
        const VitalsHostPath *path = g_hash_table_lookup(paths, keys->pdata[i]);
        g_autofree char *name = g_utf8_make_valid(keys->pdata[i], -1);

        json_object_set_new(object, name, render_path(path));
    }
    return object;
}

json_t *
vitals_facts_json(const VitalsHostFacts *facts)
{
    json_t *object = json_pack("{s:i}", "virt_vitals_facts", VERSION);

    if (facts->arch)
        json_object_set_new(object, "arch", text(facts->arch));
    if (facts->cmdline)
        json_object_set_new(object, "cmdline", text(facts->cmdline));
    set_known(object, "kvm", facts->kvm);
    set_known(object, "iommu", facts->iommu);
    set_known(object, "unsafe_interrupts", facts->unsafe_interrupts);
    if (facts->pci_devices)
        json_object_set_new(object, "pci_devices", render_pci(facts->pci_devices));
    if (facts->usb_devices)
        json_object_set_new(object, "usb_devices", render_usb(facts->usb_devices));
    set_names(object, "mediated_devices", facts->mediated_devices);
    set_names(object, "interfaces", facts->interfaces);
    if (facts->huge_pages)
        json_object_set_new(object, "huge_pages", render_pages(facts->huge_pages));
    if (facts->paths)
        json_object_set_new(object, "paths", render_paths(facts->paths));
    vitals_facts_json_add_host(facts, object);
    if (facts->default_page_kib > 0)
        json_object_set_new(object, "default_page_kib",
                            json_integer((json_int_t)facts->default_page_kib));
    return object;
}

static VitalsKnown
read_known(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_boolean(value))
        return VITALS_UNKNOWN;
    return json_is_true(value) ? VITALS_YES : VITALS_NO;
}

static const char *
read_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static GHashTable *
read_names(const json_t *array)
{
    GHashTable *set;
    json_t *name;
    size_t index;

    if (!json_is_array(array))
        return NULL;
    set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_array_foreach(array, index, name)
    {
        if (json_is_string(name))
            g_hash_table_add(set, g_strdup(json_string_value(name)));
    }
    return set;
}

static void
read_pci(VitalsHostFacts *facts, json_t *object)
{
    const char *address;
    json_t *value;

    if (!json_is_object(object))
        return;
    facts->pci_devices = vitals_host_facts_pci_table();
    json_object_foreach(object, address, value)
    {
        VitalsHostPciDevice device = {
            .id = (char *)read_text(value, "id"),
            .driver = (char *)read_text(value, "driver"),
            .group = (char *)read_text(value, "iommu_group"),
            .class_code = (guint32)json_integer_value(json_object_get(value, "class")),
            .resets = (char *)read_text(value, "reset"),
            .aspm = (char *)json_string_value(json_object_get(value, "aspm")),
            .parent = (char *)read_text(value, "parent"),
            .carrier = (char *)read_text(value, "carrier"),
            .is_boot_display = json_is_true(json_object_get(value, "boot_display")),
        };

        vitals_host_facts_add_pci(facts, address, &device);
    }
}

static void
read_usb(VitalsHostFacts *facts, json_t *object)
{
    const char *id;
    json_t *count;

    if (!json_is_object(object))
        return;
    facts->usb_devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_object_foreach(object, id, count)
    {
        g_hash_table_replace(facts->usb_devices, g_strdup(id),
                             GUINT_TO_POINTER((guint)json_integer_value(count)));
    }
}

static void
read_pages(VitalsHostFacts *facts, const json_t *array)
{
    json_t *row;
    size_t index;

    if (!json_is_array(array))
        return;
    facts->huge_pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    json_array_foreach(array, index, row)
    {
        guint64 size = (guint64)json_integer_value(json_object_get(row, "page_kib"));
        guint64 reserved = (guint64)json_integer_value(json_object_get(row, "reserved_kib"));

        g_hash_table_replace(facts->huge_pages, g_memdup2(&size, sizeof size),
                             g_memdup2(&reserved, sizeof reserved));
    }
}

static void
read_paths(VitalsHostFacts *facts, json_t *object)
{
    const char *path;
    json_t *value;

    json_object_foreach(object, path, value)
    {
        const char *name = read_text(value, "kind");
        VitalsHostPath found = {
            .format = (char *)read_text(value, "format"),
            .virtual_kib = (guint64)json_integer_value(json_object_get(value, "virtual_kib")),
            .allocated_kib = (guint64)json_integer_value(json_object_get(value, "allocated_kib")),
            .has_unnamed_backing = json_is_true(json_object_get(value, "unnamed_backing")),
            .owner = (char *)read_text(value, "owner"),
            .mode = (guint)g_ascii_strtoull(read_text(value, "mode"), NULL, 8),
        };

        for (guint kind = VITALS_PATH_ABSENT; kind <= VITALS_PATH_OTHER; kind++) {
            if (!g_str_equal(name, vitals_path_kind_name((VitalsPathKind)kind)))
                continue;
            found.kind = (VitalsPathKind)kind;
            vitals_host_facts_add_path(facts, path, &found);
        }
    }
}

VitalsHostFacts *
vitals_facts_parse(const char *bytes, gsize length)
{
    json_t *document = json_loadb(bytes, length, 0, NULL);
    gboolean is_ours =
        json_integer_value(json_object_get(document, "virt_vitals_facts")) == VERSION;
    VitalsHostFacts *facts = is_ours ? vitals_host_facts_new() : NULL;

    if (facts) {
        facts->arch = g_strdup(json_string_value(json_object_get(document, "arch")));
        facts->cmdline = g_strdup(json_string_value(json_object_get(document, "cmdline")));
        facts->kvm = read_known(document, "kvm");
        facts->iommu = read_known(document, "iommu");
        facts->unsafe_interrupts = read_known(document, "unsafe_interrupts");
        read_pci(facts, json_object_get(document, "pci_devices"));
        read_usb(facts, json_object_get(document, "usb_devices"));
        facts->mediated_devices = read_names(json_object_get(document, "mediated_devices"));
        facts->interfaces = read_names(json_object_get(document, "interfaces"));
        read_pages(facts, json_object_get(document, "huge_pages"));
        read_paths(facts, json_object_get(document, "paths"));
        vitals_facts_json_read_host(facts, document);
        facts->default_page_kib =
            (guint64)json_integer_value(json_object_get(document, "default_page_kib"));
    }
    json_decref(document);
    return facts;
}
