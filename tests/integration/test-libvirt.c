/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/survey.h"
#include "probes/outline.h"
#include "tests/integration/contract.h"
#include "tests/integration/scene.h"
#include "tests/unit/program.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <string.h>

/* The real seam on libvirt's test driver, which lives in this process. */

/* What virsh in the test driver's default host runs. */
#define DEFAULT_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

/* Calls that fail when a test says so: the program's own symbols come before those of the library. */
static gboolean no_bulk;
static gboolean no_state;

int
virConnectGetAllDomainStats(virConnectPtr connection, unsigned int stats,
                            virDomainStatsRecordPtr **records, unsigned int flags)
{
    typeof(virConnectGetAllDomainStats) *real = dlsym(RTLD_NEXT, "virConnectGetAllDomainStats");
    int count = 0;

    if (!no_bulk)
        return real(connection, stats, records, flags);
    /* the test driver has no such thing, and leaves the error that Xen's would leave */
    g_assert_cmpint(virNodeGetMemoryParameters(connection, NULL, &count, 0), <, 0);
    return -1;
}

int
virDomainGetState(virDomainPtr domain, int *state, int *reason, unsigned int flags)
{
    typeof(virDomainGetState) *real = dlsym(RTLD_NEXT, "virDomainGetState");

    return no_state ? -1 : real(domain, state, reason, flags);
}

static char *
node_uri(void)
{
    return g_strdup_printf("test://%s/tests/integration/node.xml", g_getenv("VITALS_SOURCE_ROOT"));
}

static void
test_contract_fake(void)
{
    Fake *fake = fake_new();
    FakeGuest *guest = fake_add(fake, "runs");
    VitalsHypervisor *hypervisor = fake_hypervisor(fake);

    contract_check(hypervisor, guest->name, guest->uuid);
    vitals_hypervisor_unref(hypervisor);
    fake_free(fake);
}

static void
test_contract_default(void)
{
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new("test:///default");

    contract_check(hypervisor, "test", DEFAULT_UUID);
}

static void
test_contract_node(void)
{
    g_autofree char *uri = node_uri();
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new(uri);

    contract_check(hypervisor, "runs", "6695eb01-f6a4-8304-79aa-97f2502e1930");
}

