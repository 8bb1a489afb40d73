/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/kvm.h"

#include <string.h>

/* @place: of the figure in VitalsKvm */
typedef struct {
    const char *name;
    gsize place;
} Figure;

static const Figure figures[] = {
    { "time", G_STRUCT_OFFSET(VitalsKvm, ns) },
    { "exits.sum", G_STRUCT_OFFSET(VitalsKvm, exits) },
    { "irq_exits.sum", G_STRUCT_OFFSET(VitalsKvm, host_exits) },
    { "halt_exits.sum", G_STRUCT_OFFSET(VitalsKvm, halts) },
    { "irq_injections.sum", G_STRUCT_OFFSET(VitalsKvm, interrupts) },
};

/* Until all are there @known counts them, a bit each. */
#define ALL ((1 << G_N_ELEMENTS(figures)) - 1)

void
vitals_kvm_take(GArray *list, const char *field, guint64 value, guint most)
{
    guint64 vcpu;
    char *end;

    if (!g_str_has_prefix(field, "vcpu.") || !g_ascii_isdigit(field[strlen("vcpu.")]))
        return;
    vcpu = g_ascii_strtoull(field + strlen("vcpu."), &end, 10);
    if (*end != '.' || vcpu >= most)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(figures); i++) {
        VitalsKvm *kvm;

        if (!g_str_equal(end + 1, figures[i].name))
            continue;
        if (vcpu >= list->len)
            g_array_set_size(list, (guint)vcpu + 1);
        kvm = &g_array_index(list, VitalsKvm, vcpu);
        G_STRUCT_MEMBER(guint64, kvm, figures[i].place) = value;
        kvm->known |= 1 << i;
    }
}

gboolean
vitals_kvm_finish(GArray *list)
{
    gboolean any = FALSE;

    for (guint i = 0; i < list->len; i++) {
        VitalsKvm *kvm = &g_array_index(list, VitalsKvm, i);

        if (kvm->known == (gboolean)ALL)
            kvm->known = TRUE;
        else
            *kvm = (VitalsKvm){ 0 };
        any = any || kvm->known;
    }
    return any;
}
