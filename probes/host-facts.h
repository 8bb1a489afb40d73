/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-words.h"

#include <glib.h>

/*
 * What is known of the host that a guest is to run on. Any part may be unknown, and then no rule takes
 * it for granted: it says which fact was missing.
 */

typedef enum {
    VITALS_UNKNOWN, /* nobody could tell */
    VITALS_NO,
    VITALS_YES,
} VitalsKnown;

/**
 * VitalsHostPciDevice: a PCI device of the host
 * @id: its vendor and product in lower-case hexadecimal, "10de:1b80"; "" for not known
 * @driver: what it is bound to; "" for none
 * @group: its IOMMU group; "" for none
 * @class_code: the kernel's class, base and sub-class first: 0x030000 is a VGA controller
 * @resets: how it can be reset, e.g. "flr bus"; "" for not at all
 * @aspm: power states that its link may enter, "L0s L1"; "" for none; %NULL for not known
 * @parent: address of the bridge or port above it; "" for none
 * @carrier: a network interface of it that has a link; "" for none
 * @is_boot_display: the firmware shows its screen there
 */
typedef struct {
    char *id;
    char *driver;
    char *group;
    guint32 class_code;
    char *resets;
    char *aspm;
    char *parent;
    char *carrier;
    gboolean is_boot_display;
} VitalsHostPciDevice;

/* What a path leads to, links followed. */
typedef enum {
    VITALS_PATH_ABSENT,
    VITALS_PATH_FILE,
    VITALS_PATH_DEVICE, /* block or character */
    VITALS_PATH_OTHER,  /* a directory, pipe or socket */
} VitalsPathKind;

/**
 * VitalsHostPath: a path of the host
 * @kind: what it leads to
 * @format: of a file: the image format that its first bytes show, as libvirt names it ("qcow2"); "" if
 *   they show none
 * @virtual_kib: of a file: the size of the disk in it, KiB; 0 for not known
 * @allocated_kib: of a file: what it takes on its file system, KiB
 * @has_unnamed_backing: of a qcow2 image: it lies over another whose format it does not name
 * @owner: name of the user it belongs to; "" for not known
 * @mode: its permission bits, as of chmod(2); 0 for not known
 */
typedef struct {
    VitalsPathKind kind;
    char *format;
    guint64 virtual_kib;
    guint64 allocated_kib;
    gboolean has_unnamed_backing;
    char *owner;
    guint mode;
} VitalsHostPath;

/* "absent", "file", "device" or "other" */
const char *vitals_path_kind_name(VitalsPathKind kind);

/**
 * VitalsHostFilesystem: a mounted file system
 * @source: what is mounted, "/dev/sda2"; two mounts of one source share its space
 * @is_ram: what is on it is gone after the next boot: tmpfs, ramfs, zram, or an overlay on one
 * @is_read_only: nothing can be written
 * @free_kib: what may still be written by an ordinary user, KiB; %VITALS_FREE_UNKNOWN where asking might
 *   block, as on network file systems
 */
typedef struct {
    char *source;
    gboolean is_ram;
    gboolean is_read_only;
    guint64 free_kib;
} VitalsHostFilesystem;

#define VITALS_FREE_UNKNOWN G_MAXUINT64

/**
 * VitalsHostNetwork: a virtual network or a storage pool of libvirt's
 * @is_active: it is there now
 * @is_autostart: it will be there after the next boot
 */
typedef struct {
    gboolean is_active;
    gboolean is_autostart;
} VitalsHostNetwork;

/**
 * VitalsHostNode: a NUMA node
 * @total_kib: its memory
 * @available_kib: what a guest could get of it: free, or given back by the kernel when asked
 */
typedef struct {
    guint64 total_kib;
    guint64 available_kib;
} VitalsHostNode;

