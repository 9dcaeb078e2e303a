// How many threads this process may use, and a check that they really exist. Linux.
#define _GNU_SOURCE
#include "threads.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_once_t environment_once = PTHREAD_ONCE_INIT;
static int wanted; // by OMP_NUM_THREADS

// A number of the list `at`, or -1; *end is what follows it and the blanks around it.
static int listed(const char *at, const char **end) {
    at += strspn(at, " ");
    const size_t digits = strspn(at, "0123456789");
    *end = at + digits + strspn(at + digits, " ");
    return digits >= 1 && digits <= 6 && (!**end || **end == ',') ? atoi(at) : -1;
}

static void read_environment(void) {
    const char *list = getenv("OMP_NUM_THREADS"), *at;
    if (!list)
        return;
    const int first = listed(list, &at);
    int last = first;
    while (last >= 0 && *at)
        last = listed(at + 1, &at);
    const int is_blank = !list[strspn(list, " ")];
    wanted = first > 0 ? first : is_blank ? 0 : -1;
    // libomp 14 ends the process, or never answers, over what is no list of numbers.
    if (last < 0)
        unsetenv("OMP_NUM_THREADS");
}

int ck_threads_wanted(void) {
    pthread_once(&environment_once, read_environment);
    return wanted;
}

int ck_threads_limit(void) {
    ck_threads_wanted();
    return ck_openmp_error() ? 1 : omp_get_thread_limit();
}

int ck_threads_available(void) {
    if (ck_openmp_error())
        return 1;
    const int limit = ck_threads_limit();
    // OpenMP's number, not this thread's mask: OMP_PROC_BIND narrows that to one CPU.
    const int cpus = (int)ck_least(omp_get_num_procs(), limit);
    const int quota = ck_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
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

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int is_open;
} gate;

static void *wait_at(void *argument) {
    gate *at = argument;
    pthread_mutex_lock(&at->lock);
    while (!at->is_open)
        pthread_cond_wait(&at->opened, &at->lock);
    pthread_mutex_unlock(&at->lock);
    return NULL;
}

// libomp makes its stacks larger than it says, by 128 bytes times the thread's number. Ours are not
// smaller: the system library keeps some for later, and those must be of use.
size_t ck_thread_bytes(void) {
    return kmp_get_stacksize_s() + ((size_t)256 << 10);
}

// Whether `others` threads with stacks as OpenMP's can be had beside the caller: 0, or an errno.
static int try_threads(int others) {
    // Memory for what OpenMP needs beside the stacks: it asks for none while this is held.
    const size_t spare = (size_t)4 << 20;
    void *held = mmap(NULL, spare, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t *started = malloc((size_t)others * sizeof *started);
    pthread_attr_t attributes;
    int error = held == MAP_FAILED || !started ? ENOMEM : pthread_attr_init(&attributes);
    if (!error) {
        pthread_attr_setstacksize(&attributes, ck_thread_bytes());
        // All are held until the last has started, so that all are there at once.
        gate at = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
        int count = 0;
        while (count < others && !error) {
            error = pthread_create(&started[count], &attributes, wait_at, &at);
            count += !error;
        }
        pthread_mutex_lock(&at.lock);
        at.is_open = 1;
        pthread_cond_broadcast(&at.opened);
        pthread_mutex_unlock(&at.lock);
        for (int i = 0; i < count; i++)
            pthread_join(started[i], NULL);
        pthread_attr_destroy(&attributes);
    }
    free(started);
    if (held != MAP_FAILED)
        munmap(held, spare);
    return error;
}

// Where addresses are limited (ulimit -v), glibc's ways to save time would take most of them: it
// reserves 64 MiB for the allocations of every thread, and keeps large blocks that were freed.
static void spare_addresses(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int ck_threads_start(int threads) {
    ck_threads_wanted();
    spare_addresses();
    int error = ck_openmp_error();
    if (!error && threads > 1)
        error = try_threads(threads - 1);
    if (threads > 1 && !error)
        ck_threads_observed(threads);
    return error;
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

void ck_clear(ptrdiff_t n, float *x, int threads) {
    enum { WORTH_A_THREAD = 1 << 18 }; // floats: the caches hold less wherever it lies
    CK_ON_TEAM(ck_team(n, WORTH_A_THREAD, threads), {
        const ck_range own = ck_share_panels(n, thread, threads);
        memset(x + own.first, 0, (size_t)(own.last - own.first) * sizeof *x);
    });
}
