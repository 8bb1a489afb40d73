/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A host that is a directory of ours: what is not put there is not known. */
typedef struct {
    char *root;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->root = g_dir_make_tmp("test-facts-XXXXXX", NULL);
    g_assert_nonnull(fixture->root);
}

static void
remove_tree(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(directory))) {
            g_autofree char *inner = g_build_filename(path, name, NULL);

            remove_tree(inner);
        }
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    remove_tree(fixture->root);
    g_free(fixture->root);
}

static char *
make_parent(const Fixture *fixture, const char *path)
{
    char *full = g_build_filename(fixture->root, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    return full;
}

static void
put(const Fixture *fixture, const char *path, const char *text)
{
    g_autofree char *full = make_parent(fixture, path);

    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void
put_link(const Fixture *fixture, const char *path, const char *target)
{
    g_autofree char *full = make_parent(fixture, path);

    g_assert_cmpint(symlink(target, full), ==, 0);
}

static void
put_directory(const Fixture *fixture, const char *path)
{
    g_autofree char *full = g_build_filename(fixture->root, path, NULL);

    g_assert_cmpint(g_mkdir_with_parents(full, 0700), ==, 0);
}

/* A workstation with a graphics card on its host's drivers, as in many a passthrough story. */
static void
put_workstation(const Fixture *fixture)
{
    static const char card[] = "sys/bus/pci/devices/0000:01:00.0/";
    static const char sound[] = "sys/bus/pci/devices/0000:01:00.1/";
    const char *const devices[] = { card, sound };

    for (guint i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *driver = g_strconcat(devices[i], "driver", NULL);
        g_autofree char *group = g_strconcat(devices[i], "iommu_group", NULL);
        g_autofree char *class_code = g_strconcat(devices[i], "class", NULL);

        put_link(fixture, driver,
                 i == 0 ? "../../../../bus/pci/drivers/vfio-pci" : "../drivers/snd_hda_intel");
        put_link(fixture, group, "../../../../kernel/iommu_groups/14");
        put(fixture, class_code, i == 0 ? "0x030000\n" : "0x040300\n");
    }
    put(fixture, "sys/bus/pci/devices/0000:01:00.0/reset_method", "flr bus\n");
    put_directory(fixture, "sys/kernel/iommu_groups/14");
    put(fixture, "sys/bus/usb/devices/1-1/idVendor", "0403\n");
    put(fixture, "sys/bus/usb/devices/1-1/idProduct", "6001\n");
    put(fixture, "sys/bus/usb/devices/1-2/idVendor", "0403\n");
    put(fixture, "sys/bus/usb/devices/1-2/idProduct", "6001\n");
    put_directory(fixture, "sys/bus/usb/devices/1-2:1.0");
    put_directory(fixture, "sys/class/net/br0");
    put_directory(fixture, "sys/class/net/enP1s0");
    put_directory(fixture, "sys/bus/mdev/devices/C2177883-f1bb-47f0-914d-32a22e3a8804");
    put(fixture, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    put(fixture, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "512\n");
    put(fixture, "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
    put(fixture, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
    put(fixture, "proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet pcie_acs_override=downstream\n");
    put(fixture, "proc/meminfo", "MemTotal: 1 kB\nHugepagesize:       2048 kB\n");
    put(fixture, "dev/kvm", "");
}

static void
check_workstation(const VitalsHostFacts *facts)
{
    const VitalsHostPciDevice *card = g_hash_table_lookup(facts->pci_devices, "0000:01:00.0");
    const VitalsHostPciDevice *sound = g_hash_table_lookup(facts->pci_devices, "0000:01:00.1");
    guint64 size = 2048;

    g_assert_cmpuint(g_hash_table_size(facts->pci_devices), ==, 2);
    g_assert_cmpstr(card->driver, ==, "vfio-pci");
    g_assert_cmpstr(card->group, ==, "14");
    g_assert_cmphex(card->class_code, ==, 0x030000);
    g_assert_cmpstr(card->resets, ==, "flr bus");
    g_assert_cmpstr(sound->driver, ==, "snd_hda_intel");
    g_assert_cmpstr(sound->resets, ==, "");
    g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(facts->usb_devices, "0403:6001")), ==, 2);
    g_assert_cmpuint(g_hash_table_size(facts->usb_devices), ==, 1);
    g_assert_true(g_hash_table_contains(facts->interfaces, "enP1s0"));
    g_assert_cmpuint(g_hash_table_size(facts->interfaces), ==, 2);
    g_assert_true(
        g_hash_table_contains(facts->mediated_devices, "c2177883-f1bb-47f0-914d-32a22e3a8804"));
    g_assert_cmpuint(*(guint64 *)g_hash_table_lookup(facts->huge_pages, &size), ==, 1024 * 2048);
    g_assert_cmpuint(facts->default_page_kib, ==, 2048);
    g_assert_cmpint(facts->iommu, ==, VITALS_YES);
    g_assert_cmpint(facts->unsafe_interrupts, ==, VITALS_YES);
    g_assert_cmpint(facts->kvm, ==, VITALS_YES);
    g_assert_cmpint(vitals_host_facts_has_word(facts, "quiet"), ==, VITALS_YES);
    g_assert_cmpint(vitals_host_facts_has_word(facts, "pcie_acs_override="), ==, VITALS_YES);
    g_assert_cmpint(vitals_host_facts_has_word(facts, "qui"), ==, VITALS_NO);
}

static VitalsHostFacts *
through_json(const VitalsHostFacts *facts)
{
    json_t *document = vitals_facts_json(facts);
    char *text = json_dumps(document, 0);
    VitalsHostFacts *copy = vitals_facts_parse(text, strlen(text));

    json_decref(document);
    free(text);
    g_assert_nonnull(copy);
    return copy;
}

static void
test_workstation(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;
    g_autoptr(VitalsHostFacts) copy = NULL;

    put_workstation(fixture);
    facts = vitals_facts_collect(fixture->root);
    check_workstation(facts);
    copy = through_json(facts);
    check_workstation(copy);
    g_assert_cmpstr(copy->arch, ==, facts->arch);
}

/* A reset of the firmware's settings leaves an empty directory behind. */
static void
test_no_iommu(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;

    put_directory(fixture, "sys/kernel/iommu_groups");
    put_directory(fixture, "dev");
    facts = vitals_facts_collect(fixture->root);
    g_assert_cmpint(facts->iommu, ==, VITALS_NO);
    g_assert_cmpint(facts->kvm, ==, VITALS_NO);
    g_assert_null(facts->pci_devices);
}

/* Kernels before 5.15 have only a file that triggers a reset. */
static void
test_old_kernel(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;
    const VitalsHostPciDevice *device;

    put(fixture, "sys/bus/pci/devices/0000:01:00.0/reset", "");
    facts = vitals_facts_collect(fixture->root);
    device = g_hash_table_lookup(facts->pci_devices, "0000:01:00.0");
    g_assert_cmpstr(device->resets, ==, "reset");
    g_assert_cmpstr(device->driver, ==, "");
    g_assert_cmpstr(device->group, ==, "");
}

static void
check_path(VitalsHostFacts *facts, const char *path, VitalsPathKind kind, const char *format)
{
    const VitalsHostPath *found = g_hash_table_lookup(facts->paths, path);

    g_assert_nonnull(found);
    g_assert_cmpint(found->kind, ==, kind);
    g_assert_cmpstr(found->format, ==, format);
}

static void
test_paths(Fixture *fixture, gconstpointer data)
{
    static const char *const paths[] = { "/img/a.raw", "/img/b.img",   "/img",
                                         "/gone",      "/gone/deeper", "/link" };
    static const char qcow2[] = "QFI\xfb\0\0\0\3";
    g_autoptr(VitalsHostFacts) facts = vitals_host_facts_new();
    g_autoptr(VitalsHostFacts) copy = NULL;
    g_autofree char *image = NULL;

    put(fixture, "img/a.raw", "some text");
    put_link(fixture, "link", "img/b.img");
    image = make_parent(fixture, "img/b.img");
    g_assert_true(g_file_set_contents(image, qcow2, sizeof qcow2, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        vitals_facts_look_at(facts, fixture->root, paths[i]);
    vitals_facts_look_at(facts, "/", "/dev/null");

    copy = through_json(facts);
    check_path(copy, "/img/a.raw", VITALS_PATH_FILE, "");
    check_path(copy, "/img/b.img", VITALS_PATH_FILE, "qcow2");
    check_path(copy, "/link", VITALS_PATH_FILE, "qcow2");
    check_path(copy, "/img", VITALS_PATH_OTHER, "");
    check_path(copy, "/gone", VITALS_PATH_ABSENT, "");
    check_path(copy, "/gone/deeper", VITALS_PATH_ABSENT, "");
    check_path(copy, "/dev/null", VITALS_PATH_DEVICE, "");
    g_assert_cmpuint(g_hash_table_size(copy->paths), ==, 7);
}

static const char *
word(const VitalsHostFacts *facts, VitalsHostWord name)
{
    return facts->words[name];
}

/* A hypervisor on which a hard lock-up left nothing: the log was in memory, synchronised once a day. */
static void
put_lost_log(const Fixture *fixture)
{
    put(fixture, "proc/self/mounts",
        "/dev/sda2 / ext4 rw,relatime 0 0\n"
        "proc /proc proc rw 0 0\n"
        "/dev/zram1 /var/log\\040files ext4 rw 0 0\n"
        "log2ram /var/log tmpfs rw,size=131072k 0 0\n"
        "overlay /live overlay rw,lowerdir=/ro,upperdir=/var/log/rw,workdir=/w 0 0\n"
        "nas:/images /srv nfs4 ro 0 0\n");
    put(fixture, "usr/lib/systemd/journald.conf", "[Journal]\nStorage=persistent\n");
    put(fixture, "etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n");
    put(fixture, "usr/lib/systemd/journald.conf.d/50-a.conf", "[Journal]\nStorage=none\n");
    put(fixture, "etc/systemd/journald.conf.d/90-b.conf", "[Journal]\nStorage = volatile\n");
    put(fixture, "etc/systemd/system/log2ram-daily.timer", "[Timer]\nOnCalendar=daily\n");
    put_link(fixture, "etc/systemd/system/multi-user.target.wants/rsyslog.service",
             "/lib/systemd/system/rsyslog.service");
    put(fixture, "usr/lib/systemd/system/systemd-pstore.service", "");
    put_directory(fixture, "var/log/journal");
    put(fixture, "sys/module/pstore/parameters/backend", "(null)\n");
    put(fixture, "sys/kernel/kexec_crash_loaded", "0\n");
    put(fixture, "proc/stat", "cpu 1\nbtime 1\n");
    put(fixture, "proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu vme\n\n");
    put(fixture, "etc/default/grub",
        "# old: GRUB_CMDLINE_LINUX=x\nGRUB_CMDLINE_LINUX=\"intel_iommu=on\"\n"
        "GRUB_CMDLINE_LINUX_DEFAULT='quiet splash'\n");
    put(fixture, "etc/default/grub.d/kdump-tools.cfg",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=192M\"\n");
    put(fixture, "dev/kmsg",
        "5,0,0,-;Linux version 6.1\n5,9,0,-;Unknown kernel command line parameters "
        "\"iommu_intel=on\", will be passed to user space.\n");
}

static void
test_lost_log(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;
    g_autoptr(VitalsHostFacts) copy = NULL;
    const VitalsHostFilesystem *log;

    put_lost_log(fixture);
    facts = vitals_facts_collect(fixture->root);
    copy = through_json(facts);
    log = vitals_host_facts_filesystem(copy, "/var/log/journal");
    g_assert_true(log->is_ram);
    g_assert_cmpstr(log->source, ==, "log2ram");
    g_assert_true(vitals_host_facts_filesystem(copy, "/live/x")->is_ram);
    g_assert_true(vitals_host_facts_filesystem(copy, "/var/log files")->is_ram);
    g_assert_true(vitals_host_facts_filesystem(copy, "/srv/a")->is_read_only);
    g_assert_true(vitals_host_facts_filesystem(copy, "/srv/a")->free_kib == VITALS_FREE_UNKNOWN);
    g_assert_false(vitals_host_facts_filesystem(copy, "/var/lib")->is_ram);
    g_assert_null(vitals_host_facts_filesystem(copy, "relative"));
    g_assert_cmpstr(word(copy, VITALS_HOST_JOURNAL_STORAGE), ==, "volatile");
    g_assert_cmpstr(word(copy, VITALS_HOST_JOURNAL_DIRECTORY), ==, "yes");
    g_assert_cmpstr(word(copy, VITALS_HOST_LOG_SYNC), ==, "daily");
    g_assert_cmpstr(word(copy, VITALS_HOST_LOG_SHIPPING), ==, "rsyslog.service");
    g_assert_cmpstr(word(copy, VITALS_HOST_RUNTIME_WATCHDOG), ==, "off");
    /* what the kernel has and nobody mounted keeps nothing */
    g_assert_cmpstr(word(copy, VITALS_HOST_PSTORE_BACKEND), ==, "(not mounted)");
    g_assert_cmpstr(word(copy, VITALS_HOST_PSTORE_SERVICE), ==, "disabled");
    g_assert_cmpstr(word(copy, VITALS_HOST_CRASH_LOADED), ==, "0");
    g_assert_cmpstr(word(copy, VITALS_HOST_CPU_VENDOR), ==, "AuthenticAMD");
    g_assert_cmpstr(word(copy, VITALS_HOST_VIRTUAL), ==, "no");
    g_assert_cmpstr(word(copy, VITALS_HOST_BOOT_CMDLINE), ==,
                    "intel_iommu=on quiet splash crashkernel=192M");
    g_assert_cmpstr(word(copy, VITALS_HOST_BOOT_FILE), ==, "/etc/default/grub");
    g_assert_cmpstr(word(copy, VITALS_HOST_BOOT_PENDING), ==, "yes");
    g_assert_cmpstr(word(copy, VITALS_HOST_UNKNOWN_PARAMETERS), ==, "iommu_intel=on");
}

/* Fedora's GRUB boots entries of their own, whatever /etc/default/grub says. */
static void
test_boot_entry(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) entry = NULL;
    g_autoptr(VitalsHostFacts) numbered = NULL;
    g_autoptr(VitalsHostFacts) scripted = NULL;

    put(fixture, "etc/default/grub",
        "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\nGRUB_ENABLE_BLSCFG=true\n");
    put(fixture, "boot/grub2/grub.cfg", "blscfg\n");
    put(fixture, "boot/grub2/grubenv",
        "# GRUB Environment Block\nsaved_entry=m-5.14.el9\nkernelopts=root=/dev/sda1 ro "
        "iommu=pt\n");
    put(fixture, "etc/tuned/bootcmdline", "TUNED_BOOT_CMDLINE=\"nohz=on\"\n");
    put(fixture, "boot/loader/entries/m-5.14.el9.conf",
        "title Linux\nlinux /vmlinuz\noptions $kernelopts $tuned_params\noptions quiet\n");
    entry = vitals_facts_collect(fixture->root);
    g_assert_cmpstr(word(entry, VITALS_HOST_BOOT_FILE), ==, "/boot/loader/entries/m-5.14.el9.conf");
    g_assert_cmpstr(g_strstrip(entry->words[VITALS_HOST_BOOT_CMDLINE]), ==,
                    "root=/dev/sda1 ro iommu=pt nohz=on  quiet");

    put(fixture, "boot/loader/entries/m-5.14.el9.conf", "options $kernelopts $mine\n");
    scripted = vitals_facts_collect(fixture->root);
    g_assert_null(word(scripted, VITALS_HOST_BOOT_CMDLINE));
    put(fixture, "boot/grub2/grubenv", "saved_entry=0\n");
    numbered = vitals_facts_collect(fixture->root);
    g_assert_null(word(numbered, VITALS_HOST_BOOT_CMDLINE));
}

/* What mdevctl makes when the host boots; the rest is gone then. */
static void
test_mediated(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;
    g_autoptr(VitalsHostFacts) none = vitals_facts_collect(fixture->root);

    g_assert_cmpstr(word(none, VITALS_HOST_MDEV_AUTOSTART), ==, "");
    put(fixture, "etc/mdevctl.d/0000:00:02.0/C2177883-f1bb-47f0-914d-32a22e3a8804",
        "{\"mdev_type\": \"i915\", \"start\": \"auto\"}");
    put(fixture, "etc/mdevctl.d/0000:00:02.0/11111111-2222-3333-4444-555555555555",
        "{\"mdev_type\": \"i915\", \"start\": \"manual\"}");
    put(fixture, "etc/mdevctl.d/0000:00:02.0/broken", "{");
    facts = vitals_facts_collect(fixture->root);
    g_assert_cmpstr(word(facts, VITALS_HOST_MDEV_AUTOSTART), ==,
                    "c2177883-f1bb-47f0-914d-32a22e3a8804");
}

static void
test_libvirt_settings(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = NULL;

    put(fixture, "etc/libvirt/qemu.conf",
        "# max_core = 1\nauto_dump_path = \"/srv/vmcore\"\nmax_core = \"unlimited\"\n"
        "dump_image_format= \"zstd\" # smaller\n");
    put(fixture, "etc/default/libvirt-guests", "ON_SHUTDOWN=suspend\n#SHUTDOWN_TIMEOUT=0\n");
    put(fixture, "etc/debian_version", "12\n");
    put(fixture, "etc/libvirt/hooks/qemu", "#!/bin/sh\n# virsh dump x y\n");
    put(fixture, "etc/cron.daily/dump", "#!/bin/sh\nvirsh -c qemu:///system dump web /srv/web\n");
    put(fixture, "usr/local/bin/ok", "virsh dump --memory-only web /srv/web\nvirsh dumpxml web\n");
    put(fixture, "makedumpfile-version", "makedumpfile: version 1.7.2 (released on x)\n");
    facts = vitals_facts_collect(fixture->root);
    g_assert_cmpstr(word(facts, VITALS_HOST_DUMP_PATH), ==, "/srv/vmcore");
    g_assert_cmpstr(word(facts, VITALS_HOST_MAX_CORE), ==, "unlimited");
    g_assert_cmpstr(word(facts, VITALS_HOST_DUMP_FORMAT), ==, "zstd");
    g_assert_cmpstr(word(facts, VITALS_HOST_STDIO_HANDLER), ==, "logd");
    g_assert_cmpstr(word(facts, VITALS_HOST_LOG_MAX_SIZE), ==, "2097152");
    g_assert_cmpstr(word(facts, VITALS_HOST_GUESTS_ON_SHUTDOWN), ==, "suspend");
    g_assert_cmpstr(word(facts, VITALS_HOST_GUESTS_TIMEOUT), ==, "300");
    g_assert_cmpstr(word(facts, VITALS_HOST_LIBVIRT_HOOKS), ==, "/etc/libvirt/hooks/qemu");
    g_assert_cmpstr(word(facts, VITALS_HOST_PLAIN_DUMPS), ==, "/etc/cron.daily/dump");
    g_assert_cmpstr(word(facts, VITALS_HOST_MAKEDUMPFILE), ==, "1.7.2");
    g_assert_null(word(facts, VITALS_HOST_XEN_CMDLINE));
}

static void
test_dom0(Fixture *fixture, gconstpointer data)
{
    static const char arguments[] = "xenconsoled\0--log=all";
    g_autofree char *path = make_parent(fixture, "proc/77/cmdline");
    g_autoptr(VitalsHostFacts) facts = NULL;

    put(fixture, "proc/xen/capabilities", "control_d\n");
    put(fixture, "proc/77/comm", "xenconsoled\n");
    g_assert_true(g_file_set_contents(path, arguments, sizeof arguments, NULL));
    put(fixture, "xl-info",
        "host : a\nvirt_caps : pv hvm hap\n"
        "xen_commandline        : dom0_mem=4G noreboot\ncc : gcc\n");
    put(fixture, "xl-dmesg",
        " Xen version 4.17.3\n(XEN) parameter \"placeholder\" unknown!\n"
        "(XEN) parameter \"crashkernl\" unknown!\n");
    put(fixture, "etc/libvirt/libxl.conf", "autoballoon = 1\n");
    facts = vitals_facts_collect(fixture->root);
    g_assert_cmpstr(word(facts, VITALS_HOST_XEN_CMDLINE), ==, "dom0_mem=4G noreboot");
    g_assert_cmpstr(word(facts, VITALS_HOST_XEN_ABILITIES), ==, "pv hvm hap");
    g_assert_cmpstr(word(facts, VITALS_HOST_XEN_UNKNOWN), ==, "placeholder crashkernl");
    g_assert_cmpstr(word(facts, VITALS_HOST_XEN_AUTOBALLOON), ==, "1");
    g_assert_cmpstr(word(facts, VITALS_HOST_XENCONSOLED), ==, "xenconsoled --log=all");
}

/* What a file of facts holds is what there was. */
static VitalsHostFacts *
through_file(const VitalsHostFacts *facts)
{
    json_t *document = vitals_facts_json(facts);
    char *text = json_dumps(document, 0);
    VitalsHostFacts *read = vitals_facts_parse(text, strlen(text));

    free(text);
    json_decref(document);
    return read;
}

/* Which card and which stick it is, who may write to a directory, and where logins wait. */
static void
test_identity(Fixture *fixture, gconstpointer data)
{
    static const char stick[] = "sys/bus/usb/devices/1-2";
    static const char *const files[][2] = {
        { "idVendor", "0403" }, { "idProduct", "6001" }, { "busnum", "1" }, { "devnum", "7" }
    };
    g_autoptr(VitalsHostFacts) facts = NULL;
    g_autoptr(VitalsHostFacts) read = NULL;
    const VitalsHostPciDevice *card;
    const VitalsHostPath *directory;

    put(fixture, "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    put(fixture, "sys/bus/pci/devices/0000:01:00.0/device", "0x1b80\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(stick, files[i][0], NULL);

        put(fixture, path, files[i][1]);
    }
    put_directory(fixture, "var/log/consoles");
    put_directory(fixture, "sys/fs/cgroup/system.slice/system-serial\\x2dgetty.slice/"
                           "serial-getty@ttyS1.service");
    put(fixture, "etc/libvirt/qemu.conf", "user = \"qemu\"\n");
    put(fixture, "proc/self/mounts",
        "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n"
        "hugetlbfs /big hugetlbfs rw,pagesize=1024M 0 0\n");
    facts = vitals_facts_collect(fixture->root);
    vitals_facts_look_at(facts, fixture->root, "/var/log/consoles");
    read = through_file(facts);

    card = g_hash_table_lookup(read->pci_devices, "0000:01:00.0");
    g_assert_cmpstr(card->id, ==, "10de:1b80");
    g_assert_cmpstr(g_hash_table_lookup(read->usb_places, "1.7"), ==, "0403:6001");
    directory = g_hash_table_lookup(read->paths, "/var/log/consoles");
    g_assert_cmpuint(directory->mode, ==, 0700);
    g_assert_cmpstr(directory->owner, ==, g_get_user_name());
    g_assert_cmpstr(word(read, VITALS_HOST_TTY_LOGINS), ==, "ttyS1");
    g_assert_cmpstr(word(read, VITALS_HOST_QEMU_USER), ==, "qemu");
    g_assert_cmpstr(word(read, VITALS_HOST_HUGETLBFS), ==, "2048 1048576");
}

/* A port above a card whose firmware left ASPM on, an interface in a bridge, a watchdog, netconsole. */
static void
test_devices(Fixture *fixture, gconstpointer data)
{
    static const char card[] = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/";
    g_autofree char *config_path = g_strconcat(card, "config", NULL);
    g_autofree char *carrier = g_strconcat(card, "net/eth0/carrier", NULL);
    g_autofree char *full = make_parent(fixture, config_path);
    g_autoptr(VitalsHostFacts) facts = NULL;
    const VitalsHostPciDevice *device;
    char config[256] = { 0 };

    config[0x06] = 0x10; /* a list of capabilities, */
    config[0x34] = 0x40; /* power management first, */
    config[0x40] = 0x01;
    config[0x41] = 0x60; /* PCI Express second: L0s and L1 are on */
    config[0x60] = 0x10;
    config[0x70] = 0x43;
    g_assert_true(g_file_set_contents(full, config, sizeof config, NULL));
    put(fixture, carrier, "1\n");
    put_link(fixture, "sys/bus/pci/devices/0000:01:00.0",
             "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0");
    put_link(fixture, "sys/class/net/eth0/master", "../br0");
    put(fixture, "sys/kernel/config/netconsole/t/dev_name", "eth0\n");
    put(fixture, "proc/cmdline", "netconsole=6665@192.0.2.1/eth1,6666@192.0.2.9/ quiet\n");
    put(fixture, "sys/class/watchdog/watchdog0/state", "inactive\n");
    put(fixture, "sys/devices/system/node/node1/meminfo",
        "Node 1 MemTotal:  4096 kB\nNode 1 MemFree:  1024 kB\nNode 1 SReclaimable:  512 kB\n");
    facts = vitals_facts_collect(fixture->root);
    device = g_hash_table_lookup(facts->pci_devices, "0000:01:00.0");
    g_assert_cmpstr(device->aspm, ==, "L0s L1");
    g_assert_cmpstr(device->parent, ==, "0000:00:01.0");
    g_assert_cmpstr(device->carrier, ==, "eth0");
    g_assert_cmpstr(g_hash_table_lookup(facts->masters, "eth0"), ==, "br0");
    g_assert_cmpstr(word(facts, VITALS_HOST_NETCONSOLE), ==, "eth0 eth1");
    g_assert_cmpstr(word(facts, VITALS_HOST_WATCHDOG), ==, "inactive");
    g_assert_cmpuint(((VitalsHostNode *)g_hash_table_lookup(facts->nodes, "1"))->available_kib, ==,
                     1536);
}

/* A list of capabilities that leads nowhere, or round and round, ends. */
static void
test_broken_config(Fixture *fixture, gconstpointer data)
{
    g_autofree char *full = make_parent(fixture, "sys/bus/pci/devices/0000:01:00.0/config");
    char config[256] = { 0 };

    config[0x06] = 0x10;
    for (guint next = 0x40; next < 0x100; next += 0xbc) {
        g_autoptr(VitalsHostFacts) facts = NULL;

        config[0x34] = (char)next;
        config[0x41] = 0x40;
        g_assert_true(g_file_set_contents(full, config, sizeof config, NULL));
        facts = vitals_facts_collect(fixture->root);
        g_assert_cmpstr(
            ((VitalsHostPciDevice *)g_hash_table_lookup(facts->pci_devices, "0000:01:00.0"))->aspm,
            ==, "");
    }
}

static void
put_image(const Fixture *fixture, const char *path, gboolean has_backing, gboolean names_format)
{
    static const char version3[] = { 'Q', 'F', 'I', '\xfb', 0, 0, 0, 3 };
    static const char format[] = { '\xe2', '\x79', '\x2a', '\xca', 0,   0,  0,
                                   5,      'q',    'c',    'o',    'w', '2' };
    g_autofree char *full = make_parent(fixture, path);
    char header[512] = { 0 };

    memcpy(header, version3, sizeof version3);
    header[15] = has_backing ? 127 : 0; /* the low byte of where the name stands */
    header[28] = 1;                     /* 2^24 bytes */
    header[103] = 104;                  /* length of the header */
    if (names_format)
        memcpy(header + 104, format, sizeof format);
    g_assert_true(g_file_set_contents(full, header, sizeof header, NULL));
}

static void
test_images(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = vitals_host_facts_new();
    g_autoptr(VitalsHostFacts) copy = NULL;
    static const char *const paths[] = { "/a", "/b", "/c" };

    put_image(fixture, "a", FALSE, FALSE);
    put_image(fixture, "b", TRUE, FALSE);
    put_image(fixture, "c", TRUE, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        const VitalsHostPath *found;

        vitals_facts_look_at(facts, fixture->root, paths[i]);
        g_clear_pointer(&copy, vitals_host_facts_free);
        copy = through_json(facts);
        found = g_hash_table_lookup(copy->paths, paths[i]);
        g_assert_cmpuint(found->virtual_kib, ==, 16384);
        g_assert_cmpint(found->has_unnamed_backing, ==, i == 1);
    }
}

static void
test_nothing(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsHostFacts) facts = vitals_facts_collect(fixture->root);
    g_autoptr(VitalsHostFacts) copy = through_json(facts);

    g_assert_null(copy->pci_devices);
    g_assert_null(copy->usb_devices);
    g_assert_null(copy->mediated_devices);
    g_assert_null(copy->interfaces);
    g_assert_null(copy->huge_pages);
    g_assert_null(copy->cmdline);
    g_assert_cmpint(copy->iommu, ==, VITALS_UNKNOWN);
    g_assert_cmpint(copy->unsafe_interrupts, ==, VITALS_UNKNOWN);
    g_assert_cmpint(copy->kvm, ==, VITALS_UNKNOWN);
    g_assert_cmpint(vitals_host_facts_has_word(copy, "quiet"), ==, VITALS_UNKNOWN);
    g_assert_cmpint(vitals_host_facts_has_word(NULL, "quiet"), ==, VITALS_UNKNOWN);
}

static void
test_hostile(Fixture *fixture, gconstpointer data)
{
    static const char *const wrong[] = { "",    "{", "[]", "1", "{}", "{\"virt_vitals_facts\": 2}",
                                         "null" };
    static const char odd[] =
        "{\"virt_vitals_facts\": 1, \"kvm\": \"yes\", \"cmdline\": 7, \"pci_devices\": "
        "{\"x\": 3, \"y\": {\"driver\": [], \"class\": \"z\"}}, \"usb_devices\": [], "
        "\"interfaces\": {\"br0\": 1}, \"huge_pages\": [1, {\"page_kib\": -1}]}";
    g_autoptr(VitalsHostFacts) facts = NULL;
    g_autoptr(VitalsHostFacts) copy = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_null(vitals_facts_parse(wrong[i], strlen(wrong[i])));
    facts = vitals_facts_parse(odd, strlen(odd));
    g_assert_nonnull(facts);
    g_assert_cmpint(facts->kvm, ==, VITALS_UNKNOWN);
    g_assert_null(facts->cmdline);
    g_assert_null(facts->interfaces);
    g_assert_cmpuint(g_hash_table_size(facts->pci_devices), ==, 2);

    put(fixture, "proc/cmdline", "quiet \xff\xfe evil\x1b[31m\n");
    g_clear_pointer(&facts, vitals_host_facts_free);
    facts = vitals_facts_collect(fixture->root);
    copy = through_json(facts);
    g_assert_true(g_utf8_validate(copy->cmdline, -1, NULL));
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        { "/facts/workstation", test_workstation },
        { "/facts/no-iommu", test_no_iommu },
        { "/facts/old-kernel", test_old_kernel },
        { "/facts/paths", test_paths },
        { "/facts/lost-log", test_lost_log },
        { "/facts/boot-entry", test_boot_entry },
        { "/facts/mediated", test_mediated },
        { "/facts/libvirt-settings", test_libvirt_settings },
        { "/facts/dom0", test_dom0 },
        { "/facts/identity", test_identity },
        { "/facts/devices", test_devices },
        { "/facts/broken-config", test_broken_config },
        { "/facts/images", test_images },
        { "/facts/nothing", test_nothing },
        { "/facts/hostile", test_hostile },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
