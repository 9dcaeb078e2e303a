// The plain twins of the elementwise kernels, and the reference table.
#include "reference/reference.h"
#include "tables.h"

#include <math.h>
#include <string.h>

static int32_t to_bits(float x) {
    int32_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static float from_bits(int32_t b) {
    float x;
    memcpy(&x, &b, sizeof x);
    return x;
}

// e^r for |r| <= ln(2)/2
static float exp_r(float r) {
    float p = CK_EXP_C7;
    p = fmaf(p, r, CK_EXP_C6);
    p = fmaf(p, r, CK_EXP_C5);
    p = fmaf(p, r, CK_EXP_C4);
    p = fmaf(p, r, CK_EXP_C3);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1.0f);
    return fmaf(p, r, 1.0f);
}

static float exp_one(float x) {
    x = x > CK_EXP_MAX ? CK_EXP_MAX : x;
    x = x < CK_EXP_MIN ? CK_EXP_MIN : x;
    // e^x = 2^n e^r
    float shifted = fmaf(x, CK_LOG2E, CK_ROUND);
    float n = shifted - CK_ROUND;
    float p = exp_r(fmaf(n, -CK_LN2_LO, fmaf(n, -CK_LN2_HI, x)));
    // The power of two in two steps: 2^n itself may be too small or too large for a float.
    int32_t i = (int32_t)((uint32_t)to_bits(shifted) - CK_ROUND_BITS), half = i >> 1;
    return p * from_bits((int32_t)((uint32_t)(half + 127) << 23)) *
           from_bits((int32_t)((uint32_t)(i - half + 127) << 23));
}

static float log1p_one(float x) {
    // u = 1 + x rounded, c what the rounding lost; u = 2^k m with m in [sqrt(1/2), sqrt(2))
    float u = 1.0f + x;
    float c = x < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x);
    int32_t b = (int32_t)((uint32_t)to_bits(u) - CK_SQRT_HALF_BITS);
    int32_t k = b >> 23;
    float m = from_bits((b & 0x7fffff) + CK_SQRT_HALF_BITS);
    int32_t shrink = k > 126 ? 126 : k;
    float f = fmaf(c, from_bits((int32_t)((uint32_t)(127 - shrink) << 23)), m - 1.0f);
    float s = f / (2.0f + f), z = s * s, half = 0.5f * f * f;
    float r = CK_LOG_C4;
    r = fmaf(r, z, CK_LOG_C3);
    r = fmaf(r, z, CK_LOG_C2);
    r = fmaf(r, z, CK_LOG_C1);
    r = r * z;
    float n = (float)k;
    float tail = fmaf(s, half + r, n * CK_LN2_LO);
    float y = fmaf(n, CK_LN2_HI, f - (half - tail));
    y = x > CK_MAX_FINITE ? x : y;
    return x >= 0 ? y : NAN;
}

// Both probabilities of a logit, without cancellation: p = sigmoid(z), q = sigmoid(-z).
typedef struct {
    float p, q, e;
} signal;

static signal perceive(float z) {
    float e = exp_one(-fabsf(z)), u = 1.0f + e, lost = e - (u - 1.0f);
    float large = 1.0f / u, small = e / u;
    small = fmaf(-small, lost * large, small); // what the rounding of 1 + e lost
    return z >= 0 ? (signal){large, small, e} : (signal){small, large, e};
}

static float clamp_finite(float z) {
    z = z > CK_MAX_FINITE ? CK_MAX_FINITE : z;
    return z < -CK_MAX_FINITE ? -CK_MAX_FINITE : z;
}

static void sigmoid(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = perceive(x[i]).p;
}

static void sigmoid_backward(ptrdiff_t n, const float *y, float *delta) {
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] = delta[i] * (y[i] * (1.0f - y[i]));
}

static void relu(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = x[i] <= 0 ? 0 : x[i];
}

static void relu_backward(ptrdiff_t n, const float *y, float *delta) {
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] = y[i] > 0 ? delta[i] : 0;
}

// e^(2a) for a from 0 to CK_TANH_MAX: 2^n is a float.
static float exp_twice(float a) {
    float x = a + a, shifted = fmaf(x, CK_LOG2E, CK_ROUND), n = shifted - CK_ROUND;
    float p = exp_r(fmaf(n, -CK_LN2_LO, fmaf(n, -CK_LN2_HI, x)));
    int32_t i = (int32_t)((uint32_t)to_bits(shifted) - CK_ROUND_BITS);
    return p * from_bits((int32_t)((uint32_t)(i + 127) << 23));
}

static float tanh_one(float x) {
    float a = fabsf(x), z = a * a, p = CK_TANH_C5;
    p = fmaf(p, z, CK_TANH_C4);
    p = fmaf(p, z, CK_TANH_C3);
    p = fmaf(p, z, CK_TANH_C2);
    p = fmaf(p, z, CK_TANH_C1);
    float small = fmaf(a * z, p, a);
    float large = 1.0f - 2.0f / (exp_twice(a > CK_TANH_MAX ? CK_TANH_MAX : a) + 1.0f);
    return copysignf(a < CK_TANH_SMALL ? small : large, x);
}

static void tanh_all(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = tanh_one(x[i]);
}

static void tanh_backward(ptrdiff_t n, const float *y, float *delta) {
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] = delta[i] * fmaf(-y[i], y[i], 1.0f);
}

static void leaky_relu(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = x[i] > 0 ? x[i] : CK_LEAK * x[i];
}

