import PhidiasKernels
import PureSwiftKernels

/// Operations on single elements.
extension KernelOperation {
    /// y = f(x).
    static let functions = [
        function(
            "sigmoid", -20...20, ulps: (kernels: 2, swift: 4), extra: [inFirstCache, outOfCache],
            VectorWork(
                arithmetic: 26, products: 19, additions: 6, divisions: 1, loads: 5, stores: 4),
            Oracle.sigmoid
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.sigmoid($0, into: &$1, threads: threads)
            case .naive: Naive.sigmoid($0, into: &$1)
            case .tuned(let threads): Tuned.sigmoid($0, into: &$1, threads: threads)
            }
        },
        function(
            "exp", -104...89, ulps: (kernels: 2, swift: 4), extra: [inFirstCache],
            VectorWork(
                arithmetic: 22, products: 12, additions: 6, divisions: 0, loads: 3, stores: 3),
            Oracle.exp
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.exp($0, into: &$1, threads: threads)
            case .naive: Naive.exp($0, into: &$1)
            case .tuned(let threads): Tuned.exp($0, into: &$1, threads: threads)
            }
        },
        function("log1p", 0...20, ulps: (kernels: 2, swift: 4), nil, Oracle.log1p) {
            switch $2 {
            case .kernels(let threads): Kernels.log1p($0, into: &$1, threads: threads)
            case .naive: Naive.log1p($0, into: &$1)
            case .tuned(let threads): Tuned.log1p($0, into: &$1, threads: threads)
            }
        },
        function(
            "relu", -2...2, ulps: (kernels: 0, swift: 0), extra: [inFirstCache],
            VectorWork(arithmetic: 2, products: 0, additions: 1, divisions: 0, loads: 1, stores: 1),
            Oracle.relu
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.relu($0, into: &$1, threads: threads)
            case .naive: Naive.relu($0, into: &$1)
            case .tuned(let threads): Tuned.relu($0, into: &$1, threads: threads)
            }
        },
        function(
            "tanh", -10...10, ulps: (kernels: 2, swift: 4), extra: [inFirstCache],
            VectorWork(
                arithmetic: 31, products: 16, additions: 5, divisions: 1, loads: 4, stores: 3),
            Oracle.tanh
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.tanh($0, into: &$1, threads: threads)
            case .naive: Naive.tanh($0, into: &$1)
            case .tuned(let threads): Tuned.tanh($0, into: &$1, threads: threads)
            }
        },
        function(
            "leaky-relu", -2...2, ulps: (kernels: 1, swift: 1), extra: [inFirstCache],
            VectorWork(arithmetic: 3, products: 1, additions: 1, divisions: 0, loads: 1, stores: 1),
            Oracle.leakyReLU
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.leakyReLU($0, into: &$1, threads: threads)
            case .naive: Naive.leakyReLU($0, into: &$1)
            case .tuned(let threads): Tuned.leakyReLU($0, into: &$1, threads: threads)
            }
        },
    ]

    private typealias Map =
        @Sendable (
            Span<Float>, inout MutableSpan<Float>, Implementation
        ) -> Void

    private static func function(
        _ name: String, _ range: ClosedRange<Float>, ulps: (kernels: Double, swift: Double),
        extra: [Size] = [], _ work: VectorWork?,
        _ exact: @escaping @Sendable (Double) -> Double, _ map: @escaping Map
    ) -> KernelOperation {
        KernelOperation(
            name: name, edges: counts, benchmarks: [Size(1 << 18)] + extra, flops: { _ in 0 },
            bytes: { 12 * Double($0.m) }, isTuned: true, vectorWork: work
        ) { size, seed in
            var inputs = InputGenerator(seed: seed)
            // Subnormal results are slow on some processors, and rare in training.
            let isTimed = seed == timingSeed
            let specials = isTimed ? [] : InputGenerator.specials
            let drawn = isTimed ? range.clamped(to: -80...80) : range
            let x = GuardedMatrix(
                inputs.floats(size.m, drawn, specials: specials), isAligned: isTimed)
            let y = GuardedMatrix([Float](repeating: .nan, count: size.m), isAligned: isTimed)
            return KernelCase(outputs: [y]) { implementation in
                let allowed = implementation.isKernels ? ulps.kernels : ulps.swift
                // The opponents may lose what is subnormal: the obvious sigmoid overflows there.
                let lost = implementation.isKernels || allowed == 0 ? 0 : 0x1p-126
                let values = x.doubles.map { rounding(exact($0)) }
                return [
                    .init(
                        values: values,
                        bounds: values.map { allowed * Double(Float($0).ulp) + lost })
                ]
            } repeatedBody: { implementation, runs, buffers in
                withSpan(&buffers, y.extent) {
                    let x = x.storage.span.extracting(x.extent)
                    for _ in 0..<runs { map(x, &$0, implementation) }
                }
                return 0
            }
        }
    }

    // What no float can hold is infinite as a float.
    private static func rounding(_ x: Double) -> Double {
        Float(x).isInfinite ? Double(Float(x)) : x
    }

    /// delta ← delta · f′, from the activation's output y.
    static let slopes = [
        slope(
            "sigmoid-backward", roundings: 3, extra: [inFirstCache, outOfCache],
            VectorWork(arithmetic: 3, products: 2, additions: 1, divisions: 0, loads: 2, stores: 1),
            { $1 * ($0 * (1 - $0)) }
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.sigmoidBackward($0, delta: &$1, threads: threads)
            case .naive: Naive.sigmoidBackward($0, delta: &$1)
            case .tuned(let threads): Tuned.sigmoidBackward($0, delta: &$1, threads: threads)
            }
        },
        slope(
            "relu-backward", roundings: 0, extra: [inFirstCache],
            VectorWork(arithmetic: 2, products: 0, additions: 1, divisions: 0, loads: 2, stores: 1),
            { $0 > 0 ? $1 : 0 }
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.reluBackward($0, delta: &$1, threads: threads)
            case .naive: Naive.reluBackward($0, delta: &$1)
            case .tuned(let threads): Tuned.reluBackward($0, delta: &$1, threads: threads)
            }
        },
        slope(
            "tanh-backward", roundings: 4, extra: [inFirstCache],
            VectorWork(arithmetic: 3, products: 2, additions: 0, divisions: 0, loads: 2, stores: 1),
            { $1 * (1 - $0 * $0) }
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.tanhBackward($0, delta: &$1, threads: threads)
            case .naive: Naive.tanhBackward($0, delta: &$1)
            case .tuned(let threads): Tuned.tanhBackward($0, delta: &$1, threads: threads)
            }
        },
        slope(
            "leaky-relu-backward", roundings: 1, extra: [inFirstCache],
            VectorWork(arithmetic: 3, products: 1, additions: 1, divisions: 0, loads: 2, stores: 1),
            { $0 > 0 ? $1 : Oracle.leak * $1 }
        ) {
            switch $2 {
            case .kernels(let threads): Kernels.leakyReLUBackward($0, delta: &$1, threads: threads)
            case .naive: Naive.leakyReLUBackward($0, delta: &$1)
            case .tuned(let threads): Tuned.leakyReLUBackward($0, delta: &$1, threads: threads)
            }
        },
    ]

    private static func slope(
        _ name: String, roundings: Int, extra: [Size], _ work: VectorWork,
        _ exact: @escaping @Sendable (_ y: Double, _ delta: Double) -> Double, _ map: @escaping Map
    ) -> KernelOperation {
        KernelOperation(
            name: name, edges: counts, benchmarks: [Size(1 << 18)] + extra, flops: { _ in 0 },
            bytes: { 12 * Double($0.m) }, isTuned: true, vectorWork: work
        ) { size, seed in
            var inputs = InputGenerator(seed: seed)
            let isTimed = seed == timingSeed
            let specials: [Float] = isTimed ? [] : [0, 1, 0x1p-60, .nan]
            // Many runs in place stay far from the subnormals only if no slope is small.
            let y = GuardedMatrix(
                inputs.floats(size.m, isTimed ? 0.2...0.8 : 0...1, specials: specials),
                isAligned: isTimed)
            let delta = GuardedMatrix(
                inputs.floats(size.m, -1...1, specials: specials), isAligned: isTimed)
            return KernelCase(outputs: [delta]) { _ in
                let values = zip(y.doubles, delta.doubles).map(exact)
                let gamma = Oracle.gamma(roundings)
                return [.init(values: values, bounds: values.map { gamma * abs($0) })]
            } repeatedBody: { implementation, runs, buffers in
                withSpan(&buffers, delta.extent) {
                    let y = y.storage.span.extracting(y.extent)
                    for _ in 0..<runs { map(y, &$0, implementation) }
                }
                return 0
            }
        }
    }
}
