/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-facts.h"
#include "probes/xml.h"

/*
 * What a lint rule may know: the definition of a guest, and what is known of a host.
 */

/* The libvirt driver that a definition is for; a set in rules. */
typedef enum {
    VITALS_DRIVER_QEMU = 1 << 0, /* type kvm, qemu, hvf */
    VITALS_DRIVER_XEN = 1 << 1,
    VITALS_DRIVER_OTHER = 1 << 2, /* lxc, bhyve, vmware…: no rule is about them */
    VITALS_DRIVER_HOST = 1 << 3,  /* no guest at all: the host that they run on */
} VitalsDefinitionDriver;

/* The kind of machine that a guest sees; a set in rules. */
typedef enum {
    VITALS_MACHINE_X86 = 1 << 0, /* also if the definition names neither architecture nor machine */
    VITALS_MACHINE_ARM = 1 << 1,
    VITALS_MACHINE_OTHER = 1 << 2,
    VITALS_MACHINE_ANY = VITALS_MACHINE_X86 | VITALS_MACHINE_ARM | VITALS_MACHINE_OTHER,
} VitalsMachine;

/**
 * VitalsViolation: a place where a definition violates libvirt's schema
 * @element: the number of its element in the document, from 0 for the root
 * @message: one sentence without a period, safe to show
 */
typedef struct {
    guint element;
    char *message;
} VitalsViolation;

/**
 * VitalsDefinition: a guest's definition, ready to be judged
 * @xml: (nullable): the document; %NULL for a host
 * @domain: (nullable): the <domain> element; the root but for a snapshot, checkpoint or status file;
 *   %NULL for a host, and so are all values in it
 * @devices: its <devices>, or @domain itself if it has none: where a missing device is reported
 * @driver: whose definition it is
 * @machine: what the guest sees
 * @is_hvm: fully virtualised: there is a firmware and emulated hardware
 * @host: (nullable): the host, where known
 * @fleet: (nullable): the other guests that are looked at with it; for a host, its guests
 * @is_autostart: whether it starts with its host; the caller's to set, and the next one
 * @is_running: whether it runs now
 * @guest_cmdline: (nullable): what the guest itself says is its kernel's command line; the caller's to set
 * @guest_nmi: (nullable): what it says is its kernel.unknown_nmi_panic; likewise
 * @violations: (owned) (nullable) (element-type VitalsViolation): what libvirt's schema says of it; %NULL
 *   if that is not known; the caller's to set, and the next two
 * @accepted: whether libvirt itself accepts it; unknown where it was not asked
 * @refusal: (owned) (nullable): its words if not, or why it could not be asked, safe to show
 * @log_directory: (nullable): where the logs of its consoles belong, "" if nobody knows; %NULL for libvirt's
 *   usual place, or a session's if its own paths show one; the caller's to set
 * @today: (nullable): the day of the judgement, "2026-12-31", where it matters; the caller's to set
 */
typedef struct {
    VitalsXml *xml;
    const VitalsXmlNode *domain;
    const VitalsXmlNode *devices;
    VitalsDefinitionDriver driver;
    VitalsMachine machine;
    gboolean is_hvm;
    const VitalsHostFacts *host;
    const struct VitalsFleet *fleet;
    VitalsKnown is_autostart;
    VitalsKnown is_running;
    const char *guest_cmdline;
    const char *guest_nmi;
    GPtrArray *violations;
    VitalsKnown accepted;
    char *refusal;
    const char *log_directory;
    const char *today;
} VitalsDefinition;

/**
 * vitals_definition_new:
 * @source: what the bytes are called in errors, as it came
 * @bytes: the definition's XML
 * @length: its bytes
 * @host: (nullable): what is known of the host; must outlive the result
 * @error: location for an error of domain %VITALS_XML_ERROR
 *
 * Parses a definition. Takes what libvirt wraps around one as well: domstatus (its run-time state
 * files), domainsnapshot and domaincheckpoint. Anything else is an error that says what it is.
 *
 * Returns: (transfer full) (nullable): the definition
 */
VitalsDefinition *vitals_definition_new(const char *source, const char *bytes, gsize length,
                                        const VitalsHostFacts *host, GError **error);

/**
 * vitals_definition_new_host:
 * @host: what is known of it; must outlive the result
 *
 * A host itself as something to judge, by the rules whose driver is %VITALS_DRIVER_HOST.
 *
 * Returns: (transfer full)
 */
VitalsDefinition *vitals_definition_new_host(const VitalsHostFacts *host);

void vitals_definition_free(VitalsDefinition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsDefinition, vitals_definition_free)

/**
 * vitals_definition_on_crash:
 *
 * Returns: (transfer none): what happens at a crash: "destroy" if the definition does not say, as
 *   libvirt takes it
 */
const char *vitals_definition_on_crash(const VitalsDefinition *definition);

