/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/verdict.h"

/* What a verdict is to those who have to act on it: one key of `[Policy]` each. */
typedef enum {
    VITALS_TROUBLE_NONE,
    VITALS_TROUBLE_CRASHED,        /* it panicked and said so */
    VITALS_TROUBLE_KERNEL_DEAD,    /* its kernel or its vCPUs fell silent */
    VITALS_TROUBLE_USERSPACE_DEAD, /* its kernel lives, nothing above it does */
    VITALS_TROUBLE_STUCK,          /* QEMU itself does not answer */
    VITALS_TROUBLE_PAUSED,         /* by an I/O error or a watchdog, not by somebody's wish */
    VITALS_TROUBLE_DEGRADED,       /* it lives, but something is wrong */
    VITALS_N_TROUBLES,
} VitalsTrouble;

/* "none", "crashed", "kernel-dead", "userspace-dead", "stuck", "paused", "degraded" */
const char *vitals_trouble_name(VitalsTrouble trouble);

/* The trouble of that name; NONE for any other word or %NULL. */
VitalsTrouble vitals_trouble_find(const char *name);

/* By the health and the layer of @cause; NONE if there is nothing to act on. */
VitalsTrouble vitals_trouble_of(const VitalsCause *cause);

/* What to do about it, the mildest first: each does what stands before it too, but for the last step. */
typedef enum {
    VITALS_RESPONSE_UNSET, /* nothing is said about it */
    VITALS_RESPONSE_NOTHING,
    VITALS_RESPONSE_INCIDENT,
    VITALS_RESPONSE_CAPTURE,
    VITALS_RESPONSE_CAPTURE_INJECT_NMI,
    VITALS_RESPONSE_CAPTURE_RESET,
    VITALS_RESPONSE_CAPTURE_RESTART,
    VITALS_RESPONSE_CAPTURE_DESTROY,
    VITALS_N_RESPONSES,
} VitalsResponse;

/* "unset", "nothing", "incident", "capture", "capture-inject-nmi", "capture-reset",
 * "capture-restart", "capture-destroy" */
const char *vitals_response_name(VitalsResponse response);

/* The response of that name; UNSET for any other word or %NULL. */
VitalsResponse vitals_response_find(const char *name);
