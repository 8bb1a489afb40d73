/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/report.h"

#include <glib.h>

/* Further titles are counted only, so that a guest cannot make us remember everything it invents. */
enum { VITALS_REPORTS_MAX = 256 };

/* @ended: a report, @again if one of that title was there before; or @begun: one begins with @line; or, with
 * @again, the kernel gives up there, as it does because of @ended or of the report that is still open */
typedef void (*VitalsAssemblyFunc)(const VitalsSignature *begun, const VitalsReport *ended,
                                   gboolean again, guint64 line, gpointer user);

/**
 * VitalsAssembly: sorts lines into reports
 *
 * Lines of several CPUs and tasks are kept apart by printk's caller ids where the kernel writes
 * them. What follows from a report (the panic after an oops) belongs to it: the first is the cause.
 */
typedef struct VitalsAssembly VitalsAssembly;

/* @signatures: borrowed. @func: called from within the functions below */
VitalsAssembly *vitals_assembly_new(VitalsSignatures *signatures, VitalsAssemblyFunc func,
                                    gpointer user);
void vitals_assembly_free(VitalsAssembly *assembly);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsAssembly, vitals_assembly_free)

/**
 * vitals_assembly_add:
 * @candidates: (transfer container) (nullable): what begins with this line
 * @now: the line's time
 */
void vitals_assembly_add(VitalsAssembly *assembly, const VitalsLine *line, GPtrArray *candidates,
                         gint64 now);

/* Ends all open reports. */
void vitals_assembly_close(VitalsAssembly *assembly);

/* Whether a report has begun and not ended. */
gboolean vitals_assembly_is_open(const VitalsAssembly *assembly);

/* Returns: (element-type VitalsReport): one for each title, counted */
const GPtrArray *vitals_assembly_reports(const VitalsAssembly *assembly);

/* How many reports were not kept as there were %VITALS_REPORTS_MAX of them. */
guint64 vitals_assembly_dropped(const VitalsAssembly *assembly);
