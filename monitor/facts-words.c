/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Facts that a file holds as they are. */
static const struct {
    VitalsHostWord word;
    const char *path;
} files[] = {
    { VITALS_HOST_PSTORE_BACKEND, "sys/module/pstore/parameters/backend" },
    { VITALS_HOST_CRASH_SIZE, "sys/kernel/kexec_crash_size" },
    { VITALS_HOST_CRASH_LOADED, "sys/kernel/kexec_crash_loaded" },
    { VITALS_HOST_PANIC, "proc/sys/kernel/panic" },
    { VITALS_HOST_PANIC_ON_OOPS, "proc/sys/kernel/panic_on_oops" },
    { VITALS_HOST_SOFTLOCKUP_PANIC, "proc/sys/kernel/softlockup_panic" },
    { VITALS_HOST_HARDLOCKUP_PANIC, "proc/sys/kernel/hardlockup_panic" },
    { VITALS_HOST_HUNG_TASK_PANIC, "proc/sys/kernel/hung_task_panic" },
    { VITALS_HOST_UNKNOWN_NMI_PANIC, "proc/sys/kernel/unknown_nmi_panic" },
    { VITALS_HOST_NMI_WATCHDOG, "proc/sys/kernel/nmi_watchdog" },
    { VITALS_HOST_SYSRQ, "proc/sys/kernel/sysrq" },
    { VITALS_HOST_TTY_CONSOLES, "sys/class/tty/console/active" },
};

static void
set(VitalsHostFacts *facts, VitalsHostWord word, const char *value)
{
    g_free(facts->words[word]);
    facts->words[word] = g_strdup(value);
}

/* ---- systemd ---- */

/* Where systemd looks for its files, the first place that has one wins. */
static const char *const unit_places[] = { "etc/systemd", "run/systemd", "usr/local/lib/systemd",
                                           "usr/lib/systemd", "lib/systemd" };

static gint
compare_names(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Drop-ins of all places in the order of their names; a name in an earlier place hides later ones. */
static void
read_drop_ins(const char *root, const char *file, GHashTable *settings)
{
    g_autoptr(GHashTable) places = vitals_facts_settings_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;

    for (guint i = 0; i < G_N_ELEMENTS(unit_places); i++) {
        g_autofree char *directory = g_strconcat(unit_places[i], "/", file, ".d", NULL);
        g_autoptr(GDir) entries = vitals_facts_open_directory(root, directory);
        const char *name;

        while (entries && (name = g_dir_read_name(entries))) {
            if (g_str_has_suffix(name, ".conf") && !g_hash_table_contains(places, name))
                g_hash_table_replace(places, g_strdup(name),
                                     g_build_filename(directory, name, NULL));
        }
    }
    g_hash_table_iter_init(&iter, places);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(names, key);
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++)
        vitals_facts_read_settings(root, g_hash_table_lookup(places, names->pdata[i]), settings);
}

/* What systemd would take from one of its files and their drop-ins. */
static GHashTable *
read_systemd(const char *root, const char *file)
{
    GHashTable *settings = vitals_facts_settings_new();

    for (guint i = 0; i < G_N_ELEMENTS(unit_places); i++) {
        g_autofree char *path = g_build_filename(unit_places[i], file, NULL);

        if (vitals_facts_exists(root, path)) {
            vitals_facts_read_settings(root, path, settings);
            break;
        }
    }
    read_drop_ins(root, file, settings);
    return settings;
}

static void
collect_systemd(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GHashTable) journald = read_systemd(root, "journald.conf");
    g_autoptr(GHashTable) manager = read_systemd(root, "system.conf");
    const char *storage = g_hash_table_lookup(journald, "Storage");
    const char *watchdog = g_hash_table_lookup(manager, "RuntimeWatchdogSec");

    if (!vitals_facts_exists(root, "etc/systemd") && !vitals_facts_exists(root, "usr/lib/systemd"))
        return;
    set(facts, VITALS_HOST_JOURNAL_STORAGE, storage ? storage : "auto");
    set(facts, VITALS_HOST_RUNTIME_WATCHDOG, watchdog && *watchdog ? watchdog : "off");
    if (vitals_facts_exists(root, "var/log"))
        set(facts, VITALS_HOST_JOURNAL_DIRECTORY,
            vitals_facts_exists(root, "var/log/journal") ? "yes" : "no");
}

