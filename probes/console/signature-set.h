/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/signature.h"

#include <glib.h>

/* What reading the signatures makes and looking them up uses; nobody else needs it. */

struct VitalsSignatures {
    GPtrArray *list;
    GPtrArray *literal_texts;
    GPtrArray *owners; /* for each literal a GPtrArray of the signatures that have it */
    VitalsLiterals *literals;
    GHashTable *skips; /* name of a [Skip NAME] -> VitalsNames */
    GPtrArray *shape_texts[VITALS_SHAPE_MAX];
    VitalsPattern *shapes[VITALS_SHAPE_MAX]; /* NULL if there are no texts */
    GHashTable *by_id;
    GPtrArray *renames;    /* of VitalsRename */
    GHashTable *functions; /* a function as printed -> the name that titles show */
};

/* [Rename NAME]: functions that go by another name, as they are the same to the reader. */
typedef struct {
    char *name;
    VitalsNames *names;
} VitalsRename;
