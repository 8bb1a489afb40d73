/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-fact.h"

#include <string.h>

/*
 * The host's PCI devices that a guest is given, as they are on this host.
 */

#define FACT "the host's PCI devices"

/* The table, if it is known; else says that it is not. */
static GHashTable *
known_devices(const VitalsDefinition *definition, VitalsFindings *findings)
{
    GHashTable *table = definition->host ? definition->host->pci_devices : NULL;

    if (!table)
        vitals_findings_add_unknown(findings, FACT);
    return table;
}

/* The addresses of what this guest is given, by element. */
static GHashTable *
assigned_addresses(const GPtrArray *devices)
{
    GHashTable *assigned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < devices->len; i++) {
        char *address = vitals_definition_pci_address(devices->pdata[i]);

        if (address)
            g_hash_table_replace(assigned, address, devices->pdata[i]);
    }
    return assigned;
}

static gboolean
is_bridge(const VitalsHostPciDevice *device)
{
    return device->class_code >> 8 == 0x0604;
}

/* Drivers that leave a device to VFIO, or do nothing with it (vfio_dev_driver_allowed in the kernel's
 * drivers/vfio). */
static gboolean
is_out_of_the_way(const VitalsHostPciDevice *device)
{
    return !*device->driver || strstr(device->driver, "vfio") ||
           g_str_equal(device->driver, "pci-stub") || g_str_equal(device->driver, "pcieport");
}

static gboolean
share_group(const VitalsHostPciDevice *one, const VitalsHostPciDevice *other)
{
    return *one->group && g_str_equal(one->group, other->group);
}

/* A device of the host that keeps the whole group of @device from VFIO. */
static gboolean
blocks(const VitalsHostPciDevice *other, const VitalsHostPciDevice *device)
{
    return share_group(device, other) && !is_bridge(other) && !is_out_of_the_way(other);
}

static gint
compare_addresses(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

typedef gboolean (*Matches)(const char *address, const VitalsHostPciDevice *device,
                            const char *other_address, const VitalsHostPciDevice *other);

/* The addresses of devices that @matches, in order. */
static GPtrArray *
find_companions(GHashTable *table, GHashTable *assigned, const char *address, Matches matches)
{
    const VitalsHostPciDevice *device = g_hash_table_lookup(table, address);
    GPtrArray *addresses = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    gpointer value;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!g_hash_table_contains(assigned, key) && matches(address, device, key, value))
            g_ptr_array_add(addresses, key);
    }
    g_ptr_array_sort(addresses, compare_addresses);
    return addresses;
}

/* "0000:01:00.1 (snd_hda_intel), …" */
static char *
list_companions(GHashTable *table, const GPtrArray *addresses)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < addresses->len; i++) {
        const VitalsHostPciDevice *other = g_hash_table_lookup(table, addresses->pdata[i]);

        g_string_append_printf(list, "%s%s (%s)", i > 0 ? ", " : "", (char *)addresses->pdata[i],
                               *other->driver ? other->driver : "no driver");
    }
    return g_string_free(list, FALSE);
}

/* Looks at each assigned device that this host has. */
static VitalsAnswer
check_each(const VitalsDefinition *definition, VitalsFindings *findings,
           void (*judge)(GHashTable *table, GHashTable *assigned, const char *address,
                         VitalsFindings *findings))
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    g_autoptr(GHashTable) assigned = NULL;
    GHashTable *table;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    table = known_devices(definition, findings);
    assigned = assigned_addresses(devices);
    for (guint i = 0; table && i < devices->len; i++) {
        g_autofree char *address = vitals_definition_pci_address(devices->pdata[i]);

        if (address && g_hash_table_contains(table, address))
            judge(table, assigned, address, findings);
    }
    return vitals_findings_answer(findings);
}

static gboolean
is_blocking(const char *address, const VitalsHostPciDevice *device, const char *other_address,
            const VitalsHostPciDevice *other)
{
    return blocks(other, device);
}

