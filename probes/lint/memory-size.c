/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"

/*
 * How much memory the guest is given, and in what units that is written.
 */

/* Below this no system with emulated hardware boots that anybody runs; a forgotten unit makes a guest of
 * some 4 MiB. */
#define PLAUSIBLE_KIB (32 * 1024)

static gboolean
is_implausible(const VitalsXmlNode *size)
{
    guint64 kib;

    /* zero means "the rest" to libvirt */
    return vitals_definition_memory(size, &kib) && kib > 0 && kib < PLAUSIBLE_KIB;
}

/* Both sizes are one finding: who forgets one unit forgets the other. */
static VitalsAnswer
check_mem001(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const names[] = { "memory", "currentMemory" };
    VitalsFix *fix = NULL;

    if (!definition->is_hvm)
        return VITALS_ANSWER_NOT_APPLICABLE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const VitalsXmlNode *size = vitals_xml_first(definition->domain, names[i]);
        const char *unit = vitals_xml_attribute(size, "unit");
        guint64 kib;

        if (!is_implausible(size))
            continue;
        vitals_definition_memory(size, &kib);
        if (findings->found->len == findings->found_before) {
            VitalsFinding *finding = vitals_findings_add(
                findings, size,
                "<%s> is %" G_GUINT64_FORMAT " KiB%s: too little for any guest to boot", names[i],
                kib, unit ? "" : ", as no unit means KiB");

            fix = unit ? NULL : vitals_finding_offer(finding, VITALS_FIX_UNSAFE);
        }
        if (fix && !unit)
            vitals_fix_set_attribute(fix, size, "unit", "MiB");
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem001 = {
    .id = "MEM001",
    .name = "memory-unit-forgotten",
    .title = "memory is implausibly small: unit forgotten",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "<memory>4096</memory> is 4 MiB, not 4 GiB. libvirt starts it and says \"running\"; the "
           "guest never boots.",
    .bad = "<memory>4096</memory>",
    .good = "<memory unit='MiB'>4096</memory>",
    .remedy = "state the unit, e.g. unit='MiB'",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Unikernels and tests of boot sectors: ignore the rule for those. The limit is 32 MiB. "
        "Paravirtualised Xen guests are not looked at, as some are that small.",
    .evidence =
        (const char *const[]){
            "measured: 4096 without a unit is accepted, started and \"running\"",
            "https://libvirt.org/formatdomain.html#memory-allocation: unit \"defaults to KiB\"",
            NULL },
    .check = check_mem001,
};

static VitalsAnswer
check_mem002(const VitalsDefinition *definition, VitalsFindings *findings)
{
    const VitalsXmlNode *current = vitals_xml_first(definition->domain, "currentMemory");
    guint64 current_kib;
    guint64 total;

    if (!vitals_definition_memory(current, &current_kib) ||
        !vitals_definition_total_memory(definition, &total) || total == 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    if (current_kib > total) {
        VitalsFinding *finding = vitals_findings_add(findings, current,
                                                     "currentMemory is %" G_GUINT64_FORMAT
                                                     " MiB and memory %" G_GUINT64_FORMAT
                                                     " MiB; libvirt cuts it down without a word",
                                                     current_kib / 1024, total / 1024);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), current);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem002 = {
    .id = "MEM002",
    .name = "current-above-maximum",
    .title = "currentMemory is larger than memory",
    .severity = VITALS_SEVERITY_WARNING,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "libvirt cuts currentMemory down at define, without a message. The growth that somebody "
           "meant does not exist.",
    .bad = "<memory unit='MiB'>512</memory>\n"
           "<currentMemory unit='MiB'>1024</currentMemory>",
    .good = "<memory unit='MiB'>1024</memory>\n"
            "<currentMemory unit='MiB'>512</currentMemory>",
    .remedy = "raise <memory>, or drop <currentMemory>",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions =
        "With <numa> cells the total is the sum of the cells and the memory modules, whatever "
        "<memory> says, and is compared so.",
    .evidence =
        (const char *const[]){ "measured: 512 and 1024 MiB became 512 and 512 without a message",
                               NULL },
    .check = check_mem002,
};

static gboolean
is_decimal(const VitalsXmlNode *size)
{
    static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB", NULL };
    const char *unit = vitals_xml_attribute(size, "unit");
    g_autofree char *upper = g_ascii_strup(unit ? unit : "", -1);

    return g_strv_contains(units, upper);
}

/* The binary units that were probably meant. */
static void
offer_binary(VitalsFinding *finding, const GPtrArray *sizes)
{
    VitalsFix *fix = vitals_finding_offer(finding, VITALS_FIX_UNSAFE);

    for (guint i = 0; i < sizes->len; i++) {
        const char *unit = vitals_xml_attribute(sizes->pdata[i], "unit");
        g_autofree char *binary = g_strdup_printf("%ciB", g_ascii_toupper(*unit));

        vitals_fix_set_attribute(fix, sizes->pdata[i], "unit", binary);
    }
}

static VitalsAnswer
check_mem003(const VitalsDefinition *definition, VitalsFindings *findings)
{
    static const char *const paths[] = { "memory", "maxMemory", "currentMemory", "memtune/*" };
    g_autoptr(GPtrArray) decimal = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GPtrArray) sizes = vitals_xml_all(definition->domain, paths[i]);

        for (guint k = 0; k < sizes->len; k++) {
            if (is_decimal(sizes->pdata[k]))
                g_ptr_array_add(decimal, sizes->pdata[k]);
        }
    }
    if (decimal->len > 0) {
        const VitalsXmlNode *first = decimal->pdata[0];

        offer_binary(vitals_findings_add(
                         findings, first,
                         "<%s> is in %s, a decimal unit%s: less than the binary one that looks "
                         "like it, and not whole in large pages",
                         vitals_xml_name(first), vitals_xml_attribute(first, "unit"),
                         decimal->len > 1 ? " (and others are)" : ""),
                     decimal);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem003 = {
    .id = "MEM003",
    .name = "decimal-memory-unit",
    .title = "decimal memory unit (KB, MB, GB, TB)",
    .severity = VITALS_SEVERITY_NOTICE,
    .drivers = VITALS_DRIVER_QEMU | VITALS_DRIVER_XEN,
    .machines = VITALS_MACHINE_ANY,
    .why = "GB is 10^9 bytes to libvirt: 7 % less than GiB, and no multiple of a large page.",
    .bad = "<memory unit='GB'>4</memory>",
    .good = "<memory unit='GiB'>4</memory>",
    .remedy = "use MiB or GiB",
    .fixes = VITALS_FIXES_UNSAFE,
    .exceptions =
        "Where the decimal size is meant. libvirt prints KiB after define, so only the file "
        "as it was written shows it. One finding for all such sizes of a guest.",
    .evidence =
        (const char *const[]){
            "https://libvirt.org/formatdomain.html#memory-allocation: table of units", NULL },
    .check = check_mem003,
};

static VitalsAnswer
check_mem006(const VitalsDefinition *definition, VitalsFindings *findings)
{
    guint64 total;
    guint64 current;
    const VitalsXmlNode *element;

    if (g_strcmp0(vitals_xml_value(definition->devices, "memballoon/@model"), "none") != 0)
        return VITALS_ANSWER_NOT_APPLICABLE;
    element = vitals_definition_balloon_gap(definition, &total, &current);
    if (element) {
        VitalsFinding *finding =
            vitals_findings_add(findings, element,
                                "currentMemory is %" G_GUINT64_FORMAT " MiB of %" G_GUINT64_FORMAT
                                " MiB, but without a balloon the guest gets it all",
                                current / 1024, total / 1024);

        vitals_fix_drop(vitals_finding_offer(finding, VITALS_FIX_SAFE), element);
    }
    return vitals_findings_answer(findings);
}

const VitalsRule vitals_rule_mem006 = {
    .id = "MEM006",
    .name = "no-balloon-to-hold-back",
    .title = "currentMemory below memory, but no balloon",
    .severity = VITALS_SEVERITY_ERROR,
    .drivers = VITALS_DRIVER_QEMU,
    .machines = VITALS_MACHINE_ANY,
    .why = "There is no device to keep the guest small, so it gets everything. Plans that count on "
           "currentMemory are wrong.",
    .bad = "<memory unit='MiB'>512</memory>\n"
           "<currentMemory unit='MiB'>256</currentMemory>\n"
           "<devices>\n"
           "  <memballoon model='none'/>\n"
           "</devices>",
    .good = "<memory unit='MiB'>512</memory>\n"
            "<devices>\n"
            "  <memballoon model='none'/>\n"
            "</devices>",
    .remedy = "make both equal, or use a virtio balloon",
    .fixes = VITALS_FIXES_SAFE,
    .exceptions = "None. Memory modules are not counted as a difference.",
    .evidence =
        (const char *const[]){
            "measured: 256 of 512 MiB with model none runs with \"Used memory: 524288 KiB\"",
            NULL },
    .check = check_mem006,
};
