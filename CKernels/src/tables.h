// All tables. kernels.h says what a table is.
#ifndef CK_TABLES_H
#define CK_TABLES_H

#include "kernels.h"

extern const ck_kernels ck_kernels_reference;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512;
extern const ck_elementwise ck_elementwise_avx2, ck_elementwise_avx512;
#elif defined(__aarch64__)
extern const ck_kernels ck_kernels_neon;
extern const ck_elementwise ck_elementwise_neon;
#endif

#endif
