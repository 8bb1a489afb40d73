/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * vitals_libvirt_loop_join: makes libvirt's events part of GLib's default main context
 *
 * libvirt calls back from the main loop from then on: for domain events, broken connections and its
 * keep-alive. To be called once, on the main thread, before the first connection is opened. Does not block.
 *
 * Each call that a worker makes switches its socket's watch off and on again and moves its keep-alive timer.
 * Here that is two system calls at most and wakes nobody; with one GSource for each watch, as libvirt-glib
 * has it, the main loop woke up several times for each call, which cost more than the calls (measured).
 */
void vitals_libvirt_loop_join(void);
