// CKernels: the hot loops of Phidias, in C with OpenMP. This is the whole public interface.
//
// Conventions
// - Matrices are row-major. Arguments follow BLAS: sizes, alpha, a, lda, b, ldb, beta, c, ldc;
//   the thread count comes last. Sizes are ptrdiff_t, in elements, and may be 0.
// - Pointers need the alignment of float only, unless a function says 64 bytes.
// - Output does not overlap input unless a function says "in place".
// - `threads` is the number of OpenMP threads to use, at least 1. It never changes a bit of any
//   result: work is split over elements of the result, never over a sum.
// - Every sum over k is one chain of fused multiply-adds in ascending k that starts at +0 (a
//   layer's forward pass: at its bias). Every kernel table gives the same bits.
// - Functions that return int give CK_OK, or CK_NO_MEMORY and leave the output unspecified, unless
//   they say otherwise.
// - There is no global mutable state except the choice of the kernel table, and OMP_NUM_THREADS as
//   read by ck_threads_wanted.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CK_OK = 0, CK_NO_MEMORY = 1 };

// ---------------------------------------------------------------- kernel tables and threads

/// Why no kernel table could be chosen, or NULL. The environment variable CK_ARCH asks for a
/// table by name; a name that is unknown, or that this CPU cannot run, is an error whose text
/// lists the names that would work. Without CK_ARCH the fastest table of this CPU is chosen, avx512
/// only where the CPU is known to gain by it.
const char *ck_arch_error(void);

/// A notice, for standard error, about the table that CK_ARCH chose: that it is used only because
/// it was asked for. NULL if there is nothing to say.
const char *ck_arch_notice(void);

/// Name of the kernel table in use: "reference", "avx2", "avx512" or "neon". Ends the process with
/// the text of ck_arch_error() on standard error if there is none.
const char *ck_arch(void);

/// Name of the i-th table this CPU can run, from slowest to fastest, or NULL past the last.
const char *ck_arch_available(int i);

/// Switches the kernels that this thread calls to the table `name`, or back to the choice made at
/// start when it is NULL. For tests and benchmarks; other threads are not affected. Returns 0, or
/// -1 if this CPU cannot run such a table.
int ck_arch_select(const char *name);

/// How many threads are worth starting: the CPUs in this process's affinity mask, limited by the
/// CPU quota of its cgroup (v1 and v2, rounded up) and by ck_threads_limit. At least 1.
int ck_threads_available(void);

/// Runs body(context) on the calling thread, while the other threads of a team stand by for the
/// passes over networks, the updates and the augmentations in it that ask for as many threads: each
/// then begins and ends in a fraction of the time that a parallel region takes. Anything else in it
/// that asks for several threads runs on the calling one alone. If OMP_DYNAMIC is set, no team
/// stands by.
void ck_with_team(int threads, void (*body)(void *context), void *context);

/// The first number in the list OMP_NUM_THREADS, from 1 to 999,999; 0 if there is no list; -1 if it
/// does not begin with such a number. The environment is read once, before OpenMP reads it, and a
/// variable that OpenMP could not read is then removed from it.
int ck_threads_wanted(void);

/// The most threads that OpenMP gives this process: OMP_THREAD_LIMIT, or a very large number.
int ck_threads_limit(void);

/// The CPU quota, rounded up, of the cgroup that `membership` (normally /proc/self/cgroup) names
/// in the hierarchies below `root` (normally /sys/fs/cgroup), or of the strictest of its parents;
/// 0 where there is no limit. Reads v2's cpu.max and v1's cpu.cfs_quota_us.
int ck_cgroup_cpus(const char *membership, const char *root);

/// The same for memory, in bytes: v2's memory.max and v1's memory.limit_in_bytes.
int64_t ck_cgroup_memory(const char *membership, const char *root);

/// Why OpenMP cannot start: an errno, or 0 if it can. LLVM's library puts a note of itself into
/// /dev/shm, and ends the process where it cannot. So a file is made there first, until that has
/// succeeded once. Every function of this header that takes a number of threads starts OpenMP.
int ck_openmp_error(void);

/// Starts the threads that the caller's parallel regions of up to `threads` threads will use, so
/// that nothing that happens later can prevent them from starting. First as many are started as a
/// trial: if the system refused them, OpenMP would end the process. Returns 0, or an errno.
int ck_threads_start(int threads);

