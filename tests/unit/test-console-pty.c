/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-stream.h"
#include "monitor/console-follower.h"
#include "config/signatures.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* A pty with nobody at its slave side, as QEMU makes them, and who reads it. */
typedef struct {
    int master;
    char *path;
    VitalsConsoleStreams *streams;
    VitalsConsoleStream *stream;
    GString *got;
    gboolean gap;
    gboolean flood;
} Scene;

static void
make_pty(Scene *scene)
{
    struct termios raw;
    int slave;

    g_assert_cmpint(openpty(&scene->master, &slave, NULL, NULL, NULL), ==, 0);
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    scene->path = g_strdup(ttyname(slave));
    close(slave);
    g_assert_cmpint(fcntl(scene->master, F_SETFL, O_NONBLOCK), ==, 0);
    g_assert_cmpint(fcntl(scene->master, F_SETFD, FD_CLOEXEC), ==, 0);
}

static void
set_up(Scene *scene, gconstpointer data)
{
    make_pty(scene);
    scene->got = g_string_new("");
    scene->streams = vitals_console_streams_new();
}

static void
tear_down(Scene *scene, gconstpointer data)
{
    vitals_console_stream_free(scene->stream);
    vitals_console_streams_free(scene->streams);
    if (scene->master >= 0)
        close(scene->master);
    g_free(scene->path);
    g_string_free(scene->got, TRUE);
}

static gboolean
take(Scene *scene)
{
    g_autofree char *buffer = g_malloc(64 * 1024);
    g_autoptr(GError) error = NULL;
    gboolean flood = FALSE;
    gsize gap_at = G_MAXSIZE;
    gssize got =
        vitals_console_stream_take(scene->stream, buffer, 64 * 1024, &gap_at, &flood, &error);

    if (got > 0)
        g_string_append_len(scene->got, buffer, got);
    scene->gap = scene->gap || gap_at != G_MAXSIZE;
    scene->flood = scene->flood || flood;
    return got >= 0;
}

static gboolean
has_reader(const Scene *scene)
{
    GPollFD poll = { .fd = scene->master, .events = G_IO_OUT };

    g_poll(&poll, 1, 0);
    return !(poll.revents & G_IO_HUP);
}

/* As QEMU does: what nobody reads, or nobody reads in time, is dropped. */
static void
write_line(const Scene *scene, const char *text)
{
    if (has_reader(scene))
        g_assert_true(write(scene->master, text, strlen(text)) > 0 || errno == EAGAIN);
}

#define until(holds, seconds)                                                           \
    do {                                                                                \
        gint64 deadline_ = g_get_monotonic_time() + (gint64)((seconds)*G_USEC_PER_SEC); \
        while (!(holds)) {                                                              \
            g_assert_cmpint(g_get_monotonic_time(), <, deadline_);                      \
            g_usleep(5000);                                                             \
        }                                                                               \
    } while (0)

static void
begin(Scene *scene)
{
    scene->stream = vitals_console_stream_new(scene->streams, scene->path);
    until(has_reader(scene), 10);
    g_usleep(G_USEC_PER_SEC / 5);
}

static gboolean
has_open(GPid process, const char *path)
{
    g_autofree char *name = g_strdup_printf("/proc/%d/fd/3", process);
    g_autofree char *target = g_file_read_link(name, NULL);

    return g_strcmp0(target, path) == 0;
}

/* Another process that has the pty open and tells what it reads: a human. */
static GPid
enter_human(const Scene *scene, int *ret_out)
{
    const char *const argv[] = { "cat", scene->path, NULL };
    g_autoptr(GError) error = NULL;
    GPid human;

    g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                             G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &human,
                             NULL, ret_out, NULL, &error);
    g_assert_no_error(error);
    until(has_open(human, scene->path), 20);
    return human;
}

static void
leave_human(GPid human, int out)
{
    kill(human, SIGKILL);
    waitpid(human, NULL, 0);
    close(out);
}

static void
test_read(Scene *scene, gconstpointer data)
{
    begin(scene);
    write_line(scene, "one\n");
    write_line(scene, "two\n");
    until(take(scene) && g_str_equal(scene->got->str, "one\ntwo\n"), 5);
    g_assert_false(scene->gap);
    g_assert_false(scene->flood);
    /* the guest ends: nothing more, and no error */
    close(scene->master);
    scene->master = -1;
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_true(take(scene));
}

/* Whoever opens it has it alone, and gets all lines but those of the first moment; we come back. */
static void
test_yield(Scene *scene, gconstpointer data)
{
    char seen[64] = "";
    int out;
    GPid human;

    begin(scene);
    write_line(scene, "ours\n");
    until(take(scene) && scene->got->len == 5, 5);
    human = enter_human(scene, &out);
    g_usleep(G_USEC_PER_SEC / 2);
    for (guint i = 0; i < 100; i++)
        write_line(scene, "x");
    for (gsize length = 0; length < 64;) {
        ssize_t got = read(out, seen, sizeof seen);

        g_assert_cmpint(got, >, 0);
        length += (gsize)got;
    }
    g_assert_true(take(scene));
    g_assert_cmpstr(scene->got->str, ==, "ours\n");
    g_usleep(2 * G_USEC_PER_SEC);
    g_assert_true(take(scene));
    g_assert_cmpstr(scene->got->str, ==, "ours\n");

    leave_human(human, out);
    until(has_reader(scene), 4);
    g_usleep(G_USEC_PER_SEC / 5);
    write_line(scene, "again\n");
    until(take(scene) && g_str_has_suffix(scene->got->str, "ours\nagain\n"), 5);
    g_assert_true(scene->gap);
}

