// Numbers that every table must share to give the same bits.
#ifndef CK_CONSTANTS_H
#define CK_CONSTANTS_H

#define CK_LOG2E      0x1.715476p+0f
#define CK_LN2_HI     0x1.62e3p-1f // few bits: n * CK_LN2_HI is exact
#define CK_LN2_LO     0x1.2fefa2p-17f
#define CK_ROUND      12582912.0f // 1.5 * 2^23: adding it rounds to an integer
#define CK_ROUND_BITS 0x4b400000
#define CK_EXP_MAX    89.0f     // e^x overflows from 88.73
#define CK_EXP_MIN    (-104.0f) // e^x rounds to 0 below -103.98
#define CK_MIN_NORMAL 0x1p-126f
#define CK_MAX_FINITE 0x1.fffffep+127f

#define CK_EXPONENT_BITS 0x7f800000 // all zero in zeros and subnormals

// Taylor coefficients of e^r for |r| <= ln(2)/2; the first left out adds 5e-9.
#define CK_EXP_C7 0x1.a01a02p-13f
#define CK_EXP_C6 0x1.6c16c2p-10f
#define CK_EXP_C5 0x1.111112p-7f
#define CK_EXP_C4 0x1.555556p-5f
#define CK_EXP_C3 0x1.555556p-3f

// ln(1 + f) = f - f²/2 + s (f²/2 + R(s²)), s = f / (2 + f): minimax R, as in FreeBSD's msun.
#define CK_LOG_C1         0x1.555554p-1f
#define CK_LOG_C2         0x1.999c26p-2f
#define CK_LOG_C3         0x1.23d3dcp-2f
#define CK_LOG_C4         0x1.f13c4cp-3f
#define CK_SQRT_HALF_BITS 0x3f3504f3

// tanh: below CK_TANH_SMALL x + x³ P(x²), P minimax for the relative error, 5e-9; above it
// 1 - 2 / (e^2x + 1), which from CK_TANH_MAX is 1.
#define CK_TANH_SMALL 0.625f
#define CK_TANH_MAX   9.25f
#define CK_TANH_C1    (-0x1.555532p-2f)
#define CK_TANH_C2    0x1.110726p-3f
#define CK_TANH_C3    (-0x1.b83c5ap-5f)
#define CK_TANH_C4    0x1.52269cp-6f
#define CK_TANH_C5    (-0x1.75e1ccp-8f)

#define CK_LEAK 0.01f // slope of the leaky ReLU below 0

// Philox4x32: multipliers, and what the key grows by.
#define CK_PHILOX_M0 0xd2511f53u
#define CK_PHILOX_M1 0xcd9e8d57u
#define CK_PHILOX_K0 0x9e3779b9u
#define CK_PHILOX_K1 0xbb67ae85u

#endif