/* Whether a service starts at boot: some target wants it. */
static gboolean
is_wanted(const char *root, const char *service)
{
    static const char *const targets[] = { "multi-user.target.wants", "sysinit.target.wants",
                                           "basic.target.wants", "sysinit.target.requires" };

    for (guint i = 0; i < G_N_ELEMENTS(unit_places); i++) {
        for (guint k = 0; k < G_N_ELEMENTS(targets); k++) {
            g_autofree char *link =
                g_build_filename(root, unit_places[i], "system", targets[k], service, NULL);

            /* a link into another root leads nowhere from here */
            if (g_file_test(link, G_FILE_TEST_IS_SYMLINK) || g_file_test(link, G_FILE_TEST_EXISTS))
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
is_installed(const char *root, const char *service)
{
    for (guint i = 0; i < G_N_ELEMENTS(unit_places); i++) {
        g_autofree char *path = g_build_filename(unit_places[i], "system", service, NULL);

        if (vitals_facts_exists(root, path))
            return TRUE;
    }
    return FALSE;
}

static void
collect_service(VitalsHostFacts *facts, const char *root, VitalsHostWord word, const char *service)
{
    if (!vitals_facts_exists(root, "etc/systemd"))
        return;
    set(facts, word,
        is_wanted(root, service)      ? "enabled"
        : is_installed(root, service) ? "disabled"
                                      : "");
}

static void
collect_logs(VitalsHostFacts *facts, const char *root)
{
    static const char *const services[] = { "rsyslog.service", "syslog-ng.service",
                                            "systemd-journal-upload.service",
                                            "systemd-journal-remote.service" };

    if (!vitals_facts_exists(root, "etc/systemd"))
        return;
    set(facts, VITALS_HOST_LOG_SHIPPING, "");
    for (guint i = 0; i < G_N_ELEMENTS(services); i++) {
        if (is_wanted(root, services[i]))
            set(facts, VITALS_HOST_LOG_SHIPPING, services[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(unit_places); i++) {
        g_autoptr(GHashTable) timer = vitals_facts_settings_new();
        g_autofree char *path =
            g_build_filename(unit_places[i], "system", "log2ram-daily.timer", NULL);

        vitals_facts_read_settings(root, path, timer);
        if (g_hash_table_contains(timer, "OnCalendar"))
            set(facts, VITALS_HOST_LOG_SYNC, g_hash_table_lookup(timer, "OnCalendar"));
    }
}

/* The kernel's own log, from its beginning where the ring still has it. */
#define KMSG_BYTES 8192
#define KMSG_RECORDS 200000

/* Returns what is between the quotes of the kernel's message (init/main.c, print_unknown_bootoptions). */
static char *
unknown_in(const char *text)
{
    static const char lead[] = "Unknown kernel command line parameters \"";
    const char *at = strstr(text, lead);
    const char *end = at ? strstr(at, "\", will be passed") : NULL;

    return end ? g_strndup(at + strlen(lead), (gsize)(end - at) - strlen(lead)) : NULL;
}

/* Reads /dev/kmsg record by record, without waiting for more; a plain file in another root comes in
 * pieces, which is as good. A ring that has lost the kernel's first line tells nothing. */
static void
collect_kernel_log(VitalsHostFacts *facts, const char *root)
{
    g_autofree char *path = g_build_filename(root, "dev/kmsg", NULL);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_autofree char *record = g_malloc(KMSG_BYTES);
    g_autofree char *unknown = NULL;
    gboolean is_whole = FALSE;
    ssize_t got;

    for (guint i = 0; fd >= 0 && i < KMSG_RECORDS; i++) {
        got = read(fd, record, KMSG_BYTES - 1);
        if (got <= 0)
            break;
        record[got] = '\0';
        is_whole = is_whole || strstr(record, "Linux version ");
        if (!unknown)
            unknown = unknown_in(record);
    }
    if (fd >= 0)
        close(fd);
    if (unknown || is_whole)
        set(facts, VITALS_HOST_UNKNOWN_PARAMETERS, unknown ? unknown : "");
}

static void
collect_processor(VitalsHostFacts *facts, const char *root)
{
    g_autofree char *text = vitals_facts_read_text(root, "proc/cpuinfo");
    g_autoptr(GRegex) vendor = g_regex_new("^vendor_id\\s*: (\\S+)", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GRegex) flags =
        g_regex_new("^flags\\s*:.* hypervisor\\b", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    if (!text || !g_regex_match(vendor, text, 0, &match))
        return;
    facts->words[VITALS_HOST_CPU_VENDOR] = g_match_info_fetch(match, 1);
    set(facts, VITALS_HOST_VIRTUAL, g_regex_match(flags, text, 0, NULL) ? "yes" : "no");
}

/* ---- watchdog and netconsole ---- */

/* softdog is no hardware: it stops with the kernel that it shall watch. */
static void
collect_watchdog(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/class/watchdog";
    g_autofree char *identity = vitals_facts_read_of(root, path, "watchdog0", "identity");
    g_autofree char *state = vitals_facts_read_of(root, path, "watchdog0", "state");

    if (g_strcmp0(identity, "Software Watchdog") == 0)
        set(facts, VITALS_HOST_WATCHDOG, "none");
    else if (state)
        set(facts, VITALS_HOST_WATCHDOG, state);
    else if (!vitals_facts_exists(root, "sys/class/watchdog/watchdog0") &&
             vitals_facts_exists(root, "sys/class"))
        set(facts, VITALS_HOST_WATCHDOG, "none");
}

/* "netconsole=[port]@[address]/INTERFACE,…" on the kernel's command line */
static void
add_cmdline_targets(GPtrArray *names, const char *cmdline)
{
    static const char lead[] = "netconsole=";
    g_auto(GStrv) words = g_strsplit_set(cmdline ? cmdline : "", " \t\n", -1);

    for (guint i = 0; words[i]; i++) {
        const char *slash = g_str_has_prefix(words[i], lead) ? strchr(words[i], '/') : NULL;

        if (slash)
            g_ptr_array_add(names, g_strndup(slash + 1, strcspn(slash + 1, ",")));
    }
}

static void
collect_netconsole(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/kernel/config/netconsole";
    g_autoptr(GDir) targets = vitals_facts_open_directory(root, path);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *target;

    if (!vitals_facts_exists(root, "sys/class/net"))
        return;
    while (targets && (target = g_dir_read_name(targets))) {
        char *name = vitals_facts_read_of(root, path, target, "dev_name");

        if (name)
            g_ptr_array_add(names, name);
    }
    add_cmdline_targets(names, facts->cmdline);
    g_ptr_array_add(names, NULL);
    facts->words[VITALS_HOST_NETCONSOLE] = g_strjoinv(" ", (char **)names->pdata);
}

/* A service that runs has a control group: "serial-getty@ttyS0.service" */
static void
collect_logins(VitalsHostFacts *facts, const char *root)
{
    static const char path[] = "sys/fs/cgroup/system.slice/system-serial\\x2dgetty.slice";
    static const char lead[] = "serial-getty@";
    g_autoptr(GDir) services = vitals_facts_open_directory(root, path);
    GString *names = g_string_new(NULL);
    const char *service;

    while (services && (service = g_dir_read_name(services))) {
        g_autofree char *name =
            g_str_has_prefix(service, lead) ? g_strdup(service + strlen(lead)) : NULL;

        if (name && g_str_has_suffix(name, ".service"))
            g_string_append_printf(names, "%s%.*s", names->len > 0 ? " " : "",
                                   (int)(strlen(name) - strlen(".service")), name);
    }
    if (vitals_facts_exists(root, "sys/fs/cgroup/system.slice"))
        facts->words[VITALS_HOST_TTY_LOGINS] = g_string_free(names, FALSE);
    else
        g_string_free(names, TRUE);
}

static gboolean
is_pstore_mounted(const char *root)
{
    g_autofree char *mounts = vitals_facts_read_text(root, "proc/self/mounts");

    return !mounts || strstr(mounts, " /sys/fs/pstore ");
}

void
vitals_facts_collect_words(VitalsHostFacts *facts, const char *root)
{
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        facts->words[files[i].word] = vitals_facts_read_text(root, files[i].path);
    /* the directory is there wherever the kernel has pstore */
    if (facts->words[VITALS_HOST_PSTORE_BACKEND] && !is_pstore_mounted(root))
        set(facts, VITALS_HOST_PSTORE_BACKEND, "(not mounted)");
    collect_service(facts, root, VITALS_HOST_PSTORE_SERVICE, "systemd-pstore.service");
    collect_service(facts, root, VITALS_HOST_GUESTS_SERVICE, "libvirt-guests.service");
    collect_systemd(facts, root);
    collect_logs(facts, root);
    vitals_facts_collect_boot(facts, root);
    collect_kernel_log(facts, root);
    collect_processor(facts, root);
    collect_watchdog(facts, root);
    collect_netconsole(facts, root);
    collect_logins(facts, root);
    vitals_facts_collect_libvirt_words(facts, root);
}
