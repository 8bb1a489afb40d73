/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"
#include "monitor/facts-read.h"

#include <string.h>
#include <sys/utsname.h>

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
    char *methods = vitals_facts_read_of(root, PCI, address, "reset_method");

    if (methods)
        return methods;
    return g_strdup(vitals_facts_exists(root, path) ? "reset" : "");
}

/* Offsets and bits of configuration space, as in the kernel's pci_regs.h. */
enum {
    PCI_STATUS_AT = 0x06,
    PCI_STATUS_HAS_LIST = 0x10,
    PCI_CAPABILITIES_AT = 0x34,
    PCI_HEADER_BYTES = 0x40,
    PCI_CAPABILITY_EXPRESS = 0x10,
    PCI_EXPRESS_LINK_CONTROL = 0x10,
    PCI_LINK_L0S = 0x1,
    PCI_LINK_L1 = 0x2,
    PCI_CONFIG_BYTES = 256,
};

/* Where the register "link control" stands; 0 for nowhere. */
static guint
find_link_control(const guint8 *config, gsize length)
{
    guint at = config[PCI_STATUS_AT] & PCI_STATUS_HAS_LIST ? config[PCI_CAPABILITIES_AT] & ~3U : 0;

    /* each step leads to another place, or the list is broken and ends here */
    for (guint steps = 0; steps < PCI_CONFIG_BYTES / 4; steps++) {
        if (at < PCI_HEADER_BYTES || at + PCI_EXPRESS_LINK_CONTROL >= length)
            return 0;
        if (config[at] == PCI_CAPABILITY_EXPRESS)
            return at + PCI_EXPRESS_LINK_CONTROL;
        at = config[at + 1] & ~3U;
    }
    return 0;
}

/* What the link's own register says, as sysfs shows nothing once the kernel keeps its hands off. Only
 * root sees more than the header; %NULL then. */
static char *
read_aspm(const char *root, const char *address)
{
    g_autofree char *path = g_build_filename(root, PCI, address, "config", NULL);
    g_autofree char *config = NULL;
    gsize length;
    guint at;
    guint8 states;

    if (!g_file_get_contents(path, &config, &length, NULL) || length < PCI_CONFIG_BYTES)
        return NULL;
    at = find_link_control((const guint8 *)config, PCI_CONFIG_BYTES);
    states = at > 0 ? (guint8)config[at] : 0;
    return g_strdup(states & PCI_LINK_L0S  ? states & PCI_LINK_L1 ? "L0s L1" : "L0s"
                    : states & PCI_LINK_L1 ? "L1"
                                           : "");
}

/* The interfaces of a device stand below net/. */
static char *
read_carrier(const char *root, const char *address)
{
    g_autofree char *path = g_build_filename(PCI, address, "net", NULL);
    g_autoptr(GDir) interfaces = vitals_facts_open_directory(root, path);
    const char *name;

    while (interfaces && (name = g_dir_read_name(interfaces))) {
        g_autofree char *carrier = vitals_facts_read_of(root, path, name, "carrier");

        if (g_strcmp0(carrier, "1") == 0)
            return g_strdup(name);
    }
    return g_strdup("");
}

/* The entries of PCI are links: the device that is above in the path is above on the bus. */
static char *
read_parent(const char *root, const char *address)
{
    g_autofree char *path = g_build_filename(root, PCI, address, NULL);
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *above = target ? g_path_get_dirname(target) : g_strdup("");
    g_autofree char *name = g_path_get_basename(above);

    return g_strdup(g_str_has_prefix(name, "pci") || !strchr(name, ':') ? "" : name);
}

/* "0x10de" and "0x1b80" as lspci shows them */
static char *
read_pci_id(const char *root, const char *address)
{
    g_autofree char *vendor = vitals_facts_read_of(root, PCI, address, "vendor");
    g_autofree char *product = vitals_facts_read_of(root, PCI, address, "device");

    if (!vendor || !product || !g_str_has_prefix(vendor, "0x") || !g_str_has_prefix(product, "0x"))
        return g_strdup("");
    return g_strdup_printf("%s:%s", vendor + 2, product + 2);
}

