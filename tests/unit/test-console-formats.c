/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "probes/console/console.h"

#include <string.h>

/*
 * What kernels print, in our own words: tests/formats/<family>.log holds cases. A case begins with a line
 * `>>> kind|severity|title` (or with `+corrupted` behind the severity), or `>>> silence`; what follows up to
 * the next one is a log whose first alarm must be that one, and no other may come.
 */

static VitalsSignatures *signatures;

static VitalsConsole *
scan(const char *text, gsize length)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    VitalsConsole *console = vitals_console_new(signatures, &options, NULL, NULL);

    vitals_console_feed(console, text, length, 0);
    vitals_console_finish(console);
    return console;
}

/* The alarms of a log in its order, one line each; a notice is none. */
static char *
describe_alarms(const VitalsConsole *console)
{
    const GPtrArray *reports = vitals_console_reports(console);
    const GPtrArray *loops = vitals_console_loops(console);
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        if (report->signature->severity < VITALS_CONSOLE_WARNING)
            continue;
        g_string_append_printf(out, "%s%s|%s%s|%s", out->len > 0 ? "\n" : "",
                               report->signature->kind,
                               vitals_console_severity_name(report->signature->severity),
                               report->corrupted ? "+corrupted" : "", report->title);
    }
    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);

        if (loop->severity >= VITALS_CONSOLE_WARNING)
            g_string_append_printf(out, "%sloop", out->len > 0 ? "\n" : "");
    }
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : g_strdup("silence");
}

static gboolean
check_case(const char *family, const char *text, gsize length)
{
    const char *end = memchr(text, '\n', length);
    gsize head = end ? (gsize)(end - text) : length;
    g_autofree char *wanted = g_strndup(text, head);
    g_autoptr(VitalsConsole) console = scan(text + head + 1, length - MIN(length, head + 1));
    g_autofree char *found = describe_alarms(console);

    if (g_str_equal(found, wanted))
        return TRUE;
    g_test_message("%s: wanted %s, found %s", family, wanted, found);
    return FALSE;
}

static void
test_family(gconstpointer name)
{
    const char *root = g_getenv("VITALS_SOURCE_ROOT");
    g_autofree char *path =
        g_build_filename(root ? root : ".", "tests", "formats", (const char *)name, NULL);
    g_autofree char *bytes = NULL;
    guint cases = 0;
    guint wrong = 0;

    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    for (const char *at = strstr(bytes, ">>> "); at; cases++) {
        const char *next = strstr(at, "\n>>> ");
        const char *text = at + strlen(">>> ");

        wrong += !check_case(name, text, next ? (gsize)(next + 1 - text) : strlen(text));
        at = next ? next + 1 : NULL;
    }
    g_assert_cmpuint(cases, >, 0);
    g_assert_cmpuint(wrong, ==, 0);
}

/* The function that a use after free is named after when @innermost called into the sanitizer. */
static char *
name_of_use_after_free(const char *innermost)
{
    g_autofree char *log =
        g_strdup_printf("BUG: KASAN: slab-use-after-free in %s+0x12/0x80\n"
                        "Read of size 8 at addr ffff888012345678 by task gizmod/77\n"
                        "Call Trace:\n dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n"
                        " kasan_report+0x1/0x2\n %s+0x12/0x80\n gizmo_run+0x12/0x80\n",
                        innermost, innermost);
    g_autoptr(VitalsConsole) console = scan(log, strlen(log));
    const GPtrArray *reports = vitals_console_reports(console);
    const VitalsReport *report;

    g_assert_cmpuint(reports->len, ==, 1);
    report = g_ptr_array_index(reports, 0);
    return g_strdup(report->function);
}

