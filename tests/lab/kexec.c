// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kexec [-p] KERNEL INITRD COMMAND-LINE: the lab guest's kernel makes way for that one, without a reset of the machine
 * or of its devices; with -p not now but when it panics, which it does then to save its memory.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    bool on_panic = argc > 1 && strcmp(argv[1], "-p") == 0;
    char **words = argv + (on_panic ? 2 : 1);
    int kernel;
    int initrd;

    if (argv + argc != words + 3) {
        fputs("usage: kexec [-p] KERNEL INITRD COMMAND-LINE\n", stderr);
        return 2;
    }
    kernel = open(words[0], O_RDONLY | O_CLOEXEC);
    initrd = open(words[1], O_RDONLY | O_CLOEXEC);
    if (kernel < 0 || initrd < 0 ||
        syscall(SYS_kexec_file_load, kernel, initrd, strlen(words[2]) + 1, words[2],
                on_panic ? (unsigned long)KEXEC_FILE_ON_CRASH : 0UL) != 0) {
        perror("kexec");
        return 1;
    }
    if (on_panic)
        return 0;
    syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
    perror("kexec");
    return 1;
}
