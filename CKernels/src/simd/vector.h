// Elementwise kernels, written once for every vector width: line by line the reference's
// operations, on vectors of a panel row. Where that is several registers (simd/panel.h), chains of
// operations run side by side. Included by one file per architecture, inside its target.

// e^x = 2^n e^r: r, and the float in whose lowest bits stands n + bias.
typedef struct {
    vf r, shifted;
} reduced_v;

INLINE reduced_v reduce(vf x, float bias) {
    const vf shift = splat(CK_ROUND + bias), shifted = fma_v(x, splat(CK_LOG2E), shift);
    const vf n = shifted - shift;
    return (reduced_v){fma_v(n, splat(-CK_LN2_LO), fma_v(n, splat(-CK_LN2_HI), x)), shifted};
}

INLINE vf exp_r(vf r) {
    vf p = splat(CK_EXP_C7);
    p = fma_v(p, r, splat(CK_EXP_C6));
    p = fma_v(p, r, splat(CK_EXP_C5));
    p = fma_v(p, r, splat(CK_EXP_C4));
    p = fma_v(p, r, splat(CK_EXP_C3));
    p = fma_v(p, r, splat(0.5f));
    p = fma_v(p, r, splat(1.0f));
    return fma_v(p, r, splat(1.0f));
}

INLINE reduced_v reduce_any(vf x) {
    x = choose(x > splat(CK_EXP_MAX), splat(CK_EXP_MAX), x);
    x = choose(x < splat(CK_EXP_MIN), splat(CK_EXP_MIN), x);
    return reduce(x, 0);
}

INLINE vf expand_any(reduced_v x) {
    const vi i = int_bits(x.shifted) - CK_ROUND_BITS, half = i >> 1;
    return exp_r(x.r) * (vf)((half + 127) << 23) * (vf)((i - half + 127) << 23);
}

// e^-|z|, the same bits. As n is at most 0, 2^(n + 64) is a float even where 2^n is not, the lowest
// bits of `shifted` are its exponent, and the last product rounds what is subnormal.
INLINE reduced_v reduce_below(vf z) {
    const vf x = (vf)(int_bits(z) | int_bits(splat(-0.0f)));
    return reduce(choose(splat(CK_EXP_MIN) > x, splat(CK_EXP_MIN), x), 64 + 127);
}

INLINE vf expand_below(reduced_v x) {
    return exp_r(x.r) * (vf)(int_bits(x.shifted) << 23) * splat(0x1p-64f);
}

INLINE vf log1p_v(vf x) {
    const vf one = splat(1.0f), u = one + x;
    const vf c = choose(x < one, x - (u - one), one - (u - x));
    const vi b = int_bits(u) - CK_SQRT_HALF_BITS;
    const vi k = b >> 23;
    const vf m = (vf)((b & 0x7fffff) + CK_SQRT_HALF_BITS);
    const vi large = k > 126, shrink = (large & 126) | (~large & k);
    const vf f = fma_v(c, (vf)((127 - shrink) << 23), m - one);
    const vf s = f / (splat(2.0f) + f), z = s * s, half = splat(0.5f) * f * f;
    vf r = splat(CK_LOG_C4);
    r = fma_v(r, z, splat(CK_LOG_C3));
    r = fma_v(r, z, splat(CK_LOG_C2));
    r = fma_v(r, z, splat(CK_LOG_C1));
    r = r * z;
    const vf n = __builtin_convertvector(k, vf);
    const vf tail = fma_v(s, half + r, n * splat(CK_LN2_LO));
    vf y = fma_v(n, splat(CK_LN2_HI), f - (half - tail));
    y = choose(x > splat(CK_MAX_FINITE), x, y);
    return choose(x >= splat(0), y, splat(__builtin_nanf("")));
}

typedef struct {
    vf p, q, small;
} signal_v;

// From e = e^-|z|. The reference's e / u is made of the quotient 1 / u and a remainder: the bits
// are those of the division for every float e from 0 to 1, as trying all of them shows.
INLINE signal_v perceive(vf z, vf e) {
    const vf one = splat(1.0f), u = one + e, lost = e - (u - one);
    const vf large = one / u, near = e * large;
    const vf rounded = fma_v(fma_v(negate(near), u, e), large, near);
    const vf small = fma_v(negate(rounded), lost * large, rounded);
    return (signal_v){choose_by_sign(z, small, large), choose_by_sign(z, large, small), small};
}