static void
judge_group(GHashTable *table, GHashTable *assigned, const char *address, VitalsFindings *findings)
{
    const VitalsHostPciDevice *device = g_hash_table_lookup(table, address);
    g_autoptr(GPtrArray) others = find_companions(table, assigned, address, is_blocking);
    g_autofree char *companions = list_companions(table, others);

    if (others->len > 0)
        vitals_findings_add(findings, g_hash_table_lookup(assigned, address),
                            "IOMMU group %s of host device %s also holds %s, which the host keeps: "
                            "the guest will not start",
                            device->group, address, companions);
}

static VitalsAnswer
check_pci005(const VitalsDefinition *definition, VitalsFindings *findings)
{
    return check_each(definition, findings, judge_group);
}

const VitalsRule vitals_rule_pci005 = {
    .id = "PCI005",
    .name = "iommu-group-shared",
    .title = "IOMMU group is shared with devices that stay with the host",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = FACT,
    .why =
        "VFIO takes a whole IOMMU group or nothing: devices in a group can reach each other behind "
        "the IOMMU's back. With managed='yes' libvirt detaches the listed device only, and the "
        "start fails with \"group is not viable\".",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='1'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "assign the others as well, or bind them to vfio-pci",
    .exceptions = "PCI bridges in the group, devices without a driver, and those bound to vfio or "
                  "pci-stub do no harm. Whether an unmanaged device itself is bound to vfio-pci is "
                  "PCI001's matter.",
    .evidence =
        (const char *const[]){
            "https://github.com/kubevirt/kubevirt/issues/6718: \"group 1 is not viable. Please "
            "ensure all "
            "devices within the iommu_group are bound to their vfio bus driver\"",
            "https://docs.kernel.org/driver-api/vfio.html", NULL },
    .check = check_pci005,
};

/* Another function of the same card that a reset hits as well. What keeps the group from VFIO is PCI005's
 * finding; functions in groups of their own, as virtual functions are, are independent but on graphics
 * cards. */
static gboolean
is_left_behind(const char *address, const VitalsHostPciDevice *device, const char *other_address,
               const VitalsHostPciDevice *other)
{
    gboolean same_slot = strlen(address) > 2 &&
                         strncmp(address, other_address, strlen(address) - 1) == 0 &&
                         strlen(address) == strlen(other_address);
    gboolean is_display = device->class_code >> 16 == 0x03 || other->class_code >> 16 == 0x03;

    return same_slot && !blocks(other, device) && (is_display || share_group(device, other));
}

/* Hands the guest the others as well, in front of the one that it has. */
static void
offer_functions(const VitalsXmlNode *device, const GPtrArray *addresses, VitalsFinding *finding)
{
    VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);

    for (guint i = 0; i < addresses->len; i++) {
        g_auto(GStrv) parts = g_strsplit_set(addresses->pdata[i], ":.", -1);
        g_autofree char *xml = g_strdup_printf(
            "<hostdev mode='subsystem' type='pci' managed='yes'>\n  <source>\n    <address "
            "domain='0x%s' bus='0x%s' slot='0x%s' function='0x%s'/>\n  </source>\n</hostdev>",
            parts[0], parts[1], parts[2], parts[3]);

        vitals_fix_add_before(fix, device, xml);
    }
}

static void
judge_functions(GHashTable *table, GHashTable *assigned, const char *address,
                VitalsFindings *findings)
{
    g_autoptr(GPtrArray) others = find_companions(table, assigned, address, is_left_behind);
    g_autofree char *companions = list_companions(table, others);
    const VitalsXmlNode *device = g_hash_table_lookup(assigned, address);

    if (others->len > 0)
        offer_functions(device, others,
                        vitals_findings_add(findings, device,
                                            "host device %s is one function of a card; %s stays "
                                            "behind, and a reset hits both",
                                            address, companions));
}

static VitalsAnswer
check_pci006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    return check_each(definition, findings, judge_functions);
}

