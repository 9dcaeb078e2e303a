// Times the kernels of two commits by turns, in one process: shared libraries with workload.c
// inside, the first of them twice, so that its ratio to itself tells what a difference is worth.
// Usage: commits SECONDS THREADS DIGITS NOW NOW-AGAIN BEFORE
// DIGITS: a file of images as MNIST has them, or '' for bytes of which as many are zero.
#include "workload.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIBRARIES = 3, ROUNDS = 100000, RUNS = 1000, CHECKED = 50, BYTES = 60000 * 784 };

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
    printf("%-31s %9.1f %9.1f   %.3f [%.3f … %.3f]   %.3f [%.3f … %.3f]  %s\n", name,
           quantile(times[0], rounds, 0.5) * 1e6, quantile(times[2], rounds, 0.5) * 1e6, q[2][1],
           q[2][0], q[2][2], q[1][1], q[1][0], q[1][2], same ? "same bits" : "OTHER BITS");
    fflush(stdout);
    for (int l = 0; l < LIBRARIES; l++)
        libraries[l].close(work[l]);
    return same;
}

// Random bytes, of which `set` of 256 are not zero.
static void strew(uint32_t set, uint8_t *bytes) {
    uint32_t random = 1;
    for (long i = 0; i < BYTES; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = random >> 24 < set ? (uint8_t)(random >> 16 | 1) : 0;
    }
}

// The images of an IDX file, whose header is not looked at.
static int read_images(const char *path, uint8_t *images) {
    FILE *file = fopen(path, "rb");
    const int is_read =
        file && fseek(file, 16, SEEK_SET) == 0 && fread(images, 1, BYTES, file) == BYTES;
    if (!is_read)
        fprintf(stderr, "%s does not hold 60,000 images\n", path);
    if (file)
        fclose(file);
    return is_read;
}

// A prime apart: next to nothing lies side by side.
static uint32_t *shuffled(long count) {
    uint32_t *order = malloc((size_t)count * sizeof *order);
    for (long i = 0; order && i < count; i++)
        order[i] = (uint32_t)(i * 26107 % count);
    return order;
}

int main(int count, char **arguments) {
    if (count != 4 + LIBRARIES)
        return 64;
    const double seconds = atof(arguments[1]);
    const int threads = atoi(arguments[2]);
    library libraries[LIBRARIES];
    for (int l = 0; l < LIBRARIES; l++)
        libraries[l] = load(arguments[4 + l]);

    uint8_t *digits = malloc(BYTES), *noise = malloc(BYTES), *half = malloc(BYTES);
    if (!digits || !noise || !half)
        return 71;
    strew(256, noise);
    strew(128, half);
    if (*arguments[3] == 0)
        strew(49, digits); // 19 %
    else if (!read_images(arguments[3], digits))
        return 66;

    printf("%-31s %10s %9s   %-21s   %s\n", "", "now, µs", "before", "times as fast", "A/A");
    const struct {
        const char *name;
        const uint8_t *images;
        long pixels, hidden, batch;
    } networks[] = {
        {"digits", digits, 784, 30, 10},    {"digits", digits, 784, 128, 64},
        {"digits", digits, 784, 512, 64},   {"digits", digits, 784, 512, 256},
        {"digits", digits, 784, 1024, 256}, {"digits", digits, 784, 128, 1024},
        {"digits", digits, 784, 128, 4096}, {"half zero", half, 784, 30, 10},
        {"half zero", half, 784, 128, 64},  {"half zero", half, 784, 512, 64},
        {"none zero", noise, 784, 30, 10},  {"none zero", noise, 784, 128, 64},
        {"none zero", noise, 784, 512, 64}, {"none zero", noise, 3072, 128, 64},
        {"half zero", half, 64, 30, 10},    {"half zero", half, 64, 128, 64},
        {"none zero", noise, 64, 30, 10},
    };
    static const long products[][3] = {{10, 30, 784}, {64, 128, 784}, {1024, 1024, 1024}};
    char name[64];
    int same = 1;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        work_case c = {.pixels = networks[i].pixels,
                       .hidden = networks[i].hidden,
                       .batch = networks[i].batch,
                       .images = networks[i].images,
                       .threads = threads};
        uint32_t *order = shuffled(c.count = BYTES / c.pixels);
        if (!order)
            return 71;
        c.order = order;
        snprintf(name, sizeof name, "%s, %ld-%ld-10, batch %ld", networks[i].name, c.pixels,
                 c.hidden, c.batch);
        same &= compare(name, &c, libraries, seconds);
        free(order);
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