INLINE vf clamp_finite(vf z) {
    z = choose(z > splat(CK_MAX_FINITE), splat(CK_MAX_FINITE), z);
    return choose(z < splat(-CK_MAX_FINITE), splat(-CK_MAX_FINITE), z);
}

// Applies f to an array, the last lanes through a buffer.
#define MAP(name, f)                                                                               \
    static void name(ptrdiff_t n, const float *x, float *y) {                                      \
        ptrdiff_t i = 0;                                                                           \
        for (; i + WIDTH <= n; i += WIDTH)                                                         \
            store(y + i, f(load(x + i)));                                                          \
        if (i < n)                                                                                 \
            store_some(y + i, n - i, f(load_some(x + i, n - i)));                                  \
    }

// y = f(x, y) over an array: little work, so the loop's own instructions count.
#define COMBINE(name, f)                                                                           \
    static void name(ptrdiff_t n, const float *x, float *y) {                                      \
        ptrdiff_t i = 0;                                                                           \
        _Pragma("clang loop unroll_count(4)") for (; i + WIDTH <= n; i += WIDTH)                   \
            store(y + i, f(load(x + i), load(y + i)));                                             \
        if (i < n)                                                                                 \
            store_some(y + i, n - i, f(load_some(x + i, n - i), load_some(y + i, n - i)));         \
    }

INLINE vf sigmoid_delta(vf y, vf delta) {
    return delta * (y * (splat(1.0f) - y));
}

INLINE vf relu_delta(vf y, vf delta) {
    return choose(y > splat(0), delta, splat(0));
}

INLINE vf tanh_delta(vf y, vf delta) {
    return delta * fma_v(negate(y), y, splat(1.0f));
}

INLINE vf leaky_relu_v(vf x) {
    return choose(x > splat(0), x, splat(CK_LEAK) * x);
}

INLINE vf leaky_relu_delta(vf y, vf delta) {
    return choose(y > splat(0), delta, splat(CK_LEAK) * delta);
}

INLINE vf sum_v(vf x, vf y) {
    return y + x;
}

MAP(relu, relu_v)
MAP(leaky_relu, leaky_relu_v)
MAP(log1p_all, log1p_v)
COMBINE(sigmoid_backward, sigmoid_delta)
COMBINE(relu_backward, relu_delta)
COMBINE(tanh_backward, tanh_delta)
COMBINE(leaky_relu_backward, leaky_relu_delta)
COMBINE(add, sum_v)

// A processor looks some hundred operations ahead, too few of a long chain to fill its pipes. So
// an exponential and what follows from it are computed block by block, in one loop a link of the
// chain. Buffers are whole vectors, of which those behind n hold anything.
enum { BLOCK = 256 };

typedef struct {
    _Alignas(64) float r[BLOCK], shifted[BLOCK];
} reduced_block;

INLINE void put_reduced(reduced_block *block, ptrdiff_t i, reduced_v x) {
    store(block->r + i, x.r);
    store(block->shifted + i, x.shifted);
}

INLINE reduced_v reduced_at(const reduced_block *block, ptrdiff_t i) {
    return (reduced_v){load(block->r + i), load(block->shifted + i)};
}

static void exp_block(ptrdiff_t n, const float *x, float *y) {
    reduced_block block;
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        put_reduced(&block, i, reduce_any(load(x + i)));
    if (i < n)
        put_reduced(&block, i, reduce_any(load_some(x + i, n - i)));
    for (i = 0; i + WIDTH <= n; i += WIDTH)
        store(y + i, expand_any(reduced_at(&block, i)));
    if (i < n)
        store_some(y + i, n - i, expand_any(reduced_at(&block, i)));
}

static void exp_all(ptrdiff_t n, const float *x, float *y) {
    for (; n > 0; n -= BLOCK, x += BLOCK, y += BLOCK)
        exp_block(n < BLOCK ? n : BLOCK, x, y);
}

// e[BLOCK] = e^-|z|.
static void exp_below(ptrdiff_t n, const float *z, float *e) {
    reduced_block block;
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        put_reduced(&block, i, reduce_below(load(z + i)));
    if (i < n)
        put_reduced(&block, i, reduce_below(load_some(z + i, n - i)));
    for (i = 0; i < n; i += WIDTH)
        store(e + i, expand_below(reduced_at(&block, i)));
}

