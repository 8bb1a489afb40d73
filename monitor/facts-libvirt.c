/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-read.h"

#include <jansson.h>
#include <string.h>

/*
 * How libvirt, its helpers and Xen's are configured on a host.
 */

/* Settings of a file, with what holds where nobody set them (qemu.conf and virtlogd.conf of libvirt). */
typedef struct {
    VitalsHostWord word;
    const char *name;
    const char *otherwise;
} Setting;

static const Setting qemu_settings[] = {
    { VITALS_HOST_STDIO_HANDLER, "stdio_handler", "logd" },
    { VITALS_HOST_QEMU_USER, "user", "" },
    { VITALS_HOST_DUMP_PATH, "auto_dump_path", "/var/lib/libvirt/qemu/dump" },
    { VITALS_HOST_DUMP_FORMAT, "dump_image_format", "raw" },
    { VITALS_HOST_MAX_CORE, "max_core", "0" },
    { VITALS_HOST_CHARDEV_TLS, "chardev_tls", "0" },
};

static const Setting log_settings[] = {
    { VITALS_HOST_LOG_MAX_SIZE, "max_size", "2097152" },
    { VITALS_HOST_LOG_MAX_BACKUPS, "max_backups", "3" },
};

static const Setting xen_settings[] = {
    { VITALS_HOST_XEN_AUTOBALLOON, "autoballoon", "auto" },
};

static void
apply(VitalsHostFacts *facts, const char *root, const char *path, const Setting *settings,
      guint n_settings)
{
    g_autoptr(GHashTable) found = vitals_facts_settings_new();

    if (!vitals_facts_read_settings(root, path, found))
        return;
    for (guint i = 0; i < n_settings; i++) {
        const char *value = g_hash_table_lookup(found, settings[i].name);

        facts->words[settings[i].word] = g_strdup(value ? value : settings[i].otherwise);
    }
}

/* Debian's script takes /etc/default, others /etc/sysconfig; upstream's ON_SHUTDOWN is suspend, Debian's
 * unit has its own default, which its file shows as a comment. */
static void
collect_guests(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GHashTable) found = vitals_facts_settings_new();
    gboolean is_debian = vitals_facts_exists(root, "etc/debian_version");
    const char *action;
    const char *timeout;

    if (!vitals_facts_read_settings(root, "etc/default/libvirt-guests", found) ||
        !vitals_facts_read_settings(root, "etc/sysconfig/libvirt-guests", found))
        return;
    action = g_hash_table_lookup(found, "ON_SHUTDOWN");
    timeout = g_hash_table_lookup(found, "SHUTDOWN_TIMEOUT");
    facts->words[VITALS_HOST_GUESTS_ON_SHUTDOWN] = g_strdup(action      ? action
                                                            : is_debian ? "shutdown"
                                                                        : "suspend");
    facts->words[VITALS_HOST_GUESTS_TIMEOUT] = g_strdup(timeout ? timeout : "300");
}

static void
collect_hooks(VitalsHostFacts *facts, const char *root)
{
    static const char *const hooks[] = { "qemu", "qemu.d", "libxl", "libxl.d" };
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(hooks); i++) {
        g_autofree char *path = g_build_filename("etc/libvirt/hooks", hooks[i], NULL);

        if (vitals_facts_exists(root, path))
            g_string_append_printf(names, "%s/%s", names->len > 0 ? " " : "", path);
    }
    facts->words[VITALS_HOST_LIBVIRT_HOOKS] = g_string_free(names, FALSE);
}

/* ---- scripts that dump guests ---- */

/* "virsh [options] dump" in one line without --memory-only */
static gboolean
dumps_plainly(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strchug(lines[i]);

        if (*line != '#' && !strstr(line, "--memory-only") &&
            g_regex_match_simple("\\bvirsh\\b[^|;&]*\\sdump\\s", line, 0, 0))
            return TRUE;
    }
    return FALSE;
}

