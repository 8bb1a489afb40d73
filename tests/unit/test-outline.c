/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/outline.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static const char whole[] =
    "<domain type='kvm' id='7'><name>x</name><maxMemory slots='4' unit='KiB'>1073741824</maxMemory>"
    "<memory unit='KiB'>4194304</memory><currentMemory unit='KiB'>1048576</currentMemory>"
    "<vcpu placement='static' current='2'>8</vcpu><features><acpi/><vmcoreinfo "
    "state='on'/></features>"
    "<on_crash>coredump-restart</on_crash><devices><serial type='pty'><log file='/log/a'/></serial>"
    "<console type='file'><source path='/log/b'/></console><memballoon model='virtio'>"
    "<stats period='10'/></memballoon><panic model='isa'/><video><model type='qxl' ram='65536' "
    "vram='65536' vram64='0' vgamem='16384'/></video></devices></domain>";

static VitalsOutline *
outline_of(const char *xml)
{
    g_autoptr(GError) error = NULL;
    VitalsOutline *outline = vitals_outline_new("test", xml, &error);

    g_assert_no_error(error);
    return outline;
}

static void
test_whole(void)
{
    g_autoptr(VitalsOutline) outline = outline_of(whole);

    /* a dump holds what is plugged in, not what the address space has room for */
    g_assert_cmpuint(outline->memory, ==, 4 * GIB);
    g_assert_cmpuint(outline->video, ==, (65536 + 65536 + 16384) * G_GUINT64_CONSTANT(1024));
    g_assert_cmpuint(outline->vcpus, ==, 8);
    g_assert_true(outline->kvm);
    g_assert_true(outline->balloon);
    g_assert_cmpuint(outline->balloon_period, ==, 10);
    g_assert_true(outline->panic_device);
    g_assert_true(outline->vmcoreinfo);
    g_assert_cmpint(outline->encryption, ==, VITALS_ENCRYPTION_NONE);
    g_assert_true(outline->libvirt_dumps);
    g_assert_false(outline->crash_destroys);
    g_assert_cmpstr(outline->console_log, ==, "/log/a");
}

/* Xen's own log, which no definition tells of; a log that it does tell of is better. */
static void
test_xen(void)
{
    g_autoptr(VitalsOutline) plain = outline_of("<domain type='xen'><name>web 1</name></domain>");
    g_autoptr(VitalsOutline) odd = outline_of("<domain type='xen'><name>../x</name></domain>");
    g_autoptr(VitalsOutline) told =
        outline_of("<domain type='xen'><name>web</name><devices><serial type='file'>"
                   "<source path='/log'/></serial></devices></domain>");

    g_assert_false(plain->kvm);
    g_assert_cmpstr(plain->console_log, ==, "/var/log/xen/console/guest-web 1.log");
    g_assert_null(odd->console_log);
    g_assert_cmpstr(told->console_log, ==, "/log");
}

static void
test_bare(void)
{
    g_autoptr(VitalsOutline) outline = outline_of("<domain/>");
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(outline->memory, ==, 0);
    g_assert_false(outline->balloon);
    g_assert_false(outline->vmcoreinfo);
    g_assert_true(outline->crash_destroys);
    g_assert_null(outline->console_log);
    g_assert_null(vitals_outline_new("test", "no XML", &error));
    g_assert_nonnull(error);
    vitals_outline_free(NULL);
}