/**
 * VitalsHostFacts: a host
 * @pci_devices: (nullable) (element-type utf8 VitalsHostPciDevice): all of them by address as in
 *   sysfs, "0000:01:00.0"
 * @usb_devices: (nullable) (element-type utf8 guint): how many there are by "vendor:product" in
 *   lower-case hexadecimal, "0403:6001"
 * @usb_places: (nullable) (element-type utf8 utf8): the same ids by "bus.device" in decimal, "1.7"
 * @mediated_devices: (nullable) (element-type utf8): set of UUIDs in lower case
 * @interfaces: (nullable) (element-type utf8): set of names of network interfaces
 * @huge_pages: (nullable) (element-type guint64 guint64): KiB that are reserved, or may be, by size of
 *   page in KiB
 * @default_page_kib: size of a huge page where none is named; 0 for not known
 * @paths: (nullable) (element-type utf8 VitalsHostPath): those that somebody looked at
 * @filesystems: (nullable) (element-type utf8 VitalsHostFilesystem): by the directory where they are
 *   mounted, or of a path of @paths that a link leads elsewhere
 * @networks: (nullable) (element-type utf8 VitalsHostNetwork): libvirt's virtual networks
 * @pools: (nullable) (element-type utf8 VitalsHostNetwork): its storage pools
 * @abilities: (nullable) (element-type utf8 utf8): what its capabilities and domain capabilities say of
 *   an architecture, by "x86_64 types" (of domains, with blanks), "x86_64 firmware" (that it finds by
 *   itself, with blanks) and "x86_64 vmcoreinfo" ("yes" or "no")
 * @machines: (nullable) (element-type utf8 guint): machine types that libvirt's emulators know, as
 *   "x86_64 pc-q35-7.2"; 2 for one that is deprecated, else 1
 * @emulators: (nullable) (element-type utf8): set of paths of emulators that libvirt knows
 * @masters: (nullable) (element-type utf8 utf8): the bridge or bond of each interface that is in one
 * @nodes: (nullable) (element-type utf8 VitalsHostNode): NUMA nodes by number
 * @words: facts that are one text each; %NULL for not known
 * @cmdline: (nullable): the kernel's command line
 * @arch: (nullable): machine name as in uname(2)
 * @iommu: whether the IOMMU is at work
 * @unsafe_interrupts: whether VFIO was told to do without interrupt remapping
 * @kvm: whether /dev/kvm is there
 */
typedef struct {
    GHashTable *pci_devices;
    GHashTable *usb_devices;
    GHashTable *usb_places;
    GHashTable *mediated_devices;
    GHashTable *interfaces;
    GHashTable *huge_pages;
    GHashTable *paths;
    GHashTable *filesystems;
    GHashTable *networks;
    GHashTable *pools;
    GHashTable *abilities;
    GHashTable *machines;
    GHashTable *emulators;
    GHashTable *masters;
    GHashTable *nodes;
    char *words[VITALS_N_HOST_WORDS];
    guint64 default_page_kib;
    char *cmdline;
    char *arch;
    VitalsKnown iommu;
    VitalsKnown unsafe_interrupts;
    VitalsKnown kvm;
} VitalsHostFacts;

/* A host of which nothing is known. */
VitalsHostFacts *vitals_host_facts_new(void);

void vitals_host_facts_free(VitalsHostFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsHostFacts, vitals_host_facts_free)

/**
 * vitals_host_facts_pci_table:
 *
 * Returns: (transfer full): an empty table for @pci_devices that owns what is in it
 */
GHashTable *vitals_host_facts_pci_table(void);

/**
 * vitals_host_facts_add_pci:
 * @address: as in sysfs
 *
 * Adds a device to @pci_devices. Copies the strings.
 */
void vitals_host_facts_add_pci(VitalsHostFacts *facts, const char *address,
                               const VitalsHostPciDevice *device);

/**
 * vitals_host_facts_add_path:
 * @path: absolute
 * @found: what it is; copied
 *
 * Adds to @paths, and makes that first if need be.
 */
void vitals_host_facts_add_path(VitalsHostFacts *facts, const char *path,
                                const VitalsHostPath *found);

/* Likewise for @filesystems, @networks, @pools, @abilities, @usb_places and @nodes. */
void vitals_host_facts_add_filesystem(VitalsHostFacts *facts, const char *directory,
                                      const VitalsHostFilesystem *filesystem);
void vitals_host_facts_add_network(VitalsHostFacts *facts, const char *name,
                                   const VitalsHostNetwork *network);
void vitals_host_facts_add_pool(VitalsHostFacts *facts, const char *name,
                                const VitalsHostNetwork *pool);
void vitals_host_facts_add_ability(VitalsHostFacts *facts, const char *name, const char *value);
void vitals_host_facts_add_usb_place(VitalsHostFacts *facts, const char *place, const char *id);
void vitals_host_facts_add_node(VitalsHostFacts *facts, const char *number,
                                const VitalsHostNode *node);

/**
 * vitals_host_facts_filesystem:
 * @facts: (nullable): a host
 * @path: absolute
 *
 * Returns: (transfer none) (nullable): the file system of @path; %NULL for not known
 */
const VitalsHostFilesystem *vitals_host_facts_filesystem(const VitalsHostFacts *facts,
                                                         const char *path);

/**
 * vitals_host_facts_ability:
 * @facts: (nullable): a host
 * @arch: (nullable): an architecture; the host's own if none is named
 * @name: what follows it in @abilities, "types"
 *
 * Returns: (transfer none) (nullable): what libvirt says; %NULL for not known
 */
const char *vitals_host_facts_ability(const VitalsHostFacts *facts, const char *arch,
                                      const char *name);

/**
 * vitals_host_facts_has_word:
 * @word: a word of the kernel's command line, or its beginning up to and with "="
 *
 * Returns: whether the command line has it, if that is known
 */
VitalsKnown vitals_host_facts_has_word(const VitalsHostFacts *facts, const char *word);
