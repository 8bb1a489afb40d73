// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kexec KERNEL INITRD COMMAND-LINE: the lab guest's kernel makes way for that one, without a reset of the machine or
 * of its devices.
 */
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    int kernel;
    int initrd;

    if (argc != 4) {
        fputs("usage: kexec KERNEL INITRD COMMAND-LINE\n", stderr);
        return 2;
    }
    kernel = open(argv[1], O_RDONLY | O_CLOEXEC);
    initrd = open(argv[2], O_RDONLY | O_CLOEXEC);
    if (kernel < 0 || initrd < 0 ||
        syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], 0UL) != 0) {
        perror("kexec");
        return 1;
    }
    syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
    perror("kexec");
    return 1;
}
