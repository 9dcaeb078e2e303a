// A hash for every function of CKernels.h that computes: together they call every kernel of a
// table, with sizes around its vectors, panels, tiles and blocks, and with special values.
#include "report.h"

enum { MOST = 40000 }; // elements of the longest array: enough for several threads

static const ptrdiff_t lengths[] = {0,  1,  2,  3,  4,  5,  7,  8,   9,    15,   16,   17,
                                    31, 32, 33, 47, 48, 63, 65, 255, 1023, 1025, 2500, MOST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

typedef void map(ptrdiff_t n, const float *x, float *y, int threads);

// y = f(x) or y = f(x, y)
static void report_map(const char *name, map *f, float low, float high, int threads) {
    generator g = {1};
    hash h = hash_start();
    float *x = floats(MOST), *y = floats(MOST);
    for (int i = 0; i < LENGTHS; i++) {
        fill(&g, lengths[i], low, high, 1, x);
        fill(&g, lengths[i], low, high, 1, y);
        f(lengths[i], x, y, threads);
        hash_floats(&h, lengths[i], y);
    }
    report(name, h);
    ck_free(x);
    ck_free(y);
}

static void report_momentum(int threads) {
    generator g = {2};
    hash h = hash_start();
    float *gradient = floats(MOST), *v = floats(MOST), *w = floats(MOST);
    for (int i = 0; i < LENGTHS; i++) {
        const ptrdiff_t n = lengths[i];
        const float size = i % 2 ? 1 : 0x1p-125f; // some velocities become subnormal
        fill(&g, n, -size, size, 1, gradient);
        fill(&g, n, -size, size, 1, v);
        fill(&g, n, -size, size, 1, w);
        ck_momentum_update(n, 0.25f, 0.875f, gradient, v, w, threads);
        hash_floats(&h, n, v);
        hash_floats(&h, n, w);
        const ck_update_rule rule = {0.25f, 0.875f, 0.5f, 0.125f, i % 3 == 0};
        hash_double(&h, ck_square_sum(n, gradient, threads));
        hash_double(&h, ck_update(n, &rule, gradient, v, w, threads));
        hash_floats(&h, n, v);
        hash_floats(&h, n, w);
    }
    report("updates", h);
    ck_free(gradient);
    ck_free(v);
    ck_free(w);
}

static void report_adam(int threads) {
    generator g = {9};
    hash h = hash_start();
    float *gradient = floats(MOST), *m = floats(MOST), *v = floats(MOST), *w = floats(MOST);
    for (int i = 0; i < LENGTHS; i++) {
        const ptrdiff_t n = lengths[i];
        const float size = i % 2 ? 1 : 0x1p-63f; // some moments become subnormal
        fill(&g, n, -size, size, 1, gradient);
        fill(&g, n, -size, size, 1, m);
        fill(&g, n, 0, size, 0, v);
        fill(&g, n, -1, 1, 1, w);
        const ck_adam_rule rule = {.scale = i % 3 ? 1 : 0.5f,
                                   .decay = i % 4 == 1 ? 0.125f : 0,
                                   .shrink = i % 4 == 2 ? 0.01f : 0,
                                   .beta1 = 0.9f,
                                   .rest1 = 0.1f,
                                   .beta2 = 0.999f,
                                   .rest2 = 0.001f,
                                   .rate = 0.01f,
                                   .root = 3,
                                   .epsilon = 1e-8f};
        hash_double(&h, ck_adam_update(n, &rule, gradient, m, v, w, threads));
        hash_floats(&h, n, m);
        hash_floats(&h, n, v);
        hash_floats(&h, n, w);
    }
    report("adam", h);
    ck_free(gradient);
    ck_free(m);
    ck_free(v);
    ck_free(w);
}

typedef void loss(ptrdiff_t n, const float *z, const float *t, float scale, float *value,
                  float *delta, int threads);
typedef void row_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t, float scale,
                      float *value, float *delta, int threads);

