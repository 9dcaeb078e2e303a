// In place of an OpenMP library, where there is none for the target: regions run on one thread.
#include "threads.h"

int omp_get_dynamic(void) {
    return 0;
}

int omp_get_thread_num(void) {
    return 0;
}

int omp_get_num_procs(void) {
    return 1;
}

int omp_get_num_threads(void) {
    return 1;
}

int omp_get_thread_limit(void) {
    return 1;
}

size_t kmp_get_stacksize_s(void) {
    return 0;
}