static void leaky_relu_backward(ptrdiff_t n, const float *y, float *delta) {
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] = y[i] > 0 ? delta[i] : CK_LEAK * delta[i];
}

static void exp_all(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = exp_one(x[i]);
}

static void log1p_all(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = log1p_one(x[i]);
}

static void add(ptrdiff_t n, const float *x, float *y) {
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = y[i] + x[i];
}

void ck_momentum_update_reference(ptrdiff_t n, ck_step step, const float *g, float *v, float *w) {
    for (ptrdiff_t i = 0; i < n; i++) {
        float velocity = fmaf(-step.eta, g[i], step.alpha * v[i]);
        v[i] = fabsf(velocity) < CK_MIN_NORMAL ? 0 : velocity;
        w[i] = w[i] + v[i];
    }
}

static float flushed(float x) {
    return fabsf(x) < CK_MIN_NORMAL ? 0 : x;
}

static int adam_update(ptrdiff_t n, const ck_adam_rule *rule, const float *g, float *m, float *v,
                       float *w) {
    int bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        float slope = fmaf(rule->decay, w[i], rule->scale * g[i]);
        m[i] = flushed(fmaf(rule->beta1, m[i], rule->rest1 * slope));
        v[i] = flushed(fmaf(rule->beta2, v[i], rule->rest2 * slope * slope));
        float move = m[i] / fmaf(sqrtf(v[i]), rule->root, rule->epsilon);
        w[i] = fmaf(-rule->rate, move, fmaf(-rule->shrink, w[i], w[i]));
        bad |= !(fabsf(w[i]) <= CK_MAX_FINITE) | !(v[i] <= CK_MAX_FINITE);
    }
    return bad;
}

static void synaptic_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                          float *delta) {
    for (ptrdiff_t i = 0; i < n; i++) {
        float x = clamp_finite(z[i]), a = fabsf(x), positive = x > 0 ? x : 0;
        signal s = perceive(x);
        float l = log1p_one(s.e), small = x >= 0 ? s.q : s.p;
        float entropy = fmaf(a, small, l);
        float divergence = l + fmaf(-t[i], x, positive);
        float off = s.p * fmaf(-x, s.q, 1.0f), on = s.q * fmaf(x, s.p, 1.0f);
        loss[i] = divergence + entropy;
        delta[i] = scale * fmaf(-t[i], on, (1.0f - t[i]) * off);
    }
}

static void cross_entropy_loss(ptrdiff_t n, const float *z, const float *t, float scale,
                               float *loss, float *delta) {
    for (ptrdiff_t i = 0; i < n; i++) {
        float x = clamp_finite(z[i]), positive = x > 0 ? x : 0;
        signal s = perceive(x);
        loss[i] = log1p_one(s.e) + fmaf(-t[i], x, positive);
        delta[i] = scale * fmaf(-t[i], s.q, (1.0f - t[i]) * s.p);
    }
}

static void mean_square_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                             float *delta) {
    for (ptrdiff_t i = 0; i < n; i++) {
        signal s = perceive(clamp_finite(z[i]));
        float d = fmaf(-t[i], s.q, (1.0f - t[i]) * s.p);
        loss[i] = 0.5f * d * d;
        delta[i] = scale * (d * (s.p * s.q));
    }
}

static double sum_shard(ptrdiff_t n, const float *x) {
    double c[8] = {0};
    for (ptrdiff_t i = 0; i < n; i++)
        c[i % 8] += (double)x[i];
    return ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]));
}

static const ck_elementwise elementwise = {
    .sigmoid = sigmoid,
    .sigmoid_backward = sigmoid_backward,
    .relu = relu,
    .relu_backward = relu_backward,
    .tanh = tanh_all,
    .tanh_backward = tanh_backward,
    .leaky_relu = leaky_relu,
    .leaky_relu_backward = leaky_relu_backward,
    .exp = exp_all,
    .log1p = log1p_all,
    .add = add,
    .momentum_update = ck_momentum_update_reference,
    .adam_update = adam_update,
    .synaptic_loss = synaptic_loss,
    .cross_entropy_loss = cross_entropy_loss,
    .mean_square_loss = mean_square_loss,
    .sum_shard = sum_shard,
};

const ck_kernels ck_kernels_reference = {
    .name = "reference",
    .elementwise = &elementwise,
    .tile = ck_tile_reference,
    .strided_tile = ck_strided_tile_reference,
    .gradient_panel = ck_gradient_panel_reference,
    .update_panel = ck_update_panel_reference,
    .update_rows = ck_update_rows_reference,
    .list_image = ck_list_image_reference,
    .add_spots = ck_add_spots_reference,
    .spread_spots = ck_spread_spots_reference,
    .spot_tile = 4,
    .store = ck_store_reference,
    .add_rows = ck_add_rows_reference,
    .add_columns = ck_add_columns_reference,
    .pack_transposed = ck_pack_transposed_reference,
    .pack_bytes = ck_pack_bytes_reference,
    .convolve = ck_convolve_reference,
    .correlate = ck_correlate_reference,
    .correlate_spots = ck_correlate_spots_reference,
    .scatter_spots = ck_scatter_spots_reference,
    .max_pool = ck_max_pool_reference,
    .average_pool = ck_average_pool_reference,
    .max_unpool = ck_max_unpool_reference,
    .average_unpool = ck_average_unpool_reference,
    .masks = ck_masks_reference,
    .drop = ck_drop_reference,
    .warp = ck_warp_reference,
    .fma_probe = ck_fma_probe_reference,
    .fma_lanes = 16,
};
