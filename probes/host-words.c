/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/host-words.h"

static const struct {
    const char *name;
    const char *meaning;
} words[] = {
    [VITALS_HOST_BOOT_CMDLINE] = { "boot_cmdline", "the host's boot configuration" },
    [VITALS_HOST_BOOT_FILE] = { "boot_file", "the host's boot configuration" },
    [VITALS_HOST_BOOT_PENDING] = { "boot_pending", "when the boot configuration was changed" },
    [VITALS_HOST_CPU_VENDOR] = { "cpu_vendor", "the vendor of the host's processor" },
    [VITALS_HOST_VIRTUAL] = { "virtual", "whether the host is a virtual machine itself" },
    [VITALS_HOST_UNKNOWN_PARAMETERS] = { "unknown_parameters",
                                         "the boot messages of the host's kernel" },
    [VITALS_HOST_JOURNAL_STORAGE] = { "journal_storage", "journald's Storage= on the host" },
    [VITALS_HOST_JOURNAL_DIRECTORY] = { "journal_directory",
                                        "whether the host has /var/log/journal" },
    [VITALS_HOST_LOG_SHIPPING] = { "log_shipping", "the host's other log services" },
    [VITALS_HOST_LOG_SYNC] = { "log_sync", "how often log2ram writes to the disk" },
    [VITALS_HOST_PSTORE_BACKEND] = { "pstore_backend", "the host's pstore backend" },
    [VITALS_HOST_PSTORE_SERVICE] = { "pstore_service", "whether systemd-pstore is enabled" },
    [VITALS_HOST_CRASH_SIZE] = { "crash_size", "the memory reserved for a crash kernel" },
    [VITALS_HOST_CRASH_LOADED] = { "crash_loaded", "whether a crash kernel is loaded" },
    [VITALS_HOST_WATCHDOG] = { "watchdog", "the state of the host's watchdog" },
    [VITALS_HOST_RUNTIME_WATCHDOG] = { "runtime_watchdog", "systemd's RuntimeWatchdogSec=" },
    [VITALS_HOST_NETCONSOLE] = { "netconsole", "the interfaces of the host's netconsole" },
    [VITALS_HOST_PANIC] = { "panic", "the host's sysctl kernel.panic" },
    [VITALS_HOST_PANIC_ON_OOPS] = { "panic_on_oops", "the host's sysctl kernel.panic_on_oops" },
    [VITALS_HOST_SOFTLOCKUP_PANIC] = { "softlockup_panic",
                                       "the host's sysctl kernel.softlockup_panic" },
    [VITALS_HOST_HARDLOCKUP_PANIC] = { "hardlockup_panic",
                                       "the host's sysctl kernel.hardlockup_panic" },
    [VITALS_HOST_HUNG_TASK_PANIC] = { "hung_task_panic",
                                      "the host's sysctl kernel.hung_task_panic" },
    [VITALS_HOST_UNKNOWN_NMI_PANIC] = { "unknown_nmi_panic",
                                        "the host's sysctl kernel.unknown_nmi_panic" },
    [VITALS_HOST_NMI_WATCHDOG] = { "nmi_watchdog", "the host's sysctl kernel.nmi_watchdog" },
    [VITALS_HOST_SYSRQ] = { "sysrq", "the host's sysctl kernel.sysrq" },
    [VITALS_HOST_STDIO_HANDLER] = { "stdio_handler", "stdio_handler in the host's qemu.conf" },
    [VITALS_HOST_QEMU_USER] = { "qemu_user", "the user that QEMU runs as" },
    [VITALS_HOST_DUMP_PATH] = { "auto_dump_path", "auto_dump_path in the host's qemu.conf" },
    [VITALS_HOST_DUMP_FORMAT] = { "dump_image_format",
                                  "dump_image_format in the host's qemu.conf" },
    [VITALS_HOST_MAX_CORE] = { "max_core", "max_core in the host's qemu.conf" },
    [VITALS_HOST_CHARDEV_TLS] = { "chardev_tls", "chardev_tls in the host's qemu.conf" },
    [VITALS_HOST_LOG_MAX_SIZE] = { "log_max_size", "max_size in the host's virtlogd.conf" },
    [VITALS_HOST_LOG_MAX_BACKUPS] = { "log_max_backups",
                                      "max_backups in the host's virtlogd.conf" },
    [VITALS_HOST_GUESTS_SERVICE] = { "guests_service", "whether libvirt-guests is enabled" },
    [VITALS_HOST_GUESTS_ON_SHUTDOWN] = { "guests_on_shutdown", "libvirt-guests' ON_SHUTDOWN" },
    [VITALS_HOST_GUESTS_TIMEOUT] = { "guests_timeout", "libvirt-guests' SHUTDOWN_TIMEOUT" },
    [VITALS_HOST_LIBVIRT_HOOKS] = { "libvirt_hooks", "libvirt's hooks on the host" },
    [VITALS_HOST_PLAIN_DUMPS] = { "plain_dumps", "scripts on the host that dump guests" },
    [VITALS_HOST_MAKEDUMPFILE] = { "makedumpfile", "the version of the host's makedumpfile" },
    [VITALS_HOST_QEMU_VERSION] = { "qemu_version", "the version of the host's QEMU" },
    [VITALS_HOST_HUGETLBFS] = { "hugetlbfs", "the host's mounts of hugetlbfs" },
    [VITALS_HOST_MEMORY] = { "memory_kib", "the host's memory" },
    [VITALS_HOST_SWAP] = { "swap_kib", "the host's swap space" },
    [VITALS_HOST_XEN_CMDLINE] = { "xen_cmdline", "the Xen hypervisor's command line" },
    [VITALS_HOST_XEN_ABILITIES] = { "xen_abilities", "what the Xen hypervisor can virtualise" },
    [VITALS_HOST_XEN_UNKNOWN] = { "xen_unknown_parameters",
                                  "the boot messages of the Xen hypervisor" },
    [VITALS_HOST_XEN_AUTOBALLOON] = { "xen_autoballoon", "autoballoon in the host's libxl.conf" },
    [VITALS_HOST_XENCONSOLED] = { "xenconsoled", "the arguments of the host's xenconsoled" },
    [VITALS_HOST_MDEV_AUTOSTART] = { "mdev_autostart",
                                     "which mediated devices the host makes when it boots" },
    [VITALS_HOST_TTY_CONSOLES] = { "tty_consoles", "the terminals of the host's own console" },
    [VITALS_HOST_TTY_LOGINS] = { "tty_logins", "the serial terminals of the host's logins" },
};

G_STATIC_ASSERT(G_N_ELEMENTS(words) == VITALS_N_HOST_WORDS);

const char *
vitals_host_word_name(VitalsHostWord word)
{
    return words[word].name;
}

const char *
vitals_host_word_meaning(VitalsHostWord word)
{
    return words[word].meaning;
}
