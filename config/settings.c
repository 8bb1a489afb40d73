/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/settings.h"
#include "config/nearest.h"
#include "config/settings-private.h"
#include "config/text.h"
#include "config/value.h"

#include <fnmatch.h>
#include <locale.h>
#include <string.h>

G_DEFINE_QUARK(vitals - settings - error - quark, vitals_settings_error)

/* A value in force; @origin is printable. */
typedef struct {
    gint64 number;
    char *text;
    char *origin;
} Slot;

/* One assignment from a `[Guest GLOB]` section. */
typedef struct {
    GRefString *glob;
    const VitalsOption *option;
    gboolean reset; /* "Key=": back to the host-wide value */
    Slot slot;
} GuestValue;

struct VitalsSettings {
    gatomicrefcount references;
    GHashTable *host;  /* VitalsOption -> Slot, for each option */
    GPtrArray *guests; /* of GuestValue, in the order they were read */
};

void
vitals_settings_warning_free(VitalsSettingsWarning *warning)
{
    if (!warning)
        return;
    g_free(warning->file);
    g_free(warning->message);
    g_free(warning);
}

static void
clear_slot(Slot *slot)
{
    g_free(slot->text);
    g_free(slot->origin);
}

static void
free_slot(gpointer data)
{
    clear_slot(data);
    g_free(data);
}

static void
free_guest_value(gpointer data)
{
    GuestValue *value = data;

    g_ref_string_release(value->glob);
    clear_slot(&value->slot);
    g_free(value);
}

static Slot *
host_slot(const VitalsSettings *settings, const VitalsOption *option)
{
    return g_hash_table_lookup(settings->host, option);
}

static void
set_slot(Slot *slot, gint64 number, const char *text, const char *origin)
{
    clear_slot(slot);
    slot->number = number;
    slot->text = g_strdup(text);
    slot->origin = g_strdup(origin);
}

static void
reset_host(VitalsSettings *settings, const VitalsOption *option, const char *origin)
{
    g_autoptr(GError) error = NULL;
    gint64 number = 0;

    if (!vitals_value_parse(option, option->fallback, &number, &error))
        g_error("the default of %s.%s %s", option->section, option->key, error->message);
    set_slot(host_slot(settings, option), number, option->fallback, origin);
}

VitalsSettings *
vitals_settings_new(void)
{
    VitalsSettings *settings = g_new0(VitalsSettings, 1);
    const VitalsOption *option = NULL;

    g_atomic_ref_count_init(&settings->references);
    settings->host = g_hash_table_new_full(NULL, NULL, NULL, free_slot);
    settings->guests = g_ptr_array_new_with_free_func(free_guest_value);
    while ((option = vitals_option_next(option))) {
        g_hash_table_insert(settings->host, (gpointer)option, g_new0(Slot, 1));
        reset_host(settings, option, "default");
    }
    return settings;
}

VitalsSettings *
vitals_settings_ref(VitalsSettings *settings)
{
    g_atomic_ref_count_inc(&settings->references);
    return settings;
}

void
vitals_settings_unref(VitalsSettings *settings)
{
    if (!settings || !g_atomic_ref_count_dec(&settings->references))
        return;
    g_hash_table_unref(settings->host);
    g_ptr_array_unref(settings->guests);
    g_free(settings);
}

/* Finds the row of "Section.Key". */
static const VitalsOption *
find_option(const char *name)
{
    const char *dot = strchr(name, '.');
    const VitalsOption *option = NULL;

    while (dot && (option = vitals_option_next(option))) {
        if (g_str_equal(option->key, dot + 1) && strlen(option->section) == (gsize)(dot - name) &&
            g_str_has_prefix(name, option->section))
            return option;
    }
    return NULL;
}

/* People write "5s # slow host" once; only a line of its own is a comment. */
static const char *
comment_hint(const char *text)
{
    gboolean comment = strstr(text, " #") || strstr(text, " ;") || strstr(text, "\t#");

    return comment ? " (a comment needs a line of its own)" : "";
}

static gboolean
parse(const VitalsOption *option, const char *text, const char *origin, gint64 *ret_number,
      GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *shown = NULL;
    g_autofree char *allowed = NULL;

    if (vitals_value_parse(option, text, ret_number, &local))
        return TRUE;
    shown = vitals_text_printable(text, -1);
    allowed = vitals_value_allowed(option);
    g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE,
                "%s: %s.%s: '%s' %s: allowed is %s%s", origin, option->section, option->key, shown,
                local->message, allowed, comment_hint(text));
    return FALSE;
}

gboolean
vitals_settings_set(VitalsSettings *settings, const VitalsOption *option, const char *text,
                    const char *origin, GError **error)
{
    gint64 number = 0;

    if (!*text) {
        reset_host(settings, option, "default");
        return TRUE;
    }
    if (!parse(option, text, origin, &number, error))
        return FALSE;
    set_slot(host_slot(settings, option), number, text, origin);
    return TRUE;
}