static void
search_scripts(GString *found, const char *root, const char *directory)
{
    g_autoptr(GDir) entries = vitals_facts_open_directory(root, directory);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *text = vitals_facts_read_text(root, path);

        if (text && dumps_plainly(text))
            g_string_append_printf(found, "%s/%s", found->len > 0 ? " " : "", path);
    }
}

/* Where people put what they wrote themselves. */
static void
collect_plain_dumps(VitalsHostFacts *facts, const char *root)
{
    static const char *const places[] = { "etc/libvirt/hooks", "etc/libvirt/hooks/qemu.d",
                                          "etc/cron.d",        "etc/cron.daily",
                                          "etc/cron.hourly",   "usr/local/bin",
                                          "usr/local/sbin",    "root/bin",
                                          "etc/systemd/system" };
    GString *found = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        search_scripts(found, root, places[i]);
    facts->words[VITALS_HOST_PLAIN_DUMPS] = g_string_free(found, FALSE);
}

/* ---- programs ---- */

/* What a program prints; at another root than "/" a file there stands for it. */
static char *
output_of(const char *root, const char *file, const char *const *command)
{
    char *output = NULL;
    int status = 0;

    if (!g_str_equal(root, "/"))
        return vitals_facts_read_text(root, file);
    if (!g_spawn_sync(NULL, (char **)command, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                      &status, NULL))
        return NULL;
    return output;
}

