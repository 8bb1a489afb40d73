/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-cost-floor URI SECONDS PERIOD BALLOON_PERIOD: the libvirt calls of the monitor at shipped defaults, at
 * the same pace, in a bare loop that throws the answers away. What it and libvirtd spend is the least that
 * asking so often can cost: tests/bench/cost compares the monitor with it. Periods in seconds.
 */
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* As the monitor asks for at first; the guests of the benchmark have one. */
#define VCPUS_MAX 16

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

/* What cannot block, for all guests. */
static void
sweep(virConnectPtr connection)
{
    static virVcpuInfo vcpus[VCPUS_MAX];
    virDomainStatsRecordPtr *records = NULL;
    int count =
        virConnectGetAllDomainStats(connection, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE,
                                    &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);

    for (int i = 0; i < count; i++) {
        virDomainControlInfo control;

        virDomainGetControlInfo(records[i]->dom, &control, 0);
        virDomainGetVcpus(records[i]->dom, vcpus, VCPUS_MAX, NULL, 0);
    }
    if (count >= 0)
        virDomainStatsRecordListFree(records);
}

/* What goes through QEMU's monitor, guest by guest. */
static int
ask_balloons(virConnectPtr connection, char (*uuids)[VIR_UUID_STRING_BUFLEN], int count)
{
    int answers = 0;

    for (int i = 0; i < count; i++) {
        virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
        virDomainPtr domain = virDomainLookupByUUIDString(connection, uuids[i]);

        if (!domain)
            continue;
        answers += virDomainMemoryStats(domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0) >= 0;
        virDomainFree(domain);
    }
    return answers;
}

/* Their numbers, once: the monitor knows them from its sweep. */
static char (*list_guests(virConnectPtr connection, int *ret_count))[VIR_UUID_STRING_BUFLEN]
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    char(*uuids)[VIR_UUID_STRING_BUFLEN];

    if (count < 0)
        return NULL;
    uuids = calloc((size_t)count + 1, sizeof(*uuids));
    for (int i = 0; i < count; i++) {
        if (uuids)
            virDomainGetUUIDString(domains[i], uuids[i]);
        virDomainFree(domains[i]);
    }
    free(domains);
    *ret_count = count;
    return uuids;
}

int
main(int argc, char **argv)
{
    char(*uuids)[VIR_UUID_STRING_BUFLEN];
    virConnectPtr connection;
    double began = now();
    double next_balloon = began;
    double seconds;
    double period;
    double balloon_period;
    int count = 0;
    int sweeps = 0;
    int answers = 0;

    if (argc != 5) {
        fprintf(stderr, "usage: bench-cost-floor URI SECONDS PERIOD BALLOON_PERIOD\n");
        return 2;
    }
    seconds = atof(argv[2]);
    period = atof(argv[3]);
    balloon_period = atof(argv[4]);
    connection = virConnectOpen(argv[1]);
    uuids = connection ? list_guests(connection, &count) : NULL;
    if (!uuids)
        return 1;

    for (double next = began; next < began + seconds; next += period) {
        sleep_until(next);
        sweep(connection);
        sweeps++;
        if (next >= next_balloon) {
            answers += ask_balloons(connection, uuids, count);
            next_balloon += balloon_period;
        }
    }
    printf("%d guests, %d sweeps, %d balloons\n", count, sweeps, answers);
    free(uuids);
    virConnectClose(connection);
    return 0;
}