/// Bytes of address space that ck_threads_start needs for each thread but the caller.
size_t ck_thread_bytes(void);

/// Runs a parallel region of `threads` threads and returns how many different operating-system
/// threads were seen in it: a build without working OpenMP answers 1.
int ck_threads_observed(int threads);

/// n bytes, aligned to 64, or NULL; release with ck_free.
void *ck_alloc(size_t bytes);
void ck_free(void *memory);

/// x[n] = 0; each thread clears a contiguous share of a large array, as drivers divide panels and
/// copies: where memory is placed near the CPU that touches it first (NUMA), new memory is then
/// near its owners.
void ck_clear(ptrdiff_t n, float *x, int threads);

// ---------------------------------------------------------------- matrix multiplication

typedef enum { CK_NO_TRANSPOSE = 0, CK_TRANSPOSE = 1 } ck_transpose;

/// C[m,n] = alpha * op(A)[m,k] * op(B)[k,n] + beta * C, where op(X) is X or its transpose.
/// lda, ldb, ldc are the row lengths of the matrices as stored. Each element is
/// fma(alpha, acc, beta * c) with acc one ascending chain over k; C is not read when beta = 0.
int ck_sgemm(ck_transpose ta, ck_transpose tb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
             const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c,
             ptrdiff_t ldc, int threads);

/// C[i,j] += bias[j] for an m × n matrix, in place.
void ck_bias_add(ptrdiff_t m, ptrdiff_t n, const float *bias, float *c, ptrdiff_t ldc, int threads);

// ---------------------------------------------------------------- elementwise functions
// x and y may be the same array.

/// y = 1 / (1 + exp(-x)); error at most 2 ulp over all floats, NaN for NaN.
void ck_sigmoid(ptrdiff_t n, const float *x, float *y, int threads);
/// delta *= y (1 - y), where y is the sigmoid's output, in place.
void ck_sigmoid_backward(ptrdiff_t n, const float *y, float *delta, int threads);
/// y = max(x, 0); NaN for NaN, +0 for -0.
void ck_relu(ptrdiff_t n, const float *x, float *y, int threads);
/// delta = y > 0 ? delta : +0, where y is the output of ReLU, in place.
void ck_relu_backward(ptrdiff_t n, const float *y, float *delta, int threads);
/// y = tanh x, odd to the bit; error at most 2 ulp over all floats, NaN for NaN.
void ck_tanh(ptrdiff_t n, const float *x, float *y, int threads);
/// delta *= 1 - y^2, where y is the output of tanh, in place.
void ck_tanh_backward(ptrdiff_t n, const float *y, float *delta, int threads);
/// y = x > 0 ? x : 0.01 x, the product rounded; NaN for NaN, -0 for -0.
void ck_leaky_relu(ptrdiff_t n, const float *x, float *y, int threads);
/// delta = y > 0 ? delta : 0.01 delta, where y is the output of leaky ReLU, in place.
void ck_leaky_relu_backward(ptrdiff_t n, const float *y, float *delta, int threads);
/// y = e^x; error at most 2 ulp, subnormal results included.
void ck_exp(ptrdiff_t n, const float *x, float *y, int threads);
/// y = ln(1 + x) for x >= 0; error at most 2 ulp. NaN for x < 0 and for NaN.
void ck_log1p(ptrdiff_t n, const float *x, float *y, int threads);
/// Each row of p[m,n] becomes the softmax of the row of z. Sums run in ascending order.
void ck_softmax(ptrdiff_t m, ptrdiff_t n, const float *z, ptrdiff_t ldz, float *p, ptrdiff_t ldp,
                int threads);

/// v = fma(-eta, g, alpha * v), stored as +0 where |v| < 2^-126; then w = w + v. One pass.
void ck_momentum_update(ptrdiff_t n, float eta, float alpha, const float *g, float *v, float *w,
                        int threads);

/// Variations of the momentum update.
typedef struct {
    float eta, alpha;
    float scale; ///< of the gradient: 1, or less to clip it
    float decay; ///< lambda of the weight decay: 0 for none
    int nesterov;
} ck_update_rule;

/// g = scale g + decay w, v = alpha v - eta g, stored as +0 where |v| < 2^-126; then w = w + v, or
/// with nesterov w = w + (alpha v - eta g). Each operation is rounded. Returns 0, or 1 if a weight
/// is no longer finite.
int ck_update(ptrdiff_t n, const ck_update_rule *rule, const float *g, float *v, float *w,
              int threads);

