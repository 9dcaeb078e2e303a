// The FMA probe in plain C, for CPUs that have no table of their own.
#include "reference/reference.h"

#include <math.h>

double ck_fma_probe_reference(ptrdiff_t rounds, const float *operands, float *result) {
    enum { CHAINS = 16 };
    float acc[CHAINS];
    for (int c = 0; c < CHAINS; c++)
        acc[c] = (float)c;
    for (ptrdiff_t r = 0; r < rounds; r++)
        for (int c = 0; c < CHAINS; c++)
            acc[c] = fmaf(acc[c], operands[0], operands[1]);
    *result = 0;
    for (int c = 0; c < CHAINS; c++)
        *result += acc[c];
    return 2.0 * CHAINS * (double)rounds;
}
