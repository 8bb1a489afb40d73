/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/contract.h"
#include "probes/outline.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"

static void
check_sweep(VitalsConnection *connection, const char *name, const char *known)
{
    g_autoptr(GError) error = NULL;
    gint64 before = g_get_monotonic_time();
    g_autoptr(GPtrArray) sightings =
        connection->hypervisor->driver->sweep(connection, NULL, &error);
    guint found = 0;

    g_assert_no_error(error);
    for (guint i = 0; i < sightings->len; i++) {
        const VitalsSighting *sighting = g_ptr_array_index(sightings, i);

        g_assert_nonnull(sighting->name);
        g_assert_true(g_uuid_string_is_valid(sighting->uuid));
        g_assert_cmpint(sighting->id, >, 0);
        g_assert_true(vitals_sample_has(sighting->sample, VITALS_PART_STATE));
        g_assert_cmpint(sighting->sample->parts[VITALS_PART_CONTROL], !=, VITALS_FACT_NOT_ASKED);
        g_assert_cmpint(sighting->sample->parts[VITALS_PART_VCPU], !=, VITALS_FACT_NOT_ASKED);
        g_assert_cmpint(sighting->sample->parts[VITALS_PART_BALLOON], ==, VITALS_FACT_NOT_ASKED);
        g_assert_cmpint(sighting->sample->at, >=, before);
        g_assert_cmpint(sighting->sample->at, <=, g_get_monotonic_time());
        if (!g_str_equal(sighting->uuid, known))
            continue;
        found++;
        g_assert_cmpstr(sighting->name, ==, name);
        g_assert_cmpint(sighting->sample->state, ==, VITALS_DOMAIN_RUNNING);
    }
    g_assert_cmpuint(found, ==, 1);
}

/* It tells what is asked for and nothing else. */
static void
check_spared(VitalsConnection *connection, const char *known)
{
    g_autoptr(GHashTable) spared = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sightings = NULL;

    g_hash_table_insert(spared, (gpointer)known,
                        GUINT_TO_POINTER(VITALS_SPARE_CONTROL | VITALS_SPARE_VCPUS));
    sightings = connection->hypervisor->driver->sweep(connection, spared, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < sightings->len; i++) {
        const VitalsSighting *sighting = g_ptr_array_index(sightings, i);
        const VitalsFactState *parts = sighting->sample->parts;
        gboolean left_out = g_str_equal(sighting->uuid, known);

        g_assert_true(vitals_sample_has(sighting->sample, VITALS_PART_STATE));
        g_assert_cmpint(parts[VITALS_PART_CONTROL] == VITALS_FACT_NOT_ASKED, ==, left_out);
        g_assert_cmpint(parts[VITALS_PART_VCPU] == VITALS_FACT_NOT_ASKED, ==, left_out);
    }
}

static void
check_definition(VitalsConnection *connection, const char *name, const char *known)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(GError) error = NULL;
    g_autofree char *by_uuid = driver->definition(connection, known, FALSE, &error);
    g_autofree char *by_name = driver->definition(connection, name, FALSE, &error);
    g_autoptr(VitalsOutline) outline = NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(by_uuid, ==, by_name);
    outline = vitals_outline_new(name, by_uuid, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(outline->memory, >, 0);
    g_assert_cmpuint(outline->vcpus, >, 0);
}

/* An answer with a value or one that there is none, or an error of the seam's own. */
static void
check_balloon(VitalsConnection *connection, const char *known)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VitalsSample) sample =
        connection->hypervisor->driver->balloon(connection, known, &error);

    g_assert_true((sample != NULL) != (error != NULL));
    if (sample)
        g_assert_true(vitals_sample_has(sample, VITALS_PART_BALLOON) ||
                      sample->parts[VITALS_PART_BALLOON] == VITALS_FACT_ABSENT);
    else
        g_assert_true(error->domain == VITALS_HYPERVISOR_ERROR);
}

static void
expect_gone(GError *error)
{
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_GONE);
    g_error_free(error);
}

static void
check_nobody(VitalsConnection *connection)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    GError *errors[6] = { NULL };
    guint64 done;
    guint64 total;

    g_assert_null(driver->definition(connection, NOBODY, FALSE, &errors[0]));
    g_assert_null(driver->balloon(connection, NOBODY, &errors[1]));
    g_assert_false(driver->set_balloon_period(connection, NOBODY, 1, &errors[2]));
    g_assert_false(
        driver->dump(connection, NOBODY, 1, "/nowhere/vmcore", VITALS_DUMP_ELF, &errors[3]));
    g_assert_false(driver->progress(connection, NOBODY, &done, &total, &errors[4]));
    g_assert_false(driver->act(connection, NOBODY, 1, VITALS_ACTION_RESET, &errors[5]));
    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++)
        expect_gone(errors[i]);
}

static void
on_event(const char *uuid, const char *name, int id, VitalsEvent event, const char *detail,
         gpointer data)
{
}

static void
on_closed(gpointer data)
{
    g_assert_not_reached();
}

/* A connection carries one subscription; for another a new connection is made. */
static void
check_subscription(VitalsConnection *connection)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(GError) error = NULL;

    g_assert_true(driver->subscribe(connection, on_event, on_closed, NULL, &error));
    g_assert_no_error(error);
    g_assert_false(driver->subscribe(connection, on_event, on_closed, NULL, &error));
    g_assert_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED);
}

void
contract_check(VitalsHypervisor *hypervisor, const char *name, const char *known)
{
    g_autoptr(GError) error = NULL;
    VitalsConnection *connection = hypervisor->driver->connect(hypervisor, &error);

    g_assert_no_error(error);
    g_assert_true(connection->hypervisor == hypervisor);
    check_sweep(connection, name, known);
    check_spared(connection, known);
    check_definition(connection, name, known);
    check_balloon(connection, known);
    check_nobody(connection);
    check_subscription(connection);
    check_sweep(connection, name, known);
    hypervisor->driver->disconnect(connection);
}