static void sigmoid_block(ptrdiff_t n, const float *x, float *y) {
    _Alignas(64) float e[BLOCK];
    exp_below(n, x, e);
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        store(y + i, perceive(load(x + i), load(e + i)).p);
    if (i < n)
        store_some(y + i, n - i, perceive(load_some(x + i, n - i), load(e + i)).p);
}

static void sigmoid(ptrdiff_t n, const float *x, float *y) {
    for (; n > 0; n -= BLOCK, x += BLOCK, y += BLOCK)
        sigmoid_block(n < BLOCK ? n : BLOCK, x, y);
}

INLINE reduced_v reduce_twice(vf x) {
    const vf a = abs_v(x), most = choose(a > splat(CK_TANH_MAX), splat(CK_TANH_MAX), a);
    return reduce(most + most, 127);
}

// tanh x, from the reduced 2 |x|: the lowest bits of `shifted` are the exponent of 2^n.
INLINE vf tanh_v(vf x, reduced_v twice) {
    const vf a = abs_v(x), z = a * a;
    vf p = splat(CK_TANH_C5);
    p = fma_v(p, z, splat(CK_TANH_C4));
    p = fma_v(p, z, splat(CK_TANH_C3));
    p = fma_v(p, z, splat(CK_TANH_C2));
    p = fma_v(p, z, splat(CK_TANH_C1));
    const vf small = fma_v(a * z, p, a);
    const vf e = exp_r(twice.r) * (vf)(int_bits(twice.shifted) << 23);
    const vf large = splat(1.0f) - splat(2.0f) / (e + splat(1.0f));
    const vf y = choose(a < splat(CK_TANH_SMALL), small, large);
    return (vf)(int_bits(abs_v(y)) | (int_bits(x) & int_bits(splat(-0.0f))));
}

static void tanh_block(ptrdiff_t n, const float *x, float *y) {
    reduced_block block;
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        put_reduced(&block, i, reduce_twice(load(x + i)));
    if (i < n)
        put_reduced(&block, i, reduce_twice(load_some(x + i, n - i)));
    for (i = 0; i + WIDTH <= n; i += WIDTH)
        store(y + i, tanh_v(load(x + i), reduced_at(&block, i)));
    if (i < n)
        store_some(y + i, n - i, tanh_v(load_some(x + i, n - i), reduced_at(&block, i)));
}

static void tanh_all(ptrdiff_t n, const float *x, float *y) {
    for (; n > 0; n -= BLOCK, x += BLOCK, y += BLOCK)
        tanh_block(n < BLOCK ? n : BLOCK, x, y);
}

static void momentum_update(ptrdiff_t n, ck_step step, const float *g, float *v, float *w) {
    const update_factors f = factors_of(step);
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const vf velocity = new_velocity(&f, load(g + i), load(v + i));
        store(v + i, velocity);
        store(w + i, load(w + i) + velocity);
    }
    if (i < n) {
        const ptrdiff_t left = n - i;
        const vf velocity = new_velocity(&f, load_some(g + i, left), load_some(v + i, left));
        store_some(v + i, left, velocity);
        store_some(w + i, left, load_some(w + i, left) + velocity);
    }
}

typedef struct {
    vf m, v, w;
} adam_v;

INLINE adam_v adam_step(const ck_adam_rule *rule, vf g, vf m, vf v, vf w) {
    const vi exponent = (vi){0} + CK_EXPONENT_BITS;
    const vf slope = fma_v(splat(rule->decay), w, splat(rule->scale) * g);
    m = flushed(fma_v(splat(rule->beta1), m, splat(rule->rest1) * slope), exponent);
    v = flushed(fma_v(splat(rule->beta2), v, splat(rule->rest2) * slope * slope), exponent);
    const vf root = __builtin_elementwise_sqrt(v);
    const vf move = m / fma_v(root, splat(rule->root), splat(rule->epsilon));
    w = fma_v(splat(-rule->rate), move, fma_v(splat(-rule->shrink), w, w));
    return (adam_v){m, v, w};
}

static int adam_update(ptrdiff_t n, const ck_adam_rule *rule, const float *g, float *m, float *v,
                       float *w) {
    vi bad = {0};
    ptrdiff_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const adam_v now = adam_step(rule, load(g + i), load(m + i), load(v + i), load(w + i));
        store(m + i, now.m);
        store(v + i, now.v);
        store(w + i, now.w);
        bad |= not_finite(now.w) | not_finite(now.v);
    }
    if (i < n) {
        const ptrdiff_t left = n - i;
        const adam_v now = adam_step(rule, load_some(g + i, left), load_some(m + i, left),
                                     load_some(v + i, left), load_some(w + i, left));
        store_some(m + i, left, now.m);
        store_some(v + i, left, now.v);
        store_some(w + i, left, now.w);
        bad |= not_finite(now.w) | not_finite(now.v); // other lanes are zero
    }
    return any(bad);
}

