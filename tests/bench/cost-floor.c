/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-cost-floor URI SECONDS PERIOD BALLOON_PERIOD BLOCK_PERIOD: the libvirt calls of the monitor at shipped
 * defaults, at the same pace, in a bare loop that throws the answers away. What it and libvirtd spend is the
 * least that asking so often can cost: tests/bench/cost compares the monitor with it. Periods in seconds.
 *
 * The calls are of the monitor's kinds, at its paces, and come one after the other. Who cannot keep that pace has
 * measured something else: then it ends with status 1. Not in it: what the
 * monitor reads of each QEMU and its threads in /proc every second, where libvirt would take two more calls for
 * less; the events; and everything that is made of the answers.
 */
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds that a round may begin late: one that asks 400 guests for their disks takes up to three on a
 * slow machine, and is made up for before the next. */
#define LATE_MAX 4

/* As the monitor asks for. */
#define BLOCK_FIGURES 16

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
sleep_until(double when)
{
    double left = when - now();
    struct timespec time = { .tv_sec = (time_t)left,
                             .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };

    if (left > 0)
        nanosleep(&time, NULL);
}

/* What cannot block, for all guests. The monitor asks for more of a guest only if something about it is odd. */
static void
sweep(virConnectPtr connection)
{
    virDomainStatsRecordPtr *records = NULL;
    int count =
        virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE,
                                    &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);

    if (count >= 0)
        virDomainStatsRecordListFree(records);
}

/* What goes through QEMU's monitor, guest by guest. */
static int
ask_balloons(virDomainPtr *domains, int count)
{
    int answers = 0;

    for (int i = 0; i < count; i++) {
        virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
        virDomainControlInfo control;

        virDomainGetControlInfo(domains[i], &control, 0);
        answers += virDomainMemoryStats(domains[i], stats, VIR_DOMAIN_MEMORY_STAT_NR, 0) >= 0;
    }
    return answers;
}

static int
ask_disks(virDomainPtr *domains, int count)
{
    int answers = 0;

    for (int i = 0; i < count; i++) {
        virTypedParameter figures[BLOCK_FIGURES];
        int found = BLOCK_FIGURES;

        answers += virDomainBlockStatsFlags(domains[i], "", figures, &found, 0) >= 0;
    }
    return answers;
}

int
main(int argc, char **argv)
{
    virDomainPtr *domains = NULL;
    virConnectPtr connection;
    double began = now();
    double next_balloon = began;
    double next_block = began;
    double seconds;
    double period;
    double late = 0;
    int count;
    int sweeps = 0;
    int balloons = 0;
    int disks = 0;

    if (argc != 6) {
        fprintf(stderr, "usage: bench-cost-floor URI SECONDS PERIOD BALLOON_PERIOD BLOCK_PERIOD\n");
        return 2;
    }
    seconds = atof(argv[2]);
    period = atof(argv[3]);
    connection = virConnectOpen(argv[1]);
    if (!connection)
        return 1;
    count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0)
        return 1;

    for (double next = began; next < began + seconds; next += period) {
        sleep_until(next);
        late = now() - next > late ? now() - next : late;
        sweep(connection);
        sweeps++;
        if (next >= next_balloon) {
            balloons += ask_balloons(domains, count);
            next_balloon += atof(argv[4]);
        }
        if (next >= next_block) {
            disks += ask_disks(domains, count);
            next_block += atof(argv[5]);
        }
    }
    printf("%d guests, %d sweeps, %d balloons, %d disks, %.1f s late at most\n", count, sweeps,
           balloons, disks, late);
    for (int i = 0; i < count; i++)
        virDomainFree(domains[i]);
    free(domains);
    virConnectClose(connection);
    return late > LATE_MAX;
}
