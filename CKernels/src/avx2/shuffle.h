// A look-up of bytes, which compilers have no vector operation for.
#ifndef CK_SHUFFLE_H
#define CK_SHUFFLE_H

#include <immintrin.h>

/// Byte i of the result is the byte of `bytes` at byte i of `places`, each below 8.
static inline __attribute__((always_inline, target("ssse3"))) uint64_t
shuffle_bytes(uint64_t bytes, uint64_t places) {
    const __m128i all = _mm_cvtsi64_si128((int64_t)bytes), at = _mm_cvtsi64_si128((int64_t)places);
    return (uint64_t)_mm_cvtsi128_si64(_mm_shuffle_epi8(all, at));
}

#endif