/* Somebody was there before us. */
static void
test_taken(Scene *scene, gconstpointer data)
{
    int out;
    GPid human = enter_human(scene, &out);

    scene->stream = vitals_console_stream_new(scene->streams, scene->path);
    g_usleep(G_USEC_PER_SEC);
    write_line(scene, "theirs\n");
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_true(take(scene));
    g_assert_cmpuint(scene->got->len, ==, 0);
    leave_human(human, out);
    until(has_reader(scene), 4);
    g_usleep(G_USEC_PER_SEC / 5);
    write_line(scene, "ours\n");
    until(take(scene) && g_str_equal(scene->got->str, "ours\n"), 5);
}

/* More than can be read: it is not held up, and left alone. */
static void
test_flood(Scene *scene, gconstpointer data)
{
    g_autofree char *block = g_strnfill(4095, 'y');
    guint64 written = 0;

    begin(scene);
    while (has_reader(scene) && written < 64 * 1024 * 1024) {
        ssize_t got = write(scene->master, block, 4095);

        if (got > 0)
            written += (guint64)got;
        else
            g_usleep(100);
    }
    g_assert_cmpuint(written, <, 8 * 1024 * 1024);
    g_assert_true(take(scene));
    g_assert_true(scene->flood);
    g_usleep(G_USEC_PER_SEC);
    g_assert_false(has_reader(scene));
    until(has_reader(scene), 8);
}

/* Takes @wanted bytes for the follower, while @line is written again and again. */
static void
follow(Scene *scene, VitalsConsoleFollower *follower, const char *line, gsize wanted)
{
    g_autofree char *buffer = g_malloc(VITALS_CONSOLE_FETCH_MAX);
    gint64 deadline = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

    for (gsize got = 0; got < wanted; got += vitals_console_follower_digested(follower)) {
        VitalsSample *sample;

        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        write_line(scene, line);
        g_usleep(1000);
        g_assert_true(vitals_console_follower_fetch(follower, buffer, NULL));
        sample = vitals_console_follower_digest(follower, buffer, g_get_monotonic_time(),
                                                g_get_real_time());
        if (sample)
            vitals_sample_unref(sample);
    }
}

/* What nobody else keeps is kept for an incident, and not without end. */
static void
test_kept(Scene *scene, gconstpointer data)
{
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, NULL);
    VitalsSignatures *signatures = vitals_signatures_new(items, NULL);
    g_autofree char *line = g_strnfill(2047, 'x');
    g_autofree char *long_line = g_strconcat(line, "\n", NULL);
    g_autoptr(VitalsConsoleCounts) few = NULL;
    g_autoptr(VitalsConsoleCounts) many = NULL;
    VitalsConsoleFollower *follower;
    gsize length;
    const char *end;

    begin(scene);
    follower =
        vitals_console_follower_new_of_stream(signatures, 1, g_steal_pointer(&scene->stream));
    follow(scene, follower, "hello\n", 6);
    few = vitals_console_follower_counts(follower);
    end = g_bytes_get_data(few->end, &length);
    g_assert_true(g_str_has_prefix(end, "hello\n"));
    follow(scene, follower, long_line, (gsize)600 * 1024);
    many = vitals_console_follower_counts(follower);
    end = g_bytes_get_data(many->end, &length);
    g_assert_cmpuint(length, ==, 256 * 1024);
    g_assert_cmpint(end[length - 2], ==, 'x');
    vitals_console_follower_free(follower);
    vitals_signatures_free(signatures);
}

/* What is no pty is not opened. */
static void
test_wrong(Scene *scene, gconstpointer data)
{
    static const char *const paths[] = { "/dev/null", "/dev/pts/ptmx", "/nowhere" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_assert_false(vitals_console_stream_is_path(paths[i]));
        scene->stream = vitals_console_stream_new(scene->streams, paths[i]);
        until(!take(scene), 5);
        g_clear_pointer(&scene->stream, vitals_console_stream_free);
    }
    g_assert_true(vitals_console_stream_is_path("/dev/pts/12"));
    g_assert_false(vitals_console_stream_is_path("/dev/pts/"));
    g_assert_false(vitals_console_stream_is_path("/dev/pts/1/../2"));
    vitals_console_stream_free(NULL);
    vitals_console_streams_free(NULL);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *scene, gconstpointer data);
    } tests[] = {
        { "/console-pty/read", test_read },   { "/console-pty/yield", test_yield },
        { "/console-pty/taken", test_taken }, { "/console-pty/flood", test_flood },
        { "/console-pty/wrong", test_wrong }, { "/console-pty/kept", test_kept },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
