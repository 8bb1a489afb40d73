/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-paths.h"
#include "probes/rule.h"
#include "probes/serial-ports.h"

/*
 * Files and devices of the host that a definition names.
 */

#define FACT "the files of the host that the definition names"

static VitalsAnswer
check_dsk010(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) disks = vitals_xml_all(definition->devices, "disk");
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < disks->len; i++) {
        const char *path = vitals_xml_value(disks->pdata[i], "source/@dev");
        const VitalsHostPath *found = vitals_host_path(definition, path);

        if (!path || g_strcmp0(vitals_xml_attribute(disks->pdata[i], "type"), "block") != 0)
            continue;
        if (!found)
            vitals_findings_add_unknown(findings, FACT);
        else if (found->kind == VITALS_PATH_FILE) {
            VitalsFinding *finding = vitals_findings_add(
                findings, disks->pdata[i],
                "'%s' is a file, but the disk is of type 'block': QEMU refuses it and "
                "the guest will not start",
                path);

            VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_SAFE);

            vitals_fix_set_attribute(fix, disks->pdata[i], "type", "file");
            vitals_fix_rename_attribute(fix, vitals_xml_first(disks->pdata[i], "source"), "dev",
                                        "file");
        }
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_dsk010 = {
    .id = "DSK010",
    .name = "file-as-device",
    .title = "regular file declared as a block device",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = FACT,
    .why = "QEMU's driver for devices refuses a file, so the guest does not start.",
    .bad = "<devices>\n"
           "  <disk type='block'>\n"
           "    <driver name='qemu' type='raw'/>\n"
           "    <source dev='/img/a.raw'/><target dev='vda'/>\n"
           "  </disk>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <disk type='file'>\n"
            "    <driver name='qemu' type='raw'/>\n"
            "    <source file='/img/a.raw'/><target dev='vda'/>\n"
            "  </disk>\n"
            "</devices>",
    .remedy = "use <disk type='file'> and <source file=…/>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None. Links are followed, as oVirt's lead to devices.",
    .evidence = (const char *const[]){ "measured: \"'host_device' driver requires … to be either a "
                                       "character or block device\"",
                                       NULL },
    .check = check_dsk010,
};

/* Whether the start needs the path that a console or channel names. */
static gboolean
has_to_exist(const VitalsXmlNode *device)
{
    const char *type = vitals_xml_attribute(device, "type");

    if (g_strcmp0(type, "pipe") == 0 || g_strcmp0(type, "dev") == 0)
        return TRUE;
    return g_strcmp0(type, "unix") == 0 &&
           g_strcmp0(vitals_xml_value(device, "source/@mode"), "connect") == 0;
}

static VitalsAnswer
check_ser014(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GPtrArray) devices = vitals_serial_character_devices(definition);
    VitalsAnswer answer = VITALS_ANSWER_NOT_APPLICABLE;

    for (guint i = 0; i < devices->len; i++) {
        const char *path = vitals_xml_value(devices->pdata[i], "source/@path");
        const VitalsHostPath *found = vitals_host_path(definition, path);

        if (!path || !has_to_exist(devices->pdata[i]))
            continue;
        if (!found)
            vitals_findings_add_unknown(findings, FACT);
        else if (found->kind == VITALS_PATH_ABSENT)
            vitals_findings_add(findings, devices->pdata[i],
                                "there is no '%s' on this host: the guest will not start", path);
        answer = vitals_findings_answer(findings);
    }
    return answer;
}

const VitalsRule vitals_rule_ser014 = {
    .id = "SER014",
    .name = "console-path-missing",
    .title = "pipe, socket or host device named by a console does not exist",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .needs = FACT,
    .why = "libvirt looks for the path before it starts QEMU, so the start fails.",
    .bad = "<devices>\n"
           "  <serial type='pipe'><source path='/run/vm.pipe'/></serial>\n"
           "</devices>",
    .good = "<devices>\n"
            "  <serial type='pty'><log file='/var/log/vm.log' append='on'/></serial>\n"
            "</devices>",
    .remedy = "create it, or use a pty with a <log>",
    .exceptions = "Paths that a hook or a service makes just before the guest starts.",
    .evidence =
        (const char *const[]){ "measured: \"unable to stat: …: No such file or directory\"", NULL },
    .check = check_ser014,
};