// One of f and rows is given.
static void report_loss(const char *name, loss *f, row_loss *rows, int threads) {
    generator g = {3};
    hash h = hash_start();
    float *z = floats(MOST), *t = floats(MOST), *value = floats(MOST), *delta = floats(MOST);
    for (int i = 0; i < LENGTHS; i++) {
        const ptrdiff_t width = 1 + i % 19, m = rows ? lengths[i] / width : lengths[i];
        const ptrdiff_t n = rows ? m * width : m;
        fill(&g, n, -20, 20, 1, z);
        fill(&g, n, 0, 1, 0, t);
        for (ptrdiff_t j = 0; j < n; j += 2) // half of the targets are hard
            t[j] = t[j] < 0.5f ? 0 : 1;
        if (rows)
            rows(m, width, z, t, 0.125f, value, delta, threads);
        else
            f(n, z, t, 0.125f, value, delta, threads);
        hash_floats(&h, m, value);
        hash_floats(&h, n, delta);
    }
    report(name, h);
    ck_free(z);
    ck_free(t);
    ck_free(value);
    ck_free(delta);
}

static void report_rows(int threads) {
    generator g = {4};
    hash bias = hash_start(), softmax = hash_start(), sum = hash_start(), correct = hash_start();
    float *x = floats(MOST), *y = floats(MOST);
    uint8_t labels[MOST];
    for (int i = 0; i < LENGTHS; i++) {
        const ptrdiff_t width = 1 + i % 37, m = lengths[i] / width, n = m * width;
        fill(&g, n, -30, 30, 1, x);
        fill(&g, width, -1, 1, 1, y);
        for (ptrdiff_t j = 0; j < m; j++)
            labels[j] = (uint8_t)below(&g, width);
        hash_double(&correct, (double)ck_count_correct(m, width, x, labels, threads));
        ck_bias_add(m, width, y, x, width, threads);
        hash_floats(&bias, n, x);
        ck_softmax(m, width, x, width, y, width, threads);
        hash_floats(&softmax, n, y);
        fill(&g, n, -1, 1, i % 4 == 3, x);
        hash_double(&sum, ck_sum(n, x, threads));
    }
    report("bias_add", bias);
    report("softmax", softmax);
    report("sum", sum);
    report("count_correct", correct);
    ck_free(x);
    ck_free(y);
}

static void report_products(int threads) {
    static const ptrdiff_t edges[] = {0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 33, 48};
    static const float factors[][2] = {{1, 0}, {1, 1}, {-0.5f, 0.75f}, {0, 1}, {0.3f, 1.7f}};
    enum { EDGES = sizeof edges / sizeof *edges, BIG = 13, MOST = 391 * 300 };
    static const ptrdiff_t big[BIG][3] = {
        {13, 40, 257},  {391, 20, 30}, {20, 263, 600}, {391, 70, 300}, {1159, 70, 17},
        {100, 10, 800}, {600, 21, 40}, {20, 50, 300},  {2100, 1, 40},  {40, 1, 512},
        {1, 40, 512},   {2100, 1, 40}, {1, 2100, 40}};
    generator g = {5};
    hash h = hash_start();
    float *a = floats(MOST), *b = floats(600 * 263), *c = floats(MOST);
    for (int i = 0; i < EDGES * EDGES * EDGES + BIG; i++) {
        const int at = i - EDGES * EDGES * EDGES;
        const ptrdiff_t m = at < 0 ? edges[i % EDGES] : big[at][0];
        const ptrdiff_t n = at < 0 ? edges[i / EDGES % EDGES] : big[at][1];
        const ptrdiff_t k = at < 0 ? edges[i / EDGES / EDGES] : big[at][2];
        const ck_transpose ta = i % 2 ? CK_TRANSPOSE : CK_NO_TRANSPOSE;
        const ck_transpose tb = i / 2 % 2 ? CK_TRANSPOSE : CK_NO_TRANSPOSE;
        const float *factor = factors[i % 5];
        const int special = i % 7 == 0;
        fill(&g, m * k, -1, 1, special, a);
        fill(&g, k * n, -1, 1, special, b);
        fill(&g, m * n, -1, 1, special, c);
        ck_sgemm(ta, tb, m, n, k, factor[0], a, ta == CK_TRANSPOSE ? m : k, b,
                 tb == CK_TRANSPOSE ? k : n, factor[1], c, n, threads);
        hash_floats(&h, m * n, c);
    }
    report("sgemm", h);
    ck_free(a);
    ck_free(b);
    ck_free(c);
}

// Panels of one layer or buffer: allocated, and filled by way of ck_dense_pack.
static float *random_panels(generator *g, ptrdiff_t inputs, ptrdiff_t outputs, float size) {
    float *panels = floats(ck_panel_size(inputs + 1, outputs));
    float *weight = floats(inputs * outputs), *bias = floats(outputs);
    fill(g, inputs * outputs, -size, size, 0, weight);
    fill(g, outputs, -size, size, 0, bias);
    ck_dense_pack(inputs, outputs, weight, bias, panels);
    ck_free(weight);
    ck_free(bias);
    return panels;
}

