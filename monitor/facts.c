/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"

#include <string.h>
#include <sys/utsname.h>

/* More than any attribute of sysfs or line of procfs that is read here; a page is sysfs's own limit. */
#define MAX_TEXT 65536

/* A small file's text without white space at its ends; %NULL if it cannot be read. */
static char *
read_text(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    char *text = NULL;
    gsize length;

    if (!g_file_get_contents(full, &text, &length, NULL))
        return NULL;
    if (length > MAX_TEXT)
        text[MAX_TEXT] = '\0';
    return g_strstrip(text);
}

static char *
read_of(const char *root, const char *directory, const char *entry, const char *name)
{
    g_autofree char *path = g_build_filename(directory, entry, name, NULL);

    return read_text(root, path);
}

/* What a link points to, the last part only; "" if there is none. */
static char *
read_link(const char *root, const char *directory, const char *entry, const char *name)
{
    g_autofree char *path = g_build_filename(root, directory, entry, name, NULL);
    g_autofree char *target = g_file_read_link(path, NULL);

    return target ? g_path_get_basename(target) : g_strdup("");
}

static GDir *
open_directory(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);

    return g_dir_open(full, 0, NULL);
}

static gboolean
exists(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);

    return g_file_test(full, G_FILE_TEST_EXISTS);
}

static guint64
read_number(const char *text)
{
    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

#define PCI "sys/bus/pci/devices"

/* Kernels before 5.15 say only whether a device can be reset, by a file "reset". */
static char *
read_resets(const char *root, const char *address)
{
    g_autofree char *path = g_build_filename(PCI, address, "reset", NULL);
    char *methods = read_of(root, PCI, address, "reset_method");

    if (methods)
        return methods;
    return g_strdup(exists(root, path) ? "reset" : "");
}

static void
collect_pci(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GDir) devices = open_directory(root, PCI);
    const char *address;

    if (!devices)
        return;
    facts->pci_devices = vitals_host_facts_pci_table();
    while ((address = g_dir_read_name(devices))) {
        g_autofree char *driver = read_link(root, PCI, address, "driver");
        g_autofree char *group = read_link(root, PCI, address, "iommu_group");
        g_autofree char *class_text = read_of(root, PCI, address, "class");
        g_autofree char *resets = read_resets(root, address);
        VitalsHostPciDevice device = {
            .driver = driver,
            .group = group,
            .class_code = class_text ? (guint32)g_ascii_strtoull(class_text, NULL, 16) : 0,
            .resets = resets,
        };

        vitals_host_facts_add_pci(facts, address, &device);
    }
}

static void
collect_usb(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/bus/usb/devices";
    g_autoptr(GDir) devices = open_directory(root, path);
    const char *name;

    if (!devices)
        return;
    facts->usb_devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while ((name = g_dir_read_name(devices))) {
        g_autofree char *vendor = read_of(root, path, name, "idVendor");
        g_autofree char *product = read_of(root, path, name, "idProduct");
        char *id;
        guint before;

        if (!vendor || !product)
            continue;
        id = g_strdup_printf("%s:%s", vendor, product);
        before = GPOINTER_TO_UINT(g_hash_table_lookup(facts->usb_devices, id));
        g_hash_table_replace(facts->usb_devices, id, GUINT_TO_POINTER(before + 1));
    }
}

/* The names in a directory as a set; %NULL if there is no such directory. */
static GHashTable *
collect_names(const char *root, const char *path)
{
    g_autoptr(GDir) directory = open_directory(root, path);
    GHashTable *set;
    const char *name;

    if (!directory)
        return NULL;
    set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while ((name = g_dir_read_name(directory)))
        g_hash_table_add(set, g_ascii_strdown(name, -1));
    return set;
}

/* Names of interfaces keep their case, UUIDs are compared without. */
static GHashTable *
collect_interfaces(const char *root)
{
    g_autoptr(GDir) directory = open_directory(root, "sys/class/net");
    GHashTable *set;
    const char *name;

    if (!directory)
        return NULL;
    set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while ((name = g_dir_read_name(directory)))
        g_hash_table_add(set, g_strdup(name));
    return set;
}

/* Pages that are reserved, and those that the kernel may add when asked. */
static void
collect_pages(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/kernel/mm/hugepages";
    static const char prefix[] = "hugepages-";
    g_autoptr(GDir) sizes = open_directory(root, path);
    g_autofree char *meminfo = read_text(root, "proc/meminfo");
    const char *size_line = meminfo ? strstr(meminfo, "Hugepagesize:") : NULL;
    const char *name;

    if (size_line)
        facts->default_page_kib = g_ascii_strtoull(size_line + strlen("Hugepagesize:"), NULL, 10);
    if (!sizes)
        return;
    facts->huge_pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    while ((name = g_dir_read_name(sizes))) {
        g_autofree char *reserved = read_of(root, path, name, "nr_hugepages");
        g_autofree char *more = read_of(root, path, name, "nr_overcommit_hugepages");
        guint64 size;
        guint64 kib;

        if (!g_str_has_prefix(name, prefix))
            continue;
        size = g_ascii_strtoull(name + strlen(prefix), NULL, 10);
        kib = size * (read_number(reserved) + read_number(more));
        g_hash_table_replace(facts->huge_pages, g_memdup2(&size, sizeof size),
                             g_memdup2(&kib, sizeof kib));
    }
}

/* By effect, not by the words on the command line: a group is there or is not. */
static VitalsKnown
iommu_at_work(const char *root)
{
    g_autoptr(GDir) groups = open_directory(root, "sys/kernel/iommu_groups");

    if (!groups)
        return exists(root, "sys/kernel") ? VITALS_NO : VITALS_UNKNOWN;
    return g_dir_read_name(groups) ? VITALS_YES : VITALS_NO;
}

static VitalsKnown
unsafe_interrupts(const char *root)
{
    g_autofree char *value =
        read_text(root, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");

    if (!value)
        return VITALS_UNKNOWN;
    return g_str_equal(value, "Y") || g_str_equal(value, "1") ? VITALS_YES : VITALS_NO;
}

VitalsHostFacts *
vitals_facts_collect(const char *root)
{
    VitalsHostFacts *facts = vitals_host_facts_new();
    struct utsname names;

    collect_pci(facts, root);
    collect_usb(facts, root);
    collect_pages(facts, root);
    facts->interfaces = collect_interfaces(root);
    facts->mediated_devices = collect_names(root, "sys/bus/mdev/devices");
    /* Without the module's directory there is no mediated device, if there is a sysfs at all. */
    if (!facts->mediated_devices && exists(root, "sys/bus"))
        facts->mediated_devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    facts->cmdline = read_text(root, "proc/cmdline");
    facts->iommu = iommu_at_work(root);
    facts->unsafe_interrupts = unsafe_interrupts(root);
    if (exists(root, "dev"))
        facts->kvm = exists(root, "dev/kvm") ? VITALS_YES : VITALS_NO;
    if (uname(&names) == 0)
        facts->arch = g_strdup(names.machine);
    return facts;
}
