/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

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
 * @driver: what it is bound to; "" for none
 * @group: its IOMMU group; "" for none
 * @class_code: the kernel's class, base and sub-class first: 0x030000 is a VGA controller
 * @resets: how it can be reset, e.g. "flr bus"; "" for not at all
 */
typedef struct {
    char *driver;
    char *group;
    guint32 class_code;
    char *resets;
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
 */
typedef struct {
    VitalsPathKind kind;
    char *format;
} VitalsHostPath;

/* "absent", "file", "device" or "other" */
const char *vitals_path_kind_name(VitalsPathKind kind);

/**
 * VitalsHostFacts: a host
 * @pci_devices: (nullable) (element-type utf8 VitalsHostPciDevice): all of them by address as in
 *   sysfs, "0000:01:00.0"
 * @usb_devices: (nullable) (element-type utf8 guint): how many there are by "vendor:product" in
 *   lower-case hexadecimal, "0403:6001"
 * @mediated_devices: (nullable) (element-type utf8): set of UUIDs in lower case
 * @interfaces: (nullable) (element-type utf8): set of names of network interfaces
 * @huge_pages: (nullable) (element-type guint64 guint64): KiB that are reserved, or may be, by size of
 *   page in KiB
 * @default_page_kib: size of a huge page where none is named; 0 for not known
 * @paths: (nullable) (element-type utf8 VitalsHostPath): those that somebody looked at
 * @cmdline: (nullable): the kernel's command line
 * @arch: (nullable): machine name as in uname(2)
 * @iommu: whether the IOMMU is at work
 * @unsafe_interrupts: whether VFIO was told to do without interrupt remapping
 * @kvm: whether /dev/kvm is there
 */
typedef struct {
    GHashTable *pci_devices;
    GHashTable *usb_devices;
    GHashTable *mediated_devices;
    GHashTable *interfaces;
    GHashTable *huge_pages;
    GHashTable *paths;
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
 * @format: as in VitalsHostPath; copied
 *
 * Adds to @paths, and makes that first if need be.
 */
void vitals_host_facts_add_path(VitalsHostFacts *facts, const char *path, VitalsPathKind kind,
                                const char *format);

/**
 * vitals_host_facts_has_word:
 * @word: a word of the kernel's command line, or its beginning up to and with "="
 *
 * Returns: whether the command line has it, if that is known
 */
VitalsKnown vitals_host_facts_has_word(const VitalsHostFacts *facts, const char *word);
