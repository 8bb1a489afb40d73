/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"
#include "monitor/survey.h"

#include <libvirt/virterror.h>
#include <string.h>

/* VitalsDriver's survey: what a connection tells of its host in one go. */

static void
free_domain(gpointer data)
{
    VitalsSurveyDomain *domain = data;

    g_free(domain->name);
    g_free(domain->uuid);
    g_free(domain->inactive);
    g_free(domain->live);
    g_free(domain);
}

/* libvirt's strings are malloc's, as GLib's are. Returns %NULL for a domain that has gone meanwhile. */
static VitalsSurveyDomain *
read_domain(virDomainPtr domain)
{
    VitalsSurveyDomain *result = g_new0(VitalsSurveyDomain, 1);
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    int is_autostart = 0;

    result->name = g_strdup(virDomainGetName(domain));
    if (virDomainGetUUIDString(domain, uuid) == 0)
        result->uuid = g_strdup(uuid);
    result->is_active = virDomainIsActive(domain) == 1;
    if (virDomainGetAutostart(domain, &is_autostart) == 0)
        result->is_autostart = is_autostart != 0;
    result->inactive = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
    if (result->is_active)
        result->live = virDomainGetXMLDesc(domain, 0);
    if (!result->inactive || !result->uuid)
        g_clear_pointer((gpointer *)&result, free_domain);
    return result;
}

static gint
compare_domains(gconstpointer left, gconstpointer right)
{
    return strcmp((*(const VitalsSurveyDomain *const *)left)->name,
                  (*(const VitalsSurveyDomain *const *)right)->name);
}

static gboolean
read_domains(VitalsSurvey *survey, virConnectPtr connection, GError **error)
{
    virDomainPtr *domains = NULL;
    int count;

    virResetLastError();
    count = virConnectListAllDomains(connection, &domains, 0);
    if (count < 0) {
        vitals_libvirt_take_error(error, connection, "cannot list the domains");
        return FALSE;
    }
    for (int i = 0; i < count; i++) {
        gboolean is_dom0 = virDomainGetID(domains[i]) == 0 &&
                           g_strcmp0(virDomainGetName(domains[i]), "Domain-0") == 0;
        VitalsSurveyDomain *domain = is_dom0 ? NULL : read_domain(domains[i]);

        if (domain)
            g_ptr_array_add(survey->domains, domain);
        virDomainFree(domains[i]);
    }
    free(domains);
    g_ptr_array_sort(survey->domains, compare_domains);
    return TRUE;
}

static void
read_networks(VitalsSurvey *survey, virConnectPtr connection)
{
    virNetworkPtr *networks = NULL;
    int count = virConnectListAllNetworks(connection, &networks, 0);

    if (count < 0)
        return;
    survey->networks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 0; i < count; i++) {
        VitalsHostNetwork network = { .is_active = virNetworkIsActive(networks[i]) == 1 };
        int is_autostart = 0;

        if (virNetworkGetAutostart(networks[i], &is_autostart) == 0)
            network.is_autostart = is_autostart != 0;
        g_hash_table_replace(survey->networks, g_strdup(virNetworkGetName(networks[i])),
                             g_memdup2(&network, sizeof network));
        virNetworkFree(networks[i]);
    }
    free(networks);
}

/* As networks; those whose driver is not there bring none. */
static void
read_pools(VitalsSurvey *survey, virConnectPtr connection)
{
    virStoragePoolPtr *pools = NULL;
    int count = virConnectListAllStoragePools(connection, &pools, 0);

    if (count < 0)
        return;
    survey->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (int i = 0; i < count; i++) {
        VitalsHostNetwork pool = { .is_active = virStoragePoolIsActive(pools[i]) == 1 };
        int is_autostart = 0;

        if (virStoragePoolGetAutostart(pools[i], &is_autostart) == 0)
            pool.is_autostart = is_autostart != 0;
        g_hash_table_replace(survey->pools, g_strdup(virStoragePoolGetName(pools[i])),
                             g_memdup2(&pool, sizeof pool));
        virStoragePoolFree(pools[i]);
    }
    free(pools);
}

/* 1,000,000 * major + 1,000 * minor + release (virConnectGetVersion) */
static char *
read_version(virConnectPtr connection)
{
    unsigned long version = 0;

    if (virConnectGetVersion(connection, &version) != 0 || version == 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

VitalsSurvey *
vitals_libvirt_survey(VitalsConnection *base, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    g_autoptr(VitalsSurvey) survey = g_new0(VitalsSurvey, 1);

    survey->domains = g_ptr_array_new_with_free_func(free_domain);
    if (!read_domains(survey, self->connection, error))
        return NULL;
    read_networks(survey, self->connection);
    read_pools(survey, self->connection);
    survey->capabilities = virConnectGetCapabilities(self->connection);
    survey->domain_capabilities =
        virConnectGetDomainCapabilities(self->connection, NULL, NULL, NULL, NULL, 0);
    survey->version = read_version(self->connection);
    virResetLastError();
    return g_steal_pointer(&survey);
}
