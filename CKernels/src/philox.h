// Philox4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011).
#ifndef CK_PHILOX_H
#define CK_PHILOX_H

#include "constants.h"

#include <stdint.h>

/// Turns the counter c into 128 random bits.
static inline void ck_philox(uint32_t c[4], const uint32_t key[2]) {
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++, k0 += CK_PHILOX_K0, k1 += CK_PHILOX_K1) {
        const uint64_t a = (uint64_t)c[0] * CK_PHILOX_M0, b = (uint64_t)c[2] * CK_PHILOX_M1;
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
        c[3] = (uint32_t)a;
    }
}

#endif
