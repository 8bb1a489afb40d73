/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/definition.h"
#include "config/text.h"

#include <string.h>

#define QEMU_NAMESPACE "{http://libvirt.org/schemas/domain/qemu/1.0}"

static gboolean
is_one_of(const char *word, const char *const *words)
{
    return word && g_strv_contains(words, word);
}

/* The <domain> itself or the one that libvirt put into a file of its own. */
static const VitalsXmlNode *
find_domain(const VitalsXmlNode *root)
{
    static const char *const wrappers[] = { "domstatus", "domainsnapshot", "domaincheckpoint",
                                            NULL };

    if (g_str_equal(vitals_xml_name(root), "domain"))
        return root;
    return is_one_of(vitals_xml_name(root), wrappers) ? vitals_xml_first(root, "domain") : NULL;
}

static VitalsDefinitionDriver
driver_of(const VitalsXmlNode *domain)
{
    static const char *const qemu[] = { "kvm", "qemu", "hvf", "kqemu", NULL };
    const char *type = vitals_xml_attribute(domain, "type");

    if (is_one_of(type, qemu))
        return VITALS_DRIVER_QEMU;
    return g_strcmp0(type, "xen") == 0 ? VITALS_DRIVER_XEN : VITALS_DRIVER_OTHER;
}

/* Without an architecture libvirt takes the host's. The machine's name tells which that was; without
 * either x86 is assumed, where nearly all hosts are. */
static VitalsMachine
machine_of(const VitalsXmlNode *domain)
{
    static const char *const x86[] = { "x86_64", "i686", "i586", "i486", "i386", NULL };
    static const char *const arm[] = { "aarch64", "armv7l", "armv6l", NULL };
    static const char *const pcs[] = { "pc", "q35", "isapc", "microvm", "rhel6", "xen", NULL };
    const char *arch = vitals_xml_value(domain, "os/type/@arch");
    const char *machine = vitals_xml_value(domain, "os/type/@machine");

    if (arch && *arch) {
        if (is_one_of(arch, x86))
            return VITALS_MACHINE_X86;
        return is_one_of(arch, arm) ? VITALS_MACHINE_ARM : VITALS_MACHINE_OTHER;
    }
    if (!machine || !*machine)
        return VITALS_MACHINE_X86;
    for (guint i = 0; pcs[i]; i++) {
        if (g_str_has_prefix(machine, pcs[i]))
            return VITALS_MACHINE_X86;
    }
    return VITALS_MACHINE_OTHER;
}

static void
set_error(const char *source, const VitalsXmlNode *root, VitalsXmlError code, const char *problem,
          GError **error)
{
    g_autofree char *name = vitals_text_printable(source, -1);
    g_autofree char *element = vitals_text_printable(vitals_xml_name(root), -1);

    g_set_error(error, VITALS_XML_ERROR, code, "%s:%u: <%s> %s", name, vitals_xml_line(root),
                element, problem);
}

VitalsDefinition *
vitals_definition_new(const char *source, const char *bytes, gsize length,
                      const VitalsHostFacts *host, GError **error)
{
    g_autoptr(VitalsXml) xml = vitals_xml_parse(source, bytes, length, error);
    const VitalsXmlNode *domain;
    VitalsDefinition *definition;
    const char *type;

    if (!xml)
        return NULL;
    domain = find_domain(vitals_xml_root(xml));
    if (!domain) {
        set_error(source, vitals_xml_root(xml), VITALS_XML_ERROR_OTHER_DOCUMENT,
                  "is no <domain>: only definitions of guests are checked", error);
        return NULL;
    }
    if (!vitals_xml_attribute(domain, "type")) {
        set_error(source, domain, VITALS_XML_ERROR_UNREADABLE,
                  "has no type: libvirt accepts no definition without", error);
        return NULL;
    }

    definition = g_new0(VitalsDefinition, 1);
    definition->xml = g_steal_pointer(&xml);
    definition->domain = domain;
    definition->devices = vitals_xml_first(domain, "devices");
    if (!definition->devices)
        definition->devices = domain;
    definition->driver = driver_of(domain);
    definition->machine = machine_of(domain);
    type = vitals_xml_value(domain, "os/type");
    /* QEMU runs nothing else; for Xen a missing type means a paravirtualised guest. */
    definition->is_hvm = definition->driver == VITALS_DRIVER_QEMU || g_strcmp0(type, "hvm") == 0;
    definition->host = host;
    if (vitals_definition_is_live(definition))
        definition->is_running = VITALS_YES;
    return definition;
}

VitalsDefinition *
vitals_definition_new_host(const VitalsHostFacts *host)
{
    VitalsDefinition *definition = g_new0(VitalsDefinition, 1);

    definition->driver = VITALS_DRIVER_HOST;
    definition->machine = VITALS_MACHINE_X86;
    definition->host = host;
    return definition;
}