static void
collect_pci(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GDir) devices = vitals_facts_open_directory(root, PCI);
    const char *address;

    if (!devices)
        return;
    facts->pci_devices = vitals_host_facts_pci_table();
    while ((address = g_dir_read_name(devices))) {
        g_autofree char *id = read_pci_id(root, address);
        g_autofree char *driver = vitals_facts_read_link(root, PCI, address, "driver");
        g_autofree char *group = vitals_facts_read_link(root, PCI, address, "iommu_group");
        g_autofree char *class_text = vitals_facts_read_of(root, PCI, address, "class");
        g_autofree char *resets = read_resets(root, address);
        g_autofree char *aspm = read_aspm(root, address);
        g_autofree char *parent = read_parent(root, address);
        g_autofree char *carrier = read_carrier(root, address);
        g_autofree char *boot_display = vitals_facts_read_of(root, PCI, address, "boot_vga");
        VitalsHostPciDevice device = {
            .id = id,
            .driver = driver,
            .group = group,
            .class_code = class_text ? (guint32)g_ascii_strtoull(class_text, NULL, 16) : 0,
            .resets = resets,
            .aspm = aspm,
            .parent = parent,
            .carrier = carrier,
            .is_boot_display = g_strcmp0(boot_display, "1") == 0,
        };

        vitals_host_facts_add_pci(facts, address, &device);
    }
}

static void
collect_usb(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/bus/usb/devices";
    g_autoptr(GDir) devices = vitals_facts_open_directory(root, path);
    const char *name;

    if (!devices)
        return;
    facts->usb_devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while ((name = g_dir_read_name(devices))) {
        g_autofree char *vendor = vitals_facts_read_of(root, path, name, "idVendor");
        g_autofree char *product = vitals_facts_read_of(root, path, name, "idProduct");
        g_autofree char *bus = vitals_facts_read_of(root, path, name, "busnum");
        g_autofree char *number = vitals_facts_read_of(root, path, name, "devnum");
        char *id;
        guint before;

        if (!vendor || !product)
            continue;
        id = g_strdup_printf("%s:%s", vendor, product);
        if (bus && number) {
            g_autofree char *place = g_strdup_printf("%s.%s", bus, number);

            vitals_host_facts_add_usb_place(facts, place, id);
        }
        before = GPOINTER_TO_UINT(g_hash_table_lookup(facts->usb_devices, id));
        g_hash_table_replace(facts->usb_devices, id, GUINT_TO_POINTER(before + 1));
    }
}

/* The names in a directory as a set; %NULL if there is no such directory. */
static GHashTable *
collect_names(const char *root, const char *path)
{
    g_autoptr(GDir) directory = vitals_facts_open_directory(root, path);
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
    g_autoptr(GDir) directory = vitals_facts_open_directory(root, "sys/class/net");
    GHashTable *set;
    const char *name;

    if (!directory)
        return NULL;
    set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while ((name = g_dir_read_name(directory)))
        g_hash_table_add(set, g_strdup(name));
    return set;
}

/* Members of bridges and bonds have a link to theirs. */
static void
collect_masters(VitalsHostFacts *facts, const char *root)
{
    GHashTableIter iter;
    gpointer name;

    if (!facts->interfaces)
        return;
    facts->masters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_iter_init(&iter, facts->interfaces);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        char *master = vitals_facts_read_link(root, "sys/class/net", name, "master");

        if (*master)
            g_hash_table_replace(facts->masters, g_strdup(name), master);
        else
            g_free(master);
    }
}

