/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/cli/connect.h"
#include "monitor/casebook.h"
#include "monitor/collector.h"
#include "monitor/incident.h"
#include "monitor/log.h"
#include "config/text.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* How long libvirt has to show the guest. */
#define PATIENCE_S 10

/* How often is looked whether ExecOnIncident= has ended. */
#define WAIT_MS 50

static int run(int argc, char **argv);

const VitalsVerb vitals_verb_capture = {
    .name = "capture",
    .synopsis = "DOMAIN",
    .summary = "dump a guest's memory now and write an incident about it",
    .run = run,
};

typedef struct {
    GMainLoop *loop;
    const char *domain;
    VitalsCollector *collector;
    VitalsCasebook *casebook;
    VitalsGuest *guest; /* once its dump was ordered */
    gboolean on_terminal;
    gboolean sampled;
    guint patience; /* a source, until it is over */
    int status;
} Session;

static void
end(Session *session, int status)
{
    session->status = status;
    g_main_loop_quit(session->loop);
}

static void
order(Session *session, VitalsGuest *guest)
{
    if (guest->outline->encryption) {
        g_printerr("virt-vitals: %s\n", vitals_encryption_refusal(guest->outline->encryption));
        end(session, VITALS_EXIT_FINDINGS);
        return;
    }
    session->guest = guest;
    vitals_casebook_capture(session->casebook, guest);
}

static void
on_appeared(VitalsGuest *guest, gpointer data)
{
}

static void
on_verdict(VitalsGuest *guest, const VitalsCause *before, gpointer data)
{
}

static void
on_ended(VitalsGuest *guest, gpointer data)
{
}

/* The guest has to be seen and its definition read: memory and encryption decide what is done. */
static void
on_cycle(gpointer data)
{
    Session *session = data;
    VitalsGuest *guest;

    if (!session->collector || session->guest)
        return;
    guest = vitals_collector_find(session->collector, session->domain);
    if (guest && guest->outline) {
        order(session, guest);
    } else if (session->sampled && !guest) {
        g_autofree char *name = vitals_text_printable(session->domain, -1);

        g_printerr("virt-vitals: no running domain '%s'; see 'virsh list'\n", name);
        end(session, VITALS_EXIT_USAGE);
    }
}

static void
on_sampled(gpointer data)
{
    Session *session = data;

    session->sampled = TRUE;
    on_cycle(data);
}

static gboolean
on_patience_over(gpointer data)
{
    Session *session = data;

    session->patience = 0;
    if (!session->guest) {
        g_printerr("virt-vitals: libvirt did not tell about the domain within %d s; check that "
                   "libvirtd runs and answers\n",
                   PATIENCE_S);
        end(session, VITALS_EXIT_UNDECIDED);
    }
    return G_SOURCE_REMOVE;
}

static gboolean
on_signal(gpointer data)
{
    Session *session = data;

    g_printerr("\nvirt-vitals: left; a dump that has begun goes on in libvirt\n");
    end(session, VITALS_EXIT_FINDINGS);
    return G_SOURCE_CONTINUE;
}

static void
on_changed(gpointer data)
{
    Session *session = data;
    const VitalsGuest *guest = session->guest;

    if (session->on_terminal && guest && guest->capture_total > 0)
        g_printerr("\rdumping: %3.0f %% of %.1f GiB ",
                   (double)guest->capture_done * 100 / (double)guest->capture_total,
                   (double)guest->capture_total / (1 << 30));
}

static void
on_capturing(VitalsGuest *guest, gboolean begins, gpointer data)
{
    Session *session = data;

    vitals_collector_set_capturing(session->collector, guest, begins);
    if (!begins && session->on_terminal)
        g_printerr("\r");
}

/* The command has a deadline of its own. */
static gboolean
on_wait(gpointer data)
{
    Session *session = data;

    if (vitals_casebook_is_busy(session->casebook))
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(session->loop);
    return G_SOURCE_REMOVE;
}

/* The incident is whole; ExecOnIncident= may run for it yet. */
static void
wait_and_end(Session *session, int status)
{
    session->status = status;
    g_timeout_add(WAIT_MS, on_wait, session);
}

