// Teams of threads for the passes of a step: a parallel region each, or one region around many
// passes, between which the threads stand by.
#define _GNU_SOURCE
#include "CKernels.h"
#include "threads.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { NEIGHBOURS = 128 }; // bytes that processors fetch together

// How often something has happened; of its own cache lines.
typedef struct {
    _Alignas(NEIGHBOURS) atomic_uint count;
} counter;

// Threads that stand by. They meet again and again: all others come to the first, which lets them
// go on. They stand by at such a meeting, and the first does its own work before it lets them go on
// to a job.
typedef struct {
    int asked, threads; // asked: what OpenMP may have given fewer than
    int spins;          // of a wait, before it gives up its CPU
    ck_job *job;        // NULL: the end
    void *context;
    counter go, come[]; // meetings that are over; and that each thread has come to
} team;

// This thread's place.
static _Thread_local struct {
    team *team; // NULL: none
    int thread;
    unsigned meetings;
} own;

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Spins, as an answer within a step takes less time than to fall asleep. After that the CPU goes to
// whoever needs it, and after some milliseconds the wait costs next to none of it.
static void await(const counter *c, unsigned count, int spins) {
    enum { YIELDS = 10000 };
    static const struct timespec nap = {.tv_nsec = 50000};
    int tries = 0;
    while (atomic_load_explicit(&c->count, memory_order_acquire) != count) {
        if (tries < spins)
            pause_briefly();
        else if (tries < spins + YIELDS)
            sched_yield();
        else
            nanosleep(&nap, NULL);
        tries += tries < spins + YIELDS;
    }
}

static void come(team *t) {
    const unsigned meeting = ++own.meetings;
    if (own.thread > 0)
        atomic_store_explicit(&t->come[own.thread].count, meeting, memory_order_release);
    for (int other = 1; own.thread == 0 && other < t->threads; other++)
        await(&t->come[other], meeting, t->spins);
}

static void go_on(team *t) {
    if (own.thread == 0)
        atomic_store_explicit(&t->go.count, own.meetings, memory_order_release);
    else
        await(&t->go, own.meetings, t->spins);
}

void ck_barrier(int threads) {
    if (threads == 1)
        return;
    if (own.team) {
        come(own.team);
        go_on(own.team);
    } else {
#pragma omp barrier
    }
}

int ck_all_agree(ck_vote *vote, int yes, int threads) {
    if (!yes)
        atomic_fetch_add(&vote->refusals, 1);
    ck_barrier(threads);
    const int all = atomic_load(&vote->refusals) == 0;
    if (!all) {
        ck_barrier(threads);
        atomic_store(&vote->refusals, 0);
    }
    return all;
}

static int run_standing(team *t, ck_job *job, void *context) {
    t->job = job;
    t->context = context;
    go_on(t);
    job(context, 0, t->threads);
    come(t);
    return t->threads;
}

static int run_in_region(int threads, ck_job *job, void *context) {
    int there = 1;
    CK_ON_TEAM(threads, job(context, thread, threads); if (thread == 0) there = threads;);
    return there;
}

int ck_run(int threads, ck_job *job, void *context) {
    if (own.team && (threads == own.team->asked || threads == own.team->threads))
        return run_standing(own.team, job, context);
    // One thread goes past OpenMP, which a function with a region asks for its number.
    if (threads > 1 && !own.team)
        return run_in_region(threads, job, context);
    job(context, 0, 1);
    return 1;
}

static void stand_by(team *t) {
    for (come(t), go_on(t); t->job; come(t), go_on(t))
        t->job(t->context, own.thread, t->threads);
}

void ck_with_team(int threads, void (*body)(void *), void *context) {
    // Where OpenMP adapts teams to other programs' needs, it is asked for each pass.
    const int stands = threads > 1 && !own.team && !omp_get_dynamic();
    team *t = stands ? ck_alloc(sizeof *t + (size_t)threads * sizeof *t->come) : NULL;
    if (!t) {
        body(context);
        return;
    }
    *t = (team){.asked = threads, .spins = threads > omp_get_num_procs() ? 0 : 1000};
    for (int i = 0; i < threads; i++)
        atomic_init(&t->come[i].count, 0);
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num();
        if (thread == 0)
            t->threads = omp_get_num_threads();
#pragma omp barrier
        own.team = t;
        own.thread = thread;
        own.meetings = 0;
        if (thread == 0) {
            come(t);
            body(context);
            t->job = NULL;
            go_on(t);
        } else {
            stand_by(t);
        }
        own.team = NULL;
    }
    ck_free(t);
}
