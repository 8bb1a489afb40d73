/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/option.h"

static const char *const hook_words[] = { "never", "error", "warning", "notice", NULL };

/* The choice of lint rules. */
const VitalsOption vitals_options_lint[] = {
    {
        .section = "Lint",
        .key = "Select",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "The lint rules to use, here and by 'virt-vitals lint': ids, names or beginnings of "
            "ids (SER), separated by blanks. Empty takes all that are no matter of taste.",
    },
    {
        .section = "Lint",
        .key = "Ignore",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "Lint rules to leave out, likewise. What one guest accepts stands better in its own "
            "metadata, with a reason and a date: 'virt-vitals lint --help' shows how.",
    },
    {
        .section = "Lint",
        .key = "Profile",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text =
            "What this site cares for: crash-capture, passthrough, autostart, xen or production "
            "(all of them), separated by blanks. A profile makes warnings of its notices and adds "
            "rules that are a matter of taste elsewhere.",
    },
    {
        .section = "Lint",
        .key = "Severity",
        .type = VITALS_OPTION_STRING,
        .fallback = "",
        .text = "Severities that differ here, as RULE:SEVERITY separated by blanks: SER001:warning "
                "MEM:error. Severities are notice, warning and error.",
    },
    {
        .section = "Lint",
        .key = "HookBlocks",
        .type = VITALS_OPTION_WORD,
        .fallback = "never",
        .words = hook_words,
        .text =
            "What a finding has to be for the libvirt hook to refuse a guest's start. The hook "
            "always tells its findings in libvirt's log. It starts the guest whenever it cannot "
            "judge it within 2 s.",
    },
    { .section = NULL },
};