static void hash_panels(hash *h, ptrdiff_t inputs, ptrdiff_t outputs, const float *panels) {
    float *weight = floats(inputs * outputs), *bias = floats(outputs);
    ck_dense_unpack(inputs, outputs, panels, weight, bias);
    hash_floats(h, inputs * outputs, weight);
    hash_floats(h, outputs, bias);
    ck_free(weight);
    ck_free(bias);
}

// Forward, gradient and backward of a network of two hidden layers.
// listed: of images that are mostly zero, by lists.
static void report_dense(int threads, int listed) {
    static const ptrdiff_t shapes[][5] = {
        // batch, inputs, hidden, hidden, outputs
        {1, 1, 1, 1, 2},       {2, 5, 3, 4, 3},       {5, 16, 16, 16, 16},  {6, 15, 17, 31, 10},
        {7, 33, 37, 21, 10},   {51, 100, 64, 48, 17}, {64, 49, 80, 33, 26}, {13, 787, 130, 9, 10},
        {300, 30, 40, 50, 60}, {70, 300, 260, 9, 10},
    };
    static const ck_activation hidden[] = {CK_SIGMOID, CK_RELU, CK_TANH, CK_LEAKY_RELU};
    enum { LAYERS = 3, SHAPES = sizeof shapes / sizeof *shapes, HIDDEN = 4 };
    generator g = {6};
    hash forward = hash_start(), gradient = hash_start(), backward = hash_start();
    for (int s = 0; s < SHAPES; s++) {
        const ptrdiff_t batch = shapes[s][0], *sizes = shapes[s] + 1;
        const ptrdiff_t outputs = sizes[LAYERS];
        ck_dense layers[LAYERS];
        for (int l = 0; l < LAYERS; l++) {
            const ptrdiff_t in = sizes[l], out = sizes[l + 1];
            layers[l] = (ck_dense){
                .inputs = in,
                .outputs = out,
                .activation = l == LAYERS - 1 ? CK_IDENTITY : hidden[(s + l) % HIDDEN],
                .weights = random_panels(&g, in, out, 0.5f),
                .velocity = random_panels(&g, in, out, 0.1f),
                .gradient = floats(ck_panel_size(in + 1, out)),
                .activations = floats(ck_panel_size(batch, out)),
                .deltas = floats(threads * ck_panel_size(batch, out)),
                .scratch = floats(ck_dense_scratch(in, out)),
            };
        }
        uint8_t images[9 * 787];
        uint32_t indices[300];
        for (ptrdiff_t i = 0; i < 9 * sizes[0]; i++)
            images[i] = (uint8_t)(listed && below(&g, 5) ? 0 : below(&g, 256));
        for (ptrdiff_t i = 0; i < batch; i++)
            indices[i] = (uint32_t)below(&g, 9);
        const ck_batch_input input = {
            .images = images,
            .indices = indices,
            .pixels = sizes[0],
            .scale = 1.0f / 127.5f,
            .offset = listed ? 0 : -1,
            .panels = floats(ck_input_size(batch, sizes[0], threads)),
            .listing = listed ? CK_ALWAYS_LISTED : CK_NEVER_LISTED,
        };
        const ck_network network = dense_network(LAYERS, layers, batch, threads);
        float *logits = floats(batch * outputs), *delta = floats(batch * outputs);
        for (int step = 0; step < 2; step++) {
            ck_network_forward(&network, batch, &input, NULL, logits, threads);
            hash_floats(&forward, batch * outputs, logits);
            fill(&g, batch * outputs, -0.1f, 0.1f, 0, delta);
            ck_network_gradient(&network, batch, &input, delta, threads);
            for (int l = 0; l < LAYERS; l++)
                hash_panels(&gradient, sizes[l], sizes[l + 1], layers[l].gradient);
            const float eta = step ? 1e30f : 0.25f; // the second step overflows somewhere or not
            const ptrdiff_t bad =
                ck_network_backward(&network, batch, &input, delta, eta, 0.875f, threads);
            hash_double(&backward, (double)bad);
            for (int l = 0; l < LAYERS; l++) {
                hash_panels(&backward, sizes[l], sizes[l + 1], layers[l].weights);
                hash_panels(&backward, sizes[l], sizes[l + 1], layers[l].velocity);
            }
        }
        for (int l = 0; l < LAYERS; l++) {
            float *buffers[] = {layers[l].weights,     layers[l].velocity, layers[l].gradient,
                                layers[l].activations, layers[l].deltas,   layers[l].scratch};
            for (int i = 0; i < 6; i++)
                ck_free(buffers[i]);
        }
        ck_free(network.workspace);
        ck_free(input.panels);
        ck_free(logits);
        ck_free(delta);
    }
    report(listed ? "listed_forward" : "dense_forward", forward);
    report(listed ? "listed_gradient" : "dense_gradient", gradient);
    report(listed ? "listed_backward" : "dense_backward", backward);
}

