// AVX-512: the vector type that simd/ is instantiated with, one a panel row.
#ifndef CK_LANES_H
#define CK_LANES_H

#include <stdint.h>
#include <string.h>

#include "avx2/shuffle.h"

enum { WIDTH = 16 };
typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint8_t vb __attribute__((vector_size(16)));
typedef double vd __attribute__((vector_size(64)));

#endif
