// Chooses the kernel table: once, from CK_ARCH or from what the CPU can run.
#include "kernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const ck_kernels *chosen;   // at start; NULL after an error
static const ck_kernels *selected; // in use: chosen, or what a test asked for
static char error_text[256];

// From slowest to fastest, NULL at the end.
static const ck_kernels *const *available(void) {
    static const ck_kernels *tables[3];
    int n = 0;
    tables[n++] = &ck_kernels_reference;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[n++] = &ck_kernels_avx2;
#endif
    tables[n] = NULL;
    return tables;
}

static const ck_kernels *find(const char *name) {
    for (const ck_kernels *const *t = available(); *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}

static void choose(void) {
    const ck_kernels *const *tables = available();
    const char *asked = getenv("CK_ARCH");
    if (!asked || !*asked) {
        while (tables[1])
            tables++;
        chosen = tables[0];
    } else if (!(chosen = find(asked))) {
        int used = snprintf(error_text, sizeof error_text,
                            "CK_ARCH=%.40s: no such kernel table on this CPU; it can run:", asked);
        for (; *tables; tables++)
            used += snprintf(error_text + used, sizeof error_text - (size_t)used, " %s",
                             (*tables)->name);
    }
    selected = chosen;
}

const char *ck_arch_error(void) {
    pthread_once(&once, choose);
    return chosen ? NULL : error_text;
}

const ck_kernels *ck_table(void) {
    pthread_once(&once, choose);
    if (!selected) {
        fprintf(stderr, "%s\n", error_text);
        _Exit(78); // sysexits.h: EX_CONFIG
    }
    return selected;
}

const char *ck_arch(void) {
    return ck_table()->name;
}

const char *ck_arch_available(int i) {
    const ck_kernels *const *tables = available();
    for (int n = 0; tables[n]; n++)
        if (n == i)
            return tables[n]->name;
    return NULL;
}

int ck_arch_select(const char *name) {
    pthread_once(&once, choose);
    const ck_kernels *table = name ? find(name) : chosen;
    if (!table)
        return -1;
    selected = table;
    return 0;
}
