/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The units of the bounds in rows of options: microseconds and bytes. */
#define MILLISECOND G_GINT64_CONSTANT(1000)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB G_GINT64_CONSTANT(1024)
#define MIB (1024 * KIB)