const VitalsRule vitals_rule_pci006 = {
    .id = "PCI006",
    .name = "functions-left-behind",
    .title = "only some functions of a multifunction device are assigned",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = FACT,
    .why =
        "A reset of the bus hits the function that stayed with the host, and drivers of graphics "
        "cards expect their sound function beside them.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='1'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "assign all functions, with multifunction='on' in the guest's address",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Virtual functions and ports of network cards in IOMMU groups of their own are "
        "independent and pass. Where a function left behind keeps the start from working, "
        "PCI005 says so instead.",
    .evidence =
        (const char *const[]){
            "https://github.com/kubernetes-sigs/dra-driver-nvidia-gpu/issues/1191",
            "https://pve.proxmox.com/wiki/PCI_Passthrough", NULL },
    .check = check_pci006,
};

/* Under Xen the IOMMU is the hypervisor's: dom0's kernel sees no groups. A paravirtualised guest may do
 * without. */
static void
judge_xen_iommu(const VitalsDefinition *definition, const VitalsXmlNode *device,
                VitalsFindings *findings)
{
    const char *abilities = vitals_host_fact(definition, VITALS_HOST_XEN_ABILITIES, findings);

    if (abilities && !vitals_host_has_word(abilities, "hvm_directio"))
        vitals_findings_add(findings, device,
                            "a host device is assigned, but Xen has no IOMMU at work (virt_caps: "
                            "%s): the guest will not start",
                            abilities);
}

/* Only fully virtualised guests of Xen's, and PVH ones, need it. */
static gboolean
does_without_iommu(const VitalsDefinition *definition)
{
    const char *type = vitals_xml_value(definition->domain, "os/type");

    return definition->driver == VITALS_DRIVER_XEN && !definition->is_hvm &&
           g_strcmp0(type, "xenpvh") != 0;
}

static VitalsAnswer
check_pci007(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    VitalsKnown iommu = definition->host ? definition->host->iommu : VITALS_UNKNOWN;

    if (devices->len == 0 || does_without_iommu(definition))
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (definition->driver == VITALS_DRIVER_XEN)
        judge_xen_iommu(definition, devices->pdata[0], findings);
    else if (iommu == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, "whether the host's IOMMU is at work");
    else if (iommu == VITALS_NO)
        vitals_findings_add(findings, devices->pdata[0],
                            "a host device is assigned, but the host's IOMMU is not at work: the "
                            "guest will not start");
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci007 = {
    .id = "PCI007",
    .name = "no-iommu",
    .title = "passthrough is configured, but the IOMMU is not active",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = "whether the host's IOMMU is at work",
    .why = "The guest cannot start. Typical after a reset of the firmware's settings, an update of "
           "the "
           "kernel, or a command line that was mangled.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <!-- no host device -->\n"
            "</devices>",
    .remedy =
        "switch VT-d or AMD-Vi on in the firmware, and intel_iommu=on on older kernels; then look "
        "for entries in /sys/kernel/iommu_groups",
    .exceptions =
        "VFIO's mode without an IOMMU is not for guests. Judged by effect, not by what the "
        "command line says; on Xen by what `xl info` says under virt_caps. Paravirtualised guests "
        "of "
        "Xen's are left out, as they can do without.",
    .evidence =
        (const char *const[]){
            "measured: \"host doesn't support passthrough of host PCI devices\"",
            "virt-host-validate uses the same test",
            "libxl_create.c: \"passthrough not supported on this platform\" where "
            "hvm_directio is missing",
            NULL },
    .check = check_pci007,
};

#define LINT_NAMESPACE "{urn:virt-vitals:lint:1}"

/* What the definition's metadata says was at each address when it was assigned. */
static GHashTable *
pinned_ids(const VitalsDefinition *definition)
{
    GHashTable *ids = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) pins = vitals_xml_all(definition->domain, "metadata/" LINT_NAMESPACE
                                                                   "lint/" LINT_NAMESPACE "device");

    for (guint i = 0; i < pins->len; i++) {
        const char *address = vitals_xml_attribute(pins->pdata[i], "address");
        const char *id = vitals_xml_attribute(pins->pdata[i], "id");

        if (address && id)
            g_hash_table_replace(ids, (gpointer)address, (gpointer)id);
    }
    return ids;
}

