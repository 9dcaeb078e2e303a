// What drivers need of OpenMP. Swift's clang has no omp.h, so the functions are declared here.
#ifndef CK_THREADS_H
#define CK_THREADS_H

#include <stddef.h>

int omp_get_thread_num(void);
int omp_get_num_threads(void);

typedef struct {
    ptrdiff_t first, last; // last is excluded
} ck_range;

/// The part of `thread` of `threads` when `count` items are dealt out in order, evenly.
static inline ck_range ck_share(ptrdiff_t count, int thread, int threads) {
    ptrdiff_t each = count / threads, more = count % threads;
    ptrdiff_t first = thread * each + (thread < more ? thread : more);
    return (ck_range){first, first + each + (thread < more)};
}

/// Threads worth starting for `items` pieces of work: small work is done by one.
static inline int ck_team(ptrdiff_t items, ptrdiff_t per_thread, int threads) {
    ptrdiff_t useful = items / per_thread;
    return useful < 1 ? 1 : useful < threads ? (int)useful : threads;
}

#endif
