/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/response.h"

/* What keeps a guest's memory from its host: <launchSecurity type='…'/>. */
typedef enum {
    VITALS_ENCRYPTION_NONE,
    VITALS_ENCRYPTION_SEV,
    VITALS_ENCRYPTION_SEV_SNP,
    VITALS_ENCRYPTION_TDX,
    VITALS_ENCRYPTION_S390_PV,
    VITALS_ENCRYPTION_OTHER, /* a type that is newer than we are, or none */
    VITALS_N_ENCRYPTIONS,
} VitalsEncryption;

/* Why a guest with it is not dumped, a whole sentence's worth; %NULL for NONE. */
const char *vitals_encryption_refusal(VitalsEncryption encryption);

/**
 * VitalsOutline: what the daemon has to know of a running domain's definition
 * @memory: the most memory the guest can use as it is, bytes; what a dump has to be expected to hold
 * @video: video memory, bytes: QEMU dumps it too
 * @vcpus: how many vCPUs it may have
 * @balloon: it has a virtio balloon, so that a statistics period makes sense
 * @balloon_period: seconds; 0 if none is set
 * @disks: it has disks
 * @disk_limit: bytes a second that the tightest limit (iotune) leaves to one of them; 0 for no limit
 * @kvm: KVM runs it
 * @agent: it has a channel for the guest agent
 * @panic_device: it can tell the host that it panicked
 * @vmcoreinfo: its kernel can leave a note of its layout, without which dumps are hard to read
 * @encryption: its memory cannot be read from outside: a dump shows nothing
 * @windows: its metadata say that it is a Windows guest
 * @libvirt_dumps: on_crash makes libvirt dump it by itself
 * @crash_destroys: on_crash throws a crashed guest's memory away
 * @wishes: what its <metadata> asks for on each trouble; UNSET where it says nothing
 * @wishes_misread: how many of its wishes are not in our words
 * @misread: (nullable): the first of them, raw, as it stands there: verdict="…" do="…"
 * @console_log: (nullable): the absolute path of the file its first console is logged to
 * @console_pty: (nullable): the path of its first console, if that is a pty of this host
 */
typedef struct {
    guint64 memory;
    guint64 video;
    guint vcpus;
    gboolean balloon;
    guint balloon_period;
    gboolean disks;
    guint64 disk_limit;
    gboolean agent;
    gboolean kvm;
    gboolean panic_device;
    gboolean vmcoreinfo;
    VitalsEncryption encryption;
    gboolean windows;
    gboolean libvirt_dumps;
    gboolean crash_destroys;
    VitalsResponse wishes[VITALS_N_TROUBLES];
    guint wishes_misread;
    char *misread;
    char *console_log;
    char *console_pty;
} VitalsOutline;

/**
 * vitals_outline_new:
 * @source: what it is called in errors
 * @xml: a domain's live XML
 *
 * The policy that a domain carries in its own definition is
 *
 *   <metadata>
 *     <vitals:policy xmlns:vitals="urn:virt-vitals:policy:1">
 *       <vitals:on verdict="crashed" do="incident"/>
 *     </vitals:policy>
 *   </metadata>
 *
 * with the words of vitals_trouble_name() and vitals_response_name().
 *
 * Returns: (transfer full) (nullable): %NULL if it cannot be parsed
 */
VitalsOutline *vitals_outline_new(const char *source, const char *xml, GError **error);
void vitals_outline_free(VitalsOutline *outline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsOutline, vitals_outline_free)
