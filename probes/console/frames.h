/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/signature.h"

#include <glib.h>

/**
 * VitalsFrame: one function of a call trace, or the one the program counter was in
 * @name: without what compiler and architecture add to it; stays until frames are read again
 * @trace: number of the call trace it is in, 0 before the first
 * @reliable: %FALSE for what merely lay on the stack (`? foo+0x1/0x2`)
 * @interrupted: whether it was running when the trace was made, not its caller's interrupt handler
 * @pc: whether it is from the registers
 */
typedef struct {
    const char *name;
    guint trace;
    gboolean reliable;
    gboolean interrupted;
    gboolean pc;
} VitalsFrame;

/**
 * vitals_frames_read:
 * @text: the lines of a report
 *
 * Returns: (transfer full) (element-type VitalsFrame): all frames up to where the report begins to
 *   tell of other things (who allocated the memory, what other tasks do)
 */
GPtrArray *vitals_frames_read(VitalsSignatures *signatures, const char *text, gsize length);

/**
 * vitals_frames_function:
 *
 * Makes the name that titles show: `do_thing.part.3` is do_thing, `__x64_sys_open` is sys_open.
 *
 * Returns: (transfer full): the name
 */
char *vitals_frames_function(VitalsSignatures *signatures, const char *name);

/* Whether @signature leaves out functions of that name. */
gboolean vitals_frames_skipped(const VitalsSignature *signature, const char *name);

/**
 * vitals_frames_choose:
 * @frames: as vitals_frames_read() returned them
 *
 * Returns: (transfer none) (nullable): the function the report is about, looked for in @source
 */
const char *vitals_frames_choose(VitalsSignatures *signatures, const VitalsSignature *signature,
                                 const GPtrArray *frames, VitalsFrameSource source);