static void report_doubles(void) {
    generator g = {7};
    hash h = hash_start();
    for (int i = 0; i < 20000; i++) {
        const double x = (double)uniform(&g, -760, 760) * (1 + 0x1p-30 * (double)i);
        hash_double(&h, ck_exp64(x));
        hash_double(&h, ck_log64(ck_exp64(x)));
        hash_double(&h, ck_sin64(x));
        hash_double(&h, ck_cos64(x));
    }
    report("double mathematics", h);
}

static void report_augment(int threads) {
    enum { IMAGES = 5, WIDEST = 33 };
    static const ck_shape shapes[] = {{1, 28, 28}, {3, 5, WIDEST}, {2, 7, 1}, {1, 1, 17}};
    static const ck_augmentation all[] = {
        {2.5f, 0, 0, 7}, {0, 0.25f, 0, 7}, {0, 0, 3, 7}, {40, 3, 0.4f, 1}, {1, 0.2f, 1.3f, 3}};
    static const uint32_t indices[IMAGES] = {3, 0, 4, 1, 0};
    generator g = {8};
    hash h = hash_start();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes * (sizeof all / sizeof *all); i++) {
        const ck_shape shape = shapes[i % (sizeof shapes / sizeof *shapes)];
        const ck_augmentation *how = &all[i / (sizeof shapes / sizeof *shapes)];
        const ptrdiff_t pixels = shape.channels * shape.height * shape.width;
        uint8_t images[IMAGES * 28 * 28], made[IMAGES * 28 * 28];
        float values[IMAGES * 28 * 28];
        for (ptrdiff_t p = 0; p < IMAGES * pixels; p++)
            images[p] = (uint8_t)below(&g, 256);
        void *workspace = ck_alloc(ck_augment_workspace(shape, how, threads));
        ck_augment(shape, how, 0x123456789, 7, 10, IMAGES, images, indices, made, workspace,
                   threads);
        ck_free(workspace);
        for (ptrdiff_t p = 0; p < IMAGES * pixels; p++)
            values[p] = (float)made[p];
        hash_floats(&h, IMAGES * pixels, values);
    }
    report("augment", h);
}

void report_kernels(int threads) {
    report_map("sigmoid", ck_sigmoid, -30, 30, threads);
    report_map("sigmoid_backward", ck_sigmoid_backward, -1, 1, threads);
    report_map("relu", ck_relu, -1, 1, threads);
    report_map("relu_backward", ck_relu_backward, -1, 1, threads);
    report_map("tanh", ck_tanh, -10, 10, threads);
    report_map("tanh_backward", ck_tanh_backward, -1, 1, threads);
    report_map("leaky_relu", ck_leaky_relu, -1, 1, threads);
    report_map("leaky_relu_backward", ck_leaky_relu_backward, -1, 1, threads);
    report_map("exp", ck_exp, -110, 95, threads);
    report_map("log1p", ck_log1p, -0.5f, 4, threads);
    report_loss("synaptic_loss", ck_synaptic_loss, NULL, threads);
    report_loss("cross_entropy_loss", ck_cross_entropy_loss, NULL, threads);
    report_loss("mean_square_loss", ck_mean_square_loss, NULL, threads);
    report_loss("synaptic_softmax", NULL, ck_synaptic_softmax_loss, threads);
    report_loss("cross_entropy_softmax", NULL, ck_cross_entropy_softmax_loss, threads);
    report_rows(threads);
    report_products(threads);
    report_doubles();
}

void report_steps(int threads) {
    report_momentum(threads);
    report_adam(threads);
    report_dense(threads, 0);
    report_dense(threads, 1);
    report_augment(threads);
}
