/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct VitalsLabGuest {
    char *name;
    char *log;
};

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(virConnectPtr, virConnectClose, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(virDomainPtr, virDomainFree, NULL)

/* A connection of its own each time: libvirtd is killed in some tests. */
static virDomainPtr
look_up(const VitalsLabGuest *guest, virConnectPtr *ret_connection)
{
    *ret_connection = virConnectOpen(vitals_lab_uri());
    return *ret_connection ? virDomainLookupByName(*ret_connection, guest->name) : NULL;
}

static void
create(const char *xml)
{
    g_auto(virConnectPtr) connection = virConnectOpen(vitals_lab_uri());
    g_auto(virDomainPtr) domain = NULL;

    g_assert_nonnull(connection);
    domain = virDomainCreateXML(connection, xml, 0);
    if (!domain)
        g_error("the guest does not start: %s", virGetLastErrorMessage());
}

VitalsLabGuest *
vitals_lab_guest_start(const char *name, ...)
{
    g_autoptr(VitalsLabGuest) guest = g_new0(VitalsLabGuest, 1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *image = g_build_filename(vitals_lab_directory(), "image", NULL);
    g_autofree char *log = NULL;
    g_autofree char *xml = NULL;
    g_auto(GStrv) argv = NULL;
    const char *word;
    va_list list;

    guest->name = g_strdup(name);
    guest->log = g_strdup_printf("%s/%s.log", vitals_lab_directory(), name);
    unlink(guest->log);

    log = g_strdup_printf("log=%s", guest->log);
    g_strv_builder_add_many(builder, "domain", image, name, log, NULL);
    va_start(list, name);
    while ((word = va_arg(list, const char *)))
        g_strv_builder_add(builder, word);
    va_end(list);
    argv = g_strv_builder_end(builder);

    xml = vitals_lab_run((const char *const *)argv);
    g_assert_nonnull(xml);
    create(xml);
    return g_steal_pointer(&guest);
}

/* Whether the guest's console has shown @text. */
static gboolean
has_shown(const VitalsLabGuest *guest, const char *text)
{
    g_autofree char *contents = NULL;
    gsize length = 0;

    return g_file_get_contents(guest->log, &contents, &length, NULL) &&
           g_strstr_len(contents, (gssize)length, text);
}

static void
wait_shown(const VitalsLabGuest *guest, const char *text, double seconds)
{
    gint64 start = g_get_monotonic_time();

    while (!has_shown(guest, text)) {
        if (!vitals_lab_wait(start, seconds))
            g_error("guest %s does not say '%s'; see %s", guest->name, text, guest->log);
    }
}

void
vitals_lab_guest_wait_up(VitalsLabGuest *guest)
{
    gint64 start = g_get_monotonic_time();

    wait_shown(guest, "VITALS-LAB up", 120);
    g_test_message("%s is up after %.1f s", guest->name, vitals_lab_since(start));
}

static int
open_console(VitalsLabGuest *guest)
{
    g_autofree char *xml = vitals_lab_guest_xml(guest);
    g_autoptr(GRegex) regex = g_regex_new("<source path='(/dev/pts/[0-9]+)'/>", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *path = NULL;
    int console;

    g_assert_true(g_regex_match(regex, xml, 0, &match));
    path = g_match_info_fetch(match, 1);
    console = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(console, >=, 0);
    return console;
}

/*
 * The pty is held open until the guest has heard us: QEMU looks only once a second whether somebody
 * has its other end, and drops what was written by somebody who left before. No longer, as nobody
 * reads there and a full pty would slow the guest's console.
 */
void
vitals_lab_guest_type(VitalsLabGuest *guest, const char *line)
{
    g_autofree char *text = g_strdup_printf("%s\n", line);
    g_autofree char *heard = g_strdup_printf("VITALS-LAB heard %s", line);
    int console = open_console(guest);

    g_assert_cmpint(write(console, text, strlen(text)), ==, (gssize)strlen(text));
    wait_shown(guest, heard, 60);
    close(console);
}

gint64
vitals_lab_guest_cause(VitalsLabGuest *guest, const char *fault)
{
    g_autofree char *announcement = g_strdup_printf("VITALS-LAB fault %s", fault);

    vitals_lab_guest_type(guest, fault);
    wait_shown(guest, announcement, 60);
    return g_get_monotonic_time();
}

static int
qemu_pid(const VitalsLabGuest *guest)
{
    g_autofree char *path =
        g_strdup_printf("%s/run/libvirt/qemu/%s.pid", vitals_lab_directory(), guest->name);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? atoi(text) : 0;
}

void
vitals_lab_guest_signal(VitalsLabGuest *guest, int signal)
{
    int pid = qemu_pid(guest);

    g_assert_cmpint(pid, >, 1);
    g_assert_cmpint(kill(pid, signal), ==, 0);
}

char *
vitals_lab_guest_xml(VitalsLabGuest *guest)
{
    g_auto(virConnectPtr) connection = NULL;
    g_auto(virDomainPtr) domain = look_up(guest, &connection);
    char *xml = domain ? virDomainGetXMLDesc(domain, 0) : NULL;

    if (!xml)
        g_error("no XML of guest %s: %s", guest->name, virGetLastErrorMessage());
    return xml;
}

gboolean
vitals_lab_guest_crashed(VitalsLabGuest *guest)
{
    g_auto(virConnectPtr) connection = NULL;
    g_auto(virDomainPtr) domain = look_up(guest, &connection);
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;

    g_assert_nonnull(domain);
    g_assert_cmpint(virDomainGetState(domain, &state, &reason, 0), ==, 0);
    return state == VIR_DOMAIN_CRASHED && reason == VIR_DOMAIN_CRASHED_PANICKED;
}

gint64
vitals_lab_guest_last_update(VitalsLabGuest *guest)
{
    g_auto(virConnectPtr) connection = NULL;
    g_auto(virDomainPtr) domain = look_up(guest, &connection);
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int count;

    g_assert_nonnull(domain);
    count = virDomainMemoryStats(domain, stats, G_N_ELEMENTS(stats), 0);
    for (int i = 0; i < count; i++) {
        if (stats[i].tag == VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE)
            return (gint64)stats[i].val;
    }
    return 0;
}

const char *
vitals_lab_guest_name(const VitalsLabGuest *guest)
{
    return guest->name;
}

static void
destroy(VitalsLabGuest *guest)
{
    g_auto(virConnectPtr) connection = NULL;
    g_auto(virDomainPtr) domain = NULL;
    int pid = qemu_pid(guest);

    if (pid > 1)
        kill(pid, SIGCONT);
    domain = look_up(guest, &connection);
    if (domain)
        virDomainDestroy(domain);
}

void
vitals_lab_guest_free(VitalsLabGuest *guest)
{
    if (!guest)
        return;
    destroy(guest);
    g_free(guest->name);
    g_free(guest->log);
    g_free(guest);
}
