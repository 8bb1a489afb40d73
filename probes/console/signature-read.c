/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/signature.h"
#include "config/reader.h"
#include "probes/console/signature-set.h"

#include <string.h>

/* Reports are read by people: longer ones are not a report but a log. */
enum { DEFAULT_LINES = 400 };

static const char *const shape_keys[VITALS_SHAPE_MAX] = {
    [VITALS_SHAPE_TRACE] = "Trace",
    [VITALS_SHAPE_FRAME] = "Frame",
    [VITALS_SHAPE_PC] = "Pc",
    [VITALS_SHAPE_STOP] = "Stop",
    [VITALS_SHAPE_END] = "End",
    [VITALS_SHAPE_ENTRY] = "Entry",
    [VITALS_SHAPE_TASK] = "Task",
    [VITALS_SHAPE_MODULES] = "Modules",
    [VITALS_SHAPE_ANCHOR] = "Anchor",
    [VITALS_SHAPE_FINAL] = "Final",
    [VITALS_SHAPE_FOREIGN] = "Foreign",
    [VITALS_SHAPE_SUFFIX] = "Suffix",
    [VITALS_SHAPE_LOOP_ERROR] = "LoopError",
    [VITALS_SHAPE_LOOP_WARNING] = "LoopWarning",
    [VITALS_SHAPE_COUNTER] = "Counter",
};

static const char *const severity_names[] = { "info", "notice", "warning", "error", "critical" };
static const char *const health_names[] = { "healthy", "degraded", "unresponsive", "stuck",
                                            "crashed" };
static const char *const source_names[] = { "text",   "checked", "pc",   "trace",
                                            "second", "anchor",  "stall" };

static void
signature_free(VitalsSignature *signature)
{
    g_free(signature->id);
    g_free(signature->kind);
    vitals_pattern_free(signature->begin);
    vitals_pattern_free(signature->detail);
    g_free(signature->title);
    g_free(signature->explanation);
    g_free(signature->remedy);
    g_ptr_array_unref(signature->skip);
    g_ptr_array_unref(signature->fires);
    g_ptr_array_unref(signature->silent);
    g_free(signature);
}

static void
rename_free(VitalsRename *rename)
{
    g_free(rename->name);
    vitals_names_free(rename->names);
    g_free(rename);
}

void
vitals_signatures_free(VitalsSignatures *signatures)
{
    if (!signatures)
        return;
    for (int i = 0; i < VITALS_SHAPE_MAX; i++) {
        g_ptr_array_unref(signatures->shape_texts[i]);
        vitals_pattern_free(signatures->shapes[i]);
    }
    g_hash_table_unref(signatures->functions);
    g_ptr_array_unref(signatures->renames);
    g_hash_table_unref(signatures->by_id);
    g_hash_table_unref(signatures->skips);
    vitals_literals_free(signatures->literals);
    g_ptr_array_unref(signatures->owners);
    g_ptr_array_unref(signatures->literal_texts);
    g_ptr_array_unref(signatures->list);
    g_free(signatures);
}

static void
set_text(char **field, const char *text)
{
    g_free(*field);
    *field = g_strdup(text);
}

/* @advice: what to do about it */
static gboolean G_GNUC_PRINTF(3, 4)
    refuse(const VitalsReaderItem *item, GError **error, const char *advice, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, advice);
    text = g_strdup_vprintf(advice, arguments);
    va_end(arguments);
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s:%u: %s=%s: %s",
                item->file, item->line, item->key ? item->key : "", item->value, text);
    return FALSE;
}

