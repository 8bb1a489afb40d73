/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/whereabouts.h"

/*
 * By the beginning of a function's name. The innermost function that is known decides: a packet that is
 * received while a file is written is about the network.
 */
static const struct {
    const char *beginning;
    const char *what;
} places[] = {
    { "__netif_receive_skb", "while the kernel received a network packet" },
    { "net_rx_action", "while the kernel received network packets" },
    { "__napi_poll", "while the kernel received network packets" },
    { "__dev_queue_xmit", "while the kernel sent a network packet" },
    { "dev_hard_start_xmit", "while the kernel sent a network packet" },
    { "net_tx_action", "while the kernel sent network packets" },
    { "nf_hook_slow", "in the kernel's packet filter" },
    { "tcp_v4_rcv", "in the kernel's TCP" },
    { "tcp_v6_rcv", "in the kernel's TCP" },
    { "tcp_sendmsg", "in the kernel's TCP" },
    { "ext4_", "in the file system ext4" },
    { "xfs_", "in the file system XFS" },
    { "btrfs_", "in the file system Btrfs" },
    { "nfs_", "in the file system NFS" },
    { "nfs4_", "in the file system NFS" },
    { "ovl_", "in the file system overlayfs" },
    { "blk_mq_", "while the kernel served a disk" },
    { "submit_bio", "while the kernel served a disk" },
    { "scsi_", "while the kernel served a disk" },
    { "nvme_", "while the kernel served a disk" },
    { "call_timer_fn", "in a kernel timer" },
    { "__handle_irq_event_percpu", "while the kernel served a device's interrupt" },
    { "do_init_module", "while the kernel loaded a module" },
    { "process_one_work", "in a background task of the kernel" },
};

const char *
vitals_whereabouts(const GPtrArray *functions)
{
    for (guint i = 0; functions && i < functions->len; i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(places); j++) {
            if (g_str_has_prefix(g_ptr_array_index(functions, i), places[j].beginning))
                return places[j].what;
        }
    }
    return NULL;
}
