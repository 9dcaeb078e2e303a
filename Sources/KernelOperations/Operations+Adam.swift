import PhidiasKernels
import PureSwiftKernels

extension KernelOperation {
    /// Adam's moments and step, in one pass, with both kinds of weight decay.
    static let adamUpdate = KernelOperation(
        name: "adam-update", edges: counts,
        benchmarks: [Size(1 << 17), threeInFirstCache, outOfCache], flops: { _ in 0 },
        bytes: { 28 * Double($0.m) }, isTuned: true,
        vectorWork: VectorWork(
            arithmetic: 15, products: 9, additions: 0, divisions: 2, loads: 4, stores: 3)
    ) { size, seed in
        var inputs = InputGenerator(seed: seed)
        let isTimed = seed == timingSeed
        let g = GuardedMatrix(
            inputs.floats(size.m, -1...1, specials: isTimed ? [] : [0, .nan, 0x1p-126]),
            isAligned: isTimed)
        let m = GuardedMatrix(
            inputs.floats(size.m, -1...1, specials: isTimed ? [] : [0, -0.0, 0x1p-126, 0x1p-130]),
            isAligned: isTimed)
        let v = GuardedMatrix(
            inputs.floats(size.m, 0...1, specials: isTimed ? [] : [0, 0x1p-126, 0x1p-130]),
            isAligned: isTimed)
        let w = GuardedMatrix(inputs.floats(size.m), isAligned: isTimed)
        // The third step.
        let numbers = AdamNumbers(
            scale: 0.75, decay: 0.125, shrink: 0.015625, beta1: 0.9, rest1: 0.1, beta2: 0.999,
            rest2: 0.001, rate: 0.0369, root: 18.27, epsilon: 1e-8)
        let step = AdamStep(
            scale: numbers.scale, decay: numbers.decay, shrink: numbers.shrink,
            beta1: numbers.beta1, rest1: numbers.rest1, beta2: numbers.beta2,
            rest2: numbers.rest2, rate: numbers.rate, root: numbers.root,
            epsilon: numbers.epsilon)
        return KernelCase(outputs: [m, v, w]) { _ in
            var all = [KernelCase.Expectation](repeating: .init(values: [], bounds: []), count: 3)
            let (g, m, v, w) = (g.doubles, m.doubles, v.doubles, w.doubles)
            for i in g.indices {
                let exact = Oracle.adamUpdate(
                    step, gradient: Float(g[i]), first: Float(m[i]), second: Float(v[i]),
                    weight: Float(w[i]))
                for (place, part) in [exact.first, exact.second, exact.weight].enumerated() {
                    all[place].values.append(part.value)
                    all[place].bounds.append(part.bound)
                }
            }
            return all
        } repeatedBody: { implementation, runs, buffers in
            let gradient = g.storage.span.extracting(g.extent)
            withSpans(&buffers, m.extent, v.extent, w.extent) { first, second, weights in
                for _ in 0..<runs {
                    switch implementation {
                    case .kernels(let threads):
                        _ = Kernels.adamUpdate(
                            numbers, gradient: gradient, first: &first, second: &second,
                            weights: &weights, threads: threads)
                    case .naive:
                        Naive.adamUpdate(
                            step, gradient: gradient, first: &first, second: &second,
                            weights: &weights)
                    case .tuned(let threads):
                        Tuned.adamUpdate(
                            step, gradient: gradient, first: &first, second: &second,
                            weights: &weights, threads: threads)
                    }
                }
            }
            return 0
        }
    }
}
