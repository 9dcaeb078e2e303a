// The AVX-512 table: the width-generic kernels of simd/, compiled for AVX-512F alone, which every
// CPU with AVX-512 has. Only CK_ARCH=avx512 selects it.
#if defined(__x86_64__)
#include "tables.h"
#include "avx512/lanes.h"

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#include "simd/operations.h"
#include "simd/gemm.h"
#include "simd/gradient.h"
#include "simd/listed.h"
#include "simd/convolution.h"
#include "simd/warp.h"
#include "simd/probe.h"
#pragma clang attribute pop

const ck_kernels ck_kernels_avx512 = {
    .name = "avx512",
    .elementwise = &ck_elementwise_avx512,
#include "simd/table.h"
};
#endif
