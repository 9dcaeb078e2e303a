// A piece of work for tools/compare-commit, compiled into the kernels of each commit.
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdint.h>
#include <time.h>

typedef struct {
    int is_product;             // a matrix product of m × n × k, else training steps
    long m, n, k;               // of the product
    long pixels, hidden, batch; // of pixels-hidden-10
    const uint8_t *images;      // [count][pixels]
    const uint32_t *order;      // of the images
    long count;
    int threads;
} work_case;

typedef struct workload workload;

workload *workload_open(const work_case *c);
/// As many steps, or products; the time of each in seconds.
void workload_run(workload *w, int runs, double *times);
/// Of the bits that it has made.
uint64_t workload_hash(const workload *w);
void workload_close(workload *w);

static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