void
vitals_definition_free(VitalsDefinition *definition)
{
    if (!definition)
        return;
    vitals_xml_free(definition->xml);
    g_clear_pointer(&definition->violations, g_ptr_array_unref);
    g_free(definition->refusal);
    g_free(definition);
}

const char *
vitals_definition_on_crash(const VitalsDefinition *definition)
{
    const char *action = vitals_xml_value(definition->domain, "on_crash");

    return action && *action ? action : "destroy";
}

gboolean
vitals_definition_passes(const VitalsDefinition *definition, const char *word)
{
    g_autoptr(GPtrArray) arguments =
        vitals_xml_all(definition->domain, QEMU_NAMESPACE "commandline/" QEMU_NAMESPACE "arg");

    for (guint i = 0; i < arguments->len; i++) {
        const char *value = vitals_xml_attribute(arguments->pdata[i], "value");

        if (value && strstr(value, word))
            return TRUE;
    }
    return FALSE;
}

gboolean
vitals_definition_reports_panics(const VitalsDefinition *definition)
{
    return vitals_xml_first(definition->devices, "panic") ||
           vitals_definition_passes(definition, "pvpanic");
}

/* What one of @unit is in bytes; 0 for none of libvirt's units. */
static guint64
unit_size(const char *unit)
{
    static const char prefixes[] = "kmgtpe";
    const char *prefix;
    guint64 base;
    guint64 size = 1;

    if (g_ascii_strcasecmp(unit, "b") == 0 || g_ascii_strcasecmp(unit, "byte") == 0 ||
        g_ascii_strcasecmp(unit, "bytes") == 0)
        return 1;

    prefix = *unit ? strchr(prefixes, g_ascii_tolower(*unit)) : NULL;
    if (!prefix)
        return 0;
    if (!unit[1] || g_ascii_strcasecmp(unit + 1, "iB") == 0)
        base = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "B") == 0)
        base = 1000;
    else
        return 0;
    for (const char *at = prefixes; at <= prefix; at++)
        size *= base;
    return size;
}

gboolean
vitals_definition_size(const char *number, const char *unit, guint64 *ret_kib)
{
    guint64 scale = unit_size(unit ? unit : "KiB");
    guint64 count;
    guint64 bytes;

    if (scale == 0 || !number ||
        !g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &count, NULL) ||
        !g_uint64_checked_mul(&bytes, count, scale))
        return FALSE;
    *ret_kib = bytes / 1024 + (bytes % 1024 ? 1 : 0);
    return TRUE;
}

gboolean
vitals_definition_memory(const VitalsXmlNode *size, guint64 *ret_kib)
{
    return size && vitals_definition_size(vitals_xml_text(size), vitals_xml_attribute(size, "unit"),
                                          ret_kib);
}

/* Adds up the sizes of elements; a cell's stands in an attribute. */
static guint64
sum_sizes(const VitalsXmlNode *parent, const char *path)
{
    g_autoptr(GPtrArray) elements = vitals_xml_all(parent, path);
    guint64 sum = 0;

    for (guint i = 0; i < elements->len; i++) {
        const char *number = vitals_xml_attribute(elements->pdata[i], "memory");
        guint64 size = 0;

        if (number ? vitals_definition_size(number,
                                            vitals_xml_attribute(elements->pdata[i], "unit"), &size)
                   : vitals_definition_memory(elements->pdata[i], &size))
            sum += MIN(size, G_MAXUINT64 - sum);
    }
    return sum;
}

static guint64
modules_kib(const VitalsDefinition *definition)
{
    return sum_sizes(definition->devices, "memory/target/size");
}

gboolean
vitals_definition_total_memory(const VitalsDefinition *definition, guint64 *ret_kib)
{
    guint64 cells = sum_sizes(definition->domain, "cpu/numa/cell");

    if (cells > 0) {
        *ret_kib = cells + MIN(modules_kib(definition), G_MAXUINT64 - cells);
        return TRUE;
    }
    return vitals_definition_memory(vitals_xml_first(definition->domain, "memory"), ret_kib);
}

const VitalsXmlNode *
vitals_definition_balloon_gap(const VitalsDefinition *definition, guint64 *ret_total_kib,
                              guint64 *ret_current_kib)
{
    const VitalsXmlNode *current = vitals_xml_first(definition->domain, "currentMemory");
    guint64 total;
    guint64 current_kib;

    /* libvirt takes 0 as if the element were absent, and rounds the total, not this, up to whole MiB
     * (qemuDomainAlignMemorySizes). */
    if (!vitals_definition_total_memory(definition, &total) ||
        !vitals_definition_memory(current, &current_kib) || current_kib == 0 ||
        current_kib + 1024 > total - MIN(total, modules_kib(definition)))
        return NULL;
    *ret_total_kib = total;
    *ret_current_kib = current_kib;
    return current;
}

/* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED of libvirt-domain.h, in KiB */
#define UNLIMITED_KIB G_GUINT64_CONSTANT(9007199254740991)

gboolean
vitals_definition_limit(const VitalsDefinition *definition, const char *path, guint64 *ret_kib)
{
    guint64 limit;

    if (!vitals_definition_memory(vitals_xml_first(definition->domain, path), &limit) ||
        limit == 0 || limit >= UNLIMITED_KIB)
        return FALSE;
    *ret_kib = limit;
    return TRUE;
}

#define OSINFO "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"

/* The home that a path of a session's libvirt begins with. */
static char *
home_of(const char *path)
{
    static const char *const marks[] = { "/.local/share/libvirt/", "/.config/libvirt/" };

    for (guint i = 0; path && *path == '/' && i < G_N_ELEMENTS(marks); i++) {
        const char *mark = strstr(path, marks[i]);

        if (mark && mark > path)
            return g_strndup(path, (gsize)(mark - path));
    }
    return NULL;
}

char *
vitals_definition_log_directory(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    g_autofree char *home = home_of(vitals_xml_value(definition->domain, "os/nvram"));

    if (definition->log_directory)
        return *definition->log_directory ? g_strdup(definition->log_directory) : NULL;
    for (guint i = 0; i < disks->len && !home; i++)
        home = home_of(vitals_xml_value(disks->pdata[i], "source/@file"));
    return home ? g_build_filename(home, ".cache/libvirt/qemu/log", NULL)
                : g_strdup("/var/log/libvirt/qemu");
}

const char *
vitals_definition_os(const VitalsDefinition *definition)
{
    return vitals_xml_value(definition->domain, "metadata/" OSINFO "libosinfo/" OSINFO "os/@id");
}

gboolean
vitals_definition_is_windows(const VitalsDefinition *definition)
{
    const char *os = vitals_definition_os(definition);

    if (os)
        return strstr(os, "microsoft.com") != NULL;
    return vitals_xml_first(definition->domain, "features/hyperv") &&
           g_strcmp0(vitals_xml_value(definition->domain, "clock/@offset"), "localtime") == 0;
}

gboolean
vitals_definition_is_live(const VitalsDefinition *definition)
{
    return vitals_xml_attribute(definition->domain, "id") ||
           g_str_equal(vitals_xml_name(vitals_xml_root(definition->xml)), "domstatus");
}

GPtrArray *
vitals_definition_pci_devices(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) all = vitals_xml_all(definition->devices, "*");
    GPtrArray *devices = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        const VitalsXmlNode *device = all->pdata[i];
        const char *type = vitals_xml_attribute(device, "type");
        const char *wanted = g_str_equal(vitals_xml_name(device), "hostdev")     ? "pci"
                             : g_str_equal(vitals_xml_name(device), "interface") ? "hostdev"
                                                                                 : NULL;

        if (wanted && g_strcmp0(type, wanted) == 0)
            g_ptr_array_add(devices, (gpointer)device);
    }
    return devices;
}

/* Numbers of an address are decimal, or hexadecimal behind "0x". */
static gboolean
read_address_part(const VitalsXmlNode *address, const char *name, guint64 maximum,
                  guint64 *ret_number)
{
    const char *text = vitals_xml_attribute(address, name);
    gboolean is_hex = text && g_ascii_strncasecmp(text, "0x", 2) == 0;

    *ret_number = 0;
    return !text || g_ascii_string_to_unsigned(is_hex ? text + 2 : text, is_hex ? 16 : 10, 0,
                                               maximum, ret_number, NULL);
}

char *
vitals_definition_pci_address(const VitalsXmlNode *device)
{
    const VitalsXmlNode *address = vitals_xml_first(device, "source/address");
    guint64 domain;
    guint64 bus;
    guint64 slot;
    guint64 function;

    if (!address || !read_address_part(address, "domain", G_MAXUINT32, &domain) ||
        !read_address_part(address, "bus", 255, &bus) ||
        !read_address_part(address, "slot", 31, &slot) ||
        !read_address_part(address, "function", 7, &function))
        return NULL;
    return g_strdup_printf("%04x:%02x:%02x.%x", (guint)domain, (guint)bus, (guint)slot,
                           (guint)function);
}

const VitalsXmlNode *
vitals_definition_mediated_device(const VitalsDefinition *definition)
{
    g_autoptr(GPtrArray) devices = vitals_xml_all(definition->devices, "hostdev");

    for (guint i = 0; i < devices->len; i++) {
        if (g_strcmp0(vitals_xml_attribute(devices->pdata[i], "type"), "mdev") == 0)
            return devices->pdata[i];
    }
    return NULL;
}
