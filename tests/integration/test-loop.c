/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt-loop.h"

#include <glib-unix.h>
#include <libvirt/libvirt.h>
#include <unistd.h>

/* libvirt's loop on GLib's, used as libvirt does: by the functions that it calls itself. */

typedef struct {
    int fds[2];
    guint calls;
    int events;
    guint freed;
    gboolean stops; /* its callback switches it off */
} Tester;

static void
on_event(int id, int fd, int events, void *data)
{
    Tester *tester = data;
    char byte;

    tester->calls++;
    tester->events = events;
    if (tester->stops)
        virEventUpdateHandle(id, 0);
    else if (events & VIR_EVENT_HANDLE_READABLE) /* unless another watch of the pipe was faster */
        g_assert_cmpint(read(fd, &byte, 1), <=, 1);
}

static void
on_time(int id, void *data)
{
    Tester *tester = data;

    tester->calls++;
    if (tester->stops)
        virEventUpdateTimeout(id, -1);
}

static void
on_free(void *data)
{
    ((Tester *)data)->freed++;
}

/* The main loop, for so long at least. */
static void
iterate(guint milliseconds)
{
    gint64 until = g_get_monotonic_time() + milliseconds * G_TIME_SPAN_MILLISECOND;

    while (g_get_monotonic_time() < until) {
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(G_TIME_SPAN_MILLISECOND);
    }
}

static void
put_byte(const Tester *tester)
{
    g_assert_cmpint(write(tester->fds[1], "x", 1), ==, 1);
}

static void
open_pipe(Tester *tester)
{
    g_assert_true(g_unix_open_pipe(tester->fds, FD_CLOEXEC, NULL));
    g_assert_true(g_unix_set_fd_nonblocking(tester->fds[0], TRUE, NULL));
}

static void
test_handle(void)
{
    Tester tester = { 0 };
    int id;

    open_pipe(&tester);
    id = virEventAddHandle(tester.fds[0], VIR_EVENT_HANDLE_READABLE, on_event, &tester, on_free);
    g_assert_cmpint(id, >=, 0);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 0);
    put_byte(&tester);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 1);

    /* off and on again, as for each call */
    virEventUpdateHandle(id, 0);
    put_byte(&tester);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 1);
    virEventUpdateHandle(id, VIR_EVENT_HANDLE_READABLE);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 2);

    g_assert_cmpint(virEventRemoveHandle(id), ==, 0);
    g_assert_cmpuint(tester.freed, ==, 0);
    put_byte(&tester);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 2);
    g_assert_cmpuint(tester.freed, ==, 1);
    g_assert_cmpint(virEventRemoveHandle(id), ==, -1);
    close(tester.fds[0]);
    close(tester.fds[1]);
}

/* A broken connection is told of once it is asked about, and does not spin while nobody asks. */
static void
test_hangup(void)
{
    Tester tester = { .stops = TRUE };
    int id;

    open_pipe(&tester);
    id = virEventAddHandle(tester.fds[0], 0, on_event, &tester, on_free);
    close(tester.fds[1]);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 0);
    virEventUpdateHandle(id, VIR_EVENT_HANDLE_READABLE);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 1);
    g_assert_cmpint(tester.events & VIR_EVENT_HANDLE_HANGUP, !=, 0);
    virEventRemoveHandle(id);
    close(tester.fds[0]);
    iterate(5);
    g_assert_cmpuint(tester.freed, ==, 1);
}

static void
test_timeout(void)
{
    Tester tester = { 0 };
    int id = virEventAddTimeout(-1, on_time, &tester, on_free);

    g_assert_cmpint(id, >=, 0);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 0);
    virEventUpdateTimeout(id, 5);
    iterate(100);
    g_assert_cmpuint(tester.calls, >=, 2);

    /* moved away before it is due, as keep-alive's is by every message */
    virEventUpdateTimeout(id, 40);
    tester.calls = 0;
    for (guint i = 0; i < 10; i++) {
        iterate(10);
        virEventUpdateTimeout(id, 40);
    }
    g_assert_cmpuint(tester.calls, <=, 1); /* a busy machine may be late itself */
    iterate(200);
    g_assert_cmpuint(tester.calls, >=, 1);

    g_assert_cmpint(virEventRemoveTimeout(id), ==, 0);
    tester.calls = 0;
    iterate(60);
    g_assert_cmpuint(tester.calls, ==, 0);
    g_assert_cmpuint(tester.freed, ==, 1);
}

/* At once, and switched off by its own callback: libvirt's queues of events. */
static void
test_timeout_now(void)
{
    Tester tester = { .stops = TRUE };
    int id = virEventAddTimeout(0, on_time, &tester, NULL);

    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 1);
    virEventUpdateTimeout(id, 0);
    iterate(20);
    g_assert_cmpuint(tester.calls, ==, 2);
    virEventRemoveTimeout(id);
}

static gpointer
toggle(gpointer data)
{
    for (guint i = 0; i < 2000; i++) {
        virEventUpdateHandle(GPOINTER_TO_INT(data), i % 2 ? VIR_EVENT_HANDLE_READABLE : 0);
        g_assert_cmpint(virEventRemoveTimeout(virEventAddTimeout(1000, on_time, NULL, NULL)), ==,
                        0);
    }
    return NULL;
}

/* From any thread, while the loop runs. */
static void
test_threads(void)
{
    Tester tester = { 0 };
    GThread *threads[4];
    int ids[4];

    open_pipe(&tester);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        ids[i] = virEventAddHandle(dup(tester.fds[0]), VIR_EVENT_HANDLE_READABLE, on_event, &tester,
                                   NULL);
        threads[i] = g_thread_new("toggle", toggle, GINT_TO_POINTER(ids[i]));
    }
    iterate(50);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(tester.calls, ==, 0);
    put_byte(&tester);
    iterate(20);
    g_assert_cmpuint(tester.calls, >=, 1);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_cmpint(virEventRemoveHandle(ids[i]), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vitals_libvirt_loop_join();
    g_test_add_func("/loop/handle", test_handle);
    g_test_add_func("/loop/hangup", test_hangup);
    g_test_add_func("/loop/timeout", test_timeout);
    g_test_add_func("/loop/timeout-now", test_timeout_now);
    g_test_add_func("/loop/threads", test_threads);
    return g_test_run();
}
