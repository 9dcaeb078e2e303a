// The machine's limits: the rate of fused multiply-adds, the bandwidth of memory, and how near two
// threads are to each other. For benchmarks; nothing here reaches a result.
#define _GNU_SOURCE
#include "kernels.h"
#include "threads.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

// Work is timed in short slices: a jump of the clock spoils one of many, and that one shows,
// because it is faster than anything can be.
static const double slice_seconds = 1e-4;
static const double impossible_hertz = 6.5e9;
static const double impossible_bandwidth = 1e12; // of one thread

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Work a second: repeats `work`, which returns how much it did, until the time is up. Slices above
// `limit` are leaps of the clock and do not count.
static double rate(double seconds, double limit, double (*work)(void *), void *context) {
    const double start = now();
    double done = 0, time = 0, before = start, after;
    do {
        const double amount = work(context);
        after = now();
        if (amount < limit * (after - before)) {
            done += amount;
            time += after - before;
        }
        before = after;
    } while (after - start < seconds);
    return time > 0 ? done / time : 0;
}

// ---------------------------------------------------------------- a barrier

typedef struct {
    _Alignas(64) atomic_int waiting;
    _Alignas(64) atomic_uint turn;
} barrier;

// Spins without a pause, which would add to the latency; gives up its CPU at last, as the thread
// it waits for may need that one.
static void meet(barrier *b, int threads) {
    const unsigned turn = atomic_load_explicit(&b->turn, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&b->waiting, 1, memory_order_acq_rel) == threads - 1) {
        atomic_store_explicit(&b->waiting, 0, memory_order_relaxed);
        atomic_store_explicit(&b->turn, turn + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&b->turn, memory_order_acquire) == turn; spins++)
        if (spins > 1 << 14)
            sched_yield();
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double ck_probe_barrier(double seconds) {
    enum { CROSSINGS = 100, BATCHES = 2000 };
    double times[BATCHES];
    barrier b = {0};
    atomic_int over = 0;
    int batches = 0;
#pragma omp parallel num_threads(2)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        const double start = now();
        for (int done = 0; !done;) {
            const double before = now();
            for (int i = 0; i < CROSSINGS; i++)
                meet(&b, threads);
            const double after = now();
            if (thread == 0) {
                if (after > before)
                    times[batches++] = (after - before) / CROSSINGS;
                atomic_store(&over, batches == BATCHES || after - start >= seconds);
            }
            meet(&b, threads);
            done = atomic_load(&over);
            meet(&b, threads);
        }
    }
    if (batches == 0)
        return 0;
    qsort(times, (size_t)batches, sizeof *times, ascending);
    return times[batches / 2];
}

// ---------------------------------------------------------------- fused multiply-adds

typedef struct {
    const ck_kernels *kernels;
    ptrdiff_t rounds;
    float operands[2], result;
} fma_work;

static double multiply_add(void *context) {
    fma_work *w = context;
    return w->kernels->fma_probe(w->rounds, w->operands, &w->result);
}

double ck_probe_peak(double seconds, int threads) {
    const ck_kernels *kernels = ck_fastest_table();
    const double limit = impossible_hertz * 2 * kernels->fma_lanes;
    barrier b = {0};
    double total = 0;
#pragma omp parallel num_threads(threads)
    {
        fma_work work = {.kernels = kernels, .rounds = 64, .operands = {0.5f, 1}};
        for (double time = 0; time < slice_seconds;) {
            work.rounds *= 2;
            const double start = now();
            multiply_add(&work);
            time = now() - start;
        }
        meet(&b, omp_get_num_threads());
        const double mine = rate(seconds, limit, multiply_add, &work);
#pragma omp critical
        total += mine;
    }
    return total;
}

// ---------------------------------------------------------------- memory

enum { CHUNK = 1 << 16 }; // most elements of a slice

// Integers, whose sum may be vectorised: the arithmetic is not what takes the time.
typedef struct {
    uint64_t *a, *b, *c;
    ptrdiff_t count, chunk, at; // elements of each array and of a slice, the next slice
    uint64_t sum;
} stream_work;

// To the next slice, or from the last to the first.
static void go_on(stream_work *w) {
    w->at = w->at + 2 * w->chunk <= w->count ? w->at + w->chunk : 0;
}

static double read_stream(void *context) {
    stream_work *w = context;
    const uint64_t *a = w->a + w->at;
    uint64_t sum = 0;
    for (ptrdiff_t i = 0; i < w->chunk; i++)
        sum += a[i];
    w->sum += sum;
    go_on(w);
    return 8.0 * (double)w->chunk;
}

static double triad(void *context) {
    stream_work *w = context;
    uint64_t *restrict a = w->a + w->at;
    const uint64_t *restrict b = w->b + w->at, *restrict c = w->c + w->at;
    for (ptrdiff_t i = 0; i < w->chunk; i++)
        a[i] = b[i] + (c[i] << 1);
    go_on(w);
    return 32.0 * (double)w->chunk;
}

static double change_in_place(void *context) {
    stream_work *w = context;
    uint64_t *restrict a = w->a + w->at;
    const uint64_t *restrict b = w->b + w->at;
    for (ptrdiff_t i = 0; i < w->chunk; i++)
        a[i] += b[i] << 1;
    go_on(w);
    return 24.0 * (double)w->chunk;
}

int ck_probe_bandwidth(double seconds, size_t bytes, int threads, ck_bandwidth *bandwidth) {
    // Whole slices and cache lines for each thread and array.
    const ptrdiff_t most = (ptrdiff_t)(bytes / (24 * (size_t)threads)) / 8 * 8 + 8;
    const ptrdiff_t chunk = most < CHUNK ? most : CHUNK, count = most / chunk * chunk;
    uint64_t *memory = ck_alloc(24 * (size_t)count * (size_t)threads);
    if (!memory)
        return CK_NO_MEMORY;
    barrier b = {0};
    *bandwidth = (ck_bandwidth){0, 0, 0};
#pragma omp parallel num_threads(threads)
    {
        uint64_t *mine = memory + 3 * count * omp_get_thread_num();
        stream_work work = {mine, mine + count, mine + 2 * count, count, chunk, 0, 0};
        for (ptrdiff_t i = 0; i < 3 * count; i++) // first touch: the pages come near this thread
            mine[i] = (uint64_t)i;
        meet(&b, omp_get_num_threads());
        const double triads = rate(seconds, impossible_bandwidth, triad, &work);
        meet(&b, omp_get_num_threads());
        // The last two arrays, of which the triad only read one.
        work.a = work.c;
        const double changes = rate(seconds, impossible_bandwidth, change_in_place, &work);
        meet(&b, omp_get_num_threads());
        // All three arrays as one.
        work.a = mine;
        work.count *= 3;
        work.at = 0;
        const double reads = rate(seconds, impossible_bandwidth, read_stream, &work);
#pragma omp critical
        {
            bandwidth->triad += triads;
            bandwidth->in_place += changes;
            bandwidth->read += reads;
            memory[0] += work.sum; // used, so that it is computed
        }
    }
    ck_free(memory);
    return CK_OK;
}