gboolean
vitals_settings_set_for_guests(VitalsSettings *settings, GRefString *glob,
                               const VitalsOption *option, const char *text, const char *origin,
                               GError **error)
{
    GuestValue *value;
    gint64 number = 0;

    if (*text && !parse(option, text, origin, &number, error))
        return FALSE;
    value = g_new0(GuestValue, 1);
    value->glob = g_ref_string_acquire(glob);
    value->option = option;
    value->reset = !*text;
    set_slot(&value->slot, number, text, origin);
    g_ptr_array_add(settings->guests, value);
    return TRUE;
}

static gboolean
refuse_unknown(const char *name, const char *origin, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *shown = vitals_text_printable(name, -1);
    const char *nearest;
    const VitalsOption *option = NULL;

    while ((option = vitals_option_next(option)))
        g_ptr_array_add(names, g_strconcat(option->section, ".", option->key, NULL));
    nearest = vitals_nearest(name, names);
    g_set_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX,
                "%s: there is no setting '%s'%s%s%s", origin, shown,
                nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    return FALSE;
}

gboolean
vitals_settings_override(VitalsSettings *settings, const char *name, const char *value,
                         const char *origin, GError **error)
{
    const VitalsOption *option = find_option(name);
    g_autofree char *path = NULL;

    if (!option)
        return refuse_unknown(name, origin, error);
    if (option->type == VITALS_OPTION_PATH && *value)
        path = g_canonicalize_filename(value, NULL);
    return vitals_settings_set(settings, option, path ? path : value, origin, error);
}

/* fnmatch() takes "?" for a byte or a character as the locale says. Names are UTF-8 wherever they come
 * from, and a daemon is often started in the C locale, so we do not leave it to the environment. */
static gboolean
matches(const char *glob, const char *guest)
{
    static gsize once;
    static locale_t utf8;
    locale_t before = 0;
    gboolean matched;

    if (g_once_init_enter(&once)) {
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", 0);
        g_once_init_leave(&once, 1);
    }
    if (utf8)
        before = uselocale(utf8);
    matched = fnmatch(glob, guest, 0) == 0;
    if (utf8)
        uselocale(before);
    return matched;
}

/* The value in force; aborts where @name is no option of a type in the set @types. */
static const Slot *
look_up(const VitalsSettings *settings, const char *guest, const char *name, guint types)
{
    const VitalsOption *option = find_option(name);

    if (!option)
        g_error("there is no setting '%s'", name);
    if (!(types & (1U << option->type)))
        g_error("the setting '%s' is of another type", name);

    for (guint i = guest && option->per_guest ? settings->guests->len : 0; i > 0; i--) {
        const GuestValue *value = g_ptr_array_index(settings->guests, i - 1);

        if (value->option == option && matches(value->glob, guest))
            return value->reset ? host_slot(settings, option) : &value->slot;
    }
    return host_slot(settings, option);
}

gboolean
vitals_settings_boolean(const VitalsSettings *settings, const char *guest, const char *name)
{
    return look_up(settings, guest, name, 1U << VITALS_OPTION_BOOLEAN)->number != 0;
}

gint64
vitals_settings_integer(const VitalsSettings *settings, const char *guest, const char *name)
{
    return look_up(settings, guest, name, 1U << VITALS_OPTION_INTEGER)->number;
}

gint64
vitals_settings_duration(const VitalsSettings *settings, const char *guest, const char *name)
{
    return look_up(settings, guest, name, 1U << VITALS_OPTION_DURATION)->number;
}

guint64
vitals_settings_size(const VitalsSettings *settings, const char *guest, const char *name)
{
    return look_up(settings, guest, name, 1U << VITALS_OPTION_SIZE)->number;
}

const char *
vitals_settings_string(const VitalsSettings *settings, const char *guest, const char *name)
{
    return look_up(settings, guest, name,
                   1U << VITALS_OPTION_STRING | 1U << VITALS_OPTION_PATH | 1U << VITALS_OPTION_WORD)
        ->text;
}

gboolean
vitals_settings_has(const VitalsSettings *settings, const char *guest, const char *name,
                    const char *word)
{
    const Slot *slot = look_up(settings, guest, name, 1U << VITALS_OPTION_WORDS);
    const char *const *words = find_option(name)->words;

    for (guint i = 0; words[i]; i++) {
        if (g_str_equal(words[i], word))
            return (slot->number >> i) & 1;
    }
    g_error("the setting '%s' knows no word '%s'", name, word);
}

const char *
vitals_settings_text(const VitalsSettings *settings, const char *guest, const char *name,
                     const char **ret_origin)
{
    const Slot *slot = look_up(settings, guest, name, G_MAXUINT);

    if (ret_origin)
        *ret_origin = slot->origin;
    return slot->text;
}

const char *
vitals_settings_origin(const VitalsSettings *settings, const char *name)
{
    return look_up(settings, NULL, name, G_MAXUINT)->origin;
}
