// The elementwise kernels of the NEON table.
#if defined(__aarch64__)
#include "simd/panel.h"
#include "tables.h"

#include "simd/operations.h"
#include "simd/vector.h"

const ck_elementwise ck_elementwise_neon = {
#include "simd/vector_table.h"
};
#endif
