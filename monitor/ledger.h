/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"

/*
 * What has to outlive a restart of ours: which run of which guest had a pulse, which already has its
 * incident, when it was last dumped, and whose balloon period is ours to undo. One small file, STATE/guests.json,
 * replaced whole. It belongs to one boot of the host, as libvirt's numbers do.
 */
typedef struct VitalsLedger VitalsLedger;

/* Reads STATE/guests.json; one that is missing, odd or of another boot is an empty one. Blocks. */
VitalsLedger *vitals_ledger_load(const char *state_dir);
void vitals_ledger_free(VitalsLedger *ledger);

/* Tells a guest that was just found what is known of this run of it. One whose incident was not settled when
 * its monitor was killed begins a new one if it is still dead. */
void vitals_ledger_recall(const VitalsLedger *ledger, VitalsGuest *guest);

/* Notes how it stands. Returns: whether that differs from what was noted before */
gboolean vitals_ledger_note(VitalsLedger *ledger, const VitalsGuest *guest);

/* Forgets a guest that ended. Returns: whether it was noted */
gboolean vitals_ledger_forget(VitalsLedger *ledger, const VitalsGuest *guest);

/* Returns: (transfer full): the file's text as it should be now */
char *vitals_ledger_text(const VitalsLedger *ledger);

/* Replaces the file. Blocks on the disk. */
gboolean vitals_ledger_write(const char *state_dir, const char *text, GError **error);
