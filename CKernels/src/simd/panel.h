// Vectors of one panel row, which the compiler makes of as many registers as the architecture
// needs. Instead of lanes.h for kernels that compute long chains: two or more registers side by
// side.
#ifndef CK_PANEL_H
#define CK_PANEL_H

#include <stdint.h>
#include <string.h>

// Where a panel row is more than a register, how a call would pass it depends on the target; here
// everything that takes or returns one is inline.
#pragma clang diagnostic ignored "-Wpsabi"

enum { WIDTH = 16 };
typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef double vd __attribute__((vector_size(64)));

#endif
