import PhidiasKernels
import PureSwiftKernels

extension KernelOperation {
    /// v ← αv − ηg, w ← w + v, in one pass.
    static let momentumUpdate = KernelOperation(
        name: "momentum-update", edges: counts,
        benchmarks: [Size(1 << 17), threeInFirstCache, outOfCache], flops: { _ in 0 },
        bytes: { 20 * Double($0.m) }, isTuned: true,
        vectorWork: VectorWork(
            arithmetic: 6, products: 2, additions: 1, divisions: 0, loads: 3, stores: 2)
    ) { size, seed in
        var inputs = InputGenerator(seed: seed)
        let tiny: [Float] = [0, -0.0, 0x1p-126, 0x1p-130]
        let isTimed = seed == timingSeed
        let g = GuardedMatrix(
            inputs.floats(size.m, -1...1, specials: isTimed ? [] : [0, .nan, 0x1p-126]),
            isAligned: isTimed)
        let v = GuardedMatrix(
            inputs.floats(size.m, -1...1, specials: isTimed ? [] : tiny), isAligned: isTimed)
        let w = GuardedMatrix(inputs.floats(size.m), isAligned: isTimed)
        let learningRate: Float = 0x1.03fae6p-6, momentum: Float = 0x1.bf812p-1
        return KernelCase(outputs: [v, w]) { _ in
            var velocity = KernelCase.Expectation(values: [], bounds: [])
            var weight = velocity
            let (g, v, w) = (g.doubles, v.doubles, w.doubles)
            for i in g.indices {
                let exact = Oracle.momentumUpdate(
                    learningRate: Double(learningRate), momentum: Double(momentum),
                    gradient: g[i], velocity: v[i], weight: w[i])
                let terms = Double(momentum) * abs(v[i]) + Double(learningRate) * abs(g[i])
                // Two products and a difference; what is near the subnormals may be flushed.
                let flushed = abs(exact.velocity) < 0x1p-125 ? 0x1p-126 : 0
                let bound = Oracle.gamma(3) * terms + flushed
                velocity.values.append(exact.velocity)
                velocity.bounds.append(bound)
                weight.values.append(exact.weight)
                weight.bounds.append(bound + Oracle.gamma(1) * (abs(exact.weight) + bound))
            }
            return [velocity, weight]
        } repeatedBody: { implementation, runs, buffers in
            withSpans(&buffers, v.extent, w.extent) { velocity, weights in
                let gradient = g.storage.span.extracting(g.extent)
                for _ in 0..<runs {
                    switch implementation {
                    case .kernels(let threads):
                        Kernels.momentumUpdate(
                            learningRate: learningRate, momentum: momentum, gradient: gradient,
                            velocity: &velocity, weights: &weights, threads: threads)
                    case .naive:
                        Naive.momentumUpdate(
                            learningRate: learningRate, momentum: momentum, gradient: gradient,
                            velocity: &velocity, weights: &weights)
                    case .tuned(let threads):
                        Tuned.momentumUpdate(
                            learningRate: learningRate, momentum: momentum, gradient: gradient,
                            velocity: &velocity, weights: &weights, threads: threads)
                    }
                }
            }
            return 0
        }
    }
}
