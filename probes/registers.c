/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/registers.h"

#include <string.h>

#define X86_INTERRUPT_FLAG (1u << 9)

/* The number behind @key within [@from, @end). */
static gboolean
number_behind(const char *from, const char *end, const char *key, guint64 *ret_value)
{
    const char *at = g_strstr_len(from, end - from, key);
    char *stop = NULL;

    if (!at)
        return FALSE;
    at += strlen(key);
    *ret_value = g_ascii_strtoull(at, &stop, 16);
    return stop > at && stop <= end;
}

static gboolean
parse_one(const char *from, const char *end, VitalsRegisters *ret_registers)
{
    guint64 pc;
    guint64 flags;
    guint64 halted;

    if (!number_behind(from, end, "RIP=", &pc) && !number_behind(from, end, "EIP=", &pc))
        return FALSE;
    if (!number_behind(from, end, "RFL=", &flags) && !number_behind(from, end, "EFL=", &flags))
        return FALSE;
    if (!number_behind(from, end, "HLT=", &halted))
        return FALSE;
    *ret_registers = (VitalsRegisters){
        .pc = pc,
        .interrupts_off = !(flags & X86_INTERRUPT_FLAG),
        .halted = halted != 0,
    };
    return TRUE;
}

GArray *
vitals_registers_parse(const char *text, guint most)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(VitalsRegisters));
    const char *from = strstr(text, "CPU#");

    while (from && list->len < most) {
        const char *next = strstr(from + 1, "CPU#");
        VitalsRegisters registers;

        if (!parse_one(from, next ? next : from + strlen(from), &registers))
            break;
        g_array_append_val(list, registers);
        from = next;
    }
    return list;
}

gboolean
vitals_registers_apic_is_off(const char *text)
{
    const char *line = strstr(text, "SPIV");
    const char *end = line ? strchr(line, '\n') : NULL;

    return end && g_strstr_len(line, end - line, "APIC disabled") != NULL;
}
