// The elementwise kernels of the AVX-512 table.
#if defined(__x86_64__)
#include "simd/panel.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#include "simd/operations.h"
#include "simd/vector.h"
#pragma clang attribute pop

const ck_elementwise ck_elementwise_avx512 = {
#include "simd/vector_table.h"
};
#endif