static void
on_closed(const VitalsIncidentView *view, gpointer data)
{
    Session *session = data;
    g_autofree char *size = g_format_size_full(view->capture_bytes, G_FORMAT_SIZE_IEC_UNITS);

    if (g_str_equal(view->capture_result, "ok")) {
        g_print("%s\n%s, %s\n", view->path, view->capture_format, size);
        wait_and_end(session, VITALS_EXIT_OK);
        return;
    }
    g_printerr("virt-vitals: no dump: %s: %s\n", view->capture_result, view->capture_detail);
    wait_and_end(session, VITALS_EXIT_FINDINGS);
}

static void
run_session(Session *session, VitalsHypervisor *hypervisor, VitalsSettings *settings,
            VitalsAbandoned *abandoned)
{
    static const VitalsCollectorListener collector_listener = {
        .appeared = on_appeared,
        .verdict = on_verdict,
        .ended = on_ended,
        .sampled = on_sampled,
        .cycle = on_cycle,
    };
    static const VitalsCaseListener case_listener = {
        .changed = on_changed,
        .capturing = on_capturing,
        .closed = on_closed,
    };
    const char *state_dir = vitals_settings_string(settings, NULL, "Monitor.StateDirectory");

    session->casebook = vitals_casebook_new(hypervisor, settings, state_dir, FALSE, abandoned,
                                            &case_listener, session);
    session->collector =
        vitals_collector_new(hypervisor, settings, abandoned, &collector_listener, session);
    session->patience = g_timeout_add_seconds(PATIENCE_S, on_patience_over, session);
    g_unix_signal_add(SIGINT, on_signal, session);
    g_unix_signal_add(SIGTERM, on_signal, session);
    g_main_loop_run(session->loop);
    g_clear_handle_id(&session->patience, g_source_remove);
}

static int
capture(const char *domain, VitalsSettings *settings)
{
    const char *uri =
        vitals_hypervisor_default_uri(vitals_settings_string(settings, NULL, "Monitor.Connect"));
    VitalsHypervisor *hypervisor = vitals_hypervisor_libvirt_new(uri);
    VitalsAbandoned abandoned = { .limit = 2 };
    Session session = {
        .loop = g_main_loop_new(NULL, FALSE),
        .domain = domain,
        .on_terminal = isatty(STDERR_FILENO),
    };

    run_session(&session, hypervisor, settings, &abandoned);
    vitals_casebook_free(session.casebook, G_TIME_SPAN_SECOND);
    vitals_collector_free(session.collector, G_TIME_SPAN_SECOND);
    vitals_hypervisor_unref(hypervisor);
    g_main_loop_unref(session.loop);
    return session.status;
}

static int
run(int argc, char **argv)
{
    g_autofree char *connect = NULL;
    g_autofree char *config = NULL;
    g_autofree char *state_dir = NULL;
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &connect,
          "libvirt URI (default: LIBVIRT_DEFAULT_URI, else qemu:///system)", "URI" },
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
          "configuration (default: " VITALS_SETTINGS_FILE " if it exists)", "FILE" },
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir,
          "where incidents are kept (default: /var/lib/virt-vitals)", "DIR" },
        { NULL },
    };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;

    if (!vitals_verb_parse(&vitals_verb_capture, entries,
                           "Writes a memory-only dump, as 'virsh dump --memory-only' does, into an "
                           "incident of its own.\nThe guest stands still meanwhile and goes on "
                           "afterwards. Exit status: 0 dumped, 1 not\ndumped, 2 usage or no such "
                           "domain, 3 libvirt does not answer.",
                           &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (argc != 2) {
        g_printerr("virt-vitals: one domain is needed; see 'virt-vitals capture --help'\n");
        return VITALS_EXIT_USAGE;
    }
    {
        const VitalsOverride overrides[] = {
            { "Monitor.Connect", connect, "--connect" },
            { "Monitor.StateDirectory", state_dir, "--state-dir" },
            /* nothing of the guest is touched but what was asked for */
            { "Monitor.DryRun", "yes", "capture" },
            { NULL },
        };

        settings = vitals_cli_load_settings(config, overrides, &error);
    }
    if (!settings ||
        !vitals_incident_prepare(vitals_settings_string(settings, NULL, "Monitor.StateDirectory"),
                                 &error)) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    vitals_log_start();
    return capture(argv[1], settings);
}