static void
test_node(void)
{
    g_autofree char *uri = node_uri();
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new(uri);
    const VitalsDriver *driver = hypervisor->driver;
    g_autoptr(GError) error = NULL;
    VitalsConnection *connection = driver->connect(hypervisor, &error);
    g_autoptr(GPtrArray) sightings = NULL;
    g_autofree char *xml = NULL;
    g_autoptr(VitalsOutline) outline = NULL;
    guint paused = 0;

    g_assert_no_error(error);
    sightings = driver->sweep(connection, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(sightings->len, ==, 2); /* the one that is off is not active */
    for (guint i = 0; i < sightings->len; i++) {
        const VitalsSighting *sighting = g_ptr_array_index(sightings, i);

        if (g_str_equal(sighting->name, "paused"))
            paused += sighting->sample->state == VITALS_DOMAIN_PAUSED;
    }
    g_assert_cmpuint(paused, ==, 1);
    xml = driver->definition(connection, "runs", FALSE, &error);
    g_assert_no_error(error);
    outline = vitals_outline_new("runs", xml, &error);
    g_assert_true(outline->balloon);
    g_assert_cmpuint(outline->balloon_period, ==, 5);
    g_assert_cmpuint(outline->memory, ==, G_GUINT64_CONSTANT(262144) * 1024);
    driver->disconnect(connection);
}

/* One question brings all guests and what lint needs of their host. */
static void
test_survey(void)
{
    g_autofree char *uri = node_uri();
    g_autoptr(VitalsHypervisor) node = vitals_hypervisor_libvirt_new(uri);
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new("test:///default");
    g_autoptr(GError) error = NULL;
    VitalsConnection *connections[] = { node->driver->connect(node, &error),
                                        hypervisor->driver->connect(hypervisor, &error) };
    g_autoptr(VitalsSurvey) guests = NULL;
    g_autoptr(VitalsSurvey) host = NULL;
    g_autoptr(VitalsHostFacts) facts = vitals_host_facts_new();
    const VitalsSurveyDomain *domain;
    const VitalsHostNetwork *network;
    const VitalsHostNetwork *pool;

    g_assert_no_error(error);
    guests = node->driver->survey(connections[0], &error);
    g_assert_no_error(error);
    g_assert_cmpuint(guests->domains->len, ==, 3);
    domain = vitals_survey_find(guests, "6695EB01-f6a4-8304-79aa-97f2502e1932");
    g_assert_cmpstr(domain->name, ==, "off");
    g_assert_false(domain->is_active);
    g_assert_null(domain->live);
    domain = vitals_survey_find(guests, "runs");
    g_assert_true(domain->is_active);
    g_assert_true(g_str_has_prefix(domain->inactive, "<domain "));
    g_assert_nonnull(strstr(domain->live, "id='"));
    g_assert_null(vitals_survey_find(guests, "none"));
    g_assert_null(vitals_survey_find(NULL, "runs"));

    host = hypervisor->driver->survey(connections[1], &error);
    g_assert_no_error(error);
    vitals_survey_add_facts(host, facts);
    network = g_hash_table_lookup(facts->networks, "default");
    g_assert_true(network->is_active);
    g_assert_false(network->is_autostart);
    pool = g_hash_table_lookup(facts->pools, "default-pool");
    g_assert_true(pool->is_active);
    g_assert_nonnull(facts->machines);
    node->driver->disconnect(connections[0]);
    hypervisor->driver->disconnect(connections[1]);
}

/* What libvirt 9.0 with QEMU says of its emulators, cut short. */
static void
test_capabilities(void)
{
    static const char text[] =
        "<capabilities><host/><guest><os_type>hvm</os_type><arch name='x86_64'>"
        "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
        "<machine maxCpus='255' deprecated='yes'>pc-i440fx-1.7</machine>"
        "<machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>"
        "<domain type='qemu'/><domain "
        "type='kvm'><machine>kvm-only</machine></domain></arch></guest>"
        "</capabilities>";
    g_autoptr(VitalsHostFacts) facts = vitals_host_facts_new();
    static const char domain[] =
        "<domainCapabilities><arch>x86_64</arch><os supported='yes'><enum name='firmware'>"
        "<value>bios</value><value>efi</value></enum></os><features>"
        "<vmcoreinfo supported='no'/></features></domainCapabilities>";
    VitalsSurvey survey = { .capabilities = (char *)text, .domain_capabilities = (char *)domain };

    vitals_survey_add_facts(&survey, facts);
    g_assert_cmpuint(g_hash_table_size(facts->machines), ==, 3);
    g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(facts->machines, "x86_64 pc-i440fx-1.7")),
                     ==, 2);
    g_assert_cmpuint(GPOINTER_TO_UINT(g_hash_table_lookup(facts->machines, "x86_64 q35")), ==, 1);
    g_assert_true(g_hash_table_contains(facts->emulators, "/usr/bin/qemu-system-x86_64"));
    g_assert_cmpstr(vitals_host_facts_ability(facts, "x86_64", "types"), ==, "qemu kvm");
    g_assert_cmpstr(vitals_host_facts_ability(facts, "x86_64", "firmware"), ==, "bios efi");
    g_assert_cmpstr(vitals_host_facts_ability(facts, "x86_64", "vmcoreinfo"), ==, "no");
    g_assert_null(vitals_host_facts_ability(facts, "aarch64", "firmware"));
    survey.capabilities = (char *)"<broken";
    survey.domain_capabilities = (char *)"<broken";
    vitals_survey_add_facts(&survey, facts);
    g_assert_cmpuint(g_hash_table_size(facts->machines), ==, 3);
}

/* Each thing the test driver cannot do is told as such. */
static guint
count_told(const VitalsDriver *driver, VitalsConnection *connection, VitalsFactState expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sightings = driver->sweep(connection, NULL, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < sightings->len; i++) {
        const VitalsSighting *sighting = g_ptr_array_index(sightings, i);

        g_assert_cmpint(sighting->sample->parts[VITALS_PART_STATE], ==, expected);
    }
    return sightings->len;
}

/* One by one, as with Xen: a guest that does not tell its state for once has not ended. */
static void
test_no_bulk(void)
{
    g_autofree char *uri = node_uri();
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new(uri);
    const VitalsDriver *driver = hypervisor->driver;
    VitalsConnection *connection = driver->connect(hypervisor, NULL);

    no_bulk = TRUE;
    g_assert_cmpuint(count_told(driver, connection, VITALS_FACT_AVAILABLE), ==, 2);
    no_state = TRUE;
    g_assert_cmpuint(count_told(driver, connection, VITALS_FACT_FAILED), ==, 2);
    no_bulk = no_state = FALSE;
    driver->disconnect(connection);
}