/* Pages that are reserved, and those that the kernel may add when asked. */
static void
collect_pages(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/kernel/mm/hugepages";
    static const char prefix[] = "hugepages-";
    g_autoptr(GDir) sizes = vitals_facts_open_directory(root, path);
    g_autofree char *meminfo = vitals_facts_read_text(root, "proc/meminfo");
    const char *size_line = meminfo ? strstr(meminfo, "Hugepagesize:") : NULL;
    const char *name;

    if (size_line)
        facts->default_page_kib = g_ascii_strtoull(size_line + strlen("Hugepagesize:"), NULL, 10);
    if (!sizes)
        return;
    facts->huge_pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    while ((name = g_dir_read_name(sizes))) {
        g_autofree char *reserved = vitals_facts_read_of(root, path, name, "nr_hugepages");
        g_autofree char *more = vitals_facts_read_of(root, path, name, "nr_overcommit_hugepages");
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

/* A line such as "Node 0 MemFree:  123 kB" of a node's, or without "Node 0" of the whole host. */
static guint64
read_meminfo(const char *meminfo, const char *name)
{
    g_autofree char *wanted = g_strconcat(name, ":", NULL);
    const char *at = meminfo ? strstr(meminfo, wanted) : NULL;

    return at ? g_ascii_strtoull(at + strlen(wanted), NULL, 10) : 0;
}

static void
collect_nodes(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/devices/system/node";
    g_autoptr(GDir) nodes = vitals_facts_open_directory(root, path);
    const char *name;

    while (nodes && (name = g_dir_read_name(nodes))) {
        g_autofree char *meminfo = vitals_facts_read_of(root, path, name, "meminfo");
        VitalsHostNode node = {
            .total_kib = read_meminfo(meminfo, "MemTotal"),
            /* the kernel drops its caches before it lets an allocation fail */
            .available_kib =
                read_meminfo(meminfo, "MemFree") + read_meminfo(meminfo, "Active(file)") +
                read_meminfo(meminfo, "Inactive(file)") + read_meminfo(meminfo, "SReclaimable"),
        };

        if (meminfo && g_str_has_prefix(name, "node"))
            vitals_host_facts_add_node(facts, name + strlen("node"), &node);
    }
}

static void
collect_memory(VitalsHostFacts *facts, const char *root)
{
    g_autofree char *meminfo = vitals_facts_read_text(root, "proc/meminfo");

    if (!meminfo)
        return;
    facts->words[VITALS_HOST_MEMORY] =
        g_strdup_printf("%" G_GUINT64_FORMAT, read_meminfo(meminfo, "MemTotal"));
    facts->words[VITALS_HOST_SWAP] =
        g_strdup_printf("%" G_GUINT64_FORMAT, read_meminfo(meminfo, "SwapTotal"));
}

/* By effect, not by the words on the command line: a group is there or is not. */
static VitalsKnown
iommu_at_work(const char *root)
{
    g_autoptr(GDir) groups = vitals_facts_open_directory(root, "sys/kernel/iommu_groups");

    if (!groups)
        return vitals_facts_exists(root, "sys/kernel") ? VITALS_NO : VITALS_UNKNOWN;
    return g_dir_read_name(groups) ? VITALS_YES : VITALS_NO;
}

static VitalsKnown
unsafe_interrupts(const char *root)
{
    g_autofree char *value = vitals_facts_read_text(
        root, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");

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
    if (!facts->mediated_devices && vitals_facts_exists(root, "sys/bus"))
        facts->mediated_devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    collect_masters(facts, root);
    collect_nodes(facts, root);
    collect_memory(facts, root);
    vitals_facts_collect_mounts(facts, root);
    facts->cmdline = vitals_facts_read_text(root, "proc/cmdline");
    vitals_facts_collect_words(facts, root);
    facts->iommu = iommu_at_work(root);
    facts->unsafe_interrupts = unsafe_interrupts(root);
    if (vitals_facts_exists(root, "dev"))
        facts->kvm = vitals_facts_exists(root, "dev/kvm") ? VITALS_YES : VITALS_NO;
    if (uname(&names) == 0)
        facts->arch = g_strdup(names.machine);
    return facts;
}