static gboolean
read_name(const VitalsReaderItem *item, const char *const *names, guint count, int *ret_value,
          GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < count; i++) {
        if (g_str_equal(item->value, names[i])) {
            *ret_value = (int)i;
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return refuse(item, error, "write one of: %s", known->str);
}

/* Puts the place before what is wrong there. */
static gboolean
locate(const VitalsReaderItem *item, GError **error)
{
    g_prefix_error(error, "%s:%u: ", item->file, item->line);
    return FALSE;
}

static gboolean
read_pattern(const VitalsReaderItem *item, VitalsPattern **ret_pattern, GError **error)
{
    VitalsPattern *pattern = vitals_pattern_new(item->value, error);

    if (!pattern)
        return locate(item, error);
    vitals_pattern_free(*ret_pattern);
    *ret_pattern = pattern;
    return TRUE;
}

static gboolean
read_sources(const VitalsReaderItem *item, VitalsSignature *signature, GError **error)
{
    g_auto(GStrv) words = g_strsplit(item->value, " ", VITALS_FRAME_MAX);
    guint count = 0;

    for (char **word = words; *word; word++) {
        const VitalsReaderItem one = { item->file, item->line, item->key, *word };
        int source;

        if (!read_name(&one, source_names, VITALS_FRAME_MAX, &source, error))
            return FALSE;
        signature->sources[count++] = (VitalsFrameSource)source;
    }
    signature->sources[count] = VITALS_FRAME_MAX;
    return TRUE;
}

static gboolean
read_skips(VitalsSignatures *set, const VitalsReaderItem *item, VitalsSignature *signature,
           GError **error)
{
    g_auto(GStrv) words = g_strsplit(item->value, " ", -1);

    g_ptr_array_set_size(signature->skip, 0);
    for (char **word = words; *word; word++) {
        VitalsNames *names = g_hash_table_lookup(set->skips, *word);

        if (!names)
            return refuse(item, error,
                          "there is no [Skip %s] above: write one, in this file or in one that is "
                          "read before",
                          *word);
        g_ptr_array_add(signature->skip, names);
    }
    return TRUE;
}

/* Quotes keep the blanks at the ends of a literal, which the reader takes for layout. */
static char *
unquote(const char *value)
{
    gsize length = strlen(value);

    if (length < 2 || value[0] != '"' || value[length - 1] != '"')
        return g_strdup(value);
    return g_strndup(value + 1, length - 2);
}

static gboolean
read_literal(VitalsSignatures *set, const VitalsReaderItem *item, VitalsSignature *signature,
             GError **error)
{
    g_autofree char *text = unquote(item->value);
    guint index;
    GPtrArray *owners;

    if (strlen(text) < VITALS_LITERALS_MIN)
        return refuse(item, error, "write at least %d characters of what the first line always has",
                      VITALS_LITERALS_MIN);

    if (!g_ptr_array_find_with_equal_func(set->literal_texts, text, g_str_equal, &index)) {
        index = set->literal_texts->len;
        g_ptr_array_add(set->literal_texts, g_strdup(text));
        g_ptr_array_add(set->owners, g_ptr_array_new());
    }
    owners = g_ptr_array_index(set->owners, index);
    g_ptr_array_add(owners, signature);
    signature->literals++;
    return TRUE;
}

/* What a section takes over from one above: everything but its beginning, detail and samples. */
static gboolean
read_like(VitalsSignatures *set, const VitalsReaderItem *item, VitalsSignature *signature,
          GError **error)
{
    const VitalsSignature *model = g_hash_table_lookup(set->by_id, item->value);

    if (!model)
        return refuse(item, error,
                      "there is no [Signature %s] above: write one, in this file or in one that is "
                      "read before",
                      item->value);
    signature->severity = model->severity;
    signature->health = model->health;
    signature->lines = model->lines;
    signature->cascade = model->cascade;
    signature->bare = model->bare;
    signature->again = model->again;
    memcpy(signature->sources, model->sources, sizeof model->sources);
    for (guint i = 0; i < model->skip->len; i++)
        g_ptr_array_add(signature->skip, g_ptr_array_index(model->skip, i));
    set_text(&signature->kind, model->kind);
    set_text(&signature->title, model->title);
    set_text(&signature->explanation, model->explanation);
    set_text(&signature->remedy, model->remedy);
    return TRUE;
}

static gboolean
read_lines(const VitalsReaderItem *item, guint *ret_lines, GError **error)
{
    guint64 lines;

    if (!g_ascii_string_to_unsigned(item->value, 10, 1, DEFAULT_LINES, &lines, NULL))
        return refuse(item, error, "write a number from 1 to %d", DEFAULT_LINES);
    *ret_lines = (guint)lines;
    return TRUE;
}

static char **
text_field(VitalsSignature *signature, const char *key)
{
    if (g_str_equal(key, "Kind"))
        return &signature->kind;
    if (g_str_equal(key, "Title"))
        return &signature->title;
    if (g_str_equal(key, "Explanation"))
        return &signature->explanation;
    return g_str_equal(key, "Remedy") ? &signature->remedy : NULL;
}

static gboolean *
flag_field(VitalsSignature *signature, const char *key)
{
    if (g_str_equal(key, "Corrupted"))
        return &signature->corrupted;
    if (g_str_equal(key, "Cascade"))
        return &signature->cascade;
    if (g_str_equal(key, "Bare"))
        return &signature->bare;
    return g_str_equal(key, "Again") ? &signature->again : NULL;
}

static gboolean
read_signature(VitalsSignatures *set, VitalsSignature *signature, const VitalsReaderItem *item,
               GError **error)
{
    char **text = text_field(signature, item->key);
    gboolean *flag = flag_field(signature, item->key);
    int value = 0;

    if (text) {
        set_text(text, item->value);
    } else if (flag) {
        if (!g_str_equal(item->value, "yes") && !g_str_equal(item->value, "no"))
            return refuse(item, error, "write yes or no");
        *flag = g_str_equal(item->value, "yes");
    } else if (g_str_equal(item->key, "Literal")) {
        return read_literal(set, item, signature, error);
    } else if (g_str_equal(item->key, "Begin")) {
        return read_pattern(item, &signature->begin, error);
    } else if (g_str_equal(item->key, "Detail")) {
        return read_pattern(item, &signature->detail, error);
    } else if (g_str_equal(item->key, "Frame")) {
        return read_sources(item, signature, error);
    } else if (g_str_equal(item->key, "Skip")) {
        return read_skips(set, item, signature, error);
    } else if (g_str_equal(item->key, "Like")) {
        return read_like(set, item, signature, error);
    } else if (g_str_equal(item->key, "Lines")) {
        return read_lines(item, &signature->lines, error);
    } else if (g_str_equal(item->key, "Fires")) {
        g_ptr_array_add(signature->fires, g_strdup(item->value));
    } else if (g_str_equal(item->key, "Silent")) {
        g_ptr_array_add(signature->silent, g_strdup(item->value));
    } else if (g_str_equal(item->key, "Severity")) {
        if (!read_name(item, severity_names, G_N_ELEMENTS(severity_names), &value, error))
            return FALSE;
        signature->severity = (VitalsConsoleSeverity)value;
    } else if (g_str_equal(item->key, "Health")) {
        if (!read_name(item, health_names, G_N_ELEMENTS(health_names), &value, error))
            return FALSE;
        signature->health = (VitalsConsoleHealth)value;
    } else {
        return refuse(item, error, "there is no such key; see config/signatures/README");
    }
    return TRUE;
}

static VitalsSignature *
add_signature(VitalsSignatures *set, const VitalsReaderItem *header)
{
    VitalsSignature *signature = g_new0(VitalsSignature, 1);

    signature->id = g_strdup(header->value + strlen("Signature "));
    signature->file = header->file;
    signature->line = header->line;
    signature->skip = g_ptr_array_new(); /* what is in it belongs to the set */
    signature->fires = g_ptr_array_new_with_free_func(g_free);
    signature->silent = g_ptr_array_new_with_free_func(g_free);
    signature->severity = VITALS_CONSOLE_ERROR;
    signature->health = VITALS_CONSOLE_DEGRADED;
    signature->sources[0] = VITALS_FRAME_MAX;
    signature->lines = DEFAULT_LINES;
    g_ptr_array_add(set->list, signature);
    g_hash_table_insert(set->by_id, signature->id, signature);
    return signature;
}

static gboolean
read_shape(VitalsSignatures *set, const VitalsReaderItem *item, GError **error)
{
    for (int i = 0; i < VITALS_SHAPE_MAX; i++) {
        if (!g_str_equal(item->key, shape_keys[i]))
            continue;
        g_ptr_array_add(set->shape_texts[i], g_strdup(item->value));
        vitals_pattern_free(set->shapes[i]);
        set->shapes[i] = vitals_pattern_join(set->shape_texts[i], i <= VITALS_SHAPE_ENTRY, error);
        return set->shapes[i] || locate(item, error);
    }
    return refuse(item, error, "there is no such key of [Frames]; see config/signatures/README");
}

static VitalsNames *
add_rename(VitalsSignatures *set, const char *name)
{
    VitalsRename *rename = g_new0(VitalsRename, 1);

    rename->name = g_strdup(name);
    rename->names = vitals_names_new();
    g_ptr_array_add(set->renames, rename);
    return rename->names;
}

/* One pass: what is referred to must stand above. */
static gboolean
read_items(VitalsSignatures *set, const GPtrArray *items, GError **error)
{
    VitalsSignature *signature = NULL;
    VitalsNames *names = NULL;

    for (guint i = 0; i < items->len; i++) {
        const VitalsReaderItem *item = g_ptr_array_index(items, i);
        gboolean right = TRUE;

        if (item->key && signature) {
            right = read_signature(set, signature, item, error);
        } else if (item->key && names) {
            right = vitals_names_add(names, item->value, error) || locate(item, error);
        } else if (item->key) {
            right = read_shape(set, item, error);
        } else if (g_str_has_prefix(item->value, "Signature ")) {
            signature = add_signature(set, item);
        } else if (g_str_has_prefix(item->value, "Skip ")) {
            signature = NULL;
            names = vitals_names_new();
            g_hash_table_insert(set->skips, g_strdup(item->value + strlen("Skip ")), names);
        } else if (g_str_has_prefix(item->value, "Rename ")) {
            signature = NULL;
            names = add_rename(set, item->value + strlen("Rename "));
        } else {
            signature = NULL;
            names = NULL;
        }
        if (!right)
            return FALSE;
    }
    return TRUE;
}

static gboolean
check(const VitalsSignatures *set, GError **error)
{
    for (guint i = 0; i < set->list->len; i++) {
        const VitalsSignature *signature = g_ptr_array_index(set->list, i);

        if (signature->begin && signature->title && signature->kind && signature->literals > 0)
            continue;
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
                    "%s:%u: [Signature %s]: add what is missing of Literal, Begin, Kind and Title",
                    signature->file, signature->line, signature->id);
        return FALSE;
    }
    return TRUE;
}

VitalsSignatures *
vitals_signatures_new(const GPtrArray *items, GError **error)
{
    g_autoptr(VitalsSignatures) set = g_new0(VitalsSignatures, 1);

    set->list = g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
    set->literal_texts = g_ptr_array_new_with_free_func(g_free);
    set->owners = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    set->renames = g_ptr_array_new_with_free_func((GDestroyNotify)rename_free);
    set->functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    set->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    set->skips =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vitals_names_free);
    for (int i = 0; i < VITALS_SHAPE_MAX; i++)
        set->shape_texts[i] = g_ptr_array_new_with_free_func(g_free);
    if (!read_items(set, items, error) || !check(set, error))
        return NULL;
    set->literals = vitals_literals_new(set->literal_texts);
    return g_steal_pointer(&set);
}