/* What everybody calls says nothing about who did wrong. */
static void
test_helpers(void)
{
    static const char *const helpers[] = {
        "strncasecmp",
        "__pi_memcpy",
        "memcpy_orig",
        "bcmp",
        "strchrnul",
        "_copy_from_iter",
        "__arch_copy_to_user",
        "raw_copy_from_user",
        "copy_mc_to_kernel",
        "_find_next_bit",
        "__bitmap_weight",
        "rb_insert_color",
        "klist_del",
        "llist_add_batch",
        "hlist_del_init",
        "__asan_memset",
        "kmsan_report",
        "qlist_free_all",
        "___slab_alloc",
        "kmem_cache_free",
        "__kmalloc_noprof",
        "krealloc_noprof",
        "deactivate_slab",
        "get_partial_node",
        "kfree_skb_reason",
        "skb_put",
        "pskb_trim_rcsum_slow",
        "sysfs_create_file_ns",
        "kobject_put",
        "device_unregister",
        "lock_hrtimer_base",
        "cancel_delayed_work_sync",
        "swake_up_one",
        "ip6_string",
        "format_decode",
        "seq_printf",
        "netdev_info",
        "idr_get_next",
        "xas_load",
        "percpu_counter_add_batch",
        "do_raw_spin_lock",
        "rwsem_mark_wake",
        "mutex_unlock",
        "refcount_dec_and_lock",
        "__crypto_xor_final",
        "sha256_update",
        "usb_kill_urb",
        "el1h_64_sync",
        "do_trap_load_fault",
        "exc_page_fault",
        "__alloc_pages_noprof",
        "mempool_alloc",
    };

    for (guint i = 0; i < G_N_ELEMENTS(helpers); i++) {
        g_autofree char *function = name_of_use_after_free(helpers[i]);
        g_autofree char *said = g_strdup_printf("%s is called by %s", helpers[i], function);
        g_autofree char *right = g_strdup_printf("%s is called by gizmo_run", helpers[i]);

        g_assert_cmpstr(said, ==, right);
    }
}

/* Functions of subsystems that are called much like a helper. */
static void
test_lookalikes(void)
{
    static const char *const owners[] = {
        "die_cpus_read",
        "print_worker_info",
        "__invalidate_device",
        "cache_check",
        "stack_map_get_next_key",
        "list_add_event",
        "copy_from_read_buf",
        "get_user_pages_fast",
        "atomic_pool_expand",
        "__find_get_block",
        "bitmap_ip_add",
        "alloc_page_buffers",
        "kfree_rcu_work",
        "rb_alloc_aux",
        "sort_cmp",
        "find_lock_task_mm",
        "__dev_queue_xmit",
        "crypto_remove_spawns",
        "arch_ptrace",
        "rht_deferred_worker",
        "pcpu_balance_workfn",
        "trap_setup",
        "enqueue_timer",
        "remove_wait_queue",
        "skb_dequeue",
        "copy_page_range",
        "warn_unsupported",
        "ftrace_profile_set_filter",
        "folio_add_lru",
        "string_unescape",
        "number_of_gizmos",
        "complete_walk",
    };

    for (guint i = 0; i < G_N_ELEMENTS(owners); i++) {
        g_autofree char *function = name_of_use_after_free(owners[i]);

        g_assert_cmpstr(function, ==, owners[i]);
    }
}

int
main(int argc, char **argv)
{
    static const char *const families[] = { "linux-fault.log", "linux-memory.log", "linux-lock.log",
                                            "linux-hang.log",  "bsd.log",          "guest.log",
                                            "healthy.log" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);

    g_test_init(&argc, &argv, NULL);
    g_assert_no_error(error);
    signatures = vitals_signatures_new(items, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        g_autofree char *path = g_strconcat("/console-formats/", families[i], NULL);

        g_test_add_data_func(path, families[i], test_family);
    }
    g_test_add_func("/console-formats/helpers", test_helpers);
    g_test_add_func("/console-formats/lookalikes", test_lookalikes);
    argc = g_test_run();
    vitals_signatures_free(signatures);
    return argc;
}
