// AVX2 with FMA: the vector type that simd/ is instantiated with.
#ifndef CK_LANES_H
#define CK_LANES_H

#include <stdint.h>
#include <string.h>

#include "avx2/shuffle.h"

enum { WIDTH = 8 };
typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint8_t vb __attribute__((vector_size(8)));
typedef double vd __attribute__((vector_size(64)));

#endif
