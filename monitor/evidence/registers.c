/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/piece.h"

extern const VitalsPiece vitals_piece_registers;

static const char *
refuse(const VitalsEvidenceRequest *request)
{
    return request->registers_allowed
               ? NULL
               : "reading them marks the domain as tainted, and DeepProbe=never does not allow it";
}

static void
append(GString *text, guint vcpu, const VitalsRegisters *registers)
{
    g_string_append_printf(text, "vCPU %u: %s, interrupts %s, at 0x%" G_GINT64_MODIFIER "x\n", vcpu,
                           registers->halted ? "halted" : "running",
                           registers->interrupts_off ? "off" : "on", registers->pc);
}

static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(VitalsSample) sample = NULL;
    GString *text;

    if (!driver->registers) {
        g_set_error(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                    "this hypervisor does not tell them");
        return NULL;
    }
    sample = driver->registers(connection, request->uuid, error);
    if (!sample)
        return NULL;
    text = g_string_new(NULL);
    for (guint i = 0; i < sample->n_registers; i++)
        append(text, i, &sample->registers[i]);
    return g_string_free_to_bytes(text);
}

const VitalsPiece vitals_piece_registers = {
    .name = "registers",
    .file = "registers.txt",
    .deadline = 500 * G_TIME_SPAN_MILLISECOND,
    .asks_libvirt = TRUE,
    .asks_qemu = TRUE,
    .refuse = refuse,
    .collect = collect,
};
