/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"
#include "config/text.h"

#include <libvirt/virterror.h>

/*
 * Definitions: what libvirt thinks of one, and putting another in its place.
 */

/* What libvirt says of the definition itself; anything else is about the connection or the host. */
static gboolean
is_refusal(const virError *last)
{
    static const int codes[] = {
        VIR_ERR_XML_ERROR,          VIR_ERR_XML_DETAIL, VIR_ERR_CONFIG_UNSUPPORTED,
        VIR_ERR_XML_INVALID_SCHEMA, VIR_ERR_OS_TYPE,
    };

    for (guint i = 0; last && i < G_N_ELEMENTS(codes); i++) {
        if (last->code == codes[i])
            return TRUE;
    }
    return FALSE;
}

char *
vitals_libvirt_check(VitalsConnection *base, const char *xml, GError **error)
{
    virConnectPtr connection = ((VitalsLibvirtConnection *)base)->connection;
    const char *format =
        g_strcmp0(virConnectGetType(connection), "Xen") == 0 ? "xen-xl" : "qemu-argv";
    g_autofree char *native = NULL;
    char *reason;

    virResetLastError();
    native = virConnectDomainXMLToNative(connection, format, xml, 0);
    if (native)
        return g_strdup("");
    if (!is_refusal(virGetLastError())) {
        vitals_libvirt_take_error(error, connection, "cannot ask libvirt");
        return NULL;
    }
    reason = vitals_text_printable(virGetLastErrorMessage(), -1);
    virResetLastError();
    return reason;
}

static virDomainPtr
look_up_persistent(virConnectPtr connection, const char *name, GError **error)
{
    virDomainPtr domain = virDomainLookupByUUIDString(connection, name);

    if (!domain)
        domain = virDomainLookupByName(connection, name);
    if (!domain) {
        vitals_libvirt_take_error(error, connection, "cannot look the domain up");
        return NULL;
    }
    virResetLastError();
    if (virDomainIsPersistent(domain) == 1)
        return domain;
    virDomainFree(domain);
    g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                        "the guest is transient: there is no definition to change");
    return NULL;
}

char *
vitals_libvirt_whole_definition(VitalsConnection *base, const char *name, GError **error)
{
    virConnectPtr connection = ((VitalsLibvirtConnection *)base)->connection;
    g_autoptr(virDomain) domain = look_up_persistent(connection, name, error);
    char *xml;

    if (!domain)
        return NULL;
    xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    if (!xml)
        vitals_libvirt_take_error(error, connection, "cannot read the definition");
    return xml;
}

gboolean
vitals_libvirt_redefine(VitalsConnection *base, const char *name, const char *before,
                        const char *after, GError **error)
{
    virConnectPtr connection = ((VitalsLibvirtConnection *)base)->connection;
    g_autofree char *now = vitals_libvirt_whole_definition(base, name, error);
    g_autoptr(virDomain) domain = NULL;

    if (!now)
        return FALSE;
    if (!g_str_equal(now, before)) {
        g_set_error_literal(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_FAILED,
                            "the definition has changed meanwhile; try again");
        return FALSE;
    }
    domain = virDomainDefineXMLFlags(connection, after, VIR_DOMAIN_DEFINE_VALIDATE);
    if (!domain)
        vitals_libvirt_take_error(error, connection, "libvirt does not take the new definition");
    return domain != NULL;
}
