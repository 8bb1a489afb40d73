/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-read.h"

#include <string.h>
#include <sys/stat.h>

/*
 * What the boot loader's configuration says the kernel is to run with.
 */

/* Where GRUB keeps what it changes itself; elsewhere than on Fedora and its kin entries are not used. */
#define GRUBENV "boot/grub2/grubenv"
#define ENTRIES "boot/loader/entries"

static void
set_word(VitalsHostFacts *facts, VitalsHostWord word, const char *value)
{
    g_free(facts->words[word]);
    facts->words[word] = g_strdup(value);
}

static gint
compare_names(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* When the host was booted, in seconds since the epoch; 0 for not known. */
static gint64
boot_time(const char *root)
{
    g_autofree char *stat_text = vitals_facts_read_text(root, "proc/stat");
    const char *at = stat_text ? strstr(stat_text, "\nbtime ") : NULL;

    return at ? g_ascii_strtoll(at + strlen("\nbtime "), NULL, 10) : 0;
}

static void
set_boot(VitalsHostFacts *facts, const char *root, const char *path, const char *options)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    g_autofree char *shown = g_strconcat("/", path, NULL);
    gint64 booted = boot_time(root);
    struct stat info;

    set_word(facts, VITALS_HOST_BOOT_CMDLINE, options);
    set_word(facts, VITALS_HOST_BOOT_FILE, shown);
    if (booted > 0 && stat(full, &info) == 0)
        set_word(facts, VITALS_HOST_BOOT_PENDING, info.st_mtime > booted ? "yes" : "no");
}

/* Packages add theirs in a file each, as kdump-tools does: "$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=…". */
static void
add_grub_setting(GHashTable *grub, GHashTable *added, const char *name)
{
    const char *value = g_hash_table_lookup(added, name);
    const char *before = g_hash_table_lookup(grub, name);
    g_autofree char *braced = g_strdup_printf("${%s}", name);
    g_autofree char *plain = g_strconcat("$", name, NULL);
    GString *text;

    if (!value)
        return;
    text = g_string_new(value);
    g_string_replace(text, braced, before ? before : "", 0);
    g_string_replace(text, plain, before ? before : "", 0);
    g_hash_table_replace(grub, g_strdup(name), g_string_free(text, FALSE));
}

static void
read_grub_additions(const char *root, GHashTable *grub)
{
    static const char directory[] = "etc/default/grub.d";
    g_autoptr(GDir) entries = vitals_facts_open_directory(root, directory);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (entries && (name = g_dir_read_name(entries))) {
        if (g_str_has_suffix(name, ".cfg"))
            g_ptr_array_add(names, g_build_filename(directory, name, NULL));
    }
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GHashTable) added = vitals_facts_settings_new();

        vitals_facts_read_settings(root, names->pdata[i], added);
        add_grub_setting(grub, added, "GRUB_CMDLINE_LINUX");
        add_grub_setting(grub, added, "GRUB_CMDLINE_LINUX_DEFAULT");
    }
}

/* The options of a boot entry in the form of the Boot Loader Specification, with GRUB's own variables put in:
 * https://uapi-group.org/specifications/specs/boot_loader_specification/. %NULL if one is left that only
 * GRUB's scripts know. */
static char *
options_of_entry(const char *entry, GHashTable *environment, const char *tuned)
{
    g_auto(GStrv) lines = g_strsplit(entry, "\n", -1);
    const char *kernelopts = g_hash_table_lookup(environment, "kernelopts");
    g_autoptr(GString) options = g_string_new(NULL);

    for (guint i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "options") && strchr(" \t", lines[i][strlen("options")]))
            g_string_append_printf(options, " %s", lines[i] + strlen("options"));
    }
    if (kernelopts)
        g_string_replace(options, "$kernelopts", kernelopts, 0);
    g_string_replace(options, "$tuned_params", tuned ? tuned : "", 0);
    return strchr(options->str, '$') ? NULL : g_strdup(g_strstrip(options->str));
}

/* Fedora's GRUB boots the entries in /boot, which grubby changes; /etc/default/grub is read for new kernels
 * only. Without the name of a saved entry the newest would have to be guessed. */
static void
collect_entry(VitalsHostFacts *facts, const char *root)
{
    g_autoptr(GHashTable) environment = vitals_facts_settings_new();
    g_autoptr(GHashTable) tuned = vitals_facts_settings_new();
    const char *saved;
    g_autofree char *path = NULL;
    g_autofree char *entry = NULL;
    g_autofree char *options = NULL;

    if (!vitals_facts_read_settings(root, GRUBENV, environment))
        return;
    saved = g_hash_table_lookup(environment, "saved_entry");
    if (!saved || !*saved || strchr(saved, '/'))
        return;
    path = g_strdup_printf(ENTRIES "/%s.conf", saved);
    entry = vitals_facts_read_text(root, path);
    if (!entry || !vitals_facts_read_settings(root, "etc/tuned/bootcmdline", tuned))
        return;
    options =
        options_of_entry(entry, environment, g_hash_table_lookup(tuned, "TUNED_BOOT_CMDLINE"));
    if (options)
        set_boot(facts, root, path, options);
}

/* GRUB's generated entries hold the rest; what people edit is this file. A host without GRUB's own
 * configuration that has /etc/kernel/cmdline boots by systemd-boot or a unified image. */
void
vitals_facts_collect_boot(VitalsHostFacts *facts, const char *root)
{
    static const char grub_path[] = "etc/default/grub";
    static const char kernel_path[] = "etc/kernel/cmdline";
    g_autoptr(GHashTable) grub = vitals_facts_settings_new();
    g_autofree char *kernel = vitals_facts_read_text(root, kernel_path);
    const char *always;
    const char *normally;
    g_autofree char *options = NULL;

    if (kernel && !vitals_facts_exists(root, "boot/grub/grub.cfg") &&
        !vitals_facts_exists(root, "boot/grub2/grub.cfg")) {
        set_boot(facts, root, kernel_path, kernel);
        return;
    }
    if (!vitals_facts_exists(root, grub_path) || !vitals_facts_read_settings(root, grub_path, grub))
        return;
    if (g_strcmp0(g_hash_table_lookup(grub, "GRUB_ENABLE_BLSCFG"), "true") == 0) {
        collect_entry(facts, root);
        return;
    }
    read_grub_additions(root, grub);
    always = g_hash_table_lookup(grub, "GRUB_CMDLINE_LINUX");
    normally = g_hash_table_lookup(grub, "GRUB_CMDLINE_LINUX_DEFAULT");
    options = g_strdup_printf("%s %s", always ? always : "", normally ? normally : "");
    set_boot(facts, root, grub_path, g_strstrip(options));
}
