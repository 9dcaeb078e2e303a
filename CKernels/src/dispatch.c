// Chooses the kernel table: once, from CK_ARCH or from what the CPU can run.
#include "tables.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const ck_kernels *kernels;
    const char *notice; // why the table is not chosen unless CK_ARCH asks for it, else NULL
} entry;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static entry tables[8]; // that this CPU can run, from slowest to fastest; an empty entry ends them
static const ck_kernels *_Atomic chosen;         // at start; NULL before it, or after an error
static _Thread_local const ck_kernels *selected; // by this thread, in place of that
static const char *notice_text;
static char error_text[256];

static void list(void) {
    int n = 0;
    tables[n++] = (entry){&ck_kernels_reference, NULL};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[n++] = (entry){&ck_kernels_avx2, NULL};
    // Older CPUs lower their clock for these instructions, or halve them.
    const char *notice = __builtin_cpu_supports("avx512fp16")
                             ? NULL
                             : "CK_ARCH=avx512: the AVX-512 kernels are not always faster on this "
                               "kind of CPU, and are used only because they were asked for.";
    if (__builtin_cpu_supports("avx512f"))
        tables[n++] = (entry){&ck_kernels_avx512, notice};
#elif defined(__aarch64__)
    tables[n++] = (entry){&ck_kernels_neon, NULL};
#endif
}

static const entry *find(const char *name) {
    for (const entry *t = tables; t->kernels; t++)
        if (strcmp(t->kernels->name, name) == 0)
            return t;
    return NULL;
}

static void choose(void) {
    list();
    const ck_kernels *best = NULL;
    const char *asked = getenv("CK_ARCH");
    if (!asked || !*asked) {
        for (const entry *t = tables; t->kernels; t++)
            if (!t->notice)
                best = t->kernels;
    } else {
        const entry *found = find(asked);
        if (found) {
            best = found->kernels;
            notice_text = found->notice;
        } else {
            int used =
                snprintf(error_text, sizeof error_text,
                         "CK_ARCH=%.40s: no such kernel table on this CPU; it can run:", asked);
            for (const entry *t = tables; t->kernels; t++)
                used += snprintf(error_text + used, sizeof error_text - (size_t)used, " %s",
                                 t->kernels->name);
        }
    }
    chosen = best;
}

const char *ck_arch_notice(void) {
    pthread_once(&once, choose);
    return notice_text;
}

const char *ck_arch_error(void) {
    pthread_once(&once, choose);
    return chosen ? NULL : error_text;
}

// Small kernels ask for the table as often as they are called: nearly always it is there.
const ck_kernels *ck_table(void) {
    if (selected)
        return selected;
    const ck_kernels *table = atomic_load_explicit(&chosen, memory_order_acquire);
    if (table)
        return table;
    pthread_once(&once, choose);
    if (!chosen) {
        fprintf(stderr, "%s\n", error_text);
        _Exit(78); // sysexits.h: EX_CONFIG
    }
    return chosen;
}

const ck_kernels *ck_fastest_table(void) {
    pthread_once(&once, choose);
    const entry *t = tables;
    while (t[1].kernels)
        t++;
    return t->kernels;
}

const char *ck_arch(void) {
    return ck_table()->name;
}

const char *ck_arch_available(int i) {
    pthread_once(&once, choose);
    for (int n = 0; tables[n].kernels; n++)
        if (n == i)
            return tables[n].kernels->name;
    return NULL;
}

int ck_arch_select(const char *name) {
    pthread_once(&once, choose);
    const entry *found = name ? find(name) : NULL;
    if (name ? !found : !chosen)
        return -1;
    selected = found ? found->kernels : NULL;
    return 0;
}
