// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vvfault.ko fault=NAME [cpu=N]: what userspace of a lab guest cannot do to its own kernel.
 *
 * The faults that stop one CPU run from a kernel thread bound to it, so that insmod returns first and
 * the console can still say what was asked for. Loading it on a machine you care about is a bad idea.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>

static char *fault = "";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "which fault to cause");

static unsigned int cpu;
module_param(cpu, uint, 0);
MODULE_PARM_DESC(cpu, "the CPU that suffers it, unless it is for all of them");

/* Long enough for the console to write out the lines before the fault. */
#define SETTLE_MS 100

static void
spin_forever(void *unused)
{
    local_irq_disable();
    for (;;)
        cpu_relax();
}

static void
halt_forever(void *unused)
{
    local_irq_disable();
    for (;;)
        asm volatile("hlt");
}

/* Interrupts stay on, so the watchdog's timer fires; nothing else is scheduled on this CPU. */
static void
hog_forever(void *unused)
{
    preempt_disable();
    for (;;)
        cpu_relax();
}

/* The same from a thread that nothing may preempt, as a real-time program gone wild. */
static void
hog_by_priority(void *unused)
{
    sched_set_fifo(current);
    for (;;)
        cpu_relax();
}

/* As who waits for a lock or a disk that never answers. */
static void
wait_forever(void *unused)
{
    for (;;) {
        set_current_state(TASK_UNINTERRUPTIBLE);
        schedule();
    }
}

static void
panic_now(void *unused)
{
    panic("vvfault: panic as asked for");
}

static void
oops_now(void *unused)
{
    *(volatile int *)8 = 0;
}

/* As a protocol's handler that trusts a packet: the softirq that brings the first one dies in it. */
static int
receive_badly(struct sk_buff *skb, struct net_device *device, struct packet_type *type,
              struct net_device *original)
{
    *(volatile int *)8 = skb->len;
    kfree_skb(skb);
    return NET_RX_DROP;
}

static struct packet_type ip_packets = {
    .type = htons(ETH_P_IP),
    .func = receive_badly,
};

static void
wait_for_packet(void *unused)
{
    dev_add_pack(&ip_packets);
}

static const struct vvfault {
    const char *name;
    void (*run)(void *unused);
    bool everywhere;
} faults[] = {
    { "spin", spin_forever, false }, { "spin-all", spin_forever, true },
    { "hlt", halt_forever, false },  { "hlt-all", halt_forever, true },
    { "soft", hog_forever, false },  { "fifo", hog_by_priority, false },
    { "hung", wait_forever, false }, { "panic", panic_now, false },
    { "oops", oops_now, false },     { "receive", wait_for_packet, false },
};

static int
run_fault(void *data)
{
    const struct vvfault *chosen = data;

    msleep(SETTLE_MS);
    if (chosen->everywhere)
        on_each_cpu(chosen->run, NULL, 0);
    else
        chosen->run(NULL);
    return 0;
}

static const struct vvfault *
find_fault(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(faults); i++) {
        if (!strcmp(faults[i].name, name))
            return &faults[i];
    }
    return NULL;
}

static int __init
vvfault_init(void)
{
    const struct vvfault *chosen = find_fault(fault);
    struct task_struct *thread;

    if (!chosen || !cpu_online(cpu)) {
        pr_err("no fault '%s' on cpu %u\n", fault, cpu);
        return -EINVAL;
    }

    thread = kthread_create(run_fault, (void *)chosen, "vvfault");
    if (IS_ERR(thread))
        return PTR_ERR(thread);
    kthread_bind(thread, cpu);
    wake_up_process(thread);
    return 0;
}
module_init(vvfault_init);

MODULE_DESCRIPTION("Faults for virt-vitals' lab guests");
MODULE_LICENSE("GPL");
