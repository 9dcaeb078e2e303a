// Times the kernels of two commits by turns, in one process: shared libraries with workload.c
// inside, the first of them twice, so that its ratio to itself tells what a difference is worth.
// Usage: commits SECONDS THREADS NOW NOW-AGAIN BEFORE
#include "workload.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIBRARIES = 3, ROUNDS = 100000, RUNS = 1000, CHECKED = 50, IMAGES = 60000, PIXELS = 784 };

typedef struct {
    workload *(*open)(const work_case *);
    void (*run)(workload *, int, double *);
    uint64_t (*hash)(const workload *);
    void (*close)(workload *);
} library;

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "%s\n", dlerror());
        exit(70);
    }
    return found;
}

static library load(const char *path) {
    void *l = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!l) {
        fprintf(stderr, "%s\n", dlerror());
        exit(70);
    }
    library all;
    *(void **)&all.open = symbol(l, "workload_open");
    *(void **)&all.run = symbol(l, "workload_run");
    *(void **)&all.hash = symbol(l, "workload_hash");
    *(void **)&all.close = symbol(l, "workload_close");
    return all;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts, and gives the value below which that part lies.
static double quantile(double *x, int count, double part) {
    qsort(x, (size_t)count, sizeof *x, ascending);
    return x[(int)(part * (count - 1) + 0.5)];
}

// Returns whether all made the same bits.
static int compare(const char *name, const work_case *c, const library *libraries, double seconds) {
    static double times[LIBRARIES][ROUNDS], ratios[ROUNDS], runs[RUNS + 1];
    workload *work[LIBRARIES];
    uint64_t hashes[LIBRARIES];
    double start = now();
    for (int l = 0; l < LIBRARIES; l++) {
        work[l] = libraries[l].open(c);
        start = now();
        libraries[l].run(work[l], c->is_product ? 1 : CHECKED, runs);
        hashes[l] = libraries[l].hash(work[l]);
    }
    // A turn takes about 5 ms, begins with a run that does not count, and counts as its median run,
    // so that one that was interrupted does not matter.
    const double wanted = 0.005 * (c->is_product ? 1 : CHECKED) / (now() - start);
    const int turn = wanted < 3 ? 3 : wanted > RUNS ? RUNS : (int)wanted;
    int rounds = 0;
    for (const double end = now() + seconds; now() < end && rounds < ROUNDS; rounds++)
        for (int i = 0; i < LIBRARIES; i++) {
            const int l = (i + rounds) % LIBRARIES;
            libraries[l].run(work[l], turn + 1, runs);
            times[l][rounds] = quantile(runs + 1, turn, 0.5);
        }
    double q[LIBRARIES][3];
    for (int l = 1; l < LIBRARIES; l++) {
        for (int r = 0; r < rounds; r++)
            ratios[r] = times[l][r] / times[0][r];
        for (int part = 0; part < 3; part++)
            q[l][part] = quantile(ratios, rounds, 0.25 * (part + 1));
    }
    const int same = hashes[0] == hashes[1] && hashes[0] == hashes[2];
    printf("%-23s %9.1f %9.1f   %.3f [%.3f … %.3f]   %.3f [%.3f … %.3f]  %s\n", name,
           quantile(times[0], rounds, 0.5) * 1e6, quantile(times[2], rounds, 0.5) * 1e6, q[2][1],
           q[2][0], q[2][2], q[1][1], q[1][0], q[1][2], same ? "same bits" : "OTHER BITS");
    fflush(stdout);
    for (int l = 0; l < LIBRARIES; l++)
        libraries[l].close(work[l]);
    return same;
}

int main(int count, char **arguments) {
    if (count != 3 + LIBRARIES)
        return 64;
    const double seconds = atof(arguments[1]);
    const int threads = atoi(arguments[2]);
    library libraries[LIBRARIES];
    for (int l = 0; l < LIBRARIES; l++)
        libraries[l] = load(arguments[3 + l]);

    uint8_t *images = malloc((size_t)IMAGES * PIXELS);
    uint32_t *order = malloc(IMAGES * sizeof *order);
    if (!images || !order)
        return 71;
    uint32_t random = 1;
    for (long i = 0; i < (long)IMAGES * PIXELS; i++) {
        random = random * 1664525 + 1013904223;
        images[i] = random >> 30 ? 0 : (uint8_t)(random >> 16); // most pixels of a digit are zero
    }
    for (uint32_t i = 0; i < IMAGES; i++) // a prime apart: next to nothing lies side by side
        order[i] = i * 26107u % IMAGES;

    printf("%-23s %10s %9s   %-21s   %s\n", "", "now, µs", "before", "times as fast", "A/A");
    static const long networks[][2] = {{30, 10},    {128, 64},   {512, 64},  {512, 256},
                                       {1024, 256}, {128, 1024}, {128, 4096}};
    static const long products[][3] = {{10, 30, 784}, {64, 128, 784}, {1024, 1024, 1024}};
    char name[64];
    int same = 1;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        const work_case c = {.hidden = networks[i][0],
                             .batch = networks[i][1],
                             .images = images,
                             .order = order,
                             .count = IMAGES,
                             .threads = threads};
        snprintf(name, sizeof name, "784-%ld-10, batch %ld", c.hidden, c.batch);
        same &= compare(name, &c, libraries, seconds);
    }
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        const work_case c = {.is_product = 1,
                             .m = products[i][0],
                             .n = products[i][1],
                             .k = products[i][2],
                             .threads = threads};
        snprintf(name, sizeof name, "SGEMM %ldx%ldx%ld", c.m, c.n, c.k);
        same &= compare(name, &c, libraries, seconds);
    }
    return !same;
}
