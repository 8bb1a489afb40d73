/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/outline.h"
#include "probes/xml.h"

#include <string.h>

#define KIB G_GUINT64_CONSTANT(1024)

/* What QEMU gives a VGA device without being told (libvirt writes vgamem=16384 KiB). */
#define VIDEO_DEFAULT (16 * 1024 * KIB)

/* libvirt writes live definitions in KiB, always; other units only stand in files of users. */
static guint64
memory_of(const VitalsXmlNode *node)
{
    guint64 value = 0;
    const char *unit = vitals_xml_attribute(node, "unit");

    if (!node ||
        !g_ascii_string_to_unsigned(vitals_xml_text(node), 10, 0, G_MAXUINT64 / KIB, &value, NULL))
        return 0;
    return unit && (g_str_equal(unit, "b") || g_str_equal(unit, "bytes")) ? value : value * KIB;
}

static guint
number_at(const VitalsXmlNode *root, const char *path)
{
    const char *text = vitals_xml_value(root, path);
    guint64 value = 0;

    if (text)
        g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT, &value, NULL);
    return (guint)value;
}

static gboolean
is_at(const VitalsXmlNode *root, const char *path, const char *expected)
{
    const char *value = vitals_xml_value(root, path);

    return value && g_str_equal(value, expected);
}

#define POLICY "{urn:virt-vitals:policy:1}"

/* A definition with more wishes than that is not in earnest. */
#define WISHES_MAX 64

static void
read_wishes(const VitalsXmlNode *root, VitalsOutline *outline)
{
    g_autoptr(GPtrArray) wishes = vitals_xml_all(root, "metadata/" POLICY "policy/" POLICY "on");

    for (guint i = 0; i < MIN(wishes->len, WISHES_MAX); i++) {
        const VitalsXmlNode *wish = g_ptr_array_index(wishes, i);
        const char *verdict = vitals_xml_attribute(wish, "verdict");
        const char *action = vitals_xml_attribute(wish, "do");
        VitalsTrouble trouble = vitals_trouble_find(verdict);
        VitalsResponse response = vitals_response_find(action);

        if (trouble != VITALS_TROUBLE_NONE && response != VITALS_RESPONSE_UNSET) {
            outline->wishes[trouble] = response;
            continue;
        }
        outline->wishes_misread++;
        if (!outline->misread)
            outline->misread = g_strdup_printf("verdict=\"%s\" do=\"%s\"", verdict ? verdict : "",
                                               action ? action : "");
    }
}

/* The log of a console; a console of type file is its own log. */
static const char *
log_of(const VitalsXmlNode *console)
{
    const char *log = vitals_xml_value(console, "log/@file");
    const char *type = vitals_xml_attribute(console, "type");

    if (!log && type && g_str_equal(type, "file"))
        log = vitals_xml_value(console, "source/@path");
    return log && g_path_is_absolute(log) ? log : NULL;
}

static const char *
pty_of(const VitalsXmlNode *console)
{
    const char *type = vitals_xml_attribute(console, "type");

    return type && g_str_equal(type, "pty") ? vitals_xml_value(console, "source/@path") : NULL;
}

/* What @take finds at the first console that has it. */
static const char *
first_console(const VitalsXmlNode *root, const char *(*take)(const VitalsXmlNode *console))
{
    static const char *const paths[] = { "devices/serial", "devices/console" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GPtrArray) consoles = vitals_xml_all(root, paths[i]);

        for (guint j = 0; j < consoles->len; j++) {
            const char *found = take(g_ptr_array_index(consoles, j));

            if (found)
                return found;
        }
    }
    return NULL;
}

/* xenconsoled writes one of its own for each guest, where it is told to (--log=guest, see xenconsoled(8)); no
 * definition says so. */
static char *
xen_console_log(const VitalsXmlNode *root)
{
    const char *type = vitals_xml_attribute(root, "type");
    const char *name = vitals_xml_value(root, "name");

    if (!type || !g_str_equal(type, "xen") || !name || strchr(name, '/'))
        return NULL;
    return g_strdup_printf("/var/log/xen/console/guest-%s.log", name);
}

static gboolean
has_agent(const VitalsXmlNode *root)
{
    g_autoptr(GPtrArray) targets = vitals_xml_all(root, "devices/channel/target");

    for (guint i = 0; i < targets->len; i++) {
        const char *name = vitals_xml_attribute(g_ptr_array_index(targets, i), "name");

        if (name && g_str_equal(name, "org.qemu.guest_agent.0"))
            return TRUE;
    }
    return FALSE;
}

/* The tightest limit on bytes; those on requests let at least one a second through. */
static guint64
disk_limit(const VitalsXmlNode *root)
{
    static const char *const keys[] = { "total_bytes_sec", "read_bytes_sec", "write_bytes_sec" };
    g_autoptr(GPtrArray) tunes = vitals_xml_all(root, "devices/disk/iotune");
    guint64 tightest = 0;

    for (guint i = 0; i < tunes->len; i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(keys); j++) {
            const char *text = vitals_xml_value(g_ptr_array_index(tunes, i), keys[j]);
            guint64 limit = 0;

            if (text && g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &limit, NULL))
                tightest = tightest ? MIN(tightest, limit) : limit;
        }
    }
    return tightest;
}

