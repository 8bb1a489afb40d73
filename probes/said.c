/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/said.h"
#include "config/text.h"

#include <string.h>

const char *
vitals_said_name(VitalsSaid said)
{
    static const char *const names[VITALS_N_SAID] = {
        [VITALS_SAID_NOTHING] = "nothing", [VITALS_SAID_PANIC] = "panic",
        [VITALS_SAID_STALL] = "stall",     [VITALS_SAID_HUNG_TASK] = "hung-task",
        [VITALS_SAID_OOM] = "oom",         [VITALS_SAID_FAULT] = "fault",
        [VITALS_SAID_STORAGE] = "storage", [VITALS_SAID_STOPPED] = "stopped",
        [VITALS_SAID_LOOP] = "loop",       [VITALS_SAID_FLOOD] = "flood",
        [VITALS_SAID_KDUMP] = "kdump",     [VITALS_SAID_ASLEEP] = "asleep",
        [VITALS_SAID_OTHER] = "other",
    };
    return (guint)said < VITALS_N_SAID ? names[said] : "invalid";
}

static gboolean
is_one_of(const char *word, const char *const *words)
{
    return word && g_strv_contains(words, word);
}

VitalsSaid
vitals_said_by_report(const VitalsSignature *signature)
{
    static const char *const stopped[] = { "EMERGENCY", "BOOT", "DEBUGGER", NULL };
    static const char *const storage[] = { "FILESYSTEM", "IO-ERROR", "IO-TIMEOUT", NULL };
    static const char *const harmless[] = { "REBOOT", "SERVICE", "NETWORK", "GETTY", NULL };

    if (signature->health == VITALS_CONSOLE_CRASHED)
        return VITALS_SAID_PANIC;
    if (g_strcmp0(signature->kind, "KDUMP") == 0)
        return VITALS_SAID_KDUMP;
    if (g_strcmp0(signature->kind, "SLEEP") == 0)
        return VITALS_SAID_ASLEEP;
    if (signature->severity < VITALS_CONSOLE_ERROR || is_one_of(signature->kind, harmless))
        return VITALS_SAID_OTHER;
    if (signature->health == VITALS_CONSOLE_STUCK || is_one_of(signature->kind, stopped))
        return VITALS_SAID_STOPPED;
    if (g_strcmp0(signature->kind, "OOM") == 0)
        return VITALS_SAID_OOM;
    if (signature->health == VITALS_CONSOLE_UNRESPONSIVE)
        return VITALS_SAID_STALL;
    if (g_strcmp0(signature->kind, "HANG") == 0)
        return VITALS_SAID_HUNG_TASK;
    return is_one_of(signature->kind, storage) ? VITALS_SAID_STORAGE : VITALS_SAID_FAULT;
}

VitalsSaid
vitals_said_by_loop(const VitalsLoop *loop)
{
    return loop->severity >= VITALS_CONSOLE_WARNING ? VITALS_SAID_LOOP : VITALS_SAID_OTHER;
}

void
vitals_utterance_set_title(VitalsUtterance *utterance, const char *title)
{
    /* a backslash stays one, so that a title that is read back is the same */
    g_autofree char *printable = vitals_text_printable_lines(title, -1);
    gsize length = strlen(printable);

    g_strdelimit(printable, "\n\t", ' ');
    if (length >= VITALS_TITLE_MAX)
        length =
            (gsize)(g_utf8_find_prev_char(printable, printable + VITALS_TITLE_MAX) - printable);
    memcpy(utterance->title, printable, length);
    utterance->title[length] = '\0';
}
