/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/retention.h"
#include "monitor/store.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What is on its way out is called so; see vitals_retention_apply(). */
#define REMOVED ".removed-"

/* An incident has some twenty files; a directory with more than this is nobody's incident. */
#define FILES_MAX 200

void
vitals_holding_free(VitalsHolding *holding)
{
    if (!holding)
        return;
    g_free(holding->id);
    g_free(holding->guest);
    g_free(holding);
}

VitalsRetention
vitals_retention_from(const VitalsSettings *settings)
{
    VitalsRetention limits = {
        .max_use = vitals_settings_size(settings, NULL, "Store.MaxUse"),
        .keep_free = vitals_settings_size(settings, NULL, "Capture.KeepFree"),
        .max_incidents = (guint)vitals_settings_integer(settings, NULL, "Store.MaxIncidents"),
        .max_age = vitals_settings_duration(settings, NULL, "Store.MaxAge"),
    };
    guint64 share = (guint64)vitals_settings_integer(settings, NULL, "Store.GuestShare");

    limits.guest_use = limits.max_use / 100 * share;
    if (limits.max_incidents)
        limits.guest_incidents = (guint)MAX(limits.max_incidents * share / 100, 1);
    return limits;
}

/* ---- the choice ---- */

/* The newest of each guest stays, whatever it costs; one that is being written may come to nothing.
 * @interrupted: whether one counts that was. Returns: (element-type utf8 VitalsHolding) */
static GHashTable *
find_newest(const GPtrArray *holdings, gboolean interrupted)
{
    GHashTable *newest = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < holdings->len; i++) {
        VitalsHolding *holding = g_ptr_array_index(holdings, i);

        if (!holding->partial && (interrupted || !holding->interrupted) &&
            !g_hash_table_contains(newest, holding->guest))
            g_hash_table_insert(newest, holding->guest, holding);
    }
    return newest;
}

/* @newest, @complete: of each guest, the latter of those that were not interrupted */
typedef struct {
    const GPtrArray *holdings;
    GHashTable *newest;
    GHashTable *complete;
    guint chosen;
    guint64 freed;
} Choice;

static gboolean
may_go(const Choice *choice, const VitalsHolding *holding)
{
    return !holding->excess && !holding->kept && !holding->partial &&
           g_hash_table_lookup(choice->newest, holding->guest) != holding &&
           g_hash_table_lookup(choice->complete, holding->guest) != holding;
}

static void
let_go(Choice *choice, VitalsHolding *holding, const char *why)
{
    holding->excess = why;
    choice->chosen++;
    choice->freed += holding->bytes;
}

/* What stays: of one guest, or with %NULL of all. */
static guint64
use_of(const Choice *choice, const char *guest)
{
    guint64 bytes = 0;

    for (guint i = 0; i < choice->holdings->len; i++) {
        const VitalsHolding *holding = g_ptr_array_index(choice->holdings, i);

        if (!holding->excess && (!guest || g_str_equal(guest, holding->guest)))
            bytes += holding->bytes;
    }
    return bytes;
}

/* Lets the oldest go, of one guest or of all, until @bytes or @count less are there. */
static void
shrink(Choice *choice, const char *guest, guint64 bytes, guint count, const char *why)
{
    for (guint i = choice->holdings->len; i > 0 && (bytes > 0 || count > 0); i--) {
        VitalsHolding *holding = g_ptr_array_index(choice->holdings, i - 1);

        if (!may_go(choice, holding) || (guest && !g_str_equal(guest, holding->guest)))
            continue;
        let_go(choice, holding, why);
        bytes -= MIN(bytes, holding->bytes);
        count -= MIN(count, 1);
    }
}

static void
limit_age(Choice *choice, gint64 oldest)
{
    for (guint i = 0; i < choice->holdings->len; i++) {
        VitalsHolding *holding = g_ptr_array_index(choice->holdings, i);

        if (holding->opened < oldest && may_go(choice, holding))
            let_go(choice, holding, "age");
    }
}

static guint
count_of(const Choice *choice, const char *guest)
{
    guint count = 0;

    for (guint i = 0; i < choice->holdings->len; i++) {
        const VitalsHolding *holding = g_ptr_array_index(choice->holdings, i);

        count += !holding->excess && g_str_equal(guest, holding->guest);
    }
    return count;
}

static void
limit_guests(Choice *choice, guint64 guest_use, guint guest_incidents)
{
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, choice->newest);
    while (g_hash_table_iter_next(&iter, &guest, NULL)) {
        guint64 use = use_of(choice, guest);
        guint count = count_of(choice, guest);
        guint64 bytes = guest_use && use > guest_use ? use - guest_use : 0;

        shrink(choice, guest, bytes,
               guest_incidents && count > guest_incidents ? count - guest_incidents : 0, "share");
    }
}

static void
limit_space(Choice *choice, guint64 keep_free, guint64 free)
{
    guint64 could = 0;

    for (guint i = 0; i < choice->holdings->len; i++) {
        const VitalsHolding *holding = g_ptr_array_index(choice->holdings, i);

        could += may_go(choice, holding) ? holding->bytes : 0;
    }
    free += choice->freed;
    if (free < keep_free && free + could >= keep_free)
        shrink(choice, NULL, keep_free - free, 0, "space");
}

