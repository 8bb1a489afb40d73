/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/log.h"

#include <string.h>

static void
speak(void)
{
    g_unsetenv("JOURNAL_STREAM");
    g_unsetenv("G_MESSAGES_DEBUG");
    vitals_log_start();
    g_message("%s", "a\nb\tc\x1b[2J\r\nd\xff\xe2\x80\xae kept \\x0a");
    g_warning("%s", "careful");
    g_info("%s", "not to be seen");
}

/* Each message is one line with its time and its weight, printable whatever was in it. */
static void
test_lines(void)
{
    if (g_test_subprocess()) {
        speak();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("20*Z note: a b c\\x1b[2J d\\xff* kept \\x0a\n"
                              "20*Z warning: careful\n");
    g_test_trap_assert_stderr_unmatched("*not to be seen*");
    g_test_trap_assert_stderr_unmatched("*\x1b*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    g_test_add_func("/log/lines", test_lines);
    return g_test_run();
}