/// The numbers of a step of Adam or AdamW (docs/theory.md), the t-th from 1.
typedef struct {
    float scale;        ///< of the gradient: 1, or less to clip it
    float decay;        ///< lambda that Adam adds to the gradient: 0 for none
    float shrink;       ///< eta lambda, by which AdamW shrinks the weight: 0 for none
    float beta1, rest1; ///< rest1 = 1 - beta1
    float beta2, rest2; ///< rest2 = 1 - beta2
    float rate;         ///< eta / (1 - beta1^t)
    float root;         ///< 1 / sqrt(1 - beta2^t)
    float epsilon;      ///< above 0
} ck_adam_rule;

/// g = fma(decay, w, scale g); m = fma(beta1, m, rest1 g), v = fma(beta2, v, (rest2 g) g), both
/// stored as +0 below 2^-126; then w = fma(-rate, m / fma(sqrt v, root, epsilon), fma(-shrink, w,
/// w)). One pass. Returns 0, or 1 if a weight or moment is no longer finite.
int ck_adam_update(ptrdiff_t n, const ck_adam_rule *rule, const float *g, float *m, float *v,
                   float *w, int threads);

// ---------------------------------------------------------------- losses (docs/theory.md)
// z: logits, t: targets in [0, 1], loss: the value of each element (sigmoid forms) or row
// (softmax forms), delta: the gradient with respect to z, multiplied by `scale`. Logits may have
// any value; there is no cancellation and no overflow. Soft targets are allowed; for them the
// target's own entropy is subtracted, as the Kullback-Leibler divergence requires.

/// Our reconstruction of the synaptic loss: KL(t || p) + H(p), p = sigmoid(z).
void ck_synaptic_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                      float *delta, int threads);
/// KL(t || p), which for hard targets is the cross-entropy, p = sigmoid(z).
void ck_cross_entropy_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                           float *delta, int threads);
/// (p - t)^2 / 2, p = sigmoid(z).
void ck_mean_square_loss(ptrdiff_t n, const float *z, const float *t, float scale, float *loss,
                         float *delta, int threads);
/// KL(t || p) + H(p) of a row, p = softmax(z). z, t, delta: [m][n] without gaps; loss: [m].
void ck_synaptic_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t, float scale,
                              float *loss, float *delta, int threads);
/// KL(t || p) of a row, p = softmax(z); arguments as above.
void ck_cross_entropy_softmax_loss(ptrdiff_t m, ptrdiff_t n, const float *z, const float *t,
                                   float scale, float *loss, float *delta, int threads);

// ---------------------------------------------------------------- reductions

/// Sum in double over fixed shards of 1,024 elements (eight chains each) that are joined by a
/// pairwise tree: it depends on n alone.
double ck_sum(ptrdiff_t n, const float *x, int threads);
/// The same of x^2, each square rounded.
double ck_square_sum(ptrdiff_t n, const float *x, int threads);
/// Number of rows i of z[m,n] whose first largest element is at index labels[i]. A row with a
/// NaN is never correct.
ptrdiff_t ck_count_correct(ptrdiff_t m, ptrdiff_t n, const float *z, const uint8_t *labels,
                           int threads);

// ---------------------------------------------------------------- dense networks in panels
//
// One layout serves training: panels of 16 features. A matrix of `rows` × `features` is stored
// as [ceil(features / 16)][rows][16]; lanes past the last feature are zero.
// - weights, velocity and gradient of a layer: rows = inputs + 1, the last row is the bias;
// - activations and deltas: rows = images of the batch;
// so the forward kernel (images × 16 units), the delta kernel and the weight-gradient kernel
// (inputs × 16 units) read the same memory, and only the batch is packed, once.

enum { CK_LANES = 16 };

/// Items [first, last).
typedef struct {
    ptrdiff_t first, last;
} ck_range;

typedef enum {
    CK_IDENTITY = 0,
    CK_SIGMOID = 1,
    CK_RELU = 2,
    CK_TANH = 3,
    CK_LEAKY_RELU = 4, ///< with a slope of 0.01 below 0
} ck_activation;

