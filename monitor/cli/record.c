/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/cli/connect.h"
#include "monitor/collector.h"
#include "monitor/log.h"
#include "monitor/recording.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long libvirt has to show the guest. */
#define PATIENCE_S 10

static int run(int argc, char **argv);

extern const VitalsVerb vitals_verb_record;
const VitalsVerb vitals_verb_record = {
    .name = "record",
    .synopsis = "DOMAIN",
    .summary = "write a running guest's signals down, to be replayed",
    .run = run,
};

/* @written: the newest sample that is in the file; @bytes: how much is, as replay reads no more */
typedef struct {
    GMainLoop *loop;
    const char *domain;
    VitalsCollector *collector;
    FILE *file;
    VitalsGuest *guest;
    VitalsSample *written;
    guint64 samples;
    gsize bytes;
    int status;
} Session;

static void
end(Session *session, int status)
{
    session->status = status;
    g_main_loop_quit(session->loop);
}

static void
put(Session *session, const char *line)
{
    session->bytes += strlen(line);
    if (session->bytes > VITALS_RECORDING_FILE_MAX) {
        g_printerr("virt-vitals: the recording is as large as replay can read; it ends here\n");
        end(session, VITALS_EXIT_OK);
    } else if (fputs(line, session->file) == EOF) {
        g_printerr("virt-vitals: cannot write the recording: %s\n", g_strerror(errno));
        end(session, VITALS_EXIT_USAGE);
    }
}

/* All samples behind the last one that was written. */
static void
drain(Session *session)
{
    g_autoptr(GPtrArray) samples = vitals_recorder_list(session->guest->recorder);
    guint next = 0;

    if (session->written && g_ptr_array_find(samples, session->written, &next))
        next++;
    for (; next < samples->len && session->status == VITALS_EXIT_UNDECIDED; next++) {
        VitalsSample *sample = g_ptr_array_index(samples, next);
        g_autofree char *line = vitals_sample_to_line(sample);

        put(session, line);
        session->samples++;
        vitals_sample_unref(session->written);
        session->written = vitals_sample_ref(sample);
    }
    fflush(session->file);
}

/* The header comes once the definition was read, as the balloon's period stands in it. */
static void
on_cycle(gpointer data)
{
    Session *session = data;
    VitalsGuest *guest;

    if (!session->collector)
        return;
    if (session->guest) {
        drain(session);
        return;
    }
    guest = vitals_collector_find(session->collector, session->domain);
    if (guest && guest->outline) {
        g_autofree char *header = vitals_recording_header_line(guest);

        session->guest = vitals_guest_ref(guest);
        put(session, header);
        drain(session);
    }
}

static void
on_appeared(VitalsGuest *guest, gpointer data)
{
}

static void
on_verdict(VitalsGuest *guest, const VitalsCause *before, gpointer data)
{
    const Session *session = data;
    g_autofree char *label = vitals_guest_label(guest);

    if (guest == session->guest)
        g_message("%s: %s", label, guest->watch.verdict.cause->id);
}

static void
on_ended(VitalsGuest *guest, gpointer data)
{
    Session *session = data;

    if (guest != session->guest)
        return;
    drain(session);
    g_message("the guest ended, and the recording with it");
    end(session, VITALS_EXIT_OK);
}

static void
on_sampled(gpointer data)
{
}

static gboolean
on_patience_over(gpointer data)
{
    Session *session = data;
    g_autofree char *name = vitals_text_printable(session->domain, -1);

    if (!session->guest) {
        g_printerr("virt-vitals: libvirt shows no running domain '%s' within %d s; see 'virsh "
                   "list'\n",
                   name, PATIENCE_S);
        end(session, VITALS_EXIT_USAGE);
    }
    return G_SOURCE_REMOVE;
}

static gboolean
on_end(gpointer data)
{
    Session *session = data;

    if (session->guest)
        drain(session);
    if (session->status == VITALS_EXIT_UNDECIDED)
        end(session, session->guest ? VITALS_EXIT_OK : VITALS_EXIT_UNDECIDED);
    return G_SOURCE_REMOVE;
}

