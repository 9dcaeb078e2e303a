import Foundation

/// The sigmoid forms of the losses on eight lanes. Formulas: docs/theory.md.
extension Tuned {
    /// Value and scaled gradient of each logit.
    package static func sigmoidLoss(
        _ kind: LossKind, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout Output, delta: inout Output, threads: Int
    ) {
        precondition(!kind.isSoftmax, "\(kind) works on rows")
        precondition(
            logits.count == targets.count && loss.count == logits.count
                && delta.count == logits.count, "logits, targets and results differ in count")
        logits.withUnsafeBufferPointer { z in
            targets.withUnsafeBufferPointer { t in
                loss.withUnsafeMutableBufferPointer { loss in
                    delta.withUnsafeMutableBufferPointer { delta in
                        nonisolated(unsafe) let (z, t, loss, delta) = (z, t, loss, delta)
                        split(z.count, step: width, grain: 4096, threads: threads) { range in
                            for i in Swift.stride(
                                from: range.lowerBound, to: range.upperBound, by: width)
                            {
                                let count = min(width, range.upperBound - i)
                                var x = Lanes(), target = Lanes()
                                for lane in 0..<count {
                                    x[lane] = z[i + lane]
                                    target[lane] = t[i + lane]
                                }
                                let (value, gradient) = terms(kind, x, target)
                                for lane in 0..<count {
                                    loss[i + lane] = value[lane] - entropy(of: kind, target[lane])
                                    delta[i + lane] = scale * gradient[lane]
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func terms(
        _ kind: LossKind, _ z: Lanes, _ t: Lanes
    ) -> (value: Lanes, gradient: Lanes) {
        let one = Lanes(repeating: 1), positive = z .> 0
        let a = z.replacing(with: -z, where: z .< 0)
        let e = exp(-a)
        let large = 1 / (1 + e), small = e / (1 + e)
        let p = small.replacing(with: large, where: positive)
        let q = large.replacing(with: small, where: positive)
        let difference = (one - t) * p - t * q
        if kind == .meanSquare {
            return (0.5 * difference * difference, difference * (p * q))
        }
        let tail = log1p(e)
        let crossEntropy = tail + a * t.replacing(with: one - t, where: positive)
        guard kind == .synaptic else { return (crossEntropy, difference) }
        let off = p * (1 - z * q), on = q * (1 + z * p)
        return (crossEntropy + (tail + a * small), (one - t) * off - t * on)
    }

    // The entropy of a soft target, which the divergence does not contain.
    @inline(__always)
    private static func entropy(of kind: LossKind, _ t: Float) -> Float {
        guard kind != .meanSquare && t > 0 && t < 1 else { return 0 }
        return -t * Foundation.log(t) - (1 - t) * Foundation.log(1 - t)
    }
}