guint
vitals_retention_choose(const GPtrArray *holdings, const VitalsRetention *limits, gint64 now,
                        guint64 free)
{
    g_autoptr(GHashTable) newest = find_newest(holdings, TRUE);
    g_autoptr(GHashTable) complete = find_newest(holdings, FALSE);
    Choice choice = { .holdings = holdings, .newest = newest, .complete = complete };
    guint64 use;

    if (limits->max_age)
        limit_age(&choice, now - limits->max_age);
    if (limits->guest_use || limits->guest_incidents)
        limit_guests(&choice, limits->guest_use, limits->guest_incidents);
    if (limits->max_incidents && holdings->len - choice.chosen > limits->max_incidents)
        shrink(&choice, NULL, 0, holdings->len - choice.chosen - limits->max_incidents, "count");
    use = use_of(&choice, NULL);
    if (limits->max_use && use > limits->max_use)
        shrink(&choice, NULL, use - limits->max_use, 0, "use");
    limit_space(&choice, limits->keep_free, free);
    return choice.chosen;
}

/* ---- on the disk ---- */

static int
open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* What its files take; what they share or lack (holes) is the file system's affair. */
static guint64
bytes_of(const char *path)
{
    int folder = open_folder(path);
    g_autoptr(GDir) dir = folder < 0 ? NULL : g_dir_open(path, 0, NULL);
    guint64 bytes = 0;
    const char *name;
    struct stat about;

    for (guint i = 0; dir && i < FILES_MAX && (name = g_dir_read_name(dir)); i++) {
        if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (guint64)about.st_blocks * 512;
    }
    if (folder >= 0)
        close(folder);
    return bytes;
}

gboolean
vitals_retention_is_kept(const char *path)
{
    g_autofree char *mark = g_build_filename(path, VITALS_RETENTION_KEEP, NULL);
    struct stat about;

    return lstat(mark, &about) == 0;
}

gboolean
vitals_retention_keep(const char *path, gboolean keep, GError **error)
{
    int folder = open_folder(path);
    gboolean done = folder >= 0;
    int fd;

    if (done && keep) {
        fd = openat(folder, VITALS_RETENTION_KEEP, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        done = fd >= 0;
        if (done)
            close(fd);
    } else if (done) {
        done = unlinkat(folder, VITALS_RETENTION_KEEP, 0) == 0 || errno == ENOENT;
    }
    if (!done) {
        g_autofree char *shown = vitals_text_printable(path, -1);

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot mark %s: %s",
                    shown, g_strerror(errno));
    }
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    return done;
}

/* Deletes a directory that holds files only; anything else in it stays, and it too. */
static gboolean
delete_folder(const char *path)
{
    int folder = open_folder(path);
    g_autoptr(GDir) dir = folder < 0 ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    for (guint i = 0; dir && i < FILES_MAX && (name = g_dir_read_name(dir)); i++)
        unlinkat(folder, name, 0);
    if (folder >= 0)
        close(folder);
    return rmdir(path) == 0;
}

static void
clear_removed(const char *incidents)
{
    g_autoptr(GDir) dir = g_dir_open(incidents, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_prefix(name, REMOVED)) {
            g_autofree char *path = g_build_filename(incidents, name, NULL);

            delete_folder(path);
        }
    }
}

static gboolean
delete_incident(const char *incidents, const char *id)
{
    g_autofree char *away = g_strconcat(REMOVED, id, NULL);
    g_autofree char *from = g_build_filename(incidents, id, NULL);
    g_autofree char *to = g_build_filename(incidents, away, NULL);

    /* it may have been marked since it was chosen */
    if (vitals_retention_is_kept(from) || rename(from, to) < 0)
        return FALSE;
    return delete_folder(to);
}

static VitalsHolding *
holding_of(const VitalsIncidentView *view)
{
    VitalsHolding *holding = g_new0(VitalsHolding, 1);

    holding->id = g_strdup(view->id);
    holding->guest = g_strdup(view->uuid && *view->uuid ? view->uuid : view->domain);
    holding->opened = view->opened;
    holding->bytes = bytes_of(view->path);
    holding->kept = vitals_retention_is_kept(view->path);
    holding->partial = view->partial;
    holding->interrupted = view->interrupted;
    return holding;
}

static GPtrArray *
read_holdings(const char *state_dir, GError **error)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) views = vitals_store_list(state_dir, problems, error);
    GPtrArray *holdings;

    if (!views)
        return NULL;
    holdings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_holding_free);
    for (guint i = 0; i < views->len; i++)
        g_ptr_array_add(holdings, holding_of(g_ptr_array_index(views, i)));
    return holdings;
}

GPtrArray *
vitals_retention_apply(const char *state_dir, const VitalsRetention *limits, gboolean dry_run,
                       GError **error)
{
    g_autofree char *incidents = g_build_filename(state_dir, "incidents", NULL);
    g_autoptr(GPtrArray) holdings = read_holdings(state_dir, error);
    GPtrArray *gone;
    struct statvfs info;
    guint64 free;

    if (!holdings)
        return NULL;
    /* a file system that cannot be asked does not make us delete anything */
    free =
        statvfs(state_dir, &info) == 0 ? (guint64)info.f_bavail * info.f_frsize : G_MAXUINT64 / 2;
    vitals_retention_choose(holdings, limits, g_get_real_time(), free);
    gone = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_holding_free);
    for (guint i = holdings->len; i > 0; i--) {
        VitalsHolding *holding = g_ptr_array_index(holdings, i - 1);

        if (holding->excess && (dry_run || delete_incident(incidents, holding->id)))
            g_ptr_array_add(gone, g_ptr_array_steal_index(holdings, i - 1));
    }
    if (!dry_run)
        clear_removed(incidents);
    return gone;
}
