import PhidiasKernels
import PureSwiftKernels

/// Losses: value and gradient together.
extension KernelOperation {
    static let losses = LossKind.allCases.map { $0.isSoftmax ? rowLoss($0) : logitLoss($0) }

    private static func targets(
        _ count: Int, soft: Bool, _ inputs: inout InputGenerator
    ) -> [Float] {
        (0..<count).map { _ in
            soft && inputs.below(3) == 0 ? inputs.uniform(0...1) : Float(inputs.below(2))
        }
    }

    // exp and log1p are within 2 ulp, 4u relative. Then e/(1 + e), the longer of the two forms of
    // the sigmoid, has 10u, and the longest product that stands on it, p(1 ∓ z·q) with the
    // target's weight and the scale, 16u: γ_24 covers both and the logarithms' chains.
    private static let roundings = 24
    // What underflows on the way, like the square of a small difference, is lost.
    private static let underflow = 0x1p-148

    private static func logitLoss(_ kind: LossKind) -> KernelOperation {
        KernelOperation(
            name: "\(kind.rawValue)-loss", edges: counts, benchmarks: [Size(1 << 16)],
            flops: { _ in 0 }, bytes: { 24 * Double($0.m) }, isTuned: true
        ) { size, seed in
            var inputs = InputGenerator(seed: seed)
            let specials: [Float] = seed == timingSeed ? [] : [.nan, 0, -0.0, 85, -85, 1e-30]
            let z = GuardedMatrix(inputs.floats(size.m, -12...12, specials: specials))
            let t = GuardedMatrix(targets(size.m, soft: seed != timingSeed, &inputs))
            let scale = 1 / Float(1 + inputs.below(64))
            let unset = GuardedMatrix([Float](repeating: .nan, count: size.m))
            return KernelCase(outputs: [unset, unset]) { _ in
                let exact = zip(z.doubles, t.doubles).map {
                    Oracle.loss(kind, logit: $0, target: $1)
                }
                let gamma = Oracle.gamma(roundings)
                return [
                    .init(
                        values: exact.map(\.value),
                        bounds: zip(exact, t.doubles).map { exact, t in
                            // 1 − t is rounded before its logarithm is taken.
                            let soft = t > 0 && t < 1 ? Oracle.unitRoundoff : 0
                            return gamma * exact.valueMagnitude + 2 * soft + underflow
                        }),
                    .init(
                        values: exact.map { Double(scale) * $0.gradient },
                        bounds: exact.map {
                            gamma * Double(scale) * $0.gradientMagnitude + underflow
                        }),
                ]
            } body: { implementation, buffers in
                let extent = z.extent
                withSpans(&buffers, extent, extent) { loss, delta in
                    let logits = z.storage.span.extracting(extent)
                    let targets = t.storage.span.extracting(extent)
                    switch implementation {
                    case .kernels(let threads):
                        kernel(kind, logits, targets, scale, &loss, &delta, threads)
                    case .naive:
                        Naive.sigmoidLoss(
                            kind, logits: logits, targets: targets, scale: scale, loss: &loss,
                            delta: &delta)
                    case .tuned(let threads):
                        Tuned.sigmoidLoss(
                            kind, logits: logits, targets: targets, scale: scale, loss: &loss,
                            delta: &delta, threads: threads)
                    }
                }
                return 0
            }
        }
    }

    private static func kernel(
        _ kind: LossKind, _ logits: Span<Float>, _ targets: Span<Float>, _ scale: Float,
        _ loss: inout MutableSpan<Float>, _ delta: inout MutableSpan<Float>, _ threads: Int
    ) {
        switch kind {
        case .synaptic:
            Kernels.synapticLoss(
                logits: logits, targets: targets, scale: scale, loss: &loss, delta: &delta,
                threads: threads)
        case .crossEntropy:
            Kernels.crossEntropyLoss(
                logits: logits, targets: targets, scale: scale, loss: &loss, delta: &delta,
                threads: threads)
        case .meanSquare:
            Kernels.meanSquareLoss(
                logits: logits, targets: targets, scale: scale, loss: &loss, delta: &delta,
                threads: threads)
        case .synapticSoftmax, .crossEntropySoftmax:
            preconditionFailure("\(kind) works on rows")
        }
    }

    private static let rowSizes: [Size] =
        [0, 1, 3, 64].flatMap { m in [1, 2, 9, 10, 16, 17, 33].map { Size(m, $0) } }
        + [Size(4001, 10)]

    private static func rowLoss(_ kind: LossKind) -> KernelOperation {
        KernelOperation(
            name: "\(kind.rawValue)-loss", edges: rowSizes, benchmarks: [Size(4096, 10)],
            flops: { _ in 0 }, bytes: { Double($0.m) * (16 * Double($0.n) + 8) }, isTuned: false
        ) { size, seed in
            let (m, n) = (size.m, size.n)
            var inputs = InputGenerator(seed: seed)
            let range: ClosedRange<Float> = inputs.below(2) == 0 ? -3...3 : -40...40
            var logits = inputs.floats(m * n, range)
            if m > 2 && seed != timingSeed { logits[n * (m / 2)] = .nan }
            let z = GuardedMatrix(logits)
            let t = GuardedMatrix(
                (0..<m).flatMap { _ in distribution(n, soft: seed != timingSeed, &inputs) })
            let scale = 1 / Float(1 + inputs.below(64))
            let losses = GuardedMatrix([Float](repeating: .nan, count: m))
            let deltas = GuardedMatrix([Float](repeating: .nan, count: m * n))
            return KernelCase(outputs: [losses, deltas]) { _ in
                let (z, t) = (z.doubles, t.doubles)
                let exact = (0..<m).map { row in
                    let range = row * n..<(row + 1) * n
                    return Oracle.loss(
                        kind, logits: Array(z[range]), targets: Array(t[range]))
                }
                return [
                    .init(values: exact.map(\.value), bounds: exact.map(\.valueBound)),
                    .init(
                        values: exact.flatMap { $0.gradient.map { Double(scale) * $0 } },
                        bounds: exact.flatMap { $0.gradientBounds.map { Double(scale) * $0 } }),
                ]
            } body: { implementation, buffers in
                let (rows, elements) = (losses.extent, deltas.extent)
                withSpans(&buffers, rows, elements) { loss, delta in
                    let logits = z.storage.span.extracting(elements)
                    let targets = t.storage.span.extracting(elements)
                    switch (implementation, kind) {
                    case (.kernels(let threads), .synapticSoftmax):
                        Kernels.synapticSoftmaxLoss(
                            m: m, n: n, logits: logits, targets: targets, scale: scale,
                            loss: &loss, delta: &delta, threads: threads)
                    case (.kernels(let threads), _):
                        Kernels.crossEntropySoftmaxLoss(
                            m: m, n: n, logits: logits, targets: targets, scale: scale,
                            loss: &loss, delta: &delta, threads: threads)
                    default:
                        Naive.softmaxLoss(
                            kind, m: m, n: n, logits: logits, targets: targets, scale: scale,
                            loss: &loss, delta: &delta)
                    }
                }
                return 0
            }
        }
    }

    // One class, or a distribution of multiples of 1/16, which sums to 1 exactly.
    private static func distribution(_ n: Int, soft: Bool, _ inputs: inout InputGenerator)
        -> [Float]
    {
        var t = [Float](repeating: 0, count: n)
        guard n > 0 else { return t }
        if !soft || inputs.below(3) > 0 {
            t[inputs.below(n)] = 1
        } else {
            for _ in 0..<16 { t[inputs.below(n)] += 0x1p-4 }
        }
        return t
    }
}
