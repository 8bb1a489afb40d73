/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/settings.h"
#include "config/nearest.h"
#include "config/reader.h"
#include "config/settings-private.h"
#include "config/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What is known while one file is read. */
typedef struct {
    VitalsSettings *settings;
    GPtrArray *warnings;
    const char *file;  /* printable */
    GHashTable *seen;  /* section, or section LF key -> line where it was first */
    char *section;     /* NULL before the first */
    GRefString *glob;  /* in a [Guest GLOB] section */
    gboolean ignoring; /* in a section that we do not know */
} Loader;

static void
clear_loader(Loader *loader)
{
    g_hash_table_unref(loader->seen);
    g_free(loader->section);
    if (loader->glob)
        g_ref_string_release(loader->glob);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loader, clear_loader)

static void G_GNUC_PRINTF(3, 4)
    warn(const Loader *loader, const VitalsReaderItem *item, const char *format, ...)
{
    VitalsSettingsWarning *warning = g_new0(VitalsSettingsWarning, 1);
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    warning->file = g_strdup(loader->file);
    warning->line = item->line;
    warning->message = g_steal_pointer(&message);
    g_ptr_array_add(loader->warnings, warning);
}

/* Remembers where @name was first in this file. Returns that line, or 0 if this is the first time. */
static guint
note_seen(Loader *loader, const char *name, guint line)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(loader->seen, name));

    if (before == 0)
        g_hash_table_insert(loader->seen, g_strdup(name), GUINT_TO_POINTER(line));
    return before;
}

static GPtrArray *
known_sections(void)
{
    const VitalsOption *option = NULL;

    GPtrArray *names = g_ptr_array_new();
    const char *previous = "";

    while ((option = vitals_option_next(option))) {
        if (!g_str_equal(option->section, previous))
            g_ptr_array_add(names, (char *)option->section);
        previous = option->section;
    }
    return names;
}

static gboolean
is_known_section(const char *name)
{
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        if (g_str_equal(option->section, name))
            return TRUE;
    }
    return FALSE;
}

static void
warn_unknown_section(const Loader *loader, const VitalsReaderItem *item)
{
    g_autoptr(GPtrArray) sections = known_sections();
    g_autofree char *shown = vitals_text_printable(item->value, -1);
    const char *nearest = vitals_nearest(item->value, sections);
    g_autofree char *hint = nearest ? g_strdup_printf("; did you mean [%s]?", nearest) : NULL;

    warn(loader, item, "the unknown section [%s] is ignored with its keys%s", shown,
         hint ? hint : "");
}

/* The pattern of "Guest GLOB"; NULL for other sections. "" if there is none. */
static const char *
guest_pattern(const char *section)
{
    const char *rest;

    if (!g_str_has_prefix(section, "Guest"))
        return NULL;
    rest = section + strlen("Guest");
    if (*rest && !g_ascii_isspace(*rest))
        return NULL;
    while (g_ascii_isspace(*rest))
        rest++;
    return rest;
}

static gboolean
enter_section(Loader *loader, const VitalsReaderItem *item, GError **error)
{
    const char *pattern = guest_pattern(item->value);
    guint before;

    g_clear_pointer(&loader->glob, g_ref_string_release);
    g_free(loader->section);
    loader->section = g_strdup(item->value);
    loader->ignoring = FALSE;

    if (pattern && !*pattern) {
        g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX,
                    "%s:%u: [Guest] needs a name or pattern, such as [Guest web-*]", loader->file,
                    item->line);
        return FALSE;
    }
    if (pattern) {
        loader->glob = g_ref_string_new(pattern);
    } else if (!is_known_section(item->value)) {
        warn_unknown_section(loader, item);
        loader->ignoring = TRUE;
        return TRUE;
    }

    before = note_seen(loader, item->value, item->line);
    if (before) {
        g_autofree char *shown = vitals_text_printable(item->value, -1);

        warn(loader, item, "the section [%s] began in line %u already; both count", shown, before);
    }
    return TRUE;
}

static const VitalsOption *
find_key(const char *key)
{
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        if (g_str_equal(option->key, key))
            return option;
    }
    return NULL;
}

