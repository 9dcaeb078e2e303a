// The NEON table: the width-generic kernels of simd/, compiled for aarch64, whose base has NEON
// with FMA.
#if defined(__aarch64__)
#include "tables.h"
#include "neon/lanes.h"

#include "simd/operations.h"
#include "simd/gemm.h"
#include "simd/gradient.h"
#include "simd/listed.h"
#include "simd/convolution.h"
#include "simd/warp.h"
#include "simd/probe.h"

const ck_kernels ck_kernels_neon = {
    .name = "neon",
    .elementwise = &ck_elementwise_neon,
#include "simd/table.h"
};
#endif
