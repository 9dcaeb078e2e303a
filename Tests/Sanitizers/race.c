// Shows that ThreadSanitizer sees OpenMP: tools/sanitize expects no report from the first form,
// which only a barrier makes right, and one from the second, a race, when any argument is given.
#include "threads.h"

int main(int count, char **arguments) {
    (void)arguments;
    int first[2] = {0, 0}, second[2] = {0, 0}, shared = 0;
#pragma omp parallel num_threads(2)
    {
        const int me = omp_get_thread_num();
        first[me] = 1;
#pragma omp barrier
        second[me] = first[1 - me];
        if (count > 1)
            shared++;
    }
    return second[0] == 1 && second[1] == 1 && shared >= 0 ? 0 : 1;
}