typedef struct {
    vf loss, gradient;
} loss_v;

// Of z and t with e = e^-|z| and, where the loss has one, l = ln(1 + e).
INLINE loss_v synaptic(vf z, vf t, vf e, vf l) {
    const vf one = splat(1.0f), x = clamp_finite(z), a = abs_v(x);
    const vf positive = choose(x > splat(0), x, splat(0));
    const signal_v s = perceive(x, e);
    const vf entropy = fma_v(a, s.small, l);
    const vf divergence = l + fma_v(negate(t), x, positive);
    const vf off = s.p * fma_v(negate(x), s.q, one), on = s.q * fma_v(x, s.p, one);
    return (loss_v){divergence + entropy, fma_v(negate(t), on, (one - t) * off)};
}

INLINE loss_v cross_entropy(vf z, vf t, vf e, vf l) {
    const vf one = splat(1.0f), x = clamp_finite(z);
    const vf positive = choose(x > splat(0), x, splat(0));
    const signal_v s = perceive(x, e);
    return (loss_v){l + fma_v(negate(t), x, positive), fma_v(negate(t), s.q, (one - t) * s.p)};
}

INLINE loss_v mean_square(vf z, vf t, vf e, vf l) {
    (void)l;
    const signal_v s = perceive(z, e);
    const vf d = fma_v(negate(t), s.q, (splat(1.0f) - t) * s.p);
    return (loss_v){splat(0.5f) * d * d, d * (s.p * s.q)};
}

// Of whole vectors; what is left is one of them, so that every element meets the same instructions:
// they decide which of two NaNs comes out, and with which sign.
#define LOSS(name, f, has_logarithm)                                                               \
    __attribute__((noinline)) static void name##_block(                                            \
        ptrdiff_t n, const float *z, const float *t, float scale, float *loss, float *delta) {     \
        _Alignas(64) float e[BLOCK], logarithms[BLOCK];                                            \
        const float *l = has_logarithm ? logarithms : e;                                           \
        exp_below(n, z, e);                                                                        \
        if (has_logarithm)                                                                         \
            log1p_all(n, e, logarithms);                                                           \
        for (ptrdiff_t i = 0; i < n; i += WIDTH) {                                                 \
            const loss_v y = f(load(z + i), load(t + i), load(e + i), load(l + i));                \
            store(loss + i, y.loss);                                                               \
            store(delta + i, splat(scale) * y.gradient);                                           \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void name(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,        \
                     float *delta) {                                                               \
        const ptrdiff_t left = n % WIDTH, whole = n - left;                                        \
        for (ptrdiff_t i = 0; i < whole; i += BLOCK)                                               \
            name##_block(whole - i < BLOCK ? whole - i : BLOCK, z + i, t + i, scale, loss + i,     \
                         delta + i);                                                               \
        if (left > 0) {                                                                            \
            float z_left[WIDTH] = {0}, t_left[WIDTH] = {0}, loss_left[WIDTH], delta_left[WIDTH];   \
            ck_copy_some(z_left, z + whole, left);                                                 \
            ck_copy_some(t_left, t + whole, left);                                                 \
            name##_block(WIDTH, z_left, t_left, scale, loss_left, delta_left);                     \
            ck_copy_some(loss + whole, loss_left, left);                                           \
            ck_copy_some(delta + whole, delta_left, left);                                         \
        }                                                                                          \
    }

LOSS(synaptic_loss, synaptic, 1)
LOSS(cross_entropy_loss, cross_entropy, 1)
LOSS(mean_square_loss, mean_square, 0)

static double sum_shard(ptrdiff_t n, const float *x) {
    typedef float eight __attribute__((vector_size(32)));
    vd c = {0};
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        eight v;
        memcpy(&v, x + i, sizeof v);
        c += __builtin_convertvector(v, vd);
    }
    for (ptrdiff_t lane = 0; i < n; i++, lane++)
        c[lane] += (double)x[i];
    return ((c[0] + c[4]) + (c[2] + c[6])) + ((c[1] + c[5]) + (c[3] + c[7]));
}
