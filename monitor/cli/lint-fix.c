/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-fix.h"
#include "monitor/cli/connect.h"
#include "monitor/cli/replace.h"
#include "monitor/output/diff.h"
#include "probes/fixer.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

/* What the fixer asks again and again. */
typedef struct {
    VitalsLintJudge *judge;
    const VitalsLintSource *source;
} Question;

static VitalsFindings *
judge_draft(VitalsDefinition *definition, gpointer data)
{
    const Question *question = data;
    VitalsLintSource draft = {
        .name = question->source->name,
        .is_domain = question->source->is_domain,
        .definition = definition,
    };

    vitals_lint_judge(question->judge, &draft);
    return draft.findings;
}

/* Raw for a pipe, as `patch` has to find the very bytes; on a terminal nothing of them may act. */
static void
show_diff(const VitalsLintSource *source, GBytes *before, const VitalsFixed *fixed)
{
    gsize length;
    const char *text = g_bytes_get_data(before, &length);
    g_autoptr(GString) diff = vitals_diff(source->name, text, length, fixed->bytes, fixed->length);
    g_autofree char *shown = NULL;

    if (!isatty(STDOUT_FILENO)) {
        fwrite(diff->str, 1, diff->len, stdout);
        return;
    }
    shown = vitals_text_printable_lines(diff->str, (gssize)diff->len);
    fputs(shown, stdout);
}

/* Keeps what libvirt had, for people to define again: with secrets, so for root alone. */
static char *
back_up(const char *state_dir, const char *domain, GBytes *before, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    g_autofree char *slug = vitals_text_slug(domain, 100);
    g_autofree char *name = g_strdup_printf("%s-%s.xml.XXXXXX", slug, stamp);
    g_autofree char *directory = g_build_filename(state_dir, "backups", NULL);
    g_autofree char *path = g_build_filename(directory, name, NULL);
    gsize length;
    const char *bytes = g_bytes_get_data(before, &length);
    int fd = g_mkdir_with_parents(directory, 0700) == 0 ? g_mkstemp_full(path, O_WRONLY, 0600) : -1;
    gboolean is_kept = fd >= 0 && write(fd, bytes, length) == (gssize)length && fsync(fd) == 0;
    int saved_errno = errno;

    if (fd >= 0)
        close(fd);
    if (is_kept)
        return g_steal_pointer(&path);
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(saved_errno),
                "cannot keep the old definition in '%s', so nothing is changed: %s", directory,
                g_strerror(saved_errno));
    return NULL;
}

static gboolean
define(const VitalsLintOptions *options, const VitalsLintSource *source, GBytes *before,
       GBytes *after, GError **error)
{
    g_autofree char *name = vitals_text_printable(source->name, -1);
    g_autofree char *backup = NULL;
    g_autofree char *old = g_strndup(g_bytes_get_data(before, NULL), g_bytes_get_size(before));
    g_autofree char *new = g_strndup(g_bytes_get_data(after, NULL), g_bytes_get_size(after));

    if (g_bytes_equal(before, after))
        return TRUE;
    if (!options->define) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    "guest '%s' is not changed without --define; --diff shows what would be", name);
        return FALSE;
    }
    backup = back_up(options->state_dir, source->name, before, error);
    if (!backup || !vitals_cli_redefine(options->uri, source->name, old, new, error))
        return FALSE;
    g_printerr("virt-vitals: guest '%s' is defined anew, for its next start; what was there is in "
               "%s\n",
               name, backup);
    return TRUE;
}

static gboolean
put(const VitalsLintOptions *options, const VitalsLintSource *source, GBytes *before, GBytes *after,
    GError **error)
{
    if (source->is_domain)
        return define(options, source, before, after, error);
    if (g_str_equal(source->name, "-")) {
        fwrite(g_bytes_get_data(after, NULL), 1, g_bytes_get_size(after), stdout);
        return TRUE;
    }
    return g_bytes_equal(before, after) || vitals_cli_replace(source->name, before, after, error);
}

/* A rule whose fix does not cure is a mistake of ours that somebody should hear of. */
static void
tell_failures(const VitalsLintSource *source, const VitalsFixed *fixed)
{
    g_autofree char *name = vitals_text_printable(source->name, -1);
    GHashTableIter iter;
    gpointer rule;

    g_hash_table_iter_init(&iter, fixed->failed);
    while (g_hash_table_iter_next(&iter, &rule, NULL))
        g_printerr("virt-vitals: %s: the fix of %s does not cure it here and was not applied; "
                   "please report this\n",
                   name, ((const VitalsRule *)rule)->id);
}

GBytes *
vitals_lint_fix(VitalsLintFixes *fixes, VitalsLintJudge *judge, const VitalsLintSource *source,
                GBytes *before, GError **error)
{
    const VitalsLintOptions *options = judge->options;
    Question question = { .judge = judge, .source = source };
    const VitalsFixer fixer = { .lint = judge_draft,
                                .data = &question,
                                .unsafe = options->unsafe_fixes };
    gsize length;
    const char *text = g_bytes_get_data(before, &length);
    g_autoptr(VitalsFixed) fixed =
        vitals_fixer_run(&fixer, source->name, text ? text : "", length, error);
    g_autoptr(GBytes) after = NULL;

    if (!fixed)
        return NULL;
    tell_failures(source, fixed);
    after = g_bytes_new(fixed->bytes, fixed->length);
    if (options->diff)
        show_diff(source, before, fixed);
    else if (!put(options, source, before, after, error))
        return NULL;
    fixes->done += fixed->done->len;
    fixes->changed += fixed->done->len > 0;
    fixes->left += fixed->left;
    return options->diff ? g_bytes_ref(before) : g_steal_pointer(&after);
}

void
vitals_lint_fix_summary(const VitalsLintFixes *fixes, const VitalsLintOptions *options)
{
    g_printerr("%s%u fix%s in %u definition%s", options->diff ? "Would apply " : "Applied ",
               fixes->done, fixes->done == 1 ? "" : "es", fixes->changed,
               fixes->changed == 1 ? "" : "s");
    if (fixes->left > 0)
        g_printerr("; %u more with --unsafe-fixes", fixes->left);
    g_printerr("\n");
}
