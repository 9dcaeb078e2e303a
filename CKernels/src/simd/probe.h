// The FMA probe, written once for every vector width. Included by one file per architecture,
// after operations.h, inside its target.

enum {
    // Enough chains to hide the latency of an FMA (4 cycles in 2 to 4 pipes) and few enough to
    // stay in registers: AVX2 has 16 of them, AVX-512 and NEON have 32.
    CHAINS = WIDTH == 8 ? 12 : 24,
    // Two pipes of 8 or 16 lanes, or NEON's four of 4.
    FMA_LANES = WIDTH > 8 ? 32 : 16,
};

static double fma_probe(ptrdiff_t rounds, const float *operands, float *result) {
    const vf a = splat(operands[0]), b = splat(operands[1]);
    vf acc[CHAINS];
    for (int c = 0; c < CHAINS; c++)
        acc[c] = splat((float)c); // different, or the compiler would see one chain
    for (ptrdiff_t r = 0; r < rounds; r++)
        for (int c = 0; c < CHAINS; c++)
            acc[c] = fma_v(acc[c], a, b);
    for (int c = 1; c < CHAINS; c++)
        acc[0] += acc[c];
    *result = acc[0][0];
    return 2.0 * WIDTH * CHAINS * (double)rounds;
}
