// How many threads this process may use, and a probe that they are really there. Linux.
#define _GNU_SOURCE
#include "CKernels.h"
#include "threads.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int ck_threads_available(void) {
    int cpus = 0;
    // The mask's size is not known in advance on machines with more than CPU_SETSIZE CPUs.
    for (int size = 1024; size <= 1 << 20 && cpus == 0; size *= 2) {
        cpu_set_t *set = CPU_ALLOC(size);
        if (!set)
            break;
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0)
            cpus = CPU_COUNT_S(CPU_ALLOC_SIZE(size), set);
        CPU_FREE(set);
    }
    if (cpus < 1)
        cpus = 1;
    int quota = ck_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    return quota > 0 && quota < cpus ? quota : cpus;
}

int ck_threads_observed(int threads) {
    long *ids = calloc((size_t)threads, sizeof *ids);
    if (!ids)
        return 0;
#pragma omp parallel num_threads(threads)
    ids[omp_get_thread_num()] = syscall(SYS_gettid);
    int seen = 0;
    for (int i = 0; i < threads; i++) {
        int fresh = ids[i] != 0;
        for (int j = 0; j < i && fresh; j++)
            fresh = ids[j] != ids[i];
        seen += fresh;
    }
    free(ids);
    return seen;
}

void *ck_alloc(size_t bytes) {
    if (bytes > SIZE_MAX - 63)
        return NULL;
    size_t rounded = (bytes + 63) & ~(size_t)63;
    return aligned_alloc(64, rounded ? rounded : 64);
}

void ck_free(void *memory) {
    free(memory);
}