static void
collect_makedumpfile(VitalsHostFacts *facts, const char *root)
{
    static const char *const command[] = { "timeout", "2", "makedumpfile", "-v", NULL };
    g_autofree char *text = output_of(root, "makedumpfile-version", command);
    g_autoptr(GRegex) version = g_regex_new("version (\\d[\\d.]*)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    if (!text && !g_str_equal(root, "/"))
        return;
    facts->words[VITALS_HOST_MAKEDUMPFILE] = text && g_regex_match(version, text, 0, &match)
                                                 ? g_match_info_fetch(match, 1)
                                                 : g_strdup("");
}

/* A line "name : value" of `xl info`. Returns: (transfer full) (nullable) */
static char *
value_of(const char *info, const char *name)
{
    const char *line = info ? strstr(info, name) : NULL;

    line = line ? strchr(line, ':') : NULL;
    return line ? g_strstrip(g_strndup(line + 1, strcspn(line + 1, "\n"))) : NULL;
}

/* Xen's own boot messages: parameter "foo" unknown! (xen/common/kernel.c). They go round in a ring: what is
 * not there any more is not known. */
static char *
unknown_to_xen(const char *messages)
{
    g_autoptr(GRegex) line = g_regex_new("parameter \"([^\"\n]+)\" unknown!", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    g_regex_match(line, messages, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL))
        g_ptr_array_add(names, g_match_info_fetch(match, 1));
    if (names->len == 0 && !strstr(messages, "Xen version "))
        return NULL;
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static void
collect_xen_messages(VitalsHostFacts *facts, const char *root)
{
    static const char *const command[] = { "timeout", "2", "xl", "dmesg", NULL };
    g_autofree char *messages = output_of(root, "xl-dmesg", command);
    g_autofree char *valid = messages ? g_utf8_make_valid(messages, -1) : NULL;

    if (valid)
        facts->words[VITALS_HOST_XEN_UNKNOWN] = unknown_to_xen(valid);
}

/* The hypervisor's command line stands in no file that dom0 can read. */
static void
collect_xen(VitalsHostFacts *facts, const char *root)
{
    static const char *const command[] = { "timeout", "2", "xl", "info", NULL };
    g_autofree char *capabilities = vitals_facts_read_text(root, "proc/xen/capabilities");
    g_autofree char *info = NULL;

    if (!capabilities || !strstr(capabilities, "control_d"))
        return;
    info = output_of(root, "xl-info", command);
    facts->words[VITALS_HOST_XEN_CMDLINE] = value_of(info, "xen_commandline");
    facts->words[VITALS_HOST_XEN_ABILITIES] = value_of(info, "virt_caps");
    collect_xen_messages(facts, root);
    apply(facts, root, "etc/libvirt/libxl.conf", xen_settings, G_N_ELEMENTS(xen_settings));
}

/* The arguments of a process, with blanks between them; %NULL if they cannot be read. */
static char *
read_arguments(const char *root, const char *pid)
{
    g_autofree char *path = g_build_filename(root, "proc", pid, "cmdline", NULL);
    char *arguments = NULL;
    gsize length;

    if (!g_file_get_contents(path, &arguments, &length, NULL))
        return NULL;
    for (gsize i = 0; i + 1 < length; i++) {
        if (arguments[i] == '\0')
            arguments[i] = ' ';
    }
    return arguments;
}

static void
collect_xenconsoled(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GDir) processes = vitals_facts_open_directory(root, "proc");
    const char *pid;

    while (processes && facts->words[VITALS_HOST_XEN_CMDLINE] &&
           (pid = g_dir_read_name(processes))) {
        g_autofree char *name =
            g_ascii_isdigit(*pid) ? vitals_facts_read_of(root, "proc", pid, "comm") : NULL;

        if (g_strcmp0(name, "xenconsoled") != 0)
            continue;
        g_free(facts->words[VITALS_HOST_XENCONSOLED]);
        facts->words[VITALS_HOST_XENCONSOLED] = read_arguments(root, pid);
    }
}

/* ---- mediated devices ---- */

static gboolean
starts_at_boot(const char *root, const char *directory, const char *uuid)
{
    g_autofree char *path = g_build_filename(directory, uuid, NULL);
    g_autofree char *text = vitals_facts_read_text(root, path);
    json_t *config = text ? json_loads(text, 0, NULL) : NULL;
    gboolean is_auto = g_strcmp0(json_string_value(json_object_get(config, "start")), "auto") == 0;

    json_decref(config);
    return is_auto;
}

/* mdevctl's own files, /etc/mdevctl.d/PARENT/UUID, which libvirt's nodedev-define and -autostart write. */
static void
collect_mdev_autostart(VitalsHostFacts *facts, const char *root)
{
    static const char top[] = "etc/mdevctl.d";
    g_autoptr(GDir) parents = vitals_facts_open_directory(root, top);
    GString *uuids = g_string_new(NULL);
    const char *parent;

    while (parents && (parent = g_dir_read_name(parents))) {
        g_autofree char *directory = g_build_filename(top, parent, NULL);
        g_autoptr(GDir) files = vitals_facts_open_directory(root, directory);
        const char *uuid;

        while (files && (uuid = g_dir_read_name(files))) {
            g_autofree char *lower = g_ascii_strdown(uuid, -1);

            if (starts_at_boot(root, directory, uuid))
                g_string_append_printf(uuids, "%s%s", uuids->len > 0 ? " " : "", lower);
        }
    }
    facts->words[VITALS_HOST_MDEV_AUTOSTART] = g_string_free(uuids, FALSE);
}

void
vitals_facts_collect_libvirt_words(VitalsHostFacts *facts, const char *root)
{
    collect_xen(facts, root);
    collect_xenconsoled(facts, root);
    collect_makedumpfile(facts, root);
    collect_mdev_autostart(facts, root);
    if (!vitals_facts_exists(root, "etc/libvirt"))
        return;
    apply(facts, root, "etc/libvirt/qemu.conf", qemu_settings, G_N_ELEMENTS(qemu_settings));
    apply(facts, root, "etc/libvirt/virtlogd.conf", log_settings, G_N_ELEMENTS(log_settings));
    collect_guests(facts, root);
    collect_hooks(facts, root);
    collect_plain_dumps(facts, root);
}
