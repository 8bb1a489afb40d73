/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/host-facts.h"

/*
 * What the collectors of facts share: small files below a root directory. For monitor/facts*.c only.
 */

/* Returns: (transfer full) (nullable): a small file's text without white space at its ends; %NULL if
 * there is no such regular file or it may not be read */
char *vitals_facts_read_text(const char *root, const char *path);

/* Likewise of "directory/entry/name". */
char *vitals_facts_read_of(const char *root, const char *directory, const char *entry,
                           const char *name);

/* Returns: (transfer full): the last part of what a link points to; "" if there is none */
char *vitals_facts_read_link(const char *root, const char *directory, const char *entry,
                             const char *name);

/* Returns: (transfer full) (nullable) */
GDir *vitals_facts_open_directory(const char *root, const char *path);

/* Whether there is anything of that name; %FALSE too where that cannot be looked up. */
gboolean vitals_facts_exists(const char *root, const char *path);

/**
 * vitals_facts_read_settings:
 * @path: a file of lines "name = value": what shells, libvirt's qemu.conf and systemd's files have in
 *   common. Quotes around a value are taken off, comments and headers of sections skipped.
 * @settings: (element-type utf8 utf8): what it says is added here
 *
 * Returns: whether all that it says is known: it could be read, or is not there
 */
gboolean vitals_facts_read_settings(const char *root, const char *path, GHashTable *settings);

/* An empty table for the above. Returns: (transfer full) */
GHashTable *vitals_facts_settings_new(void);

/**
 * vitals_facts_collect_words:
 *
 * Fills in what there is to know of @facts->words without libvirt. At "/" it runs `xl info` and
 * `xl dmesg` in a dom0 and `makedumpfile -v`, each for two seconds at the most; at another root it reads
 * what they print from the files "xl-info", "xl-dmesg" and "makedumpfile-version" there.
 */
void vitals_facts_collect_words(VitalsHostFacts *facts, const char *root);

/* Those about the boot; the former calls it. */
void vitals_facts_collect_boot(VitalsHostFacts *facts, const char *root);

/* Those about libvirt's own configuration; the former calls it. */
void vitals_facts_collect_libvirt_words(VitalsHostFacts *facts, const char *root);

/* Fills in @facts->filesystems and the word about hugetlbfs from /proc/self/mounts. Asks no network file system for its space. */
void vitals_facts_collect_mounts(VitalsHostFacts *facts, const char *root);
