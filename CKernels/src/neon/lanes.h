// NEON, which every aarch64 CPU has: the vector type that simd/ is instantiated with, four a panel
// row.
#ifndef CK_LANES_H
#define CK_LANES_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

enum { WIDTH = 4 };
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint8_t vb __attribute__((vector_size(4)));
typedef double vd __attribute__((vector_size(64)));

/// Byte i of the result is the byte of `bytes` at byte i of `places`, each below 8.
static inline __attribute__((always_inline)) uint64_t shuffle_bytes(uint64_t bytes,
                                                                    uint64_t places) {
    return vget_lane_u64(vreinterpret_u64_u8(vtbl1_u8(vcreate_u8(bytes), vcreate_u8(places))), 0);
}

#endif
