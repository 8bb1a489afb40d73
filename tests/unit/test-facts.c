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
        { "/facts/workstation", test_workstation }, { "/facts/no-iommu", test_no_iommu },
        { "/facts/old-kernel", test_old_kernel },   { "/facts/paths", test_paths },
        { "/facts/nothing", test_nothing },         { "/facts/hostile", test_hostile },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
