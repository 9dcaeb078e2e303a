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
static const ck_kernels *chosen;           // at start; NULL after an error
static const ck_kernels *_Atomic selected; // in use: chosen, or what a test asked for
static const char *notice_text;
static char error_text[256];

// From slowest to fastest, an empty entry at the end.
static const entry *available(void) {
    static entry tables[4];
    int n = 0;
    tables[n++] = (entry){&ck_kernels_reference, NULL};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[n++] = (entry){&ck_kernels_avx2, NULL};
    if (__builtin_cpu_supports("avx512f"))
        tables[n++] = (entry){&ck_kernels_avx512, "CK_ARCH=avx512: the AVX-512 kernels have "
                                                  "run on few kinds of CPU, and are used only "
                                                  "because they were asked for."};
#elif defined(__aarch64__)
    tables[n++] = (entry){&ck_kernels_neon, NULL};
#endif
    tables[n] = (entry){NULL, NULL};
    return tables;
}

static const entry *find(const char *name) {
    for (const entry *t = available(); t->kernels; t++)
        if (strcmp(t->kernels->name, name) == 0)
            return t;
    return NULL;
}

static void choose(void) {
    const char *asked = getenv("CK_ARCH");
    if (!asked || !*asked) {
        for (const entry *t = available(); t->kernels; t++)
            if (!t->notice)
                chosen = t->kernels;
    } else {
        const entry *found = find(asked);
        if (found) {
            chosen = found->kernels;
            notice_text = found->notice;
        } else {
            int used =
                snprintf(error_text, sizeof error_text,
                         "CK_ARCH=%.40s: no such kernel table on this CPU; it can run:", asked);
            for (const entry *t = available(); t->kernels; t++)
                used += snprintf(error_text + used, sizeof error_text - (size_t)used, " %s",
                                 t->kernels->name);
        }
    }
    selected = chosen;
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
    const ck_kernels *table = atomic_load_explicit(&selected, memory_order_acquire);
    if (table)
        return table;
    pthread_once(&once, choose);
    if (!selected) {
        fprintf(stderr, "%s\n", error_text);
        _Exit(78); // sysexits.h: EX_CONFIG
    }
    return selected;
}

const ck_kernels *ck_fastest_table(void) {
    const entry *t = available();
    while (t[1].kernels)
        t++;
    return t->kernels;
}

const char *ck_arch(void) {
    return ck_table()->name;
}

const char *ck_arch_available(int i) {
    const entry *tables = available();
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
    selected = found ? found->kernels : chosen;
    return 0;
}
