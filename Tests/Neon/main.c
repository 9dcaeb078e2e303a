// Prints a hash for every kernel of a table and of recorded training steps, for comparison between
// CPUs: tools/test-neon builds and runs it. tools/sanitize runs it for the kernels alone.
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_ALONE = 3, FIXED = 12, MOST_SIZES = 9 };

static void report_passes(void *threads) {
    report_steps(*(const int *)threads);
    report_networks(*(const int *)threads);
}

int main(int count, char **arguments) {
    if (count == 1) {
        const char *name;
        for (int i = 0; (name = ck_arch_available(i)); i++)
            puts(name);
        return 0;
    }
    const int sizes = count - FIXED;
    if (count != KERNELS_ALONE && (sizes < 2 || sizes > MOST_SIZES)) {
        fprintf(stderr,
                "usage: %s (lists the tables of this CPU)\n"
                "   or: %s TABLE THREADS (runs every kernel)\n"
                "   or: %s TABLE THREADS RECORD IMAGES sigmoid|relu BATCH STEPS ETA ALPHA SCALE "
                "OFFSET INPUTS UNITS…\n",
                arguments[0], arguments[0], arguments[0]);
        return 64; // sysexits.h: EX_USAGE
    }
    if (ck_arch_select(arguments[1])) {
        fprintf(stderr, "this CPU has no table %s\n", arguments[1]);
        return 78; // sysexits.h: EX_CONFIG
    }
    int threads = atoi(arguments[2]);
    if (ck_threads_observed(threads) != threads) {
        fprintf(stderr, "no %d threads\n", threads);
        return 69; // sysexits.h: EX_UNAVAILABLE
    }
    report_kernels(threads);
    report_passes(&threads);
    ck_with_team(threads, report_passes, &threads);
    if (count == KERNELS_ALONE)
        return 0;
    ptrdiff_t units[MOST_SIZES];
    for (int i = 0; i < sizes; i++)
        units[i] = atol(arguments[FIXED + i]);
    const recording r = {
        .record = arguments[3],
        .images = arguments[4],
        .activation = strcmp(arguments[5], "relu") == 0 ? CK_RELU : CK_SIGMOID,
        .batch = atol(arguments[6]),
        .steps = atol(arguments[7]),
        .eta = strtof(arguments[8], NULL),
        .alpha = strtof(arguments[9], NULL),
        .scale = strtof(arguments[10], NULL),
        .offset = strtof(arguments[11], NULL),
        .layers = sizes - 1,
        .sizes = units,
    };
    if (replay(&r, threads)) {
        fflush(stdout);
        fprintf(stderr, "the final weights are not those of the record\n");
        return 1;
    }
    return 0;
}
