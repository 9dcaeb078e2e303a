// What drivers need of OpenMP. Swift's clang has no omp.h, so the functions are declared here.
#ifndef CK_THREADS_H
#define CK_THREADS_H

#include "share.h"

int omp_get_dynamic(void);
int omp_get_thread_num(void);
int omp_get_num_procs(void);
int omp_get_num_threads(void);
int omp_get_thread_limit(void);
size_t kmp_get_stacksize_s(void); // libomp's own: bytes of a worker's stack

/// Threads worth starting for `items` pieces of work: small work is done by one.
static inline int ck_team(ptrdiff_t items, ptrdiff_t per_thread, int threads) {
    ptrdiff_t useful = items / per_thread;
    return useful < 1 ? 1 : useful < threads ? (int)useful : threads;
}

/// Threads for a job: all, as a team that stands by has no other number, or one for small work.
static inline int ck_all_or_one(ptrdiff_t items, ptrdiff_t per_thread, int threads) {
    return ck_team(items, per_thread, threads) > 1 ? threads : 1;
}

/// One thread's share of a pass: of thread number `thread` of `threads`.
typedef void ck_job(void *context, int thread, int threads);

/// Runs the job on each thread of the team that stands by (see ck_with_team), else of a parallel
/// region. Returns their number, which may be less than `threads`.
int ck_run(int threads, ck_job *job, void *context);

/// In a job of so many threads: waits until all of them are here.
void ck_barrier(int threads);

/// What the threads of a team agree on.
typedef struct {
    _Atomic int refusals;
} ck_vote;

/// Whether all threads of a job of so many say yes, once all have said it.
int ck_all_agree(ck_vote *vote, int yes, int threads);

/// Runs the statements on each thread of a team, as number `thread` of `threads`. A team of one
/// enters no parallel region: even one that is not parallel costs 0.1 µs.
#define CK_ON_TEAM(team, ...)                                                                      \
    do {                                                                                           \
        const int members = (team);                                                                \
        if (members == 1) {                                                                        \
            const int thread = 0, threads = 1;                                                     \
            __VA_ARGS__                                                                            \
        } else {                                                                                   \
            _Pragma("omp parallel num_threads(members)") {                                         \
                const int thread = omp_get_thread_num(), threads = omp_get_num_threads();          \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#endif