static void
test_memory(void)
{
    static const struct {
        const char *xml;
        guint64 bytes;
    } rows[] = {
        { "<memory>1048576</memory>", GIB },
        { "<memory unit='KiB'>1048576</memory>", GIB },
        { "<memory unit='b'>4096</memory>", 4096 },
        { "<memory unit='bytes'>4096</memory>", 4096 },
        { "<memory>-1</memory>", 0 },
        { "<memory>99999999999999999999</memory>", 0 },
        { "<memory/>", 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml = g_strdup_printf("<domain>%s</domain>", rows[i].xml);
        g_autoptr(VitalsOutline) outline = outline_of(xml);

        g_assert_cmpuint(outline->memory, ==, rows[i].bytes);
    }
}

static void
test_devices(void)
{
    static const struct {
        const char *xml;
        const char *log;
        gboolean balloon;
        VitalsEncryption encryption;
    } rows[] = {
        { "<devices><console type='pty'><log file='/c'/></console></devices>", "/c" },
        { "<devices><console type='file'><source path='/c'/></console></devices>", "/c" },
        { "<devices><serial type='file'><source path='/s'/></serial></devices>", "/s" },
        { "<devices><serial type='pty'><source path='/dev/pts/1'/></serial></devices>", NULL },
        { "<devices><serial type='pty'/><serial type='pty'><log file='/2'/></serial></devices>",
          "/2" },
        { "<devices><serial type='file'><source path='relative'/></serial></devices>", NULL },
        { "<devices><memballoon model='none'/></devices>", NULL, FALSE },
        { "<devices><memballoon model='xen'/></devices>", NULL, FALSE },
        { "<devices><memballoon model='virtio-non-transitional'/></devices>", NULL, TRUE },
        { "<launchSecurity type='sev'/>", NULL, FALSE, VITALS_ENCRYPTION_SEV },
        { "<launchSecurity type='sev-snp'/>", NULL, FALSE, VITALS_ENCRYPTION_SEV_SNP },
        { "<launchSecurity type='tdx'/>", NULL, FALSE, VITALS_ENCRYPTION_TDX },
        { "<launchSecurity type='s390-pv'/>", NULL, FALSE, VITALS_ENCRYPTION_S390_PV },
        { "<launchSecurity type='cca'/>", NULL, FALSE, VITALS_ENCRYPTION_OTHER },
        { "<launchSecurity/>", NULL, FALSE, VITALS_ENCRYPTION_OTHER },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml = g_strdup_printf("<domain>%s</domain>", rows[i].xml);
        g_autoptr(VitalsOutline) outline = outline_of(xml);

        g_assert_cmpstr(outline->console_log, ==, rows[i].log);
        g_assert_cmpint(outline->balloon, ==, rows[i].balloon);
        g_assert_cmpint(outline->encryption, ==, rows[i].encryption);
        g_assert_cmpint(vitals_encryption_refusal(outline->encryption) != NULL, ==,
                        outline->encryption != VITALS_ENCRYPTION_NONE);
    }
}

static void
test_pty(void)
{
    g_autoptr(VitalsOutline) serial = outline_of(
        "<domain><devices><serial type='file'><source path='/s'/></serial><serial type='pty'>"
        "<source path='/dev/pts/1'/></serial><console type='pty'><source path='/dev/pts/2'/>"
        "</console></devices></domain>");
    g_autoptr(VitalsOutline) console =
        outline_of("<domain><devices><console type='pty'><source path='/dev/pts/2'/></console>"
                   "</devices></domain>");
    g_autoptr(VitalsOutline) off = outline_of("<domain><devices><serial type='pty'/></devices>"
                                              "</domain>");

    g_assert_cmpstr(serial->console_pty, ==, "/dev/pts/1");
    g_assert_cmpstr(console->console_pty, ==, "/dev/pts/2");
    g_assert_null(off->console_pty);
}

static void
test_disk_limit(void)
{
    static const struct {
        const char *disks;
        guint64 limit;
    } rows[] = {
        { "", 0 },
        { "<disk><target dev='vda'/></disk>", 0 },
        { "<disk><iotune><total_iops_sec>1</total_iops_sec></iotune></disk>", 0 },
        { "<disk><iotune><total_bytes_sec>0</total_bytes_sec></iotune></disk>", 0 },
        { "<disk><iotune><total_bytes_sec>nonsense</total_bytes_sec></iotune></disk>", 0 },
        { "<disk><iotune><read_bytes_sec>5000</read_bytes_sec><write_bytes_sec>400"
          "</write_bytes_sec></iotune></disk>",
          400 },
        { "<disk><iotune><total_bytes_sec>9</total_bytes_sec></iotune></disk><disk><iotune>"
          "<total_bytes_sec>1</total_bytes_sec></iotune></disk>",
          1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml =
            g_strdup_printf("<domain><devices>%s</devices></domain>", rows[i].disks);
        g_autoptr(VitalsOutline) outline = outline_of(xml);

        g_assert_cmpint(outline->disks, ==, *rows[i].disks != '\0');
        g_assert_cmpuint(outline->disk_limit, ==, rows[i].limit);
    }
}

static void
test_windows(void)
{
    static const char format[] =
        "<domain><metadata><o:libosinfo xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
        "<o:os id='http://%s'/></o:libosinfo></metadata></domain>";
    static const struct {
        const char *id;
        gboolean windows;
    } rows[] = {
        { "microsoft.com/win/2k22", TRUE },
        { "microsoft.com/win/11", TRUE },
        { "fedoraproject.org/fedora/39", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(format, rows[i].id);
        g_autoptr(VitalsOutline) outline = vitals_outline_new("test", text, NULL);

        g_assert_cmpint(outline->windows, ==, rows[i].windows);
    }
    for (guint hints = 0; hints < 4; hints++) {
        g_autofree char *text = g_strdup_printf("<domain>%s%s</domain>",
                                                hints & 1 ? "<features><hyperv/></features>" : "",
                                                hints & 2 ? "<clock offset='localtime'/>" : "");
        g_autoptr(VitalsOutline) outline = vitals_outline_new("test", text, NULL);

        g_assert_cmpint(outline->windows, ==, hints == 3);
    }
}

/* The fuzzer's target over a definition with some bytes turned round. */
static void
test_fuzz(void)
{
    for (guint i = 0; i < 5000; i++) {
        g_autofree char *text = g_strdup(whole);

        for (guint n = (guint)g_test_rand_int_range(1, 4); n > 0; n--)
            text[g_test_rand_int_range(0, sizeof whole - 1)] = (char)g_test_rand_int();
        LLVMFuzzerTestOneInput((const guint8 *)text,
                               i % 2 ? strlen(whole)
                                     : (gsize)g_test_rand_int_range(0, sizeof whole));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outline/whole", test_whole);
    g_test_add_func("/outline/xen", test_xen);
    g_test_add_func("/outline/bare", test_bare);
    g_test_add_func("/outline/memory", test_memory);
    g_test_add_func("/outline/devices", test_devices);
    g_test_add_func("/outline/pty", test_pty);
    g_test_add_func("/outline/disk-limit", test_disk_limit);
    g_test_add_func("/outline/windows", test_windows);
    g_test_add_func("/outline/fuzz", test_fuzz);
    return g_test_run();
}