static void
test_unsupported(void)
{
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new("test:///default");
    const VitalsDriver *driver = hypervisor->driver;
    g_autoptr(GError) error = NULL;
    VitalsConnection *connection = driver->connect(hypervisor, &error);
    guint64 done;
    guint64 total;

    g_assert_no_error(error);
    g_assert_false(driver->progress(connection, DEFAULT_UUID, &done, &total, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED);
    g_clear_error(&error);
    g_assert_false(driver->dump(connection, DEFAULT_UUID, 1, "/nowhere/vmcore",
                                VITALS_DUMP_KDUMP_ZLIB, &error));
    g_assert_nonnull(error);
    g_assert_true(error->domain == VITALS_HYPERVISOR_ERROR);
    g_clear_error(&error);
    /* another run of it is not meant */
    g_assert_false(driver->dump(connection, DEFAULT_UUID, 2, "/nowhere/vmcore",
                                VITALS_DUMP_KDUMP_ZLIB, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_GONE);
    g_clear_error(&error);
    g_assert_false(driver->act(connection, DEFAULT_UUID, 2, VITALS_ACTION_DESTROY, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_GONE);
    driver->disconnect(connection);
}

static void
test_unreachable(gconstpointer data)
{
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new(data);
    g_autoptr(GError) error = NULL;

    g_assert_null(hypervisor->driver->connect(hypervisor, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED);
    g_assert_nonnull(strstr(error->message, data));
}

typedef struct {
    guint started;
    guint booted;
    guint stopped;
    guint paused;
    guint resumed;
    int id;
} Heard;

static void
on_event(const char *uuid, const char *name, int id, VitalsEvent event, const char *detail,
         gpointer data)
{
    Heard *heard = data;

    g_assert_cmpstr(uuid, ==, DEFAULT_UUID);
    g_assert_cmpstr(name, ==, "test");
    heard->started += event == VITALS_EVENT_STARTED;
    heard->booted += event == VITALS_EVENT_STARTED && g_str_equal(detail, VITALS_DETAIL_BOOTED);
    heard->stopped += event == VITALS_EVENT_STOPPED;
    heard->paused += event == VITALS_EVENT_PAUSED;
    heard->resumed += event == VITALS_EVENT_RESUMED;
    if (event == VITALS_EVENT_STARTED)
        heard->id = id;
}

static void
on_closed(gpointer data)
{
    g_assert_not_reached();
}

/* Connections to test:///default share one host: what another one does is heard. */
static void
test_events(void)
{
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new("test:///default");
    const VitalsDriver *driver = hypervisor->driver;
    g_autoptr(GError) error = NULL;
    VitalsConnection *connection = driver->connect(hypervisor, &error);
    virConnectPtr other = virConnectOpen("test:///default");
    virDomainPtr domain = virDomainLookupByName(other, "test");
    Heard heard = { 0 };

    g_assert_no_error(error);
    g_assert_true(driver->subscribe(connection, on_event, on_closed, &heard, &error));
    g_assert_cmpint(virDomainSuspend(domain), ==, 0);
    g_assert_cmpint(virDomainResume(domain), ==, 0);
    g_assert_cmpint(virDomainDestroy(domain), ==, 0);
    g_assert_cmpint(virDomainCreate(domain), ==, 0);
    scene_until(heard.paused == 1 && heard.resumed == 1 && heard.stopped == 1 && heard.started == 1,
                3);
    g_assert_cmpint(heard.id, >, 0);
    g_assert_cmpuint(heard.booted, ==, 1);

    /* after the end of the connection nothing is heard any more */
    driver->disconnect(connection);
    g_assert_cmpint(virDomainSuspend(domain), ==, 0);
    g_assert_cmpint(virDomainResume(domain), ==, 0);
    scene_run(0.2);
    g_assert_cmpuint(heard.paused, ==, 1);
    virDomainFree(domain);
    virConnectClose(other);
}

/* What somebody paused is left alone, whatever was decided before. */
static void
test_act_on_paused(void)
{
    g_autoptr(VitalsHypervisor) hypervisor = vitals_hypervisor_libvirt_new("test:///default");
    const VitalsDriver *driver = hypervisor->driver;
    g_autoptr(GError) error = NULL;
    VitalsConnection *connection = driver->connect(hypervisor, &error);
    virConnectPtr other = virConnectOpen("test:///default");
    virDomainPtr domain = virDomainLookupByName(other, "test");
    int id = (int)virDomainGetID(domain);

    g_assert_no_error(error);
    g_assert_cmpint(virDomainSuspend(domain), ==, 0);
    g_assert_false(driver->act(connection, DEFAULT_UUID, id, VITALS_ACTION_DESTROY, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "paused"));
    g_clear_error(&error);
    g_assert_cmpint(virDomainIsActive(domain), ==, 1);

    g_assert_cmpint(virDomainResume(domain), ==, 0);
    g_assert_true(driver->act(connection, DEFAULT_UUID, id, VITALS_ACTION_RESTART, &error));
    g_assert_no_error(error);

    /* one that is off is started, one that runs goes on, whichever run that is */
    g_assert_cmpint(virDomainDestroy(domain), ==, 0);
    g_assert_true(driver->act(connection, DEFAULT_UUID, -1, VITALS_ACTION_START, &error));
    g_assert_cmpint(virDomainIsActive(domain), ==, 1);
    g_assert_true(driver->act(connection, DEFAULT_UUID, -1, VITALS_ACTION_START, &error));
    g_assert_no_error(error);
    driver->disconnect(connection);
    virDomainFree(domain);
    virConnectClose(other);
}

/* A whole daemon on the test driver. */
static void
test_daemon(void)
{
    g_autofree char *uri = node_uri();
    Scene scene = { 0 };
    g_autoptr(GError) error = NULL;

    scene_set_up(&scene, NULL);
    scene.daemon =
        vitals_daemon_new(vitals_hypervisor_libvirt_new(uri), uri, scene.settings, &error);
    g_assert_no_error(error);
    scene_until(scene_is(&scene, "paused", "paused"), 3);
    scene_until(scene_is(&scene, "runs", "unknown"), 3);
    g_assert_false(scene_is(&scene, "off", "unknown"));
    g_assert_cmpuint(scene_n_incidents(&scene), ==, 0);
    scene_tear_down(&scene, NULL);
}

/* The verb ends after the command of ExecOnIncident= has; this driver cannot dump, which is told. */
static void
test_verb_capture(void)
{
    g_autofree char *root = g_dir_make_tmp("test-verb-capture-XXXXXX", NULL);
    g_autofree char *config = g_build_filename(root, "config", NULL);
    g_autofree char *told = g_build_filename(root, "told", NULL);
    g_autofree char *text =
        g_strdup_printf("[Store]\nExecOnIncident=sh -c \"sleep 0.5; cat > '%s'\"\n", told);
    g_autofree char *manifest = NULL;

    g_assert_true(g_file_set_contents(config, text, -1, NULL));
    {
        g_auto(TestRun) run = test_run_program("capture", "-c", "test:///default", "--config",
                                               config, "--state-dir", root, "test", NULL);

        g_assert_cmpint(run.status, ==, 1);
        g_assert_nonnull(strstr(run.err, "virt-vitals: no dump: failed: "));
    }
    g_assert_true(g_file_get_contents(told, &manifest, NULL, NULL));
    g_assert_nonnull(strstr(manifest, "\"cause\": \"requested\""));
    test_remove_tree(root);
}

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    g_test_add_func("/contract/fake", test_contract_fake);
    g_test_add_func("/contract/libvirt-default", test_contract_default);
    g_test_add_func("/contract/libvirt-node", test_contract_node);
    g_test_add_func("/libvirt/node", test_node);
    g_test_add_func("/libvirt/no-bulk", test_no_bulk);
    g_test_add_func("/libvirt/survey", test_survey);
    g_test_add_func("/libvirt/capabilities", test_capabilities);
    g_test_add_func("/libvirt/unsupported", test_unsupported);
    g_test_add_func("/libvirt/events", test_events);
    g_test_add_func("/libvirt/act-on-paused", test_act_on_paused);
    g_test_add_func("/libvirt/verb-capture", test_verb_capture);
    g_test_add_func("/libvirt/daemon", test_daemon);
    g_test_add_data_func("/libvirt/unreachable/file", "test:///nowhere/node.xml", test_unreachable);
    g_test_add_data_func("/libvirt/unreachable/socket", "qemu+unix:///system?socket=/nowhere/sock",
                         test_unreachable);
    g_test_add_data_func("/libvirt/unreachable/driver", "nosuchdriver:///system", test_unreachable);
    return g_test_run();
}