/// One dense layer. All buffers are 64-byte aligned and owned by the caller.
typedef struct {
    ptrdiff_t inputs, outputs; ///< at least 1
    ck_activation activation;
    float *weights;     ///< panels, rows = inputs + 1
    float *velocity;    ///< like weights; NULL for evaluation
    float *gradient;    ///< like weights; only for ck_network_gradient, else NULL
    float *activations; ///< panels, rows = batch
    float *deltas;      ///< panels, rows = batch; for the last layer one copy per thread; NULL for
                        ///< evaluation
    float *scratch;     ///< ck_dense_scratch(inputs, outputs) floats; unused by the first layer
                        ///< of a network without stages
} ck_dense;

/// Whether the first layer's inputs are listed without their zeros: for tests and benchmarks, as it
/// changes no result.
typedef enum {
    CK_LISTED_WHERE_FASTER = 0,
    CK_NEVER_LISTED = 1,
    CK_ALWAYS_LISTED = 2, ///< where at most half of them are set: lists have no more room
} ck_listing;

/// Bytes of images, and which of them make the batch: image b is images[indices[b] * pixels …],
/// and its input is fma(byte, scale, offset). Or rows of numbers, which are inputs as they are.
typedef struct {
    const uint8_t *images;
    const float *rows; ///< in place of images, else NULL; only for networks without stages
    const uint32_t *indices;
    const uint32_t *next; ///< images wanted by the next call: a hint that changes no result
    ptrdiff_t next_count; ///< 0 if they are not known
    ptrdiff_t pixels;
    float scale, offset;
    float *panels; ///< out: the packed batch, ck_input_size floats; 64-byte aligned
    ck_listing listing;
} ck_batch_input;

/// Number of floats in panels of `features` features with `rows` rows.
ptrdiff_t ck_panel_size(ptrdiff_t rows, ptrdiff_t features);
/// Floats of a packed batch of up to `batch` images, for up to `threads` threads: a copy for each,
/// or a single one for a large batch.
ptrdiff_t ck_input_size(ptrdiff_t batch, ptrdiff_t pixels, int threads);
/// Floats of scratch a layer needs.
ptrdiff_t ck_dense_scratch(ptrdiff_t inputs, ptrdiff_t outputs);

/// weight[outputs, inputs] and bias[outputs], both without gaps, into panels.
void ck_dense_pack(ptrdiff_t inputs, ptrdiff_t outputs, const float *weight, const float *bias,
                   float *panels);
/// The inverse of ck_dense_pack.
void ck_dense_unpack(ptrdiff_t inputs, ptrdiff_t outputs, const float *panels, float *weight,
                     float *bias);

// Networks of these layers, with or without convolutions below them, and augmentation.
#include "CKConvolution.h"

// ---------------------------------------------------------------- portable double mathematics
// The same operations in the same order on every machine, built from fma: for schedules,
// synthesis and reports. Error of exp and log at most 2 ulp, of sin and cos at most 2^-52.

double ck_exp64(double x); ///< all x
double ck_log64(double x); ///< x > 0; -inf at 0, NaN below
double ck_sin64(double x); ///< |x| <= 2^20
double ck_cos64(double x); ///< |x| <= 2^20

// ---------------------------------------------------------------- probes of the machine
// For benchmarks, which report the share of the machine's limits that they reach. They measure for
// about `seconds` each, all threads at once; slices faster than any CPU (the clock jumped) do not
// count.

/// Floating-point operations per second, two for each fused multiply-add, of `threads` threads that
/// keep all operands in registers. Measured with the fastest table that this CPU can run, whatever
/// table is in use: it is the machine's peak, not the table's.
double ck_probe_peak(double seconds, int threads);

/// Seconds of one crossing of a barrier at which two threads spin: the median of batches of 100.
double ck_probe_barrier(double seconds);

/// Bytes per second between memory and the CPU.
typedef struct {
    double read;     ///< sum of an array
    double triad;    ///< a = b + 2c: 32 bytes per element of 8, as a line is fetched to be written
    double in_place; ///< a = a + 2b: 24 bytes per element of 8
} ck_bandwidth;

/// Bandwidth of `threads` threads, each on its own part of arrays of `bytes` together: that of
/// memory if they are far larger than the caches, else that of the cache they fit in.
/// CK_NO_MEMORY leaves the result unspecified.
int ck_probe_bandwidth(double seconds, size_t bytes, int threads, ck_bandwidth *bandwidth);

#ifdef __cplusplus
}
#endif

#endif
