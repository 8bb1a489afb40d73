/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * What libvirt itself says of a definition: its schema, and its validators.
 */

static VitalsAnswer
check_xml001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (vitals_xml_root(definition->xml) != definition->domain)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (!definition->violations)
        vitals_findings_add_unknown(findings, "what libvirt's schema says of the definition");
    for (guint i = 0; definition->violations && i < definition->violations->len; i++) {
        const VitalsViolation *violation = definition->violations->pdata[i];
        const VitalsXmlNode *where = vitals_xml_nth(definition->xml, violation->element);

        if (where)
            vitals_findings_add(findings, where, "libvirt's schema: %s", violation->message);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xml001 = {
    .id = "XML001",
    .name = "not-in-schema",
    .title = "definition violates libvirt's schema",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .needs = "libvirt's schema, which is installed with libvirt",
    .why = "libvirt does not hold definitions against its schema unless it is asked to "
           "(`virsh define --validate`). A misspelt element or attribute is forgotten without a "
           "word, and the guest runs without what its owner believes it has.",
    .bad = "<memory>1048576</memory>\n"
           "<devices>\n"
           "  <memballoon model='virtio' freePageReportting='on'/>\n"
           "</devices>",
    .good = "<memory>1048576</memory>\n"
            "<devices>\n"
            "  <memballoon model='virtio' freePageReporting='on'/>\n"
            "</devices>",
    .remedy = "correct the spelling or place, or drop what libvirt does not know; "
              "`virt-xml-validate` says the same in libxml2's words",
    .exceptions =
        "The schema is that of the libvirt installed here: what a newer libvirt understands is not "
        "in "
        "it. So it is a warning. --schema names another one, and --schema none switches this off.",
    .evidence =
        (const char *const[]){ "measured: libvirt 9.0 defines a guest with <bogus/> in <devices>, "
                               "and dumpxml shows it without",
                               "https://libvirt.org/manpages/virsh.html#define: --validate", NULL },
    .check = check_xml001,
};

static VitalsAnswer
check_xml002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (definition->accepted == VITALS_UNKNOWN && !definition->refusal)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (definition->accepted == VITALS_UNKNOWN)
        vitals_findings_add_unknown(findings, "what libvirt says of the definition (%s)",
                                    definition->refusal);
    if (definition->accepted == VITALS_NO)
        vitals_findings_add(findings, definition->domain, "libvirt refuses the definition: %s",
                            definition->refusal);
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_xml002 = {
    .id = "XML002",
    .name = "refused-by-libvirt",
    .title = "libvirt refuses the definition",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "libvirt has some 550 reasons to refuse a definition that are in no schema. Its own "
           "answer comes before the deployment this way, in its own words.",
    .bad = "<memory>1048576</memory>\n"
           "<devices>\n"
           "  <interface type='user'><mac address='01:00:5e:00:00:01'/></interface>\n"
           "</devices>",
    .good = "<memory>1048576</memory>\n"
            "<devices>\n"
            "  <interface type='user'><mac address='52:54:00:00:00:01'/></interface>\n"
            "</devices>",
    .remedy = "do as libvirt says",
    .exceptions =
        "Asked only for files, and only with --connect: libvirt is made to translate the "
        "definition "
        "(virConnectDomainXMLToNative), which has no effects. Its answer is about that host: a "
        "machine type or emulator may be missing there alone. Read-only connections cannot ask.",
    .evidence =
        (const char *const[]){ "libvirt src/conf/domain_validate.c, src/qemu/qemu_validate.c",
                               NULL },
    .check = check_xml002,
};