static void
run_session(Session *session, VitalsSettings *settings, gint64 duration)
{
    static const VitalsCollectorListener listener = {
        .appeared = on_appeared,
        .verdict = on_verdict,
        .ended = on_ended,
        .sampled = on_sampled,
        .cycle = on_cycle,
    };
    const char *uri =
        vitals_hypervisor_default_uri(vitals_settings_string(settings, NULL, "Monitor.Connect"));
    VitalsHypervisor *hypervisor = vitals_hypervisor_libvirt_new(uri);
    VitalsAbandoned abandoned = { .limit = 2 };

    session->collector = vitals_collector_new(hypervisor, settings, &abandoned, &listener, session);
    g_timeout_add_seconds(PATIENCE_S, on_patience_over, session);
    if (duration > 0)
        g_timeout_add((guint)MIN(duration / 1000, G_MAXUINT), on_end, session);
    g_unix_signal_add(SIGINT, on_end, session);
    g_unix_signal_add(SIGTERM, on_end, session);
    g_main_loop_run(session->loop);
    vitals_collector_free(session->collector, G_TIME_SPAN_SECOND);
    vitals_hypervisor_unref(hypervisor);
}

static FILE *
open_output(const char *path)
{
    int fd;
    FILE *file;

    if (!path)
        return stdout;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) {
        g_autofree char *shown = vitals_text_printable(path, -1);

        g_printerr("virt-vitals: %s: %s\n", shown, g_strerror(errno));
    }
    return file;
}

static int
record(const char *domain, const char *output, gint64 duration, VitalsSettings *settings)
{
    Session session = {
        .loop = g_main_loop_new(NULL, FALSE),
        .domain = domain,
        .file = open_output(output),
        .status = VITALS_EXIT_UNDECIDED,
    };

    if (session.file) {
        run_session(&session, settings, duration);
        if (fclose(session.file) != 0)
            session.status = VITALS_EXIT_USAGE;
        if (session.guest)
            g_printerr("%" G_GUINT64_FORMAT " samples recorded\n", session.samples);
    }
    vitals_sample_unref(session.written);
    vitals_guest_unref(session.guest);
    g_main_loop_unref(session.loop);
    return session.file ? session.status : VITALS_EXIT_USAGE;
}

static int
run(int argc, char **argv)
{
    g_autofree char *connect = NULL;
    g_autofree char *config = NULL;
    g_autofree char *output = NULL;
    int seconds = 0;
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &connect,
          "libvirt URI (default: LIBVIRT_DEFAULT_URI, else qemu:///system)", "URI" },
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
          "configuration (default: " VITALS_SETTINGS_FILE " if it exists)", "FILE" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
          "where to write (default: standard output)", "FILE" },
        { "duration", 0, 0, G_OPTION_ARG_INT, &seconds,
          "how long (default: until the guest ends or Ctrl-C)", "SECONDS" },
        { NULL },
    };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;

    if (!vitals_verb_parse(&vitals_verb_record, entries,
                           "Looks as the monitor does but touches nothing: no balloon period is "
                           "set. 'virt-vitals\nreplay' judges what was written. Exit status: 0 "
                           "recorded, 2 usage or no such domain,\n3 ended before the guest was "
                           "seen.",
                           &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (argc != 2 || seconds < 0) {
        g_printerr("virt-vitals: %s; see 'virt-vitals record --help'\n",
                   argc != 2 ? "one domain is needed" : "--duration is a number of seconds");
        return VITALS_EXIT_USAGE;
    }
    {
        const VitalsOverride overrides[] = {
            { "Monitor.Connect", connect, "--connect" },
            { "Monitor.DryRun", "yes", "record" },
            { NULL },
        };

        settings = vitals_cli_load_settings(config, overrides, &error);
    }
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    vitals_log_start();
    return record(argv[1], output, (gint64)seconds * G_USEC_PER_SEC, settings);
}
