/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/rule.h"

/**
 * VitalsFixer: how a definition is to be fixed
 * @lint: judges it, (transfer full): the rules, suppressions and host that count; may change the
 *   definition's @host and @today
 * @data: passed to it
 * @unsafe: apply unsafe fixes too
 */
typedef struct {
    VitalsFindings *(*lint)(VitalsDefinition *definition, gpointer data);
    gpointer data;
    gboolean unsafe;
} VitalsFixer;

/**
 * VitalsFixed: what came of it
 * @bytes: the document, in its own encoding, ended by a NUL; the same bytes if nothing was to be done
 * @length: its bytes without that NUL
 * @done: (element-type utf8): one line per fix that was applied, safe to show
 * @left: fixes that were held back: they are unsafe
 * @failed: (element-type VitalsRule): rules whose fix did not cure the finding or made an error, and
 *   was taken back: mistakes of ours
 */
typedef struct {
    char *bytes;
    gsize length;
    GPtrArray *done;
    guint left;
    GHashTable *failed;
} VitalsFixed;

/**
 * vitals_fixer_run:
 * @source: what the bytes are called in errors, as it came
 * @bytes: a definition's XML
 * @length: its bytes
 * @error: location for an error of domain %VITALS_XML_ERROR
 *
 * Applies the fixes of what is found, judges the result, and goes on until nothing is left. A fix is
 * kept only if there are fewer findings of its rule and no more errors than before. Pure.
 *
 * Returns: (transfer full) (nullable): the result; %NULL if @bytes is no definition, or cannot be
 *   written back byte for byte in its encoding
 */
VitalsFixed *vitals_fixer_run(const VitalsFixer *fixer, const char *source, const char *bytes,
                              gsize length, GError **error);

void vitals_fixed_free(VitalsFixed *fixed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsFixed, vitals_fixed_free)