static void
warn_unknown_key(const Loader *loader, const VitalsReaderItem *item)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autofree char *key = vitals_text_printable(item->key, -1);
    g_autofree char *section = vitals_text_printable(loader->section, -1);
    g_autofree char *hint = NULL;
    const char *nearest;
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option))) {
        if (!loader->glob || option->per_guest)
            g_ptr_array_add(keys, (char *)option->key);
    }
    nearest = vitals_nearest(item->key, keys);
    if (nearest && (loader->glob || g_str_equal(find_key(nearest)->section, loader->section)))
        hint = g_strdup_printf("; did you mean %s?", nearest);
    else if (nearest)
        hint = g_strdup_printf("; did you mean %s in [%s]?", nearest, find_key(nearest)->section);
    warn(loader, item, "the unknown key '%s' in [%s] is ignored%s", key, section, hint ? hint : "");
}

static gboolean
assign(Loader *loader, const VitalsOption *option, const VitalsReaderItem *item, GError **error)
{
    g_autofree char *name = g_strconcat(loader->section, "\n", item->key, NULL);
    g_autofree char *origin = g_strdup_printf("%s:%u", loader->file, item->line);
    guint before = note_seen(loader, name, item->line);

    if (before) {
        g_autofree char *section = vitals_text_printable(loader->section, -1);

        warn(loader, item, "%s in [%s] was set in line %u already; this line counts", item->key,
             section, before);
    }
    if (loader->glob && !option->per_guest) {
        g_autofree char *section = vitals_text_printable(loader->section, -1);

        g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE,
                    "%s: %s holds for the whole host and cannot stand in [%s]: put it under [%s]",
                    origin, option->key, section, option->section);
        return FALSE;
    }
    if (loader->glob)
        return vitals_settings_set_for_guests(loader->settings, loader->glob, option, item->value,
                                              origin, error);
    return vitals_settings_set(loader->settings, option, item->value, origin, error);
}

static gboolean
apply(Loader *loader, const VitalsReaderItem *item, GError **error)
{
    const VitalsOption *option;

    if (!item->key)
        return enter_section(loader, item, error);
    if (!loader->section) {
        g_autofree char *key = vitals_text_printable(item->key, -1);

        g_set_error(
            error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX,
            "%s:%u: '%s' stands before the first section: put a line such as [Monitor] before "
            "it",
            loader->file, item->line, key);
        return FALSE;
    }
    if (loader->ignoring)
        return TRUE;

    option = find_key(item->key);
    if (option && (loader->glob || g_str_equal(option->section, loader->section)))
        return assign(loader, option, item, error);
    warn_unknown_key(loader, item);
    return TRUE;
}

static gboolean
load_file(VitalsSettings *settings, const char *path, GPtrArray *warnings, GError **error)
{
    g_autofree char *shown = vitals_text_printable(path, -1);
    g_autoptr(GPtrArray) items = vitals_reader_read(path, error);
    g_auto(Loader) loader = {
        .settings = settings,
        .warnings = warnings,
        .file = shown,
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };

    if (!items)
        return FALSE;
    for (guint i = 0; i < items->len; i++) {
        if (!apply(&loader, g_ptr_array_index(items, i), error))
            return FALSE;
    }
    return TRUE;
}

static int
compare_names(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names that a shell would find with ?*.conf, sorted by their bytes, as systemd does. */
static GPtrArray *
list_drop_ins(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &local);
    const char *name;

    if (!dir && g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer(&names);
    if (!dir) {
        g_autofree char *shown = vitals_text_printable(local->message, -1);

        g_set_error_literal(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_READ, shown);
        return NULL;
    }
    while ((name = g_dir_read_name(dir))) {
        if (*name != '.' && g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_build_filename(directory, name, NULL));
    }
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

static gboolean
load_all(VitalsSettings *settings, const char *file, GPtrArray *warnings, GError **error)
{
    const char *path = file ? file : VITALS_SETTINGS_FILE;
    g_autofree char *directory = g_strconcat(path, ".d", NULL);
    g_autoptr(GPtrArray) drop_ins = NULL;
    struct stat status;
    /* lstat(): a symbolic link that leads nowhere is a mistake, and no missing file. */
    gboolean missing = !file && lstat(path, &status) < 0 && errno == ENOENT;

    if (!missing && !load_file(settings, path, warnings, error))
        return FALSE;
    drop_ins = list_drop_ins(directory, error);
    for (guint i = 0; drop_ins && i < drop_ins->len; i++) {
        if (!load_file(settings, g_ptr_array_index(drop_ins, i), warnings, error))
            return FALSE;
    }
    return drop_ins != NULL;
}

VitalsSettings *
vitals_settings_load(const char *file, GPtrArray *ret_warnings, GError **error)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    if (!load_all(settings, file, ret_warnings, error))
        return NULL;
    return g_steal_pointer(&settings);
}
