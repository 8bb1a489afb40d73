/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/evidence/kernel-log.h"
#include "monitor/evidence/piece.h"

extern const VitalsPiece vitals_piece_host_hardware;

/* How the kernel begins what it says of failing hardware: PCIe errors (aer.c), IOMMU faults (dmar.c,
 * amd/iommu.c, arm-smmu), machine checks (mce.c, ghes.c, edac_mc.c), passthrough, disks, and of memory
 * that ran out. */
static const char *const picks[] = {
    "AER:",        "PCIe Bus Error", "DMAR: ", "IOMMU", "AMD-Vi",         "arm-smmu",
    "mce: ",       "Machine check",  "EDAC",   "vfio",  "Hardware Error", "I/O error",
    "oom-killer:", "Out of memory",  "kvm [",  NULL,
};

/* Days, not minutes: a corrected error of last night explains the dead guest of this morning. */
static GBytes *
collect(VitalsConnection *connection, const VitalsEvidenceRequest *request, GError **error)
{
    char *text =
        vitals_kernel_log_read(request->root, request->opened - G_TIME_SPAN_DAY, picks, error);

    return text ? vitals_piece_from_text(text) : NULL;
}

const VitalsPiece vitals_piece_host_hardware = {
    .name = "the host's hardware errors",
    .file = "host-hardware.log",
    .deadline = 3 * G_TIME_SPAN_SECOND,
    .collect = collect,
};
