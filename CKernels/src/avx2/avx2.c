// The AVX2 table: the width-generic kernels of simd/, compiled for AVX2 with FMA.
#if defined(__x86_64__)
#include "tables.h"
#include "avx2/lanes.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "simd/operations.h"
#include "simd/gemm.h"
#include "simd/gradient.h"
#include "simd/listed.h"
#include "simd/convolution.h"
#include "simd/warp.h"
#include "simd/probe.h"
#pragma clang attribute pop

const ck_kernels ck_kernels_avx2 = {
    .name = "avx2",
    .elementwise = &ck_elementwise_avx2,
#include "simd/table.h"
};
#endif