static guint64
video_memory(const VitalsXmlNode *root)
{
    g_autoptr(GPtrArray) models = vitals_xml_all(root, "devices/video/model");
    guint64 total = 0;

    for (guint i = 0; i < models->len; i++) {
        static const char *const keys[] = { "ram", "vram", "vram64", "vgamem" };
        const VitalsXmlNode *model = g_ptr_array_index(models, i);
        guint64 one = 0;

        for (gsize j = 0; j < G_N_ELEMENTS(keys); j++) {
            const char *text = vitals_xml_attribute(model, keys[j]);
            guint64 kib = 0;

            if (text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &kib, NULL))
                one += kib * KIB;
        }
        total += one ? one : VIDEO_DEFAULT;
    }
    return total;
}

#define LIBOSINFO "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"

/* virt-install and virt-manager write "http://microsoft.com/win/2k22"; without that it is a guess by what nobody gives
 * to others, as in vitals_definition_is_windows(). */
static gboolean
is_windows(const VitalsXmlNode *root)
{
    const char *id = vitals_xml_value(root, "metadata/" LIBOSINFO "libosinfo/" LIBOSINFO "os/@id");
    const char *clock = vitals_xml_value(root, "clock/@offset");

    if (id)
        return strstr(id, "microsoft.com/win") != NULL;
    return vitals_xml_first(root, "features/hyperv") && g_strcmp0(clock, "localtime") == 0;
}

/* The types of libvirt's <launchSecurity>, https://libvirt.org/formatdomain.html#launch-security */
static const struct {
    const char *type;
    const char *refusal;
} encryptions[VITALS_N_ENCRYPTIONS] = {
    [VITALS_ENCRYPTION_SEV] = { "sev", "the guest's memory is encrypted (AMD SEV): a dump would "
                                       "show nothing" },
    [VITALS_ENCRYPTION_SEV_SNP] = { "sev-snp", "the guest's memory is encrypted (AMD SEV-SNP): a "
                                               "dump would show nothing" },
    [VITALS_ENCRYPTION_TDX] = { "tdx", "the guest's memory is encrypted (Intel TDX) and the host "
                                       "must not even read it" },
    [VITALS_ENCRYPTION_S390_PV] = { "s390-pv", "the guest's memory is encrypted (IBM Secure "
                                               "Execution): a dump would show nothing" },
    [VITALS_ENCRYPTION_OTHER] = { NULL, "the guest's memory is encrypted (launchSecurity): a dump "
                                        "would show nothing" },
};

const char *
vitals_encryption_refusal(VitalsEncryption encryption)
{
    return encryptions[encryption].refusal;
}

static VitalsEncryption
encryption_of(const VitalsXmlNode *root)
{
    const char *type = vitals_xml_value(root, "launchSecurity/@type");

    if (!vitals_xml_first(root, "launchSecurity"))
        return VITALS_ENCRYPTION_NONE;
    for (guint i = 0; i < VITALS_ENCRYPTION_OTHER; i++) {
        if (type && encryptions[i].type && g_str_equal(encryptions[i].type, type))
            return i;
    }
    return VITALS_ENCRYPTION_OTHER;
}

VitalsOutline *
vitals_outline_new(const char *source, const char *text, GError **error)
{
    g_autoptr(VitalsXml) xml = vitals_xml_parse(source, text, strlen(text), error);
    VitalsOutline *outline;
    const VitalsXmlNode *root;
    const char *on_crash;
    const char *balloon;

    if (!xml)
        return NULL;

    root = vitals_xml_root(xml);
    outline = g_new0(VitalsOutline, 1);
    /* with the memory devices that are plugged in; <maxMemory> is only room for more */
    outline->memory = memory_of(vitals_xml_first(root, "memory"));
    outline->video = video_memory(root);
    outline->vcpus = number_at(root, "vcpu");
    balloon = vitals_xml_value(root, "devices/memballoon/@model");
    outline->balloon = balloon && g_str_has_prefix(balloon, "virtio");
    outline->balloon_period = number_at(root, "devices/memballoon/stats/@period");
    outline->disks = vitals_xml_first(root, "devices/disk") != NULL;
    outline->disk_limit = disk_limit(root);
    outline->kvm = g_strcmp0(vitals_xml_attribute(root, "type"), "kvm") == 0;
    outline->agent = has_agent(root);
    outline->panic_device = vitals_xml_first(root, "devices/panic") != NULL;
    outline->vmcoreinfo = vitals_xml_first(root, "features/vmcoreinfo") != NULL &&
                          !is_at(root, "features/vmcoreinfo/@state", "off");
    outline->encryption = encryption_of(root);
    outline->windows = is_windows(root);
    on_crash = vitals_xml_value(root, "on_crash");
    outline->libvirt_dumps = on_crash && g_str_has_prefix(on_crash, "coredump-");
    outline->crash_destroys = !on_crash || g_str_equal(on_crash, "destroy");
    read_wishes(root, outline);
    outline->console_log = g_strdup(first_console(root, log_of));
    outline->console_pty = g_strdup(first_console(root, pty_of));
    if (!outline->console_log)
        outline->console_log = xen_console_log(root);
    return outline;
}

void
vitals_outline_free(VitalsOutline *outline)
{
    if (!outline)
        return;
    g_free(outline->console_log);
    g_free(outline->console_pty);
    g_free(outline->misread);
    g_free(outline);
}