static void
judge_identity(const char *pinned, const VitalsXmlNode *node, const char *address,
               const VitalsHostPciDevice *device, VitalsFindings *findings)
{
    if (!*device->id)
        vitals_findings_add_unknown(findings, "vendor and product of the host's PCI device %s",
                                    address);
    else if (g_ascii_strcasecmp(pinned, device->id) != 0)
        vitals_findings_add(
            findings, node,
            "host device %s is %s now, and the definition's metadata says that %s was "
            "assigned",
            address, device->id, pinned);
}

static VitalsAnswer
check_pci008(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_definition_pci_devices(definition);
    g_autoptr(GHashTable) pins = NULL;
    GHashTable *table;

    if (devices->len == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    table = known_devices(definition, findings);
    pins = pinned_ids(definition);
    for (guint i = 0; table && i < devices->len; i++) {
        g_autofree char *address = vitals_definition_pci_address(devices->pdata[i]);
        const VitalsHostPciDevice *device = address ? g_hash_table_lookup(table, address) : NULL;
        const char *pinned = device ? g_hash_table_lookup(pins, address) : NULL;

        if (pinned)
            judge_identity(pinned, devices->pdata[i], address, device, findings);
        else if (address && !device)
            vitals_findings_add(findings, devices->pdata[i],
                                "host device %s does not exist on this host", address);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_pci008 = {
    .id = "PCI008",
    .name = "hostdev-does-not-exist",
    .title = "address of a host device does not exist, or is another device",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = FACT,
    .why = "PCI addresses move when cards are added or firmware settings change, and libvirt knows "
           "devices by address only.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='9' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "correct the address; `lspci -D` shows them",
    .exceptions =
        "Virtual functions that a service makes before the guest starts. That another device is at "
        "the "
        "address now is seen where the definition's <metadata> says which was meant: "
        "<vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'><vitals:device address='0000:01:00.0' "
        "id='10de:1b80'/></vitals:lint>, with what `lspci -n` shows.",
    .evidence =
        (const char *const[]){ "https://libvirt.org/formatdomain.html#host-device-assignment: "
                               "\"PCI devices can only be "
                               "described by their address\"",
                               NULL },
    .check = check_pci008,
};

static void
judge_reset(GHashTable *table, GHashTable *assigned, const char *address, VitalsFindings *findings)
{
    const VitalsHostPciDevice *device = g_hash_table_lookup(table, address);

    if (!*device->resets)
        vitals_findings_add(
            findings, g_hash_table_lookup(assigned, address),
            "host device %s cannot be reset: after a crash or a forced stop it may not "
            "work until the host is booted",
            address);
}

static VitalsAnswer
check_pci010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    return check_each(definition, findings, judge_reset);
}

const VitalsRule vitals_rule_pci010 = {
    .id = "PCI010",
    .name = "hostdev-without-reset",
    .title = "assigned device has no reset method",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .profiles = VITALS_PROFILE_PASSTHROUGH,
    .needs = FACT,
    .why = "After a crash of the guest or a forced stop the device keeps its state. The next start "
           "may "
           "fail until the host is booted.",
    .bad = "<devices>\n"
           "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
           "    <source><address domain='0' bus='2' slot='0' function='0'/></source>\n"
           "  </hostdev>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <hostdev mode='subsystem' type='pci' managed='yes'>\n"
            "    <source><address domain='0' bus='1' slot='0' function='0'/></source>\n"
            "  </hostdev>\n"
            "</devices>",
    .remedy = "look for a reset module of the vendor's, or plan a boot of the host",
    .exceptions = "Some devices survive without.",
    .evidence =
        (const char *const[]){
            "Linux commit e210d9fc0903: sysfs interface to query and set the reset method",
            "QEMU hw/vfio/pci.c: \"vfio: Cannot reset device %s, no available reset mechanism.\"",
            NULL },
    .check = check_pci010,
};
