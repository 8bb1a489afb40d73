/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Facts about a host that are one text each. A fact has a name in files of facts and a meaning that is
 * told where it is missing.
 */

typedef enum {
    VITALS_HOST_BOOT_CMDLINE,       /* options that the boot loader's configuration names */
    VITALS_HOST_BOOT_FILE,          /* where they stand, e.g. "/etc/default/grub" */
    VITALS_HOST_BOOT_PENDING,       /* "yes" if that file is newer than the boot, else "no" */
    VITALS_HOST_CPU_VENDOR,         /* as in /proc/cpuinfo, "GenuineIntel" */
    VITALS_HOST_VIRTUAL,            /* "yes" if the host is a virtual machine itself, else "no" */
    VITALS_HOST_UNKNOWN_PARAMETERS, /* what the kernel called unknown at boot; "" for nothing */
    VITALS_HOST_JOURNAL_STORAGE,    /* journald's Storage=, "auto" where nobody set it */
    VITALS_HOST_JOURNAL_DIRECTORY,  /* "yes" if /var/log/journal is there, else "no" */
    VITALS_HOST_LOG_SHIPPING, /* the service that keeps or sends logs beside journald; "" for none */
    VITALS_HOST_LOG_SYNC,     /* when log2ram writes to the disk, as systemd's OnCalendar */
    VITALS_HOST_PSTORE_BACKEND,   /* "efi_pstore"; "(null)" for none */
    VITALS_HOST_PSTORE_SERVICE,   /* "enabled", "disabled" or "" if there is no such service */
    VITALS_HOST_CRASH_SIZE,       /* bytes that are reserved for a crash kernel */
    VITALS_HOST_CRASH_LOADED,     /* "1" if one is loaded */
    VITALS_HOST_WATCHDOG,         /* "active", "inactive" or "none" */
    VITALS_HOST_RUNTIME_WATCHDOG, /* systemd's RuntimeWatchdogSec=, "off" where nobody set it */
    VITALS_HOST_NETCONSOLE,       /* interfaces that netconsole uses, with blanks; "" for none */
    VITALS_HOST_PANIC,            /* sysctl kernel.panic, and likewise below */
    VITALS_HOST_PANIC_ON_OOPS,
    VITALS_HOST_SOFTLOCKUP_PANIC,
    VITALS_HOST_HARDLOCKUP_PANIC,
    VITALS_HOST_HUNG_TASK_PANIC,
    VITALS_HOST_UNKNOWN_NMI_PANIC,
    VITALS_HOST_NMI_WATCHDOG,
    VITALS_HOST_SYSRQ,
    VITALS_HOST_STDIO_HANDLER, /* qemu.conf, its default where nobody set it, and likewise below */
    VITALS_HOST_QEMU_USER,     /* "" where the distribution's own choice holds and is not known */
    VITALS_HOST_DUMP_PATH,
    VITALS_HOST_DUMP_FORMAT,
    VITALS_HOST_MAX_CORE,
    VITALS_HOST_CHARDEV_TLS,  /* "1" if consoles on TCP have TLS without being asked */
    VITALS_HOST_LOG_MAX_SIZE, /* virtlogd.conf */
    VITALS_HOST_LOG_MAX_BACKUPS,
    VITALS_HOST_GUESTS_SERVICE, /* libvirt-guests: "enabled", "disabled" or "" if not installed */
    VITALS_HOST_GUESTS_ON_SHUTDOWN, /* "suspend" or "shutdown", as it takes effect */
    VITALS_HOST_GUESTS_TIMEOUT,     /* SHUTDOWN_TIMEOUT */
    VITALS_HOST_LIBVIRT_HOOKS,      /* hooks for guests below /etc/libvirt/hooks, with blanks */
    VITALS_HOST_PLAIN_DUMPS,  /* scripts that call virsh dump without --memory-only, with blanks */
    VITALS_HOST_MAKEDUMPFILE, /* its version, "1.7.2"; "" if it is not installed */
    VITALS_HOST_QEMU_VERSION, /* of the QEMU that libvirt uses, "7.2.22" */
    VITALS_HOST_HUGETLBFS, /* sizes of page, KiB, of the hugetlbfs that are mounted, with blanks */
    VITALS_HOST_MEMORY,    /* MemTotal in KiB */
    VITALS_HOST_SWAP,      /* SwapTotal in KiB */
    VITALS_HOST_XEN_CMDLINE,     /* the hypervisor's, of a dom0 */
    VITALS_HOST_XEN_ABILITIES,   /* what it can virtualise, with blanks: `xl info` says virt_caps */
    VITALS_HOST_XEN_UNKNOWN,     /* options that it called unknown at boot, with blanks */
    VITALS_HOST_XEN_AUTOBALLOON, /* libxl.conf: "0", "1" or "auto" */
    VITALS_HOST_XENCONSOLED,     /* arguments of the xenconsoled that runs */
    VITALS_HOST_MDEV_AUTOSTART,  /* UUIDs of mediated devices that boot makes, with blanks */
    VITALS_HOST_TTY_CONSOLES,    /* terminals that are the host's own console, with blanks */
    VITALS_HOST_TTY_LOGINS,      /* terminals where systemd waits for a login, with blanks */
    VITALS_N_HOST_WORDS,
} VitalsHostWord;

/* What it is called in a file of facts. */
const char *vitals_host_word_name(VitalsHostWord word);

/* What to say where it is missing: "journald's Storage= on the host". */
const char *vitals_host_word_meaning(VitalsHostWord word);
