/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/cli/connect.h"
#include "monitor/daemon.h"
#include "monitor/kernel-file.h"
#include "monitor/log.h"
#include "config/text.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int run(int argc, char **argv);

const VitalsVerb vitals_verb_monitor = {
    .name = "monitor",
    .synopsis = "",
    .summary = "watch the guests, capture what dies, export it",
    .run = run,
};

typedef struct {
    char *connect;
    char *config;
    char *state_dir;
    char *listen;
    char *telemetry_path;
    gboolean dry_run;
} Arguments;

static void
arguments_clear(Arguments *arguments)
{
    g_free(arguments->connect);
    g_free(arguments->config);
    g_free(arguments->state_dir);
    g_free(arguments->listen);
    g_free(arguments->telemetry_path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static VitalsSettings *
load_settings(const Arguments *arguments, GError **error)
{
    const VitalsOverride overrides[] = {
        { "Monitor.Connect", arguments->connect, "--connect" },
        { "Monitor.StateDirectory", arguments->state_dir, "--state-dir" },
        { "Web.ListenAddress", arguments->listen, "--web.listen-address" },
        { "Web.TelemetryPath", arguments->telemetry_path, "--web.telemetry-path" },
        { "Monitor.DryRun", arguments->dry_run ? "yes" : NULL, "--dry-run" },
        { NULL },
    };

    return vitals_cli_load_settings(arguments->config, overrides, error);
}

static gboolean
on_signal(gpointer data)
{
    vitals_daemon_quit(data);
    return G_SOURCE_CONTINUE;
}

static int
run_daemon(VitalsSettings *settings)
{
    const char *uri =
        vitals_hypervisor_default_uri(vitals_settings_string(settings, NULL, "Monitor.Connect"));
    g_autofree char *label = vitals_text_printable(uri, -1);
    g_autoptr(GError) error = NULL;
    VitalsDaemon *daemon =
        vitals_daemon_new(vitals_hypervisor_libvirt_new(uri), uri, settings, &error);

    if (!daemon) {
        g_autofree char *message = vitals_text_printable(error->message, -1);

        g_printerr("virt-vitals: %s\n", message);
        return VITALS_EXIT_USAGE;
    }
    vitals_kernel_files_make_room();
    g_message("watching %s, state in %s, http port %u%s", label,
              vitals_settings_string(settings, NULL, "Monitor.StateDirectory"),
              vitals_daemon_port(daemon),
              vitals_settings_boolean(settings, NULL, "Monitor.DryRun") ? ", dry run" : "");
    g_unix_signal_add(SIGTERM, on_signal, daemon);
    g_unix_signal_add(SIGINT, on_signal, daemon);
    vitals_daemon_run(daemon);
    g_message("ending");
    vitals_daemon_free(daemon);
    return VITALS_EXIT_OK;
}

static int
run(int argc, char **argv)
{
    g_auto(Arguments) arguments = { 0 };
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &arguments.connect,
          "libvirt URI (default: LIBVIRT_DEFAULT_URI, else qemu:///system)", "URI" },
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &arguments.config,
          "configuration (default: " VITALS_SETTINGS_FILE " if it exists)", "FILE" },
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &arguments.state_dir,
          "where incidents are kept (default: /var/lib/virt-vitals)", "DIR" },
        { "web.listen-address", 0, 0, G_OPTION_ARG_STRING, &arguments.listen,
          "where to serve metrics and API (default: 127.0.0.1:10177)", "HOST:PORT" },
        { "web.telemetry-path", 0, 0, G_OPTION_ARG_STRING, &arguments.telemetry_path,
          "where the metrics are (default: /metrics)", "PATH" },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &arguments.dry_run,
          "look, judge and report, but touch no guest", NULL },
        { NULL },
    };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;

    if (!vitals_verb_parse(&vitals_verb_monitor, entries,
                           "Runs in the foreground until SIGTERM or SIGINT and logs to standard "
                           "error.\nExit status: 0 after a clean end, 2 if it could not start.",
                           &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (argc > 1) {
        g_autofree char *extra = vitals_text_printable(argv[1], -1);

        g_printerr("virt-vitals: unexpected argument '%s'; see 'virt-vitals monitor --help'\n",
                   extra);
        return VITALS_EXIT_USAGE;
    }
    vitals_log_start();
    settings = load_settings(&arguments, &error);
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    return run_daemon(settings);
}