/**
 * vitals_definition_reports_panics:
 *
 * Returns: whether it has a device through which the guest's kernel tells of a panic, as <panic> or as an
 *   argument to QEMU
 */
gboolean vitals_definition_reports_panics(const VitalsDefinition *definition);

/**
 * vitals_definition_passes:
 * @word: part of an argument
 *
 * Returns: whether the definition hands QEMU an argument of its own with @word in it
 *   (<qemu:commandline>). Devices that libvirt does not know come that way.
 */
gboolean vitals_definition_passes(const VitalsDefinition *definition, const char *word);

/**
 * vitals_definition_size:
 * @number: (nullable): digits
 * @unit: (nullable): one of libvirt's units; KiB if absent
 * @ret_kib: (out): the size in KiB, rounded up as libvirt does
 *
 * Returns: whether there is a size
 */
gboolean vitals_definition_size(const char *number, const char *unit, guint64 *ret_kib);

/**
 * vitals_definition_memory:
 * @size: (nullable): an element such as <memory unit='GiB'>4</memory>
 * @ret_kib: (out): its size in KiB, rounded up as libvirt does
 *
 * Understands libvirt's units (virScaleInteger): k, KiB, KB, b, bytes…; KiB if there is none.
 *
 * Returns: whether there is a size
 */
gboolean vitals_definition_memory(const VitalsXmlNode *size, guint64 *ret_kib);

/**
 * vitals_definition_total_memory:
 * @definition: a guest's
 * @ret_kib: (out): all its memory in KiB, memory modules included
 *
 * With <numa> cells libvirt computes the total from these and the modules, whatever <memory> says
 * (virDomainDefPostParseMemory); without, <memory> is the total.
 *
 * Returns: whether the definition says
 */
gboolean vitals_definition_total_memory(const VitalsDefinition *definition, guint64 *ret_kib);

/**
 * vitals_definition_balloon_gap:
 * @ret_total_kib: (out): all memory, in KiB
 * @ret_current_kib: (out): what the guest shall have of it
 *
 * Compares <currentMemory> with the total. Memory modules are not counted as a difference, as a
 * definition's <currentMemory> leaves them out.
 *
 * Returns: (transfer none) (nullable): <currentMemory>, if it leaves a part of the memory to a balloon
 */
const VitalsXmlNode *vitals_definition_balloon_gap(const VitalsDefinition *definition,
                                                   guint64 *ret_total_kib,
                                                   guint64 *ret_current_kib);

/**
 * vitals_definition_limit:
 * @path: of an element of memtune, e.g. "memtune/hard_limit"
 * @ret_kib: (out): the limit in KiB
 *
 * Returns: whether there is one; zero and libvirt's word for unlimited are none
 */
gboolean vitals_definition_limit(const VitalsDefinition *definition, const char *path,
                                 guint64 *ret_kib);

/**
 * vitals_definition_log_directory:
 *
 * A session's libvirt, which an ordinary user runs, may not write where the system's does; its guests keep
 * their disks or firmware's variables below ~/.local/share/libvirt or ~/.config/libvirt.
 *
 * Returns: (transfer full) (nullable): the directory that @definition->log_directory says; %NULL if
 *   nobody knows it
 */
char *vitals_definition_log_directory(const VitalsDefinition *definition);

/**
 * vitals_definition_os:
 *
 * Returns: (transfer none) (nullable): the guest's system as libosinfo names it in the definition's
 *   metadata, e.g. "http://microsoft.com/win/11"
 */
const char *vitals_definition_os(const VitalsDefinition *definition);

/**
 * vitals_definition_is_windows:
 *
 * Returns: whether the definition shows a Windows guest: by its metadata or, without any, by
 *   Hyper-V features together with a clock in local time
 */
gboolean vitals_definition_is_windows(const VitalsDefinition *definition);

/**
 * vitals_definition_is_live:
 *
 * Returns: whether it is a running guest's, so that libvirt has filled in names and paths
 */
gboolean vitals_definition_is_live(const VitalsDefinition *definition);

/**
 * vitals_definition_pci_devices:
 *
 * Returns: (transfer container) (element-type VitalsXmlNode): the host's PCI devices that the guest is
 *   given: <hostdev type='pci'> and <interface type='hostdev'>
 */
GPtrArray *vitals_definition_pci_devices(const VitalsDefinition *definition);

/**
 * vitals_definition_pci_address:
 * @device: one of vitals_definition_pci_devices()
 *
 * Returns: (transfer full) (nullable): its address on the host as in sysfs, "0000:01:00.0"; %NULL if it
 *   has none that is well-formed
 */
char *vitals_definition_pci_address(const VitalsXmlNode *device);

/**
 * vitals_definition_mediated_device:
 *
 * Returns: (transfer none) (nullable): the first part of a host's device that the guest is given,
 *   <hostdev type='mdev'>
 */
const VitalsXmlNode *vitals_definition_mediated_device(const VitalsDefinition *definition);
