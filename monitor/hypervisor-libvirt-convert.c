/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hypervisor-libvirt.h"

#include <libvirt/virterror.h>

/* VitalsDriver's convert: what libvirt makes of a hypervisor's own form of a definition. Nothing is
 * defined by it. */

char *
vitals_libvirt_convert(VitalsConnection *base, const char *text, GError **error)
{
    VitalsLibvirtConnection *self = (VitalsLibvirtConnection *)base;
    char *xml;

    virResetLastError();
    /* the name of xl's form in libvirt (XEN_CONFIG_FORMAT_XL in its xenconfig) */
    xml = virConnectDomainXMLFromNative(self->connection, "xen-xl", text, 0);
    if (!xml)
        vitals_libvirt_take_error(error, self->connection, "libvirt cannot convert it");
    return xml;
}
