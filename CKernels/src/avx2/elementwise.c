// The elementwise kernels of the AVX2 table.
#if defined(__x86_64__)
#include "simd/panel.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "simd/operations.h"
#include "simd/vector.h"
#pragma clang attribute pop

const ck_elementwise ck_elementwise_avx2 = {
#include "simd/vector_table.h"
};
#endif
